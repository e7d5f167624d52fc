"""The table that a person reads."""

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from recorder import PROGRAM
from verify_runs import MX, Command, World, outcome, question

from verify.catalogue import CHECKS
from verify.changes import Change, Changes
from verify.report import closing, explain, table
from verify.report.outcome import Outcome
from verify.report.page import Page
from verify.report.progress import LiveWatcher, watcher
from verify.result import Result

ROOT = PROGRAM.parent
EVIL = "220 \x1b[2J\x1b]0;owned\x07 \u202egnp\u2066 [bold]mail[/bold] :smile: \r\nPASS \x9b31m"


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def written(told: Outcome, *, every_row: bool = False, color: bool = True, width: int | None = None) -> str:
    """What is written into a file, or on a terminal of that width."""
    file = Terminal() if width else io.StringIO()
    page = Page(file, color=color)
    if width:
        page.console.width = width
    table.write(told, page, every_row=every_row)
    closing.write(told, page, with_scores=True)
    return file.getvalue()


def many(domains: int) -> Outcome:
    names = [f"d{number:03}.test" for number in range(domains)]
    rows = [question(domain=name, subject=name).passes("it") for name in names for _ in range(30)]
    return outcome([*rows, question(domain=names[1]).fails("nothing", "Mend it.")], domains=names)


@pytest.mark.usefixtures("world")
def test_whole_of_it(golden: Callable[[str, str], None]) -> None:
    rows = [
        question("gamma", MX, "25 on 192.0.2.25").passes("it"),
        question("alpha", "one.test").passes("it"),
        question("beta", "one.test").warns("a small letter", "Make it a large one."),
        question("alpha", "one.test", "the other").fails("nothing", "Run `pulumi up`: it writes the letter."),
        *(question("beta", "one.test", f"letter {number}").unknown("silence", "Try again.") for number in range(5)),
        question("gamma", MX, "465 on 192.0.2.25").skipped("There is no such port."),
        question("gamma", "one.test").skipped("one.test has no letter."),
        question("gamma", "two.test").skipped("two.test has no letter."),
    ]
    golden("verify-table", written(outcome(rows, domains=["one.test", "two.test"])))


def test_failures_come_first_and_the_mail_host_before_the_domains() -> None:
    rows = [
        question(domain="one.test").passes("it"),
        question("beta", "one.test").warns("it", "Better."),
        question("gamma", "one.test").fails("nothing", "Mend it."),
        question("alpha", MX).passes("it"),
    ]
    out = written(outcome(rows))
    assert out.index(f"{MX} (mail host)") < out.index("one.test\n") < out.index("✗ fail") < out.index("! warn")
    assert out.index("! warn") < out.rindex("✓ pass")


def test_in_a_file_long_lines_stay_whole_and_there_are_no_codes() -> None:
    long = "word " * 70
    out = written(outcome([question().fails(long, long)]))
    assert re.search(rf"found +{long.strip()}\n", out)
    assert "\x1b" not in out


@pytest.mark.parametrize("width", [20, 30, 40])
def test_on_a_narrow_terminal_lines_break_between_words(width: int) -> None:
    out = written(outcome([question().fails("word " * 30, "mend " * 30)]), width=width)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert max(len(line.rstrip()) for line in plain) <= width
    assert set(re.findall(r"\b(?:wor|men)\w*", "\n".join(plain))) == {"word", "mend"}


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_lines_wrap_below_themselves(width: int) -> None:
    out = written(outcome([question().fails("word " * 70, "mend " * 70)]), width=width)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out).splitlines()
    assert max(map(len, plain)) <= width
    assert [line for line in plain if line.startswith(" " * 22 + "word")]


@pytest.mark.parametrize("verdict", ["fails", "warns", "unknown"])
@pytest.mark.parametrize("width", [None, 80])
def test_nothing_from_the_network_acts_on_the_terminal(width: int | None, verdict: str) -> None:
    evil = getattr(question(domain=MX, subject=EVIL), verdict)(EVIL, EVIL)
    out = written(
        outcome([evil, question(domain="\x1b[2J").fails(EVIL, EVIL)]), color=False, width=width, every_row=True
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066]", out)
    assert "[bold]mail[/bold] :smile:" in re.sub(r"\s+", " ", out)
    assert r"\x1b[2J" in out


def test_many_domains_without_a_fault_take_few_lines() -> None:
    out = written(many(100))
    assert len(out.splitlines()) < 25
    assert "99 domains without a fault" in out
    assert "d099.test" in out
    assert out.index("✗ fail") < out.index("99 domains without")
    assert "3000 passed, 0 warnings, 1 failed" in out


def test_all_shows_each() -> None:
    out = written(many(20), every_row=True)
    assert out.count("✓ pass") == 600
    assert "without a fault" not in out


def test_rows_that_say_the_same_are_one() -> None:
    rows = [question(subject=f"letter {number}").unknown("silence", "Try again.") for number in range(40)]
    out = written(outcome(rows))
    assert out.count("Try again.") == 1
    assert "40 alike (--all: each): letter 0, letter 1, letter 2, ..." in out
    assert written(outcome(rows), every_row=True).count("Try again.") == 40


