"""Options of the mail server, its certificate and the access to Cloudflare."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from changes import option
from changes.change import Change
from changes.option import Option
from settings import Metrics, Network, Server, Settings, SmartHost, TlsFiles

_CLIENTS = "Mail clients that have the old port must be set up anew; the SRV record follows."


def changes(before: Settings, after: Settings) -> Iterator[Change]:
    """Yield what differs in the server's options."""
    yield from option.changes(_OPTIONS, "Server", before, after)


def network(of: Callable[[Settings], Network | None], key: str, whose: str) -> list[Option]:
    """Return the options of the network that a container joins."""
    meaning = (
        f"The {whose} container is made anew in that network: whatever reaches it by its address there must follow."
    )

    def read(field: str) -> Callable[[Settings], object]:
        return lambda settings: getattr(of(settings), field, None)

    return [Option(key=f"{key}.{field}", read=read(field), meaning=meaning) for field in Network.model_fields]


def _server(field: str) -> Callable[[Settings], object]:
    return lambda settings: getattr(settings.server, field)


def _part(of: Callable[[Server], SmartHost | Metrics | None], field: str) -> Callable[[Settings], object]:
    return lambda settings: getattr(of(settings.server), field, None)


def _relay(field: str) -> Callable[[Settings], object]:
    return _part(lambda server: server.smart_host, field)


def _files(field: str) -> Callable[[Settings], object]:
    def read(settings: Settings) -> object:
        files: TlsFiles | None = settings.tls.files
        return getattr(files, field, None)

    return read


def _port(key: str, meaning: str) -> Option:
    return Option(
        key=f"server.ports.{key}",
        read=lambda settings: getattr(settings.server.ports, key),
        meaning=meaning,
        hurts=True,
    )


def _bound_to(settings: Settings) -> object:
    server = settings.server
    everywhere = server.model_copy(update={"bind_address": None}).bound_to
    own = server.bind_address
    return "all addresses" if own is None or set(everywhere) <= set(own) else own


_ADDRESS = (
    "The server's address in the world: the PTR record must name the MX host, SPF follows by its terms mx and a, and "
    "a new address has no reputation yet; mail to a removed one is lost to senders until the old record's TTL is over."
)

_OPTIONS = [
    Option(
        key="server.hostname",
        read=_server("hostname"),
        meaning="The MX host changes: PTR and certificate must follow, and every mail client must be set up anew; "
        "the old name has no records any more while senders still remember the old MX record.",
        hurts=True,
    ),
    Option(key="server.ipv4", read=_server("ipv4"), meaning=_ADDRESS, hurts=True),
    Option(key="server.ipv6", read=_server("ipv6"), meaning=_ADDRESS, hurts=True),
    Option(
        key="server.zoneId",
        read=_server("zone_id"),
        meaning="The MX host's records are made in this zone and removed from the one before: the host's name must "
        "be in it.",
        hurts=True,
    ),
    Option(
        key="server.image",
        read=_server("image"),
        meaning="The server restarts with another version, which may bring another database format: read its release "
        "notes and copy the mail volume first, since the old version may not start on it again.",
        hurts=True,
    ),
    Option(
        key="server.dockerHost",
        read=_server("docker_host"),
        meaning="The server is set up on another Docker host, with an empty volume: mailboxes are not carried along.",
        hurts=True,
    ),
    Option(
        key="server.bindAddress",
        read=_bound_to,
        meaning="The server listens on these addresses of its host: on one that is left out, it takes no mail and no "
        "logins.",
        hurts=option.lost,
    ),
    _port(
        "smtp", "Other servers deliver to port 25 only: on another, no mail comes in unless something maps 25 to it."
    ),
    _port("imap", "Mail clients that have the old port must be set up anew."),
    _port("submissions", _CLIENTS),
    _port("submission", _CLIENTS),
    _port("imaps", _CLIENTS),
    *network(lambda settings: settings.server.network, "server.network", "server's"),
    Option(
        key="server.dns",
        read=_server("dns"),
        meaning="The server asks these resolvers: without an answer from them, outgoing mail waits in the queue.",
    ),
    Option(
        key="server.memory",
        read=_server("memory"),
        meaning="The server's limit in MiB: with too little it is killed in the middle of a delivery, which is then "
        "tried again.",
        hurts=option.less,
    ),
    Option(key="server.cpus", read=_server("cpus"), meaning="With fewer cores, deliveries and logins take longer."),
    Option(
        key="server.maxMessageSize",
        read=_server("max_message_size"),
        meaning="Messages that are larger are refused, those of others and those of your own.",
        hurts=option.less,
    ),
    Option(
        key="server.protectData",
        read=_server("protect_data"),
        meaning="Without it, a destroy or a replacement may take the volume out of the stack; with it, Pulumi "
        "refuses to.",
        hurts=option.to("false"),
    ),
    Option(
        key="server.smartHost.host",
        read=_relay("host"),
        meaning="Outgoing mail takes this way: with a relay, SPF must list it; without one, port 25 must be open "
        "outwards and the PTR record right.",
        hurts=True,
    ),
    Option(
        key="server.smartHost.port",
        read=_relay("port"),
        meaning="Outgoing mail waits in the queue unless the relay takes logins on this port (465: TLS from the "
        "first byte, others: STARTTLS).",
    ),
    Option(
        key="server.smartHost.user",
        read=_relay("user"),
        meaning="The login at the relay: where it is refused, outgoing mail waits in the queue.",
    ),
    Option(
        key="server.smartHost.password",
        read=_relay("password"),
        meaning="The login at the relay: where it is refused, outgoing mail waits in the queue.",
        hidden=True,
    ),
    Option(
        key="server.smartHost.caCertificate",
        read=_relay("ca_certificate"),
        meaning="The relay's certificate must be of this CA (without: of a public one), or outgoing mail waits in "
        "the queue.",
        hidden=True,
    ),
    Option(
        key="server.metrics.bindAddress",
        read=_part(lambda server: server.metrics, "bind_address"),
        meaning="Mail is not concerned: whatever collects the metrics must follow.",
    ),
    Option(
        key="server.metrics.port",
        read=_part(lambda server: server.metrics, "port"),
        meaning="Mail is not concerned: whatever collects the metrics must follow.",
    ),
    Option(
        key="tls.source",
        read=lambda settings: settings.tls.source,
        meaning="Another issuer: a self-signed certificate is refused by senders under MTA-STS in mode enforce and "
        "by mail clients; with files, it must cover the MX host and every mta-sts name.",
        hurts=True,
    ),
    Option(
        key="tls.files.certificate",
        read=_files("certificate"),
        meaning="The certificate comes from elsewhere: it must cover the MX host and every mta-sts name, which is "
        "looked at where the file is.",
        hidden=True,
    ),
    Option(
        key="tls.files.privateKey",
        read=_files("private_key"),
        meaning="The certificate's key comes from elsewhere: it must be the certificate's, which is looked at where "
        "the file is.",
        hidden=True,
    ),
    Option(
        key="cloudflare.apiToken",
        read=lambda settings: settings.cloudflare.api_token,
        meaning="Mail is not concerned while the new token may edit the DNS of every zone; with fewer rights, the "
        "update stops.",
        hidden=True,
    ),
    Option(
        key="cloudflare.baseUrl",
        read=lambda settings: settings.cloudflare.base_url,
        meaning="Records are kept at another API: those of the state may not be found there.",
        hurts=True,
    ),
]
