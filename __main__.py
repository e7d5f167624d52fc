"""A self-hosted mail domain: the settings, the parts and their wiring, the outputs."""

import asyncio

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_docker as docker

import outputs
import settings as stack_settings
import wiring
from components import docker_host
from components.account import Account
from components.accounts import Accounts
from components.certificate import Certificate
from components.container_network import ContainerNetwork
from components.dkim_key import DkimKey
from components.mail_domain import MailDomain
from components.mail_server import MailServer
from components.policy_site import PolicySite

settings = stack_settings.from_stack()
if settings.server.docker_host:
    docker_host.require(settings.server.docker_host)
name = f"maddy-{pulumi.get_stack()}"

at_docker = pulumi.ResourceOptions(
    provider=docker.Provider("docker", host=settings.server.docker_host),
)
at_cloudflare = pulumi.ResourceOptions(
    provider=cloudflare.Provider(
        "cloudflare",
        api_token=pulumi.Output.secret(settings.cloudflare.api_token.get_secret_value()),
        base_url=settings.cloudflare.base_url,
    )
)

certificate = Certificate("certificate", wiring.certificate(settings))
keys = [
    DkimKey(f"{domain.name}-{selector.name}", wiring.dkim_key(domain, selector))
    for domain in settings.domains
    for selector in domain.dkim.selectors
]
own_network = (
    ContainerNetwork("network", wiring.network(settings, name), at_docker).name if settings.needs_network else ""
)

server = MailServer(
    "server",
    wiring.server(
        settings,
        name,
        tls=certificate,
        keys=keys,
        place=wiring.attachment(settings.server.network, own_network),
    ),
    at_docker,
)
site = (
    PolicySite(
        "policy-site",
        wiring.policy_site(
            settings,
            f"{name}-policy",
            tls=certificate,
            place=wiring.attachment(settings.policy_site.network, own_network),
        ),
        at_docker,
    )
    if settings.policy_hosts
    else None
)
accounts = [
    Account(f"{account.name}@{domain.name}", wiring.account(domain, account))
    for domain in settings.domains
    for account in domain.accounts
]
Accounts("accounts", wiring.accounts(settings, name, declared=accounts, on=server))
domains = {
    domain.name: MailDomain(domain.name, wiring.mail_domain(settings, domain, keys=keys, site=site), at_cloudflare)
    for domain in settings.domains
}
if settings.host_domain is None:
    MailDomain(settings.server.hostname, wiring.mail_host(settings), at_cloudflare)

for key, value in outputs.of(settings, certificate=certificate, keys=keys, domains=domains, accounts=accounts).items():
    pulumi.export(key, value)


async def begin() -> None:
    """Have all registrations begun when the SDK starts to wait: for those that are not, its wait is quadratic."""
    await asyncio.sleep(0)


pulumi.run(begin)
