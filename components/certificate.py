"""The certificate of the MX host and the MTA-STS policy hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from components.data_volume import SeedFile
from mail import certificates


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """Arguments of `Certificate`.

    Attributes:
        names: the host names to cover, in A-labels, the MX host first.
        chain: PEM of a certificate chain to use; None for a certificate of a CA of the stack's own.
        private_key: PEM of its key, a secret; with `chain`.
    """

    names: Sequence[str]
    chain: str | None = None
    private_key: pulumi.Input[str] | None = None


class _Provider(ResourceProvider):
    """Keeps a CA and a server certificate, and renews each when less than a third of its life is left."""

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        now = datetime.now(UTC)
        due = [key for key in ("certificate", "ca_certificate") if certificates.is_due(_olds[key], now=now)]
        return DiffResult(changes=bool(due) or _olds["names"] != _news["names"])

    def create(self, props: dict[str, Any]) -> CreateResult:
        now = datetime.now(UTC)
        ca = certificates.issue_ca(f"maddy-stack CA of {props['names'][0]}", now=now)
        return CreateResult(props["names"][0], _outputs(props, ca, now))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        now = datetime.now(UTC)
        ca = certificates.Issued(certificate=_olds["ca_certificate"], private_key=_olds["ca_private_key"])
        if certificates.is_due(ca.certificate, now=now):
            ca = certificates.issue_ca(f"maddy-stack CA of {_news['names'][0]}", now=now)
        return UpdateResult(_outputs(_news, ca, now))


def _outputs(props: dict[str, Any], ca: certificates.Issued, now: datetime) -> dict[str, Any]:
    leaf = certificates.issue_leaf(ca, props["names"], now=now)
    return {
        **props,
        "ca_certificate": ca.certificate,
        "ca_private_key": ca.private_key,
        "certificate": leaf.certificate,
        "private_key": leaf.private_key,
    }


class _SelfSigned(Resource, module="mail", name="SelfSignedCertificate"):
    ca_certificate: pulumi.Output[str]
    certificate: pulumi.Output[str]
    private_key: pulumi.Output[str]


class Certificate(pulumi.ComponentResource):
    """A certificate chain and its key.

    With files it passes on what was given, which the settings have checked. It does not watch their expiry: `up`
    after a renewal brings the new ones to the server.

    Attributes:
        fullchain: PEM, the server's certificate first.
        private_key: PEM, a secret.
        ca_certificate: PEM of the stack's own CA, for clients to trust; None with files.
    """

    fullchain: pulumi.Output[str]
    private_key: pulumi.Output[str]
    ca_certificate: pulumi.Output[str] | None

    def __init__(self, name: str, args: CertificateArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:Certificate", name, {}, opts)
        if args.chain is not None and args.private_key is not None:
            self.fullchain = pulumi.Output.from_input(args.chain)
            self.private_key = pulumi.Output.secret(args.private_key)
            self.ca_certificate = None
        else:
            keys = ("ca_certificate", "ca_private_key", "certificate", "private_key")
            made = _SelfSigned(
                _Provider(),
                name,
                {"names": list(args.names), **dict.fromkeys(keys)},
                pulumi.ResourceOptions(parent=self, additional_secret_outputs=["ca_private_key", "private_key"]),
            )
            self.fullchain = pulumi.Output.concat(made.certificate, made.ca_certificate)
            self.private_key = pulumi.Output.secret(made.private_key)
            self.ca_certificate = made.ca_certificate
        self.register_outputs({"fullchain": self.fullchain, "ca_certificate": self.ca_certificate})

    @property
    def files(self) -> list[SeedFile]:
        """The chain and the key as a server's volume has them; the key's fingerprint is that of the chain."""
        return [
            SeedFile(path="tls/fullchain.pem", content=self.fullchain),
            SeedFile(path="tls/privkey.pem", content=self.private_key, mode="0600", fingerprint=self.fullchain),
        ]
