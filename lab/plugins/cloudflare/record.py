"""The resource `cloudflare:index/dnsRecord:DnsRecord`: its rules, and how it looks to the API."""

import json
from datetime import datetime
from typing import Any

from pulumi.provider.experimental.provider import CheckFailure

from lab.plugins.cloudflare.casing import from_api, snake, to_api
from lab.plugins.diffing import Rules
from lab.plugins.properties import Plain, Unknown

TYPE = "cloudflare:index/dnsRecord:DnsRecord"

RULES = Rules(
    inputs={
        *("zoneId", "name", "type", "content", "data", "ttl"),
        *("priority", "proxied", "comment", "tags", "settings"),
    },
    required={"zoneId", "name", "type", "ttl"},
    replaces={"zoneId", "type"},
    computed={"content", "tags", "settings"},
    unordered={"tags"},
    defaults={"proxied": False},
)

PURE_OUTPUTS = (
    *("createdOn", "modifiedOn", "commentModifiedOn", "tagsModifiedOn"),
    *("proxiable", "meta"),
)
CHANGING_OUTPUTS = ("modifiedOn", "commentModifiedOn", "tagsModifiedOn", "proxiable")

RECORD_TYPES = frozenset(
    {
        *("A", "AAAA", "CNAME", "MX", "NS", "OPENPGPKEY", "PTR", "TXT", "CAA", "CERT", "DNSKEY", "DS", "HTTPS"),
        *("LOC", "NAPTR", "SMIMEA", "SRV", "SSHFP", "SVCB", "TLSA", "URI"),
    }
)
DATA_FIELDS = frozenset(
    {
        *("algorithm", "altitude", "certificate", "digest", "digestType", "fingerprint", "flags", "keyTag"),
        *("latDegrees", "latDirection", "latMinutes", "latSeconds", "longDegrees", "longDirection"),
        *("longMinutes", "longSeconds", "matchingType", "order", "port", "precisionHorz", "precisionVert"),
        *("preference", "priority", "protocol", "publicKey", "regex", "replacement", "selector", "service"),
        *("size", "tag", "target", "type", "usage", "value", "weight"),
    }
)
SETTINGS_FIELDS = frozenset({"flattenCname", "ipv4Only", "ipv6Only"})
PRIORITY_TOP = 65535

Inputs = dict[str, Plain]


def problems(inputs: Inputs) -> list[CheckFailure]:
    """What the official provider refuses before it asks Cloudflare."""
    content, data = inputs.get("content"), inputs.get("data")
    found = [
        *_strangers("data", data, DATA_FIELDS),
        *_strangers("settings", inputs.get("settings"), SETTINGS_FIELDS),
    ]
    if content is not None and data is not None:
        found.append(CheckFailure("content", "'content' cannot be given together with 'data': leave one out"))
    if content is None and data is None:
        found.append(CheckFailure("content", "a record needs 'content', or 'data' if its type has fields"))
    record_type = inputs.get("type")
    if isinstance(record_type, str) and record_type.upper() not in RECORD_TYPES:
        found.append(CheckFailure("type", f"'{record_type}' is none of {', '.join(sorted(RECORD_TYPES))}"))
    priority = inputs.get("priority")
    if isinstance(priority, float) and not 0 <= priority <= PRIORITY_TOP:
        found.append(CheckFailure("priority", f"{priority:g} is not between 0 and {PRIORITY_TOP}"))
    ttl = inputs.get("ttl")
    if inputs.get("proxied") is True and not isinstance(ttl, Unknown) and ttl != 1:
        found.append(CheckFailure("ttl", "ttl must be 1 when 'proxied' is true, since Cloudflare chooses it then"))
    return found


def _strangers(name: str, value: Plain, known: frozenset[str]) -> list[CheckFailure]:
    if not isinstance(value, dict):
        return []
    return [
        CheckFailure(f"{name}.{key}", f"'{name}' of a {TYPE} has no field '{key}'") for key in value if key not in known
    ]


def body(inputs: Inputs) -> dict[str, Any]:
    """The inputs as the API wants them."""
    return {snake(key): to_api(value) for key, value in inputs.items() if key != "zoneId" and value is not None}


def state(record: dict[str, Any], zone_id: str) -> Inputs:
    """The record as the API shows it, as properties; what it does not have is left out."""
    shown = {name: from_api(record.get(snake(name))) for name in (*RULES.inputs, *PURE_OUTPUTS)}
    shown |= {"zoneId": zone_id, "meta": json.dumps(record.get("meta") or {}, sort_keys=True)}
    return {name: value for name, value in shown.items() if value is not None and value != {}}


def created(record: Inputs, inputs: Inputs) -> Inputs:
    """Of a record that was just written, what goes into the state beside the inputs."""
    left_out = {name for name in (*RULES.computed, *RULES.defaults) if inputs.get(name) is None}
    return {name: value for name, value in record.items() if name in left_out or name in PURE_OUTPUTS}


def importable(record: Inputs) -> Inputs:
    """The inputs with which a program would describe this record."""
    result = {name: value for name, value in record.items() if name in RULES.inputs and value != []}
    if "data" in result:
        del result["content"]
    return result


def is_twin(record: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a record of the API may be the one that is in the way of a new record with this body."""
    name = str(wanted["name"]).lower().rstrip(".")
    if name != "@" and record["name"] != name and not record["name"].startswith(f"{name}."):
        return False
    if "data" in wanted:
        return all(str(record["data"].get(key)).lower() == str(value).lower() for key, value in wanted["data"].items())
    return _bare(record["content"]) == _bare(str(wanted["content"]))


def is_made_for(record: dict[str, Any], wanted: dict[str, Any], since: datetime) -> bool:
    """Whether a twin is the very record that was to be made: not older, and with the same comment."""
    own = record.get("comment") == wanted.get("comment") and record.get("priority") == wanted.get("priority")
    return own and datetime.fromisoformat(record["created_on"]) >= since


def _bare(content: str) -> str:
    """The content without what Cloudflare changes when it stores it."""
    return content.replace('" "', "").strip('"').rstrip(".").lower()
