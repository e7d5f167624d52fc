"""A zone as the API shows it."""

from collections.abc import Sequence
from typing import Any

from lab.cloudflare.store import Zone, zone_id


def zone_answer(zone: Zone, permissions: Sequence[str]) -> dict[str, Any]:
    """A zone on the free plan, in use since it was made, with the token's permissions."""
    return {
        "id": zone.id,
        "name": zone.name,
        "status": "active",
        "paused": False,
        "type": "full",
        "development_mode": 0,
        "name_servers": [f"ns1.{zone.name}"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "modified_on": zone.created_on,
        "created_on": zone.created_on,
        "activated_on": zone.created_on,
        "vanity_name_servers": [],
        "cname_suffix": None,
        "verification_key": None,
        "meta": {
            "step": 2,
            "custom_certificate_quota": 0,
            "page_rule_quota": 3,
            "phishing_detected": False,
            "cdn_only": False,
            "dns_only": False,
            "foundation_dns": False,
        },
        "owner": {"id": None, "name": None, "type": "user"},
        "account": {"id": zone_id("account"), "name": "Lab"},
        "tenant": {"id": None, "name": None},
        "tenant_unit": {"id": None},
        "permissions": [*permissions],
        "plan": {
            "id": zone_id("free plan"),
            "name": "Free Website",
            "price": 0,
            "currency": "USD",
            "frequency": "",
            "is_subscribed": False,
            "can_subscribe": False,
            "legacy_id": "free",
            "legacy_discount": False,
            "externally_managed": False,
        },
    }
