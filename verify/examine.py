"""One whole look at a stack: which checks are wanted, done side by side with nothing remembered from before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from verify import checks
from verify.catalogue import CHECKS
from verify.dns_client import DnsClient, Server
from verify.expectation import Expectation
from verify.look import Look
from verify.probe import Probe
from verify.result import Result
from verify.run import Report, run


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which checks are wanted.

    Attributes:
        only: groups and ids to look at; empty for all.
        skip: groups and ids to leave out.
        others: domains to leave out; what is not about a mail domain, such as the MX host's own rows, stays.
    """

    only: Collection[str] = ()
    skip: Collection[str] = ()
    others: Collection[str] = ()

    @classmethod
    def of(
        cls, expectation: Expectation, *, only: Collection[str], skip: Collection[str], domains: Collection[str]
    ) -> Selection:
        """Return the selection of these domains (A-labels; empty for all)."""
        others = set(expectation.domains) - set(domains) - {expectation.mail_host} if domains else ()
        return cls(only=frozenset(only), skip=frozenset(skip), others=frozenset(others))

    def takes(self, check: str, domain: str, group: str | None = None) -> bool:
        """Tell whether a check of a domain is wanted; `group` is the catalogue's where it is not given."""
        if group is None:
            known = CHECKS.get(check)
            group = known.group if known else ""
        names = {check, group}
        return (
            domain not in self.others and not names & set(self.skip) and (not self.only or bool(names & set(self.only)))
        )

    def takes_probe(self, probe: Probe) -> bool:
        """Tell whether a probe judges anything that is wanted."""
        return any(self.takes(question.check, question.domain, probe.group) for question in probe.about)


def _silent(_probe: Probe, _results: Sequence[Result]) -> None:
    """Report nothing."""


def _unannounced(_probes: Sequence[Probe]) -> None:
    """Announce nothing."""


def _every(_probe: Probe) -> bool:
    """Want every probe."""
    return True


async def examine(
    expectation: Expectation,
    *,
    resolver: Server,
    trusted: Sequence[str] = (),
    connect: Mapping[str, Sequence[str]] | None = None,
    only: Collection[str] = (),
    skip: Collection[str] = (),
    domains: Collection[str] = (),
    send_to: str | None = None,
    report: Report = _silent,
    announce: Callable[[Sequence[Probe]], None] = _unannounced,
    wanted: Callable[[Probe], bool] = _every,
) -> list[Result]:
    """Look at a stack from outside, and judge it.

    Args:
        expectation: what the stack says it is.
        resolver: the recursive DNS server to ask.
        trusted: PEM of certificate authorities to trust besides the system's and the stack's own.
        connect: host to the addresses to connect to in place of the declared ones.
        only: groups and check ids to look at; empty for all.
        skip: groups and check ids to leave out.
        domains: mail domains (A-labels) to look at; empty for all. The MX host's own rows are there in any case.
        send_to: an address elsewhere to send a test message to.
        report: called with every probe and its results as soon as they are there.
        announce: called once with the probes that are about to run.
        wanted: leaves out further probes.

    Returns:
        The results, in the order of the catalogue's groups and the stack's domains.
    """
    selection = Selection.of(expectation, only=only, skip=skip, domains=domains)
    own = [expectation.ca_certificate] if expectation.ca_certificate else []
    look = Look(
        expected=expectation,
        dns=DnsClient(resolver),
        trusted=[*own, *trusted],
        connect=connect or {},
        send_to=send_to,
        now=datetime.now(UTC),
    )
    chosen = [probe for probe in checks.probes(look) if selection.takes_probe(probe) and wanted(probe)]
    announce(chosen)

    def kept(probe: Probe, results: Sequence[Result]) -> list[Result]:
        return [
            _with_what_it_depends_on(result, selection)
            for result in results
            if selection.takes(result.check, result.domain, probe.group)
        ]

    return await run(chosen, report, kept)


def _with_what_it_depends_on(result: Result, selection: Selection) -> Result:
    """Return a result, *unknown* where it was skipped for what another check found that is left out of this run."""
    other = result.see
    if not other or selection.takes(other, result.domain):
        return result
    mend = f"`{other}` tells what is wrong, and this run leaves it out: look at it too."
    reason = result.mend.removeprefix(f"see `{other}`").strip(" :")
    return replace(result, verdict="unknown", found=reason or result.found, mend=mend)
