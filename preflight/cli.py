"""The command `python -m preflight`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import dns.resolver

from preflight import access, docker_host, ports, reach, report, stack, to_come
from preflight.stack import StackError
from preflight.ways import Ways
from settings import SettingsError
from verify import event_loop
from verify.arguments import UsageError, server
from verify.dns_client import DnsClient, Server
from verify.printable import printable
from verify.process import INTERRUPTED, NOT_JUDGED
from verify.report.outcome import Outcome
from verify.report.page import Page
from verify.report.progress import Watcher, watcher
from verify.result import Result
from verify.run import run
from verify.usage import Parser
from zones.account import DEFAULT_URL, Account

FAILED = 1


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m preflight",
        description="What to know before the first `pulumi up` of a stack on a live zone. Nothing is changed.",
        epilog="Exit code: 0 nothing in the way, 1 something is, 2 something could not be looked at, 64 wrong usage.",
        allow_abbrev=False,
    )
    parser.add_argument("--stack", required=True, metavar="NAME", help="the stack, as pulumi takes it")
    parser.add_argument("--config-file", metavar="FILE", help="its stack file, if not Pulumi.STACK.yaml")
    parser.add_argument("--resolver", metavar="IP[:PORT]", type=_server, help="DNS server to ask (the system's)")
    parser.add_argument("--all", action="store_true", help="every row, also where there are many domains")
    parser.add_argument("--no-color", action="store_true", help="no colours")
    parser.add_argument("--json", action="store_true", help="print JSON (docs/preflight.md)")
    return parser


def _server(text: str) -> Server:
    try:
        return server(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("--resolver ")) from None


async def look(of: stack.Stack, resolver: Server, watching: Watcher | None = None) -> tuple[list[Result], list[Ways]]:
    """Look at everything that `pulumi up` will meet.

    Args:
        of: the stack.
        resolver: the recursive DNS server to ask.
        watching: is told how far it is.

    Returns:
        What was found, and the ways out of each conflict.
    """
    access_to = of.settings.cloudflare
    account = Account(access_to.api_token.get_secret_value(), access_to.base_url or DEFAULT_URL)
    ways: list[Ways] = []
    probes = [
        *access.probes(of, account, to_come.owners(of.settings), ways),
        *docker_host.probes(of),
        *ports.probes(of),
        *reach.probes(of, DnsClient(resolver)),
    ]
    watching = watching or Watcher()
    watching.announce(probes)
    try:
        results = await run(probes, watching.done)
    finally:
        await account.close()
    return results, ways


async def _look(options: argparse.Namespace, watching: Watcher) -> tuple[Outcome, list[Ways]]:
    started, began = datetime.now(UTC), time.monotonic()
    of = await stack.read(options.stack, options.config_file)
    results, ways = await look(of, options.resolver or _system_resolver(), watching)
    outcome = Outcome(
        name=options.stack,
        mail_host=of.settings.server.hostname,
        domains=[domain.name for domain in of.settings.domains],
        results=results,
        started=started,
        seconds=time.monotonic() - began,
        complete=True,
        scores={},
    )
    return outcome, ways


def _system_resolver() -> Server:
    try:
        return Server(address=str(dns.resolver.get_default_resolver().nameservers[0]))
    except (dns.resolver.NoResolverConfiguration, IndexError):
        return Server(address="127.0.0.1")


def main(arguments: Sequence[str]) -> int:
    """Look, print, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        with watcher(color=not options.no_color) as watching:
            outcome, ways = event_loop.run(_look(options, watching))
    except SettingsError as error:
        return _end(str(error), FAILED)
    except StackError as error:
        return _end(printable(str(error), 2000), NOT_JUDGED)
    except KeyboardInterrupt:
        return _end("interrupted", INTERRUPTED)
    if options.json:
        sys.stdout.write(f"{report.document(outcome, ways)}\n")
    else:
        page = Page(sys.stdout, color=not options.no_color)
        report.write(outcome, ways, page, every_row=options.all)
    return outcome.exit_code


def _end(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code
