"""The comment of a stack in a pull request: one, which every push updates."""

from __future__ import annotations

from ci.github import GitHub
from ci.preview_text import LARGEST, cut, cut_markdown, errors, folded, listed, summary

FOR_WORDS = 24_000
"""Characters of the change in words; the rest is the preview's."""


def mark(stack: str) -> str:
    """The first line of a stack's comment, by which the next run finds it; nobody sees it."""
    return f"<!-- maddy-stack: preview of {stack} -->"


def body(stack: str, *, words: str, preview: str, failed: bool, log: str) -> str:
    """Return the comment's text: the change in words, what Pulumi would do, and the whole preview to unfold.

    Args:
        stack: its name.
        words: the change in words, Markdown; empty where there is none.
        preview: what `pulumi preview --diff` printed.
        failed: whether it ended with an error, or never ran.
        log: where the log of the run is.
    """
    result = summary(preview)
    parts = [mark(stack)]
    if words.strip():
        parts.append(cut_markdown(words.strip(), FOR_WORDS, log))
    parts.append(f"## What Pulumi would do to `{stack}`")
    if failed:
        parts.append("**The preview failed**, and says nothing about what `up` would do." + _log(log))
        parts.append(listed(errors(preview)))
    elif result:
        parts.append(listed(result))
    else:
        parts.append("Pulumi did not sum it up; see below." + _log(log))
    known = "\n\n".join(part for part in parts if part)
    if not preview.strip():
        return f"{known}\n"
    room = LARGEST - len(known) - 400  # 400: the fold around it, and a fence that is longer than usual
    return f"{known}\n\n{folded('<code>pulumi preview --diff</code>', cut(preview, room, log))}\n"


def publish(github: GitHub, pull_request: int, stack: str, text: str) -> None:
    """Write the comment, or update it where there is one.

    Raises:
        CiError: GitHub refuses.
    """
    for there in github.own(f"issues/{pull_request}/comments"):
        if (there.get("body") or "").startswith(mark(stack)):
            github.send("PATCH", f"issues/comments/{there['id']}", {"body": text})
            return
    github.send("POST", f"issues/{pull_request}/comments", {"body": text})


def _log(log: str) -> str:
    return f" [Log]({log})." if log else ""
