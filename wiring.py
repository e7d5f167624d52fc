"""From a stack's settings to the arguments of its components: no decisions, one function for each component."""

from collections.abc import Sequence

import pulumi

import plan
from components.account import Account as AccountComponent
from components.account import AccountArgs
from components.accounts import AccountsArgs
from components.certificate import Certificate, CertificateArgs
from components.container_network import Attachment, ContainerNetworkArgs
from components.dkim_key import DkimKey, DkimKeyArgs
from components.mail_domain import MailDomainArgs
from components.mail_server import MailServer, MailServerArgs, SmartHost
from components.policy_site import PolicySite, PolicySiteArgs
from mail.maddy_conf import SigningKey
from settings import Account, Domain, Network, Selector, Settings, tls_files


def certificate(settings: Settings) -> CertificateArgs:
    """Arguments of the certificate for the MX host and all policy hosts."""
    if settings.tls.files is None:
        return CertificateArgs(names=settings.certificate_names)
    chain, key = tls_files(settings.tls.files)
    return CertificateArgs(names=settings.certificate_names, chain=chain, private_key=pulumi.Output.secret(key))


def network(settings: Settings, name: str) -> ContainerNetworkArgs:
    """Arguments of the stack's own network, for what joins no existing one."""
    return ContainerNetworkArgs(network_name=name, ipv6=settings.server.ipv6 is not None)


def attachment(joined: Network | None, own: pulumi.Input[str]) -> Attachment:
    """A container's place in the network that it joins, or else in the stack's own."""
    if joined is None:
        return Attachment(name=own)
    return Attachment(
        name=joined.name,
        ipv4=str(joined.ipv4) if joined.ipv4 else None,
        ipv6=str(joined.ipv6) if joined.ipv6 else None,
    )


def dkim_key(domain: Domain, selector: Selector) -> DkimKeyArgs:
    """Arguments of one selector's key."""
    adopted = selector.private_key
    return DkimKeyArgs(
        domain=domain.name,
        selector=selector.name,
        algorithm=selector.algorithm,
        private_key=pulumi.Output.secret(adopted.get_secret_value()) if adopted else None,
    )


def server(
    settings: Settings, name: str, *, tls: Certificate, keys: list[DkimKey], place: Attachment
) -> MailServerArgs:
    """Arguments of the mail server."""
    own = settings.server
    return MailServerArgs(
        name=name,
        hostname=own.hostname,
        domains=[domain.name for domain in settings.domains],
        image=own.image,
        certificate=tls,
        keys=keys,
        signing=[
            SigningKey(domain=domain.name, selector=selector)
            for domain in settings.domains
            for selector in domain.dkim.signs_with
        ],
        aliases=settings.alias_table,
        ports=dict(own.ports),
        bound_to=[str(address) for address in own.bound_to],
        metrics=(str(own.metrics.bind_address), own.metrics.port) if own.metrics else None,
        network=place,
        dns=[str(address) for address in own.dns],
        memory=own.memory,
        cpus=own.cpus,
        max_message_size=own.max_message_size,
        smart_host=_smart_host(settings),
        protect_data=own.protect_data,
    )


def _smart_host(settings: Settings) -> SmartHost | None:
    relay = settings.server.smart_host
    if relay is None:
        return None
    return SmartHost(
        host=relay.host,
        port=relay.port,
        user=relay.user,
        password=pulumi.Output.secret(relay.password.get_secret_value()) if relay.password else None,
        ca_certificate=relay.ca_certificate,
    )


def policy_site(settings: Settings, name: str, *, tls: Certificate, place: Attachment) -> PolicySiteArgs:
    """Arguments of the policy site."""
    site = settings.policy_site
    return PolicySiteArgs(
        name=name,
        hostname=settings.policy_hosts[0],
        image=site.image,
        policies=plan.policies(settings),
        certificate=tls,
        http_port=site.http_port,
        https_port=site.https_port,
        bound_to=[str(address) for address in site.bind_address or settings.server.bound_to],
        network=place,
        dns=[str(address) for address in settings.server.dns],
        memory=site.memory,
        cpus=site.cpus,
        docker_host=settings.server.docker_host,
    )


def account(domain: Domain, declared: Account) -> AccountArgs:
    """Arguments of an account."""
    given = declared.password
    return AccountArgs(
        local_part=declared.name,
        domain=domain.name,
        password=pulumi.Output.secret(given.get_secret_value()) if given else None,
        delete_mailbox=declared.delete_mailbox,
    )


def accounts(settings: Settings, name: str, *, declared: Sequence[AccountComponent], on: MailServer) -> AccountsArgs:
    """Arguments of all accounts together."""
    return AccountsArgs(
        accounts=declared,
        server=on,
        container_name=name,
        hostname=settings.server.hostname,
        docker_host=settings.server.docker_host,
    )


def mail_domain(settings: Settings, domain: Domain, *, keys: list[DkimKey], site: PolicySite | None) -> MailDomainArgs:
    """Arguments of a mail domain; its `_mta-sts` record waits until the policy it announces is served."""
    served = site.served.get(domain.name) if site else None
    return MailDomainArgs(
        domain=domain.name,
        zone_id=domain.zone_id,
        records=plan.domain_records(settings, domain),
        keys=[key for key in keys if key.domain == domain.name],
        after={"mta-sts-txt": served} if served else {},
    )


def mail_host(settings: Settings) -> MailDomainArgs:
    """Arguments for the MX host's records where they are in a zone of their own."""
    return MailDomainArgs(
        domain=settings.server.hostname,
        zone_id=settings.server.zone_id,
        records=plan.host_records(settings),
        after={},
    )
