"""The command line, read and checked before anything is looked at."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from verify import arguments
from verify.arguments import UsageError
from verify.dns_client import Server


@dataclass(frozen=True, kw_only=True)
class Options:
    """What the command line says.

    Attributes:
        stack: name of the stack; "" where the outputs come from a file.
        outputs: file with the outputs, `-` for standard input; "" where they come from Pulumi.
        only: groups and check ids.
        skip: groups and check ids.
        domains: A-labels, not yet compared with those of the stack.
        resolver: None is the system's.
        authorities: PEM of the certificate authorities to trust besides.
        connect: host to addresses, not yet compared with the hosts of the stack.
        send_to: address for a test message.
        wait: seconds to look again for.
        changes: show what differs from the last run.
        json: write JSON in place of the table.
        junit: file to write.
        every_row: show each pass as well.
        color: whether colours are welcome.
        explain: id of a check to explain, and nothing else.
        list: list the checks, and nothing else.
    """

    stack: str = ""
    outputs: str = ""
    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    resolver: Server | None = None
    authorities: tuple[str, ...] = ()
    connect: dict[str, list[str]] = field(default_factory=dict)
    send_to: str | None = None
    wait: float = 0
    changes: bool = False
    json: bool = False
    junit: Path | None = None
    every_row: bool = False
    color: bool = True
    explain: str = ""
    list: bool = False


def read(given: Sequence[str]) -> Options:
    """Read a command line.

    Raises:
        UsageError: it is wrong.
        SystemExit: it asked for help, which is printed.
    """
    said = _parser().parse_args(given)
    if said.explain is None and not said.list and bool(said.stack) == bool(said.outputs):
        raise UsageError("Say which stack to look at: either --stack NAME or --outputs FILE.")
    return Options(
        stack=said.stack,
        outputs=said.outputs,
        only=arguments.checks("--only", said.only),
        skip=arguments.checks("--skip", said.skip),
        domains=tuple(arguments.name("--domain", text) for text in said.domain),
        resolver=arguments.server(said.resolver) if said.resolver is not None else None,
        authorities=tuple(arguments.authority(path) for path in said.ca),
        connect=arguments.connections(said.connect),
        send_to=arguments.address(said.send_to) if said.send_to is not None else None,
        wait=arguments.seconds(said.wait) if said.wait is not None else 0,
        changes=said.changes,
        json=said.json,
        junit=arguments.writable(said.junit) if said.junit is not None else None,
        every_row=said.all,
        color=not said.no_color,
        explain="" if said.explain is None else arguments.check(said.explain),
        list=said.list,
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See `python -m verify --help`.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m verify",
        description="Look at a stack's mail domains from outside, and say what is not as it should be.",
        epilog="Exit code: 0 all passes (or warns, or is skipped), 1 something fails, 2 something could not be judged, "
        "64 wrong usage. More: docs/verify.md.",
        allow_abbrev=False,
    )
    source = parser.add_argument_group("the stack").add_argument
    source("--stack", metavar="NAME", default="", help="read its outputs with pulumi")
    source("--outputs", metavar="FILE", default="", help="read them from a file, - for standard input")
    choice = parser.add_argument_group("what to look at").add_argument
    choice("--only", metavar="NAME,...", action="append", default=[], help="these groups or checks only")
    choice("--skip", metavar="NAME,...", action="append", default=[], help="not these groups or checks")
    choice("--domain", metavar="NAME", action="append", default=[], help="this domain only; may be repeated")
    how = parser.add_argument_group("how to look").add_argument
    how("--resolver", metavar="IP[:PORT]", help="ask this DNS server instead of the system's")
    how("--ca", metavar="FILE", action="append", default=[], help="trust these certificate authorities (PEM) as well")
    how("--connect", metavar="HOST=IP", action="append", default=[], help="connect there, before DNS is switched")
    how("--send-to", metavar="ADDRESS", help="send a test message to this address elsewhere")
    how("--wait", metavar="TIME", help="look again until all is there, for 90s, 15m or 2h at most")
    out = parser.add_argument_group("what to show").add_argument
    out("--all", action="store_true", help="every row, also each that passes")
    out("--changes", action="store_true", help="what differs from the last run")
    out("--json", action="store_true", help="JSON in place of the table")
    out("--junit", metavar="FILE", help="write a JUnit report as well")
    out("--no-color", action="store_true", help="no colours")
    out("--explain", metavar="CHECK", help="say what a check means, and nothing else")
    out("--list", action="store_true", help="list the checks, and nothing else")
    return parser
