"""A DNS record: from the body of a request, as it is stored, and as it is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lab.cloudflare import errors
from lab.cloudflare.content import (
    CONTENT_TYPES,
    DATA_TYPES,
    PROXIABLE_TYPES,
    WORD,
    Data,
    can_be_proxied,
    canonical_content,
    canonical_data,
    data_content,
    whole_number,
)
from lab.cloudflare.errors import refused
from lab.cloudflare.names import record_name

AUTOMATIC: Final = 1
"""The TTL that leaves the choice to Cloudflare; every proxied record has it."""
TTL_MINIMUM = 60
TTL_MAXIMUM = 86400
COMMENT_LIMIT = 100

SETTINGS = ("ipv4_only", "ipv6_only", "flatten_cname")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a client decides about a record, in canonical form; an MX and an SRV record have a priority."""

    name: str
    type: str
    content: str
    ttl: int = AUTOMATIC
    proxied: bool = False
    priority: int | None = None
    data: Data | None = None
    comment: str | None = None
    settings: dict[str, bool] = field(default_factory=dict)

    def same_as(self, other: "Spec") -> bool:
        """Whether both would be one and the same in DNS, so that Cloudflare calls them identical."""
        return (self.name, self.type, self.content, self.priority) == (
            other.name,
            other.type,
            other.content,
            other.priority,
        )

    @property
    def is_plain_cname(self) -> bool:
        """Whether DNS clients see a CNAME; a proxied one is answered with addresses."""
        return self.type == "CNAME" and not self.proxied


@dataclass(frozen=True, kw_only=True)
class Record:
    """A stored record; times are RFC 3339 in UTC."""

    id: str
    spec: Spec
    created_on: str
    modified_on: str
    comment_modified_on: str | None = None


def spec_from(body: Mapping[str, Any], zone: str) -> Spec:
    """Check and normalise the body of a request that gives a whole record.

    Raises:
        ApiError: as Cloudflare would refuse it.
    """
    record_type = str(body.get("type") or "").upper()
    if record_type not in CONTENT_TYPES | DATA_TYPES.keys():
        raise refused(errors.TYPE_UNKNOWN, "Invalid DNS record type")
    if not isinstance(body.get("name"), str):
        raise refused(errors.NAME_INVALID, "DNS name is invalid.")
    name = record_name(body["name"], zone)
    data = canonical_data(record_type, body.get("data")) if record_type in DATA_TYPES else None
    content = canonical_content(record_type, body.get("content")) if data is None else data_content(record_type, data)
    _refuse_odd_cname(record_type, name, content, zone)
    proxied = _proxied(record_type, content, body.get("proxied"))
    _refuse_tags(body.get("tags"))
    return Spec(
        name=name,
        type=record_type,
        content=content,
        ttl=AUTOMATIC if proxied else _ttl(body.get("ttl")),
        proxied=proxied,
        priority=_priority(record_type, body.get("priority"), data),
        data=data,
        comment=_comment(body.get("comment")),
        settings=_settings(body.get("settings")),
    )


def body_of(spec: Spec) -> dict[str, Any]:
    """The body that gives this record again, for a change of some of its fields."""
    body: dict[str, Any] = {
        "name": spec.name,
        "type": spec.type,
        "ttl": spec.ttl,
        "proxied": spec.proxied,
        "comment": spec.comment,
        "settings": spec.settings,
        "priority": spec.priority,
    }
    return body | ({"content": spec.content} if spec.data is None else {"data": spec.data})


def answer(record: Record) -> dict[str, Any]:
    """The record as the API shows it; `priority`, `data`, `comment_modified_on` only where they apply."""
    spec = record.spec
    shown = {
        "id": record.id,
        "name": spec.name,
        "type": spec.type,
        "content": spec.content,
        "proxiable": can_be_proxied(spec.type, spec.content),
        "proxied": spec.proxied,
        "ttl": spec.ttl,
        "settings": spec.settings,
        "meta": {},
        "comment": spec.comment,
        "tags": [],
        "created_on": record.created_on,
        "modified_on": record.modified_on,
        "priority": spec.priority,
        "data": spec.data,
        "comment_modified_on": record.comment_modified_on,
    }
    optional = ("priority", "data", "comment_modified_on")
    return {key: value for key, value in shown.items() if value is not None or key not in optional}


def _refuse_odd_cname(record_type: str, name: str, content: str, zone: str) -> None:
    if record_type != "CNAME":
        return
    if content == name:
        raise refused(errors.CNAME_TO_ITSELF, "Content for CNAME record cannot reference itself.")
    if name == zone:
        text = f"The lab does not flatten a CNAME at the zone's apex ({zone}): use A and AAAA records there."
        raise refused(errors.VALIDATION, text)


def _proxied(record_type: str, content: str, given: Any) -> bool:
    if not given:
        return False
    if record_type not in PROXIABLE_TYPES:
        raise refused(errors.TYPE_NOT_PROXIABLE, "This record type cannot be proxied.")
    if not can_be_proxied(record_type, content):
        raise refused(errors.TARGET_NOT_PROXIABLE, f"Target {content} is not allowed for a proxied record.")
    return True


def _ttl(given: Any) -> int:
    if given is None or given == AUTOMATIC:
        return AUTOMATIC
    if isinstance(given, int | float) and given == int(given) and TTL_MINIMUM <= given <= TTL_MAXIMUM:
        return int(given)
    text = f"Invalid TTL. Must be between {TTL_MINIMUM} and {TTL_MAXIMUM} seconds, or 1 for Automatic."
    raise refused(errors.TTL_INVALID, text)


def _priority(record_type: str, given: Any, data: Data | None) -> int | None:
    if record_type == "SRV" and data is not None:
        return int(data["priority"])
    if record_type != "MX":
        return None
    if given is None:
        raise refused(errors.PRIORITY_REQUIRED, "priority is a required field.")
    return whole_number(given, "priority", WORD)


def _comment(given: Any) -> str | None:
    comment = str(given) if given else None
    if comment is not None and len(comment) > COMMENT_LIMIT:
        text = f"DNS record comment exceeds the maximum length of {COMMENT_LIMIT} characters."
        raise refused(errors.COMMENT_TOO_LONG, text)
    return comment


def _settings(given: Any) -> dict[str, bool]:
    if not isinstance(given or {}, dict):
        raise refused(errors.VALIDATION, "DNS Validation Error: settings must be an object.")
    return {key: bool(value) for key, value in (given or {}).items() if key in SETTINGS}


def _refuse_tags(given: Any) -> None:
    if given:
        count = len(given) if isinstance(given, list) else 1
        raise refused(errors.TAG_QUOTA, f"DNS record has {count} tags, exceeding the quota of 0.")
