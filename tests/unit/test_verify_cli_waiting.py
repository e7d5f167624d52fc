"""Looking again at what is not there yet."""

import asyncio
from collections.abc import Sequence
from functools import partial

import pytest
from verify_runs import OUTPUTS, Command, World, question

from verify import waiting
from verify.dns_client import Server
from verify.examine import examine
from verify.expectation import read
from verify.report.progress import Watcher
from verify.result import Result


class Clock:
    """Time that passes with `sleep` alone."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []
        self.told: list[tuple[list[str], float]] = []
        self.events: dict[int, object] = {}

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds
        if event := self.events.get(len(self.pauses)):
            event()  # type: ignore[operator]

    def tell(self, missing: Sequence[Result], seconds: float) -> None:
        self.told.append(([row.check for row in missing], seconds))


def look(clock: Clock, wait: float) -> list[Result]:
    found = waiting.Findings()
    asyncio.run(
        waiting.look(
            partial(examine, read(OUTPUTS), resolver=Server(address="192.0.2.53")),
            found,
            report=lambda probe, results: None,
            announce=lambda probes: None,
            wait=wait,
            waiting=clock.tell,
            clock=clock,
            sleep=clock.sleep,
        )
    )
    return found.results


def test_only_what_fails_or_is_unknown_is_looked_at_again_until_it_passes(world: World) -> None:
    clock = Clock()
    world.rows = [
        question("alpha").fails("nothing", "Wait."),
        question("beta").warns("it", "Do better."),
        question("gamma").unknown("silence", "Wait."),
    ]
    clock.events = {
        2: lambda: world.rows.__setitem__(0, question("alpha").passes("it")),
        3: lambda: world.rows.__setitem__(2, question("gamma").passes("it")),
    }
    results = look(clock, 900)
    assert [(row.check, row.verdict) for row in results] == [("alpha", "pass"), ("beta", "warn"), ("gamma", "pass")]
    assert world.rounds == [
        ["alpha one.test", "beta one.test", "gamma one.test"],
        ["alpha one.test", "gamma one.test"],
        ["alpha one.test", "gamma one.test"],
        ["gamma one.test"],
    ]
    assert clock.told == [(["alpha", "gamma"], 900), (["alpha", "gamma"], 898), (["gamma"], 894)]


def test_each_round_remembers_nothing(world: World) -> None:
    world.rows = [question().fails("nothing", "Wait.")]
    look(Clock(), 5)
    assert len({id(seen.dns) for seen in world.looks}) == len(world.looks) > 1
    assert len({seen.now for seen in world.looks}) == len(world.looks)


def test_pauses_grow_to_half_a_minute_and_end_with_the_time(world: World) -> None:
    clock = Clock()
    world.rows = [question().fails("nothing", "Wait.")]
    results = look(clock, 100)
    assert clock.pauses == [2, 4, 8, 16, 30, 30, 10]
    assert [row.verdict for row in results] == ["fail"]


def test_nothing_is_waited_for_without_wait_or_need(world: World) -> None:
    clock = Clock()
    look(clock, 900)
    world.rows = [question().fails("nothing", "Wait.")]
    look(clock, 0)
    assert clock.pauses == []


def test_probes_that_ask_the_same_keep_all_their_rows(world: World) -> None:
    world.rows = [question().passes("it"), question().fails("nothing", "Wait.")]
    assert len(look(Clock(), 3)) == 2


def test_command_waits(verify: Command, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_PAUSE", 0.01)
    world.rows = [question().fails("nothing", "Wait."), question("beta").passes("it")]
    world.meanwhile = lambda: world.rows.__setitem__(0, question().passes("it"))
    code, _, err = verify("--wait", "1m")
    assert code == 0
    assert err == "waiting for alpha the letter; 1 min 0 s left\n"


@pytest.mark.parametrize(("seconds", "said"), [(9.6, "10 s"), (75, "1 min 15 s"), (3720, "1 h 2 min")])
def test_says_for_how_long(capsys: pytest.CaptureFixture[str], seconds: float, said: str) -> None:
    rows = [question(subject="\x1b[2J").fails("nothing", "Wait."), question("beta").fails("nothing", "Wait.")]
    Watcher().waiting(rows, seconds)
    assert capsys.readouterr().err == f"waiting for alpha \\x1b[2J and 1 more; {said} left\n"
