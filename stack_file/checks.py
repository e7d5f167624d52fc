"""What must be true between the settings of a stack: each function yields what is not, with key, value and mend."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from mail import aliases, certificates, mta_sts, names, records, report_uri
from stack_file.domain import Domain
from stack_file.model import Fault, path_of
from stack_file.server import PolicySite, Server
from stack_file.tls import Tls, tls_files
from stack_file.values import Address


def domain_faults(domains: Sequence[Domain]) -> Iterator[Fault]:
    """No domain twice, in whatever spelling, and none that is another's policy host."""
    all_names = [domain.name for domain in domains]
    policy_hosts = {mta_sts.policy_host(domain.name) for domain in domains if domain.mta_sts.enabled}
    for index, name in enumerate(all_names):
        if name in all_names[:index]:
            yield Fault(f"domains[{index}].name", f"{name!r} is domains[{all_names.index(name)}] already: leave one")
        if name in policy_hosts:
            yield Fault(
                f"domains[{index}].name",
                f"{name!r} is the policy host of another domain: leave one of the two out, or its MTA-STS",
            )


def host_faults(server: Server, domains: Sequence[Domain]) -> Iterator[Fault]:
    """The MX host is a name of its own, in a zone that is known."""
    hostname = server.hostname
    taken = {domain.name for domain in domains}
    taken |= {mta_sts.policy_host(domain.name) for domain in domains if domain.mta_sts.enabled}
    holder = zone_of(hostname, domains)
    if hostname in taken:
        yield Fault(
            "server.hostname",
            f"{hostname!r} is a mail domain or policy host of this stack, with records that clash: "
            f"take another name, such as mail.{domains[0].name}",
        )
    elif holder is None and server.zone_id is None:
        yield Fault(
            "server.hostname",
            f"{hostname!r} is in none of the stack's domains: take a name in one of them, such as "
            f"mail.{domains[0].name}, or set server.zoneId to the zone that it is in",
        )
    elif holder is not None and server.zone_id is not None:
        yield Fault(
            "server.zoneId",
            f"{server.zone_id!r} is not used, since {hostname} is in the zone of {holder.name}: delete it, or set "
            f"domains[{domains.index(holder)}].zoneId to it",
        )


def zone_of(name: str, domains: Sequence[Domain]) -> Domain | None:
    """Return the domain in whose zone a name lies: the longest one; None when it is in none of them."""
    holders = [domain for domain in domains if names.is_within(name, domain.name)]
    return max(holders, key=lambda domain: len(domain.name), default=None)


def alias_faults(domains: Sequence[Domain]) -> Iterator[Fault]:
    """Every alias ends at an account, or outside."""
    written = {alias: targets for domain in domains for alias, targets in domain.alias_table.items()}
    accounts = [address for domain in domains for address in domain.addresses]
    position = {domain.name: index for index, domain in reversed([*enumerate(domains)])}
    for alias, text in aliases.faults(written, accounts=accounts, domains=list(position)):
        local, _, domain = alias.rpartition("@")
        yield Fault(path_of("domains", position[domain], "aliases", local), text)


def report_faults(domains: Sequence[Domain]) -> Iterator[Fault]:
    """Reports to an address in one of the domains reach somebody there, and other domains can agree to theirs."""
    receiving = {domain.name: {*domain.addresses, *domain.alias_table} for domain in domains}
    for index, domain in enumerate(domains):
        asked = {
            "dmarc.rua": domain.dmarc.rua or [],
            "dmarc.ruf": domain.dmarc.ruf,
            "tlsRpt.rua": domain.tls_rpt.rua or [],
        }
        for key, uris in asked.items():
            for number, uri in enumerate(uris):
                path = f"domains[{index}].{key}[{number}]"
                yield from _unheard(path, uri, receiving)
                host = report_uri.host(uri)
                agreement = records.dmarc_report_authorization(domain.name, host).name
                if key != "tlsRpt.rua" and len(agreement) > names.LONGEST_NAME:
                    yield Fault(path, f"{uri!r} cannot be agreed to, {agreement} being too long: name a shorter domain")


def _unheard(path: str, uri: str, receiving: dict[str, set[str]]) -> Iterator[Fault]:
    addressee = report_uri.addressee(uri)
    if addressee is None or addressee[1] not in receiving:
        return
    local, domain = aliases.without_tag(addressee[0]), addressee[1]
    if f"{local}@{domain}" not in receiving[domain]:
        yield Fault(path, f"{uri!r} is read by nobody: add {local} to the accounts or aliases of {domain}")


def port_faults(server: Server, site: PolicySite | None) -> Iterator[Fault]:
    """No port of the Docker host is published twice."""
    published = [(f"server.ports.{key}", port, server.bound_to) for key, port in dict(server.ports).items()]
    if site is not None:
        bound_to = site.bind_address or server.bound_to
        published += [
            ("policySite.httpPort", site.http_port, bound_to),
            ("policySite.httpsPort", site.https_port, bound_to),
        ]
    if server.metrics is not None:
        published.append(("server.metrics.port", server.metrics.port, [server.metrics.bind_address]))
    for index, (key, port, addresses) in enumerate(published):
        for other, other_port, other_addresses in published[:index]:
            if port == other_port and (shared := _shared(addresses, other_addresses)):
                yield Fault(key, f"{port} is {other} already, on {shared}: take another port or bindAddress")
                break


def _shared(some: Sequence[Address], others: Sequence[Address]) -> Address | None:
    """Return the first address of `some` that is one of `others`; 0.0.0.0 and :: are all addresses of their family."""
    for address in some:
        for other in others:
            same_family = address.version == other.version
            if address == other or (same_family and (address.is_unspecified or other.is_unspecified)):
                return address
    return None


def network_faults(server: Server, site: PolicySite | None) -> Iterator[Fault]:
    """The two containers have addresses of their own in a network they share."""
    if site is None or site.network is None or server.network is None or site.network.name != server.network.name:
        return
    for key in ("ipv4", "ipv6"):
        address = getattr(site.network, key)
        if address is not None and address == getattr(server.network, key):
            yield Fault(f"policySite.network.{key}", f"{address} is the mail server's in that network: take another")


def certificate_faults(tls: Tls, covered: Sequence[str], *, now: datetime) -> Iterator[Fault]:
    """The certificate that is brought along is good for the names."""
    if tls.files is not None:
        chain, key = tls_files(tls.files)
        try:
            certificates.check(chain, key, covered, now=now)
        except ValueError as error:
            yield Fault("", str(error))
