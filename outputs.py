"""The stack's outputs: the contract with people and with whatever checks the stack (`docs/outputs.md`)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

import plan
from components.account import Account
from components.certificate import Certificate
from components.dkim_key import DkimKey
from components.mail_domain import MailDomain
from mail import mta_sts, record_table, zone_file
from settings import Domain, Settings


def of(
    settings: Settings,
    *,
    certificate: Certificate,
    keys: Sequence[DkimKey],
    domains: Mapping[str, MailDomain],
    accounts: Sequence[Account],
) -> dict[str, Any]:
    """Return all outputs, by name; the passwords are the only secret."""
    return {
        "mail_host": settings.server.hostname,
        "endpoints": plan.endpoints(settings),
        "client_settings": plan.client_settings(settings),
        "smart_host": plan.smart_host(settings),
        "domains": {
            domain.name: _domain(
                settings, domain, domains[domain.name], [key for key in keys if key.domain == domain.name]
            )
            for domain in settings.domains
        },
        "host_records": [record_table.as_dict(record) for record in plan.host_records(settings)]
        if settings.host_domain is None
        else [],
        "accounts": [account.address for account in accounts],
        "account_passwords": pulumi.Output.secret({account.address: account.password for account in accounts}),
        "ca_certificate": certificate.ca_certificate,
    }


def _domain(settings: Settings, domain: Domain, published: MailDomain, keys: Sequence[DkimKey]) -> dict[str, Any]:
    policy = plan.policy(settings, domain)
    return {
        "records": published.records.apply(lambda known: [record_table.as_dict(record) for record in known]),
        "dkim": {
            key.selector: {
                "name": key.record_name,
                "public_key": key.public_key,
                "signs": key.selector in domain.dkim.signs_with,
            }
            for key in keys
        },
        "mta_sts": policy
        and {
            "id": mta_sts.policy_id(policy),
            "url": mta_sts.policy_url(domain.name),
            "policy": policy,
        },
        "zone_file": published.records.apply(lambda known: zone_file.zone_text(domain.name, known)),
    }
