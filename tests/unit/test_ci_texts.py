"""A preview made to fit into a comment."""

import re

import pytest

from ci import comment
from ci.preview_text import LARGEST, block, cut, cut_markdown, errors, listed, summary

LOG = "https://github.example/owner/mail/actions/runs/55"
RESOURCES = "Resources:\n    + 3 to create\n    ~ 1 to update\n    40 unchanged\n"
LONG = "".join(f"  + record number {number}\n" for number in range(20_000)) + RESOURCES


def body(preview: str, words: str = "", *, failed: bool = False) -> str:
    return comment.body("prod", words=words, preview=preview, failed=failed, log=LOG)


class TestSummary:
    def test_lines(self) -> None:
        assert summary(LONG) == ["+ 3 to create", "~ 1 to update", "40 unchanged"]

    def test_ends_with_the_indented_lines(self) -> None:
        assert summary(f"{RESOURCES}\nDuration: 3s\n") == ["+ 3 to create", "~ 1 to update", "40 unchanged"]

    def test_last_one_counts(self) -> None:
        assert summary(f'  value: "\nResources:\n    forged\n"\n{RESOURCES}')[0] == "+ 3 to create"

    def test_none(self) -> None:
        assert summary("error: no stack\n") == []

    def test_errors(self) -> None:
        assert errors("  error: one\nno error: here\nerror: two\n") == ["error: one", "error: two"]


class TestCut:
    def test_short_text_stays(self) -> None:
        assert cut("abc\n", 4, LOG) == "abc\n"

    @pytest.mark.parametrize("room", [300, 5_000, 60_000])
    def test_keeps_both_ends_by_whole_lines(self, room: int) -> None:
        text = cut(LONG, room, LOG)
        assert len(text) <= room
        assert text.startswith("  + record number 0\n")
        assert LOG in text
        rest = [line for line in text.splitlines() if "left out" not in line]
        assert set(rest) <= set(LONG.splitlines())
        assert rest[-1] == "    40 unchanged"

    def test_one_line_without_end(self) -> None:
        assert len(cut("x" * 100_000, 5_000, LOG)) <= 5_000

    def test_no_room(self) -> None:
        assert cut("x" * 1000, 10, LOG) == ""


class TestComment:
    def test_summary_is_kept_when_the_text_is_cut(self) -> None:
        text = body(LONG, words="a word\n" * 10_000)
        assert len(text) <= LARGEST
        assert "- `+ 3 to create`\n- `~ 1 to update`\n- `40 unchanged`" in text
        assert text.rstrip().endswith("</details>")

    def test_long_words_leave_room_for_the_preview(self) -> None:
        text = body("  + one\n" + RESOURCES, words="a word\n" * 100_000)
        assert "  + one\n" in text
        assert "all of it is in [the summary of the run]" in text

    def test_words_come_first(self) -> None:
        text = body(RESOURCES, words="# The change")
        assert text.splitlines()[2] == "# The change"

    def test_preview_cannot_end_its_block(self) -> None:
        text = body(f"```\n</details>\n````\n# forged\n{RESOURCES}")
        fence = "`" * 5
        inside = text.split(f"{fence}text\n")[1].split(f"\n{fence}\n")[0]
        assert "# forged" in inside

    def test_all_backticks(self) -> None:
        assert len(body("`" * 100_000 + "\n" + RESOURCES)) <= LARGEST

    def test_no_summary_is_said(self) -> None:
        assert "did not sum it up" in body("odd\n")


class TestMarkdown:
    def test_open_fence_and_fold_are_closed(self) -> None:
        text = "<details>\n\n````yaml\n```\n" + "key: value\n" * 1000
        shown = cut_markdown(text, 2_000, LOG)
        assert len(shown) <= 2_000
        assert re.search(r"key: value\n````\n\n</details>\n\n\*Cut here", shown)

    def test_closed_fence_stays_closed(self) -> None:
        text = "```\ncode\n```\n" + "word\n" * 1000
        assert cut_markdown(text, 1_000, LOG).count("```") == 2

    def test_block_and_list(self) -> None:
        assert block("a ``` b") == "````text\na ``` b\n````"
        assert listed(["a `b` c"]) == "- `a 'b' c`"
