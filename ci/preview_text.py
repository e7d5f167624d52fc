"""What `pulumi preview --diff` prints, made to fit into a comment."""

from __future__ import annotations

import re
from collections.abc import Sequence

LARGEST = 64_000
"""Characters of a comment or an issue; GitHub takes 65,536."""


def summary(text: str) -> list[str]:
    """Return the lines of the last `Resources:`, such as `+ 3 to create`; none where it did not get there."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip() == "Resources:"]
    found: list[str] = []
    for line in lines[starts[-1] + 1 :] if starts else []:
        if not line.startswith(" ") or not line.strip():
            break
        found.append(line.strip())
    return found


def errors(text: str) -> list[str]:
    """Return the lines in which Pulumi says what went wrong."""
    return [line.strip() for line in text.splitlines() if re.match(r"\s*error: ", line)]


def cut(text: str, room: int, log: str) -> str:
    """Return a text that is no longer than that: its beginning and its end, by whole lines where those are short.

    Args:
        text: what is to fit.
        room: characters.
        log: where all of it is.
    """
    if len(text) <= room:
        return text
    room -= len(_gap(len(text), log))
    if room <= 0:
        return ""
    head, tail = text[: room * 2 // 3], text[len(text) - room // 3 :]
    head = head[: head.rfind("\n") + 1] or head
    tail = tail[tail.find("\n") + 1 :] or tail
    return head.rstrip("\n") + _gap(len(text) - len(head) - len(tail), log) + tail


def cut_markdown(text: str, room: int, log: str) -> str:
    """Return Markdown that is no longer than that: its beginning, with what was open at the cut closed again."""
    if len(text) <= room:
        return text
    note = "\n\n*Cut here: all of it is in the summary of the run.*"
    note = note if not log else f"\n\n*Cut here: all of it is in [the summary of the run]({log}).*"
    kept = text[: max(0, room - len(note) - 200)]  # 200: for what has to be closed
    kept = kept[: kept.rfind("\n") + 1].rstrip("\n")
    fence = ""
    for line in kept.splitlines():
        mark = re.match(r"\s*(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif fence and re.fullmatch(rf"\s*{fence[0]}{{{len(fence)},}}\s*", line):
            fence = ""
    open_details = min(8, max(0, kept.count("<details") - kept.count("</details>")))
    return kept + (f"\n{fence[:40]}" if fence else "") + "\n\n</details>" * open_details + note


def block(text: str) -> str:
    """Return text as a block of code that nothing in it can end."""
    text = re.sub(r"`{100,}", "`" * 99, text)  # a longer fence would outgrow the comment
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text.rstrip()}\n{fence}"


def folded(title: str, text: str) -> str:
    """Return text as a block of code that opens with a click; the title is HTML."""
    return f"<details><summary>{title}</summary>\n\n{block(text)}\n\n</details>"


def listed(lines: Sequence[str]) -> str:
    """Return short lines of Pulumi's as a list of code."""
    return "\n".join(f"- `{line[:300].replace('`', chr(39))}`" for line in lines[:10])


def _gap(characters: int, log: str) -> str:
    return f"\n... {characters} characters left out here; all of it is in the log{': ' if log else ''}{log} ...\n"
