"""The web site that serves the MTA-STS policies over HTTPS (RFC 8461, section 3.3)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker
from pulumi_command import local

from components.certificate import Certificate
from components.command import command
from components.container import ContainerSpec, published, run
from components.container_network import Attachment
from components.data_volume import DataVolume, DataVolumeArgs, SeedFile
from components.seen import Seen
from mail import caddyfile, mta_sts

ANSWERS_HTTP = r"printf 'HEAD / HTTP/1.0\r\n\r\n' | nc -w 4 127.0.0.1 80 | grep -q '^HTTP/1'"


@dataclass(frozen=True, kw_only=True)
class PolicySiteArgs:
    """Arguments of `PolicySite`.

    Attributes:
        name: name of the container; the volume's is made from it.
        hostname: the name that the container has for itself.
        image: exact image of Caddy.
        policies: domain in A-labels to the text of its policy.
        certificate: covers the policy host of every domain.
        http_port: published port that redirects to HTTPS.
        https_port: published port of the policies.
        bound_to: the host's addresses on which they are published.
        network: the Docker network to be in.
        dns: resolver addresses; empty for the Docker host's.
        memory: limit in MiB.
        cpus: limit in cores.
        docker_host: where Docker is, as in `DOCKER_HOST`; None for this machine's.
    """

    name: str
    hostname: str
    image: str
    policies: Mapping[str, str]
    certificate: Certificate
    http_port: int
    https_port: int
    bound_to: Sequence[str]
    network: Attachment
    dns: Sequence[str]
    memory: int
    cpus: float
    docker_host: str | None


class PolicySite(pulumi.ComponentResource):
    """Caddy with the policies, serving.

    Attributes:
        served: for each domain, the look at its policy as served, after which its `_mta-sts` record may be written.
    """

    served: Mapping[str, local.Command]

    def __init__(self, name: str, args: PolicySiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:PolicySite", name, {}, opts)
        image = docker.RemoteImage(
            f"{name}-image", name=args.image, keep_locally=True, opts=pulumi.ResourceOptions(parent=self)
        )
        files = _files(args)
        seen = Seen(
            name,
            container=args.name,
            docker_host=args.docker_host,
            files={
                f"{caddyfile.ROOT}/{caddyfile.policy_file(domain)}": hashlib.sha256(policy.encode()).hexdigest()
                for domain, policy in args.policies.items()
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        volume = DataVolume(
            "site",
            DataVolumeArgs(
                volume_name=f"{args.name}-site",
                image=image.image_id,
                mount=caddyfile.ROOT,
                files=files,
                times_mended=seen.times_mended,
                keep=False,
                protect=False,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        container = run(
            name,
            ContainerSpec(
                name=args.name,
                image=image.image_id,
                command=["caddy", "run", "--config", f"{caddyfile.ROOT}/Caddyfile", "--adapter", "caddyfile"],
                hostname=args.hostname,
                volume=volume.name,
                mount=caddyfile.ROOT,
                volume_read_only=True,
                scratch=["/config", "/data"],
                # The image's caddy binary carries this file capability and does not start without it.
                capabilities=["CAP_NET_BIND_SERVICE"],
                ports=[
                    *published(80, args.http_port, args.bound_to),
                    *published(443, args.https_port, args.bound_to),
                ],
                network=args.network,
                dns=args.dns,
                memory=args.memory,
                cpus=args.cpus,
                health=ANSWERS_HTTP,
                fingerprints={file.path: file.sha256 for file in files},
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[volume]),
        )
        self.served = {
            domain: command(
                f"{domain}-policy-served",
                program="served_policy",
                environment={
                    "POLICY_CONTAINER": args.name,
                    "POLICY_CONTAINER_ID": container.id,
                    "POLICY_HOST": mta_sts.policy_host(domain),
                },
                docker_host=args.docker_host,
                stdin=pulumi.Output.json_dumps({"policy": policy, "fullchain": args.certificate.fullchain}),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[container]),
            )
            for domain, policy in args.policies.items()
        }
        self.register_outputs({"hosts": [mta_sts.policy_host(domain) for domain in args.policies]})


def _files(args: PolicySiteArgs) -> list[SeedFile]:
    return [
        SeedFile(path="Caddyfile", content=caddyfile.render(list(args.policies), addresses=len(args.bound_to))),
        *args.certificate.files,
        *(SeedFile(path=caddyfile.policy_file(domain), content=policy) for domain, policy in args.policies.items()),
    ]
