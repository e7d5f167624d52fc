"""The DNS records of a mail domain, at Cloudflare."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pulumi
import pulumi_cloudflare as cloudflare

from components.dkim_key import DkimKey
from components.doubles import Doubles
from mail import records
from mail.records import Record
from zones.conflicts import kind_of


@dataclass(frozen=True, kw_only=True)
class MailDomainArgs:
    """Arguments of `MailDomain`.

    Attributes:
        domain: in A-labels.
        zone_id: Cloudflare's id of the zone; None looks the zone up by the domain's name.
        records: all but those of the DKIM keys.
        keys: the domain's DKIM keys.
        after: key of a record to what must be there before that record is written.
    """

    domain: str
    zone_id: str | None
    records: Sequence[Record]
    keys: Sequence[DkimKey] = ()
    after: Mapping[str, pulumi.Resource]


class MailDomain(pulumi.ComponentResource):
    """The records that make a domain one for mail, or those of a host in a zone of its own, and none beside them.

    Attributes:
        records: all that is published, the DKIM records with their keys.
    """

    records: pulumi.Output[list[Record]]

    def __init__(self, name: str, args: MailDomainArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:Domain", name, {}, opts)
        zone_id: pulumi.Input[str]
        if args.zone_id is not None:
            zone_id = args.zone_id
        else:
            zone_id = cloudflare.get_zone_output(
                filter=cloudflare.GetZoneFilterArgs(match="all", name=args.domain),
                opts=pulumi.InvokeOutputOptions(parent=self),
            ).zone_id
        published = []
        for record in args.records:
            after = args.after.get(record.key)
            published.append(self._publish(zone_id, record, record.content, [after] if after else []))
        of_keys = [records.dkim_record(domain=key.domain, selector=key.selector, text="") for key in args.keys]
        signed = []
        for planned, key in zip(of_keys, args.keys, strict=True):
            published.append(self._publish(zone_id, planned, key.record_text, []))
            signed.append(key.record_text.apply(partial(_with_content, planned)))
        self.records = pulumi.Output.all(*signed).apply(lambda known: [*args.records, *known])
        Doubles(
            name,
            zone_id=zone_id,
            own={kind_of(record): made.id for record, made in zip((*args.records, *of_keys), published, strict=True)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def _publish(
        self,
        zone_id: pulumi.Input[str],
        record: Record,
        content: pulumi.Input[str],
        after: Sequence[pulumi.Resource],
    ) -> cloudflare.DnsRecord:
        is_service = record.type == "SRV"
        if record.type == "TXT":
            content = pulumi.Output.from_input(content).apply(records.quote_txt)
        return cloudflare.DnsRecord(
            f"{record.name}-{record.key}",
            zone_id=zone_id,
            name=record.name,
            type=record.type,
            content=None if is_service else content,
            data=(
                cloudflare.DnsRecordDataArgs(
                    priority=record.priority, weight=record.weight, port=record.port, target=content
                )
                if is_service
                else None
            ),
            priority=record.priority,
            ttl=record.ttl,
            proxied=record.proxied,
            comment=record.comment,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(after), delete_before_replace=True),
        )


def _with_content(record: Record, content: str) -> Record:
    return replace(record, content=content)
