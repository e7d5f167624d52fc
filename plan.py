"""What a stack's settings come to: policies, records, endpoints. Plain functions, with no Pulumi in them."""

from ipaddress import IPv4Address, IPv6Address

from mail import mta_sts, records
from mail.records import Addresses, Host, Record, ServicePorts
from settings import Domain, PolicySite, Server, Settings


def policy(settings: Settings, domain: Domain) -> str | None:
    """Return the text of a domain's MTA-STS policy; None where it has none."""
    if not domain.mta_sts.enabled:
        return None
    return mta_sts.policy_text(domain.mta_sts.mode, [settings.server.hostname], domain.mta_sts.max_age)


def policies(settings: Settings) -> dict[str, str]:
    """Return the text of the MTA-STS policy of each domain that has one."""
    return {domain.name: text for domain in settings.domains if (text := policy(settings, domain)) is not None}


def domain_records(settings: Settings, domain: Domain) -> list[Record]:
    """Return what is published in a domain's zone, but for its DKIM records, whose keys are not known here."""
    server, site = settings.server, settings.policy_site
    served = policy(settings, domain)
    own = records.domain_records(
        domain=domain.name,
        mx_host=server.hostname,
        apex=_addresses(server) if domain.apex else None,
        policy_host=_addresses(site if site.ipv4 or site.ipv6 else server),
        spf=domain.spf,
        dmarc=domain.dmarc_text,
        mta_sts=mta_sts.record_text(mta_sts.policy_id(served)) if served else None,
        tls_rpt=domain.tls_rpt_text,
        ports=ServicePorts(
            submissions=server.ports.submissions,
            submission=server.ports.submission,
            imaps=server.ports.imaps,
        ),
    )
    host = host_records(settings) if settings.host_domain is domain else []
    agreements = [records.dmarc_report_authorization(*pair) for pair in settings.agreements.get(domain.name, [])]
    return [*host, *own, *agreements]


def host_records(settings: Settings) -> list[Record]:
    """Return the records of the MX host itself."""
    addresses = _addresses(settings.server)
    return records.host_records(Host(name=settings.server.hostname, ipv4=addresses.ipv4, ipv6=addresses.ipv6))


def endpoints(settings: Settings) -> dict[str, dict[str, str | int]]:
    """Return host and port of everything that the stack serves."""
    server = settings.server
    served: dict[str, dict[str, str | int]] = {
        key: {"host": server.hostname, "port": port} for key, port in dict(server.ports).items()
    }
    if hosts := settings.policy_hosts:
        served["https"] = {"host": hosts[0], "port": settings.policy_site.https_port}
    return served


def smart_host(settings: Settings) -> dict[str, str | int] | None:
    """Return the relay that all outgoing mail leaves through; None where the server delivers by itself."""
    relay = settings.server.smart_host
    return {"host": relay.host, "port": relay.port} if relay else None


def client_settings(settings: Settings) -> dict[str, dict[str, str | int]]:
    """Return what a person types into a mail client (RFC 8314 prefers TLS from the first byte)."""
    server = settings.server
    user = {"user": "the whole address"}
    return {
        "incoming": {
            "protocol": "IMAP",
            "host": server.hostname,
            "port": server.ports.imaps,
            "security": "TLS",
            **user,
        },
        "outgoing": {
            "protocol": "SMTP",
            "host": server.hostname,
            "port": server.ports.submissions,
            "security": "TLS",
            **user,
        },
    }


def _addresses(of: Server | PolicySite) -> Addresses:
    def text(address: IPv4Address | IPv6Address | None) -> str | None:
        return str(address) if address else None

    return Addresses(ipv4=text(of.ipv4), ipv6=text(of.ipv6))
