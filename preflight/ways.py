"""The ways out of a conflict: adopt what is there, keep it by a setting, or remove it; each as commands to copy."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from mail import spf
from preflight.stack import RECORD, Stack
from preflight.to_come import Owner, resource_name
from stack_file.domain import Dkim
from zones.account import DEFAULT_URL
from zones.conflicts import Conflict
from zones.zone import Zone, ZoneRecord


@dataclass(frozen=True, kw_only=True)
class Ways:
    """The ways out of one conflict.

    Attributes:
        domain: whose record it is about.
        record: the record to come, such as `example.com MX`.
        existing: id and text of each record that is in its way.
        prepare: what has to run once before the first adoption in the domain; None where nothing has.
        adopt: the command that takes one of them into the stack; None where none can be taken.
        adopted: the id of that one.
        keep: a sentence on how to do without the record to come, or to carry over what the old one says.
        setting: the command for that; None where there is none.
        remove: the command that deletes each, by id.
    """

    domain: str
    record: str
    existing: dict[str, str]
    prepare: str | None
    adopt: str | None
    adopted: str | None
    keep: str
    setting: str | None
    remove: dict[str, str]

    @property
    def left(self) -> list[str]:
        """The ids of what is in the way also after the adoption."""
        return [identifier for identifier in self.existing if identifier != self.adopted]


def out_of(conflict: Conflict, owner: Owner, zone: Zone, stack: Stack) -> Ways:
    """Return the ways out of a conflict."""
    keep, setting = _keep(conflict, owner, stack)
    return Ways(
        domain=owner.name,
        record=f"{conflict.wanted.name} {conflict.wanted.type}",
        existing={record.id: record.shown for record in conflict.existing},
        prepare=_prepare(owner, stack) if conflict.adopt else None,
        adopt=_import(conflict, conflict.adopt, owner, zone, stack) if conflict.adopt else None,
        adopted=conflict.adopt.id if conflict.adopt else None,
        keep=keep,
        setting=setting,
        remove={record.id: removal(record.id, zone, stack) for record in conflict.existing},
    )


def _prepare(owner: Owner, stack: Stack) -> str | None:
    """An import needs the record's component and provider in the state; making these two changes nothing outside."""
    missing = [urn for urn in (stack.provider, stack.component(owner.name)) if urn not in stack.resources]
    if not missing:
        return None
    targets = [word for urn in missing for word in ("--target", urn)]
    return _line(stack, "up", "--yes", "--skip-preview", *targets)


def _import(conflict: Conflict, existing: ZoneRecord, owner: Owner, zone: Zone, stack: Stack) -> str:
    return _line(
        stack,
        *("import", RECORD, resource_name(conflict.wanted), f"{zone.id}/{existing.id}"),
        *("--parent", f"domain={stack.component(owner.name)}", "--provider", f"cloudflare={stack.provider}"),
        *("--protect=false", "--generate-code=false", "--yes"),
    )


def removal(identifier: str, zone: Zone, stack: Stack) -> str:
    """Return the command that deletes a record.

    The token goes from pipe to pipe: in a command line, every user of the machine could read it.
    """
    token = _line(stack, "config", "get", "--path", "cloudflare.apiToken")
    base = stack.settings.cloudflare.base_url or DEFAULT_URL
    url = shlex.quote(f"{base.rstrip('/')}/zones/{zone.id}/dns_records/{identifier}")
    return f"{token} | sed 's/.*/header = \"Authorization: Bearer &\"/' | curl -sS -K - -X DELETE {url}"


def _keep(conflict: Conflict, owner: Owner, stack: Stack) -> tuple[str, str | None]:
    """Return how the existing record can stay, or what it says be carried over, and the command for that."""
    key = conflict.wanted.key
    if owner.domain is None or key.startswith("host-"):
        return "give the mail server another name: server.hostname, its PTR record and the certificate.", None
    if key.startswith("apex-"):
        return "the domain's own addresses stay as they are.", _set(stack, owner, "apex", "false")
    if key.startswith("mta-sts-"):
        return "the domain goes without an MTA-STS policy of this stack.", _set(stack, owner, "mtaSts.enabled", "false")
    if key == "tls-rpt":
        return "this stack publishes no TLS-RPT record.", _set(stack, owner, "tlsRpt.enabled", "false")
    if key.startswith("dkim-"):
        return _other_selector(key.removeprefix("dkim-"), owner, owner.domain.dkim, stack)
    if key == "spf":
        return _carry_spf(conflict, owner, stack)
    if key == "dmarc":
        return _carry_dmarc(conflict, owner, stack)
    if key == "mx":
        return (
            f"mail can go to one place only: to leave it where it is, take {owner.name} out of the stack's `domains`.",
            None,
        )
    return "there is no setting to do without this record.", None


def _other_selector(name: str, owner: Owner, dkim: Dkim, stack: Stack) -> tuple[str, str | None]:
    """Have the stack's key under another selector, so that what signs with the old one goes on."""
    taken = [selector.name for selector in dkim.selectors]
    index = taken.index(name)
    sentence = "the stack's key gets another selector, and what signs with the old key goes on doing so"
    if dkim.signing is not None:
        return f"{sentence}: rename {name} in {owner.setting}.dkim, in selectors and signing.", None
    selector = dkim.selectors[index]
    key = f"dkim.selectors[{index}]{'.name' if selector.model_fields_set != {'name'} else ''}"
    other = next(f"{name}{number}" for number in range(2, len(taken) + 3) if f"{name}{number}" not in taken)
    return f"{sentence}.", _set(stack, owner, key, other)


def _carry_spf(conflict: Conflict, owner: Owner, stack: Stack) -> tuple[str, str | None]:
    """Have the senders that the old SPF record names in the new one: there can be one record only."""
    for record in conflict.existing:
        terms = record.value.split()[1:]
        text = " ".join(["v=spf1", *(["mx"] if "mx" not in terms else []), *terms])
        if record.type == "TXT" and _is_good_spf(text):
            return (
                "there can be one SPF record only; this one lets the old senders send as well (adopt or remove "
                "the old one too).",
                _set(stack, owner, "spf", text),
            )
    return f"there can be one SPF record only: put what the old one allows into {owner.setting}.spf.", None


def _is_good_spf(text: str) -> bool:
    try:
        spf.check(text)
    except ValueError:
        return False
    return text.isascii() and text.isprintable()


def _carry_dmarc(conflict: Conflict, owner: Owner, stack: Stack) -> tuple[str, str | None]:
    """Have the policy of the old DMARC record: there can be one only."""
    for record in conflict.existing:
        found = re.search(r";\s*p\s*=\s*(none|quarantine|reject)\s*(;|$)", record.value, re.IGNORECASE)
        if record.type == "TXT" and found:
            policy = found[1].lower()
            return (
                f"there can be one DMARC record only; this one has the old policy (adopt or remove the old one too, "
                f"and see {owner.setting}.dmarc.rua for where reports go).",
                _set(stack, owner, "dmarc.policy", policy),
            )
    return f"there can be one DMARC record only: put what the old one says into {owner.setting}.dmarc.", None


def _set(stack: Stack, owner: Owner, key: str, value: str) -> str:
    return _line(stack, "config", "set", "--path", f"{owner.setting}.{key}", value)


def _line(stack: Stack, *words: str) -> str:
    """Return a pulumi command on the stack, as a shell takes it."""
    return shlex.join(["pulumi", *words, *stack.options])
