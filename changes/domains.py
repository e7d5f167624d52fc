"""What it means that a domain comes, goes, or has another place in DNS."""

from __future__ import annotations

from collections.abc import Iterator

from changes import option, policies, signing
from changes.change import Area, Change
from changes.markdown import value
from mail import mta_sts
from settings import Domain, Settings

_AREA: Area = "Domains"


def changes(before: Settings, after: Settings) -> Iterator[Change]:
    """Yield what differs in the domains, their policies and their keys."""
    was = {domain.name: domain for domain in before.domains}
    now = {domain.name: domain for domain in after.domains}
    for name, domain in was.items():
        if name not in now:
            yield _removed(domain)
    for name, domain in now.items():
        if name in was:
            yield from _place(was[name], domain)
            yield from policies.changes(was[name], domain, before, after)
            yield from signing.changes(was[name], domain)
        else:
            yield _added(domain)
    yield from _primary(before, after)


def _removed(domain: Domain) -> Change:
    policy = domain.mta_sts
    remembered = (
        f" Senders that remember its MTA-STS policy deliver to no other server for up to {policy.max_age} s."
        if policy.enabled and policy.mode == "enforce"
        else ""
    )
    return Change(
        area=_AREA,
        subject=f"Domain {domain.name}",
        before=_size(domain),
        kind="removed",
        meaning="Its records vanish and mail to it bounces; its accounts lose their logins, and their mail is kept "
        f"unless deleteMailbox is set.{remembered}",
        token=f"domain {domain.name} removed",
    )


def _added(domain: Domain) -> Change:
    names = f" The certificate must cover {value(mta_sts.policy_host(domain.name))}." if domain.mta_sts.enabled else ""
    apex = " Its own address becomes the server's: a web site there vanishes (apex)." if domain.apex else ""
    return Change(
        area=_AREA,
        subject=f"Domain {domain.name}",
        after=_size(domain),
        kind="added",
        meaning="Mail to it comes to this server as soon as its MX record is known: where the domain has mail "
        f"elsewhere, run {value('make preflight')} first.{names}{apex}",
        token=f"domain {domain.name} added",
    )


def _size(domain: Domain) -> str:
    def count(number: int, what: str, many: str) -> str:
        return f"{number} {what if number == 1 else many}"

    return f"{count(len(domain.accounts), 'account', 'accounts')}, {count(len(domain.aliases), 'alias', 'aliases')}"


def _place(before: Domain, after: Domain) -> Iterator[Change]:
    if before.zone_id != after.zone_id:
        yield Change(
            area=_AREA,
            subject=f"zoneId of {after.name}",
            before=before.zone_id or "looked up by name",
            after=after.zone_id or "looked up by name",
            meaning="If it is another zone than before, all records are made there and removed here: mail bounces "
            "unless the domain's name servers are those of that zone.",
            token=f"zoneId {after.name} {after.zone_id or 'by name'}",
        )
    if before.apex != after.apex:
        yield Change(
            area=_AREA,
            subject=f"apex of {after.name}",
            before=option.text(before.apex),
            after=option.text(after.apex),
            meaning="The domain's own address becomes the server's: a web site that is elsewhere cannot be reached "
            "by it. Mail is not concerned."
            if after.apex
            else "The domain's own A and AAAA records vanish: what is reached by them (a web site, the term a of "
            "SPF) is not there any more. Mail comes in as before.",
            token=f"apex {after.name} {option.text(after.apex)}",
        )


def _primary(before: Settings, after: Settings) -> Iterator[Change]:
    was, now = before.domains[0].name, after.domains[0].name
    if was != now:
        yield Change(
            area=_AREA,
            subject="Primary domain",
            before=was,
            after=now,
            meaning="Bounces come from the primary domain, the first in the list.",
        )
