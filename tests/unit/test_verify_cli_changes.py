"""The last run: what is kept of it, and what differs."""

import json
import os
import signal
import stat
import time
from pathlib import Path

import pytest
from verify_runs import MX, Command, World, question

FILE = f"outputs-{MX}.json"


def changes(verify: Command, *arguments: str) -> dict[str, list[str]]:
    found = json.loads(verify("--changes", "--json", *arguments)[1])["changes"]
    kinds = ("worse", "better", "appeared", "gone")
    return {
        kind: [f"{row['check']} {row['domain']}: {row['before']} -> {row['now']}" for row in found[kind]]
        for kind in kinds
        if found[kind]
    }


def test_first_run_has_nothing_to_compare_with(verify: Command) -> None:
    assert "There is no earlier run of this stack" in verify("--changes")[1]
    assert "nothing differs" in verify("--changes")[1]


def test_worse_better_new_and_gone(verify: Command, world: World) -> None:
    world.rows = [
        question("alpha").passes("it"),
        question("beta").fails("nothing", "Mend it."),
        question("gamma", "two.test").passes("it"),
    ]
    verify()
    world.rows = [
        question("alpha").unknown("silence", "Try again."),
        question("beta").warns("it", "Do better."),
        question("gamma").passes("it"),
    ]
    assert changes(verify) == {
        "worse": ["alpha one.test: pass -> unknown"],
        "better": ["beta one.test: fail -> warn"],
        "appeared": ["gamma one.test: None -> pass"],
        "gone": ["gamma two.test: pass -> None"],
    }
    assert changes(verify) == {}


def test_are_shown_to_a_person(verify: Command, world: World) -> None:
    verify()
    world.rows = [question().fails("nothing", "Mend it.")]
    out = verify("--changes")[1]
    assert "Since the last run, 2" in out
    assert "worse  pass → fail    one.test alpha the letter" in out


def test_rows_that_a_partial_run_did_not_look_at_are_kept(verify: Command, world: World, state: Path) -> None:
    world.rows = [question("alpha").passes("it"), question("gamma", "two.test").passes("it")]
    verify()
    assert changes(verify, "--only", "alpha") == {}
    assert changes(verify, "--domain", "one.test") == {}
    assert changes(verify) == {}
    assert len(json.loads((state / FILE).read_text())["rows"]) == 2


def test_an_interrupted_run_loses_no_rows(verify: Command, world: World) -> None:
    world.rows = [question("alpha").passes("it"), question("gamma").passes("it")]
    verify()
    world.meanwhile = lambda: signal.raise_signal(signal.SIGINT)
    assert changes(verify) == {}
    world.meanwhile = lambda: None
    assert changes(verify) == {}


def test_file_is_its_owners_alone_and_holds_verdicts_alone(verify: Command, world: World, state: Path) -> None:
    world.rows = [question().fails("what was found", "Mend it.")]
    verify()
    file = state / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert [path.name for path in state.iterdir()] == [FILE]
    assert "the-password" not in file.read_text()
    assert json.loads(file.read_text())["rows"] == [["one.test", "alpha", "the letter", "fail"]]


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", '{"version": 99, "at": "2026-01-01", "rows": []}', "{}", "[" * 200_000]
)
def test_a_file_that_is_no_such_is_no_last_run(verify: Command, state: Path, content: str) -> None:
    state.mkdir(parents=True)
    (state / FILE).write_text(content)
    assert "There is no earlier run" in verify("--changes")[1]


def test_what_is_no_file_is_not_waited_for(verify: Command, state: Path) -> None:
    state.mkdir(parents=True)
    os.mkfifo(state / FILE)
    assert "There is no earlier run" in verify("--changes")[1]
    (state / FILE).unlink()
    (state / FILE).symlink_to("/dev/zero")
    assert "There is no earlier run" in verify("--changes")[1]


def test_time_without_a_zone_is_shown_with_one(verify: Command, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    state.mkdir(parents=True)
    (state / FILE).write_text('{"version": 1, "at": "2026-01-01T09:00:00", "rows": []}')
    out = verify("--changes")[1]
    monkeypatch.delenv("TZ")
    time.tzset()
    assert "Since the last run, 2026-01-01 00:00:00 UTC" in out


def test_a_user_without_a_home_is_warned(verify: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(Path, "home", nowhere)
    code, out, err = verify()
    assert (code, "1 passed" in out) == (0, True)
    assert err == (
        "warning: this run cannot be kept for --changes: this user has no home directory: set XDG_STATE_HOME\n"
    )


@pytest.mark.parametrize("base", ["relative", "", "~nobody-of-this-name"])
def test_a_state_directory_that_is_not_absolute_is_passed_over(
    verify: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", base)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert verify()[0] == 0
    assert (tmp_path / ".local" / "state" / "maddy-stack" / "verify" / FILE).is_file()
    assert not (tmp_path / "relative").exists()


def test_a_file_that_cannot_be_written_does_not_end_the_run(verify: Command, state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.write_text("in the way")
    code, out, err = verify()
    assert code == 0
    assert "1 passed" in out
    assert err.startswith("warning: this run cannot be kept for --changes")
