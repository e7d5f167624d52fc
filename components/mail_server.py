"""The Maddy container, on a data volume that has its files before the first start."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker

from components.certificate import Certificate
from components.container import ContainerSpec, Port, published, run
from components.container_network import Attachment
from components.data_volume import DataVolume, DataVolumeArgs, SeedFile
from components.dkim_key import DkimKey
from mail import maddy_conf

DATA = "/data"
WELL_KNOWN = {"smtp": 25, "imap": 143, "submissions": 465, "submission": 587, "imaps": 993}
SPEAKS_SMTP = r"(sleep 0.2; printf 'EHLO localhost\r\nQUIT\r\n') | nc -w 4 127.0.0.1 25 | grep -q STARTTLS"
"""Passes when the server greets, answers EHLO and offers STARTTLS, for which it needs its certificate."""


@dataclass(frozen=True, kw_only=True)
class SmartHost:
    """Where outgoing mail is relayed; see `mail.maddy_conf.SmartHost`. The password is a secret."""

    host: str
    port: int
    user: str | None
    password: pulumi.Input[str] | None
    ca_certificate: str | None


@dataclass(frozen=True, kw_only=True)
class MailServerArgs:
    """Arguments of `MailServer`.

    Attributes:
        name: name of the container; the volume's is made from it.
        hostname: the MX host's name, in A-labels.
        domains: the mail domains, the primary one first.
        image: exact image of Maddy.
        certificate: of the MX host.
        keys: the DKIM keys, all of them.
        signing: those that sign, in the order of the signatures.
        aliases: alias address to the addresses it ends at.
        ports: published port for each of the protocols smtp, imap, submissions, submission, imaps.
        bound_to: the host's addresses on which they are published.
        metrics: the private address and port on which OpenMetrics are published; None for none.
        network: the Docker network to be in.
        dns: resolver addresses; empty for the Docker host's.
        memory: limit in MiB.
        cpus: limit in cores.
        max_message_size: in Maddy's notation.
        smart_host: the relay for outgoing mail; None to deliver directly.
        protect_data: whether Pulumi refuses to remove the data volume.
    """

    name: str
    hostname: str
    domains: Sequence[str]
    image: str
    certificate: Certificate
    keys: Sequence[DkimKey]
    signing: Sequence[maddy_conf.SigningKey]
    aliases: Mapping[str, Sequence[str]]
    ports: Mapping[str, int]
    bound_to: Sequence[str]
    metrics: tuple[str, int] | None
    network: Attachment
    dns: Sequence[str]
    memory: int
    cpus: float
    max_message_size: str
    smart_host: SmartHost | None
    protect_data: bool


class MailServer(pulumi.ComponentResource):
    """Maddy, running and healthy.

    Accounts are not made here, nor DNS records: see `Account` and `MailDomain`.

    Attributes:
        container_name: for `docker exec`.
        container_id: changes whenever the server was replaced.
        data: the volume with the mail.
    """

    container_name: pulumi.Output[str]
    container_id: pulumi.Output[str]
    data: DataVolume

    def __init__(self, name: str, args: MailServerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:Server", name, {}, opts)
        image = docker.RemoteImage(
            f"{name}-image", name=args.image, keep_locally=True, opts=pulumi.ResourceOptions(parent=self)
        )
        files = _files(args)
        self.data = DataVolume(
            "data",
            DataVolumeArgs(
                volume_name=f"{args.name}-data",
                image=image.image_id,
                mount=DATA,
                files=files,
                keep=True,
                protect=args.protect_data,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        container = run(
            name,
            ContainerSpec(
                name=args.name,
                image=image.image_id,
                hostname=args.hostname,
                volume=self.data.name,
                mount=DATA,
                scratch=["/tmp"],  # noqa: S108 - Maddy's runtime directory in its image
                ports=_published(args),
                network=args.network,
                dns=args.dns,
                memory=args.memory,
                cpus=args.cpus,
                health=SPEAKS_SMTP,
                fingerprints={file.path: file.sha256 for file in files},
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[self.data]),
        )
        self.container_name = container.name
        self.container_id = container.id
        self.register_outputs({"container_name": self.container_name, "container_id": self.container_id})


def _published(args: MailServerArgs) -> list[Port]:
    ports = [
        port
        for protocol, external in args.ports.items()
        for port in published(WELL_KNOWN[protocol], external, args.bound_to)
    ]
    if args.metrics is not None:
        address, external = args.metrics
        ports.append(Port(internal=maddy_conf.METRICS_PORT, external=external, address=address))
    return ports


def _files(args: MailServerArgs) -> list[SeedFile]:
    """All files that Maddy reads and the stack knows: its configuration, certificate, keys and aliases."""
    files = [
        SeedFile(path="maddy.conf", content=_configuration(args), mode="0600"),
        SeedFile(path="aliases", content=maddy_conf.render_aliases(args.aliases)),
        *args.certificate.files,
    ]
    files += [
        SeedFile(path=key.key_file, content=key.private_pem, mode="0600", fingerprint=key.public_key)
        for key in args.keys
    ]
    if args.smart_host and args.smart_host.ca_certificate:
        files.append(SeedFile(path="tls/smart_host_ca.pem", content=args.smart_host.ca_certificate))
    return files


def _configuration(args: MailServerArgs) -> pulumi.Input[str]:
    def render(password: str | None) -> str:
        relay = (
            None
            if args.smart_host is None
            else maddy_conf.SmartHost(
                host=args.smart_host.host,
                port=args.smart_host.port,
                user=args.smart_host.user,
                password=password,
                has_own_ca=args.smart_host.ca_certificate is not None,
            )
        )
        return maddy_conf.render(
            hostname=args.hostname,
            domains=args.domains,
            signing_keys=args.signing,
            smart_host=relay,
            metrics=args.metrics is not None,
            max_message_size=args.max_message_size,
            addresses=len(args.bound_to),
        )

    if args.smart_host and args.smart_host.password is not None:
        return pulumi.Output.secret(args.smart_host.password).apply(render)
    return render(None)
