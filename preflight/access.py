"""The API token, the zones, and what their records are in the way of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from preflight import ways
from preflight.stack import Stack
from preflight.to_come import Owner, resource_name
from preflight.ways import Ways
from verify.failures import Failure
from verify.probe import Probe
from verify.result import Question, Result
from zones import conflicts
from zones.account import Account, Refusal
from zones.zone import Zone

GROUP = "preflight"
SECONDS = 30.0
EDIT = "#dns_records:edit"
_WAITING = ("pending", "initializing")


def probes(stack: Stack, account: Account, owners: Sequence[Owner], found: list[Ways]) -> Iterator[Probe]:
    """Give a probe for the token and one for each zone; the ways out of what these find go into `found`."""
    token = Question(
        check="token", domain=stack.settings.server.hostname, subject="the API token", expected="taken by Cloudflare"
    )
    yield Probe(group=GROUP, about=(token,), look=partial(_token, account, token), seconds=SECONDS)
    for owner in owners:
        zone = _ZoneProbe(stack, account, owner, found)
        yield Probe(group=GROUP, about=(zone.rights, zone.there, zone.clear), look=zone.look, seconds=SECONDS)


async def _token(account: Account, question: Question) -> list[Result]:
    another = "Make an API token as docs/going-live.md says, and set it: `pulumi config set --path --secret " + (
        "cloudflare.apiToken`."
    )
    try:
        status, until = await account.token_status()
    except Refusal as refusal:
        if await account.opens_anything():
            return [question.passes("taken; an account's own token, of which the API does not tell whether it expires")]
        return [question.fails(str(refusal), another)]
    if status != "active":
        return [question.fails(f"the token is {status}", another)]
    return [question.passes(f"active{f' until {until}' if until else ''}")]


class _ZoneProbe:
    """One look at the zone of an owner of records."""

    def __init__(self, stack: Stack, account: Account, owner: Owner, found: list[Ways]) -> None:
        self._stack, self._account, self._owner, self._found = stack, account, owner, found
        name = owner.name
        self.rights = Question(
            check="token",
            domain=name,
            subject=f"rights on the zone of {name}",
            expected="Zone.Zone Read, Zone.DNS Edit",
        )
        self.there = Question(check="zone", domain=name, subject=owner.zone_id or name, expected="active at Cloudflare")
        self.clear = Question(
            check="record-conflict", domain=name, subject=f"zone of {name}", expected="nothing in the way"
        )

    async def look(self) -> list[Result]:
        try:
            zones = await self._account.zone(self._owner.zone_id, self._owner.name)
        except Refusal as refusal:
            if not await self._account.opens_anything():
                return self._not_looked_at("see `token` of the MX host: Cloudflare does not take the token at all")
            return self._unseen(str(refusal))
        if len(zones) != 1:
            return self._unseen(f"{len(zones)} zones of the name {self._owner.name} are to be seen with this token")
        return [self._zone(zones[0]), *await self._records(zones[0])]

    def _not_looked_at(self, reason: str) -> list[Result]:
        return [question.skipped(reason) for question in (self.rights, self.there, self.clear)]

    def _unseen(self, found: str) -> list[Result]:
        setting = f"{self._owner.setting}.zoneId"
        mend = (
            f"Give the token the permissions Zone.Zone Read and Zone.DNS Edit on the zone of {self._owner.name}; if it "
            f"has them, correct {setting} (the id on the zone's overview), or add the zone to Cloudflare."
        )
        reason = "see `token`: the zone cannot be seen with this token"
        return [self.rights.fails(found, mend), self.there.skipped(reason), self.clear.skipped(reason)]

    def _zone(self, zone: Zone) -> Result:
        found = f"{zone.name} is {zone.status or 'of a status that Cloudflare does not tell'}"
        if zone.status == "active":
            return self.there.passes(found)
        if zone.status in _WAITING:
            servers = " and ".join(zone.name_servers) or "those of the zone's overview"
            return self.there.warns(
                found,
                f"Name {servers} as the name servers at the domain's registrar: until then nobody sees the records.",
            )
        return self.there.fails(found, "Look at the zone's overview at Cloudflare: its records are not served.")

    async def _records(self, zone: Zone) -> list[Result]:
        """Judge the token's rights by what it can read, and the records that it reads."""
        grant = f"Give the token the permission Zone.DNS Edit on the zone {zone.name}"
        try:
            present = await self._account.records(zone.id)
        except Refusal as refusal:
            reason = "see `token`: the zone's records cannot be read with this token"
            return [self.rights.fails(f"records: {refusal}", f"{grant}."), self.clear.skipped(reason)]
        except Failure as failure:
            return [
                self.rights.unknown(str(failure), failure.mend),
                self.clear.unknown(str(failure), failure.mend),
            ]
        if EDIT in zone.permissions:
            rights = self.rights.passes(", ".join(sorted(zone.permissions)))
        elif zone.permissions:
            rights = self.rights.fails(f"without {EDIT}: {', '.join(sorted(zone.permissions))}", f"{grant}.")
        else:
            rights = self.rights.unknown(
                "records can be read; whether they can be written shows with the first one",
                f"Look at the token at Cloudflare: it needs the permission Zone.DNS Edit on the zone {zone.name}.",
            )
        owner, stack = self._owner, self._stack
        made = {record.key for record in owner.records if stack.record(resource_name(record)) in stack.resources}
        own = [record for record in present if record.id in stack.own_records]
        clashes = [*conflicts.find(owner.records, zone.name, present, own=stack.own_records, made=made)]
        self._found += [ways.out_of(clash, owner, zone, stack) for clash in clashes]
        if not clashes:
            foreign = len(present) - len(own)
            text = f"{len(own)} of the stack's own records, and {foreign} other{'s' * (foreign != 1)} beside them"
            return [rights, self.clear.passes(text)]
        return [rights, *(self._clash(clash) for clash in clashes)]

    def _clash(self, clash: conflicts.Conflict) -> Result:
        wanted = clash.wanted
        question = Question(
            check="record-conflict",
            domain=self._owner.name,
            subject=f"{wanted.name} {wanted.type} ({wanted.key})",
            expected=wanted.value or "the stack's own key",
        )
        found = "; ".join(record.shown for record in clash.existing)
        mend = f"{'Adopt, keep' if clash.adopt else 'Keep'} or remove it before `pulumi up`: the ways out are below."
        if clash.is_identical:
            return question.fails(f"the same already, which makes `pulumi up` fail (81058): {found}", mend)
        return question.fails(found, mend)
