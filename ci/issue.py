"""The issue of a stack that is not as main says: one, which every look updates, and closes when all is well."""

from __future__ import annotations

from enum import Enum

from ci.github import GitHub
from ci.preview_text import LARGEST, cut, errors, folded, listed, summary


class Found(Enum):
    """What a look at a stack came to."""

    NO_DIFFERENCE = "no difference"
    DIFFERENCE = "difference"
    NOTHING_KNOWN = "nothing known"


_EXPECTED_NONE = "no changes were expected"
"""In what `pulumi preview --expect-no-changes` says where there are some."""

_WORDS = {
    Found.DIFFERENCE: (
        "Stack {stack} is not as main says",
        "A preview with refresh of the stack `{stack}` found changes where there should be none: something was changed "
        "by hand or by another program, or main was changed and not deployed.\n\n"
        "- If it should be as main says: run the workflow *Deploy*.\n"
        "- If it should be as it is: change `Pulumi.{stack}.yaml` to say so, in a pull request.",
    ),
    Found.NOTHING_KNOWN: (
        "Stack {stack} could not be compared with main",
        "A preview with refresh of the stack `{stack}` failed, so that nothing is known about what differs. "
        "What it said is below; mend that, and run the workflow *Drift* again.",
    ),
}


def mark(stack: str) -> str:
    """The first line of a stack's issue, by which the next run finds it; nobody sees it."""
    return f"<!-- maddy-stack: drift of {stack} -->"


def judge(preview: str, *, failed: bool) -> Found:
    """Return what a preview came to.

    Args:
        preview: what `pulumi preview --refresh --expect-no-changes` printed.
        failed: whether it ended with an error, or never ran.
    """
    if not failed:
        return Found.NO_DIFFERENCE
    said = errors(preview)
    if said and all(_EXPECTED_NONE in line for line in said):
        return Found.DIFFERENCE
    return Found.NOTHING_KNOWN


def text(stack: str, found: Found, preview: str, log: str) -> tuple[str, str]:
    """Return title and text of the issue for what was found."""
    title, said = (words.format(stack=stack) for words in _WORDS[found])
    lines = summary(preview) if found is Found.DIFFERENCE else errors(preview)
    parts = [mark(stack), said, listed(lines), f"[Log of the run]({log})" if log else ""]
    known = "\n\n".join(part for part in parts if part)
    if not preview.strip():
        return title, f"{known}\n"
    room = LARGEST - len(known) - 400
    return title, f"{known}\n\n{folded('<code>pulumi preview --refresh --diff</code>', cut(preview, room, log))}\n"


def publish(github: GitHub, stack: str, found: Found, preview: str, log: str) -> None:
    """Open the issue, update it, or close it.

    Raises:
        CiError: GitHub refuses.
    """
    there = [
        one["number"]
        for one in github.own("issues", state="open", creator="github-actions[bot]")
        if "pull_request" not in one and (one.get("body") or "").startswith(mark(stack))
    ]
    if found is Found.NO_DIFFERENCE:
        for number in there:
            said = f"The stack is as main says again: {log}" if log else "The stack is as main says again."
            github.send("POST", f"issues/{number}/comments", {"body": said})
            github.send("PATCH", f"issues/{number}", {"state": "closed", "state_reason": "completed"})
        return
    title, body = text(stack, found, preview, log)
    if there:
        github.send("PATCH", f"issues/{min(there)}", {"title": title, "body": body})
    else:
        github.send("POST", "issues", {"title": title, "body": body})
