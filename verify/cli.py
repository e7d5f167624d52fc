"""The command `python -m verify`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path

from verify import changes, event_loop, options, scope, scores, source, waiting
from verify.arguments import UsageError
from verify.changes import Changes, LastRun
from verify.dns_client import Server
from verify.expectation import OutputsError
from verify.options import Options
from verify.printable import printable
from verify.process import INTERRUPTED, NOT_JUDGED
from verify.report.outcome import Outcome
from verify.report.page import Page
from verify.report.progress import Watcher, watcher
from verify.result import Result
from verify.usage import WRONG_USAGE


def main(arguments: Sequence[str]) -> int:
    """Run the command; the result is the process's exit code."""
    try:
        chosen = options.read(arguments)
        if chosen.explain or chosen.list:
            return _explain(chosen)
        with watcher(color=chosen.color) as watching:
            outcome = _look(chosen, watching)
        return _tell(outcome, chosen)
    except UsageError as error:
        return _end(str(error), WRONG_USAGE)
    except OutputsError as error:
        return _end(str(error), NOT_JUDGED)
    except KeyboardInterrupt:
        return _end("interrupted", INTERRUPTED)


def _look(chosen: Options, watching: Watcher) -> Outcome:
    """Look at the stack.

    Raises:
        OutputsError: its outputs cannot be read.
        UsageError: the command line asks for what it has not.
    """
    threading.Thread(target=import_module, args=("verify.examine",), daemon=True).start()  # while Pulumi is at work
    expectation = source.from_stack(chosen.stack) if chosen.stack else source.from_file(chosen.outputs)
    domains = scope.domains(chosen, expectation)
    scope.must_know_hosts(chosen, expectation)
    resolver = chosen.resolver or _system_resolver()
    from verify.examine import Selection, examine

    look_again = partial(
        examine,
        expectation,
        resolver=resolver,
        trusted=chosen.authorities,
        connect=chosen.connect,
        only=chosen.only,
        skip=chosen.skip,
        domains=chosen.domains,
        send_to=chosen.send_to,
    )
    found = waiting.Findings()
    started, began, complete = datetime.now(UTC), time.monotonic(), True
    try:
        event_loop.run(
            waiting.look(
                look_again,
                found,
                report=watching.done,
                announce=watching.announce,
                wait=chosen.wait,
                waiting=watching.waiting,
            )
        )
    except KeyboardInterrupt:
        complete = False
    selection = Selection.of(expectation, only=chosen.only, skip=chosen.skip, domains=chosen.domains)
    differing = _remember(
        chosen.stack or f"outputs-{expectation.mail_host}",
        found.results,
        started,
        looked_at=selection.takes if complete else lambda _check, _domain: False,
    )
    return Outcome(
        name=chosen.stack or chosen.outputs,
        mail_host=expectation.mail_host,
        domains=domains,
        results=found.results,
        started=started,
        seconds=time.monotonic() - began,
        complete=complete,
        scores=scores.by_domain(found.results, domains),
        changes=differing if chosen.changes else None,
    )


def _remember(name: str, results: Sequence[Result], at: datetime, *, looked_at: Callable[[str, str], bool]) -> Changes:
    """Keep a run for the next one; return what differs from the one before."""
    last = LastRun(verdicts={})
    try:
        file = changes.file_of(name)
        last = changes.load(file)
        changes.save(file, last.followed_by(results, at, looked_at=looked_at))
    except OSError as error:
        said = ": ".join(str(part) for part in (error.filename, error.strerror) if part)
        sys.stderr.write(f"warning: this run cannot be kept for --changes: {printable(said)}\n")
    return last.compared_with(results, looked_at=looked_at)


def _tell(outcome: Outcome, chosen: Options) -> int:
    """Write the report of a CI server first: who reads the table may stop in the middle of it."""
    wrote = not chosen.junit or _wrote_junit(outcome, chosen.junit)
    if chosen.json:
        from verify.report import as_json

        sys.stdout.write(as_json.text(outcome) + "\n")
    else:
        from verify.report import closing, table

        page = Page(sys.stdout, color=chosen.color)
        table.write(outcome, page, every_row=chosen.every_row)
        closing.write(outcome, page, with_scores=outcome.complete and not (chosen.only or chosen.skip))
    return outcome.exit_code if wrote else outcome.exit_code or NOT_JUDGED


def _wrote_junit(outcome: Outcome, file: Path) -> bool:
    from verify.report import junit

    try:
        junit.write(outcome, file)
    except OSError as error:
        sys.stderr.write(f"error: --junit {printable(str(file))}: {error.strerror}\n")
        return False
    return True


def _explain(chosen: Options) -> int:
    from verify.report import explain

    page = Page(sys.stdout, color=chosen.color)
    if chosen.explain:
        explain.one(chosen.explain, page)
    else:
        explain.every(page)
    return 0


def _system_resolver() -> Server:
    """Return the first DNS server that this machine asks.

    Raises:
        OutputsError: it asks none.
    """
    import dns.resolver

    try:
        asked = dns.resolver.Resolver()
        return Server(address=str(asked.nameservers[0]), port=asked.port)
    except (dns.resolver.NoResolverConfiguration, IndexError):
        raise OutputsError("This machine has no DNS server configured. Give one with --resolver IP.") from None


def _end(sentence: str, code: int) -> int:
    sys.stderr.write(f"error: {printable(sentence, 1000)}\n")
    return code
