"""The record tables of two versions, and what each record that differs means."""

from __future__ import annotations

import plan
from mail import dkim, records
from mail.record_changes import RecordChange, compare
from mail.records import Record
from settings import Settings

KEY_IN_STATE = "(the key is in the stack's state)"


def changes(before: Settings | None, after: Settings | None) -> list[RecordChange]:
    """Return the records that differ; without a version on one side, all of the other."""
    return compare(table(before) if before else [], table(after) if after else [])


def table(settings: Settings) -> list[Record]:
    """Return all records of a stack; of a DKIM record, only the name and the kind of key are known."""
    found = [] if settings.host_domain else plan.host_records(settings)
    for domain in settings.domains:
        found += plan.domain_records(settings, domain)
        found += [
            records.dkim_record(
                domain=domain.name,
                selector=selector.name,
                text=dkim.record_text(selector.algorithm, KEY_IN_STATE),
            )
            for selector in domain.dkim.selectors
        ]
    return found


def value(record: Record | None) -> str | None:
    """Return what resolvers will answer."""
    return record.value if record else None


def meaning(change: RecordChange) -> str:
    """Return what it means for delivery that a record is there, is another, or is gone."""
    key = change.record.key
    for start, (now, gone) in _MEANINGS.items():
        if key == start or (start.endswith("-") and key.startswith(start)):
            return now if change.after else gone
    raise KeyError(key)


_MEANINGS = {
    "host-a": (
        "Other servers deliver to this address; its PTR record must name the host.",
        "Other servers cannot deliver to this address by the name any more.",
    ),
    "host-aaaa": (
        "Other servers deliver to this address; its PTR record must name the host.",
        "Other servers cannot deliver to this address by the name any more.",
    ),
    "host-spf": ("Bounces of the server pass SPF.", "Bounces that carry this name have no SPF."),
    "mx": ("Mail for the domain goes to this host, once the old record's TTL is over.", "Mail for the domain bounces."),
    "spf": (
        "Receivers judge by it which hosts may send in the domain's name.",
        "Receivers do not know which hosts may send in the domain's name.",
    ),
    "dmarc": (
        "Receivers do with forged mail what it says, once the old record's TTL is over.",
        "Receivers judge forged mail in the domain's name as they like.",
    ),
    "dmarc-report-": (
        "DMARC reports on that domain are sent here.",
        "DMARC reports on that domain are not sent here any more.",
    ),
    "mta-sts-txt": (
        "Senders that know MTA-STS fetch the policy, which has a new id.",
        "Senders that know no MTA-STS policy yet look for none; others remember theirs.",
    ),
    "mta-sts-a": ("Senders fetch the policy from this address.", "Senders cannot fetch the policy from this address."),
    "mta-sts-aaaa": (
        "Senders fetch the policy from this address.",
        "Senders cannot fetch the policy from this address.",
    ),
    "tls-rpt": ("Senders report failed TLS there.", "Senders report failed TLS to nobody."),
    "srv-": (
        "Mail clients that look for it find the service at this port and host.",
        "Mail clients find the service by this record no longer; those that are set up go on.",
    ),
    "apex-": (
        "The domain's own name has this address; mail is not concerned.",
        "The domain's own name has this address no longer; mail is not concerned.",
    ),
    "dkim-": (
        "Receivers check signatures of this selector with it.",
        "Signatures of this selector fail, also on mail that is on its way.",
    ),
}
