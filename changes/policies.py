"""What changes of DMARC and of the reports that are asked for mean, and with them SPF and MTA-STS."""

from __future__ import annotations

from collections.abc import Iterator

from changes import mta_sts, spf
from changes.change import Area, Change, kind_of
from changes.markdown import value
from mail import dmarc, records, report_uri
from settings import Domain, Settings

_AREA: Area = "Policies"

_DMARC = {
    "none": "mail that fails is delivered as any other, and reported",
    "quarantine": "mail that fails will be put into junk",
    "reject": "mail that fails will be refused, also what forwarders and mailing lists have altered",
}
_FOR = {
    "policy": ("DMARC policy", "dmarc", ""),
    "subdomain_policy": ("DMARC policy for subdomains", "dmarc-sp", "For subdomains, "),
    "nonexistent_policy": (
        "DMARC policy for subdomains that do not exist",
        "dmarc-np",
        "For subdomains that do not exist, ",
    ),
}


def changes(before: Domain, after: Domain, was: Settings, now: Settings) -> Iterator[Change]:
    """Yield what differs in the policies of a domain that was there before."""
    yield from spf.changes(before, after)
    yield from _dmarc_policies(before, after)
    yield from _dmarc_alignment(before, after)
    yield from _reports(before, after, now)
    yield from mta_sts.changes(before, after, was, now)


def _dmarc_policies(before: Domain, after: Domain) -> Iterator[Change]:
    old, new = before.dmarc, after.dmarc
    for field, (what, token, whose) in _FOR.items():
        was, now = _in_force(old, field), _in_force(new, field)
        inherited = field != "policy" and getattr(old, field) is None and getattr(new, field) is None
        if was == now or inherited:
            continue
        stricter = dmarc.POLICIES.index(now) > dmarc.POLICIES.index(was)
        yield Change(
            area=_AREA,
            subject=f"{what} of {after.name}",
            before=was,
            after=now,
            meaning=f"{whose}DMARC goes from {was} to {now}: {_DMARC[now]}.",
            token=f"{token} {after.name} {now}" if stricter else None,
        )
    if old.testing != new.testing:
        harmless = new.testing or {_in_force(new, field) for field in _FOR} == {"none"}
        yield Change(
            area=_AREA,
            subject=f"DMARC test mode (t=y) of {after.name}",
            before="on" if old.testing else "off",
            after="on" if new.testing else "off",
            meaning="Receivers that know t=y apply the policy one step milder than it is written."
            if new.testing
            else f"The policy {new.policy} is applied in full: {_DMARC[new.policy]}.",
            token=None if harmless else f"dmarc-testing {after.name} off",
        )


def _in_force(of: object, field: str) -> dmarc.Policy:
    """Return the policy in force where one that is not set is as the one above it."""
    order = ("nonexistent_policy", "subdomain_policy", "policy")
    found: dmarc.Policy = next(filter(None, (getattr(of, name) for name in order[order.index(field) :])))
    return found


def _dmarc_alignment(before: Domain, after: Domain) -> Iterator[Change]:
    for field, what, token in (
        ("dkim_alignment", "DKIM", "dmarc-adkim"),
        ("spf_alignment", "SPF", "dmarc-aspf"),
    ):
        was, now = (getattr(domain.dmarc, field) or "r" for domain in (before, after))
        if was != now:
            yield Change(
                area=_AREA,
                subject=f"DMARC alignment of {what} for {after.name}",
                before=_ALIGNMENT[was],
                after=_ALIGNMENT[now],
                meaning=f"For DMARC, {what} counts with exactly the domain of the From line: mail that passes by a "
                "subdomain or the domain above fails."
                if now == "s"
                else f"For DMARC, {what} also counts with a subdomain or the domain above: more mail passes.",
                token=f"{token} {after.name} strict" if now == "s" else None,
            )


_ALIGNMENT = {"r": "relaxed", "s": "strict"}


def _reports(before: Domain, after: Domain, settings: Settings) -> Iterator[Change]:
    def rua(domain: Domain) -> list[str]:
        asked = domain.dmarc.rua
        return [f"mailto:postmaster@{domain.name}"] if asked is None else [report_uri.check(uri) for uri in asked]

    def tls(domain: Domain) -> list[str]:
        return (domain.tls_rpt.rua or [f"mailto:postmaster@{domain.name}"]) if domain.tls_rpt.enabled else []

    def agree(uris: list[str]) -> str:
        others = records.external_rua_domains(uris, after.name)
        outside = [name for name in others if settings.zone_of(name) is None]
        return f" {', '.join(map(value, outside))} must agree to them by a record of its own." if outside else ""

    for what, token, was, now, unheard in (
        (
            "DMARC reports",
            "dmarc-reports",
            rua(before),
            rua(after),
            "nobody hears of forged mail, or of your own that fails.",
        ),
        (
            "DMARC failure reports",
            "",
            before.dmarc.ruf,
            after.dmarc.ruf,
            "single failures are not reported; few receivers do.",
        ),
        (
            "TLS-RPT",
            "tls-rpt",
            tls(before),
            tls(after),
            "nobody hears of it when senders cannot reach the server over good TLS.",
        ),
    ):
        if set(was) == set(now):
            continue
        if now:
            said = "Reports go there from now on; mail is not concerned." + (agree(now) if "DMARC" in what else "")
        else:
            said = f"Mail is not concerned, but {unheard}"
        yield Change(
            area=_AREA,
            subject=f"{what} of {after.name}",
            before=", ".join(was) or None,
            after=", ".join(now) or None,
            kind=kind_of(was or None, now or None),
            meaning=said,
            token=f"{token} {after.name} off" if token and not now else None,
        )