def test_keys_are_shortened_on_a_terminal_where_they_differ_visibly() -> None:
    def shown(expected: str, found: str) -> str:
        row = Result(check="alpha", domain=MX, expected=expected, found=found, verdict="fail", mend="Mend it.")
        return written(outcome([row]), width=200)

    assert f"{'a' * 40}…{'a' * 12}" in shown("a" * 300, "b" * 300)
    same_ends = "a" * 150, "a" * 70 + "b" + "a" * 79
    assert all(key in re.sub(r"\s", "", shown(*same_ends)) for key in same_ends)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([question().passes("it")], "1 passed, 0 warnings, 0 failed, 0 unknown, 0 skipped in 1.4 s"),
        ([question().warns("it", "Better.")], "0 passed, 1 warning, 0 failed"),
        ([question().fails("it", "Mend it.")], "What a check means: .venv/bin/python -m verify --explain alpha"),
    ],
)
def test_ends_with_the_count_and_what_to_do_next(rows: Sequence[Result], said: str) -> None:
    assert said in written(outcome(rows))


def test_no_next_step_where_all_passes() -> None:
    assert "--explain" not in written(outcome([question().passes("it")]))


def test_scores_say_what_they_rest_on_and_what_they_are_not() -> None:
    out = written(outcome([question("alpha").passes("it"), question("beta").warns("it", "Better.")]))
    assert "integrity 75 % (2 of 2 judged)" in out
    assert "confidential delivery 50 % (1 of 1 judged)" in out
    assert "not judged: phishing and identity theft" in out
    assert "in all 100 % (1 of 5 judged): IPv6 100 % (1 of 1 judged); not judged: DNSSEC" in out
    assert "are not their results" in out


def test_no_scores_of_a_part(verify: Command) -> None:
    assert "MECSA-style" in verify()[1]
    assert "MECSA-style" not in verify("--only", "alpha")[1]


class TestColours:
    def test_are_there_on_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)
        assert "\x1b[32m" in written(outcome([question().passes("it")]), width=80)

    def test_never_carry_the_verdict_alone(self) -> None:
        rows = [question().passes("it"), question().fails("it", "Mend it."), question().warns("it", "Better.")]
        out = written(outcome([*rows, question().unknown("it", "Again."), question().skipped("None.")]), color=False)
        assert all(word in out for word in ("✓ pass", "✗ fail", "! warn", "? unknown", "· skipped"))

    def test_no_color_option(self) -> None:
        assert "\x1b" not in written(outcome([question().passes("it")]), color=False, width=80)

    def test_no_color_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", written(outcome([question().passes("it")]), width=80))

    def test_are_not_forced_into_a_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        assert "\x1b" not in written(outcome([question().passes("it")]))

    def test_signs_where_the_terminal_knows_no_others(self) -> None:
        file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
        table.write(outcome([question().fails("nothing", "Mend it.")]), Page(file))
        assert b"x fail" in file.buffer.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "iso-8859-15"])
def test_letters_that_the_terminal_has_not_are_spelled(encoding: str) -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    changed = Change(domain=MX, check="alpha", subject="", before="pass", now="fail")
    rows = [question(domain="xn--e1afmkfd.test").fails("x" * 500, "Mend it.")]
    told = outcome(rows, domains=["xn--e1afmkfd.test"], changes=Changes(since=datetime.now(UTC), worse=(changed,)))
    page = Page(file)
    table.write(told, page)
    closing.write(told, page, with_scores=True)
    out = file.buffer.getvalue().decode("ascii")  # type: ignore[attr-defined]
    assert "pass -> fail" in out
    assert "xxx...\n" in out
    assert r"xn--e1afmkfd.test (\u043f" in out


def test_no_live_progress_on_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(watcher(color=True), LiveWatcher)
    monkeypatch.setenv("TERM", "dumb")
    assert not isinstance(watcher(color=True), LiveWatcher)


def test_live_progress_is_on_a_terminal_alone_and_leaves_nothing(verify: Command, world: World) -> None:
    code, out, err = verify()
    assert (code, err) == (0, "")
    assert "\x1b" not in out


def test_live_progress_on_a_terminal_ends_with_a_clean_line() -> None:
    program = (
        "import sys\n"
        "from verify.probe import Probe\n"
        "from verify.report.progress import watcher\n"
        "from verify.result import Question\n"
        "question = Question(check='alpha', domain='one.test', expected='a letter')\n"
        "probe = Probe(group='records', about=(question,), look=None)\n"
        "with watcher(color=True) as watching:\n"
        "    watching.announce([probe, probe])\n"
        "    watching.waiting([question.fails('x', 'Mend.')], 75)\n"
        "    watching.done(probe, [])\n"
    )
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=True,
        )
        os.close(theirs)
        shown = screen.read(65536).decode()
    assert done.stdout == b""
    assert "1/2" in shown
    assert shown.endswith("\x1b[2K")


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_explained(check: str) -> None:
    file = io.StringIO()
    explain.one(check, Page(file))
    said = file.getvalue()
    assert said.startswith(f"{check}: {CHECKS[check].title}\n\n{CHECKS[check].means}\n")
    assert f"group: {CHECKS[check].group}" in said
    assert f"source: {CHECKS[check].source}" in said
    assert all(score in said for score in CHECKS[check].mecsa)


def test_list_has_every_check(verify: Command) -> None:
    code, out, _ = verify.plain("--list")
    assert code == 0
    assert all(re.search(rf"^  {check.id} +{re.escape(check.title)}$", out, re.MULTILINE) for check in CHECKS.values())
