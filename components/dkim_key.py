"""A DKIM key: made once, kept in the state, wired to the server's file and to the DNS record."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from mail import dkim


@dataclass(frozen=True, kw_only=True)
class DkimKeyArgs:
    """Arguments of `DkimKey`.

    Attributes:
        domain: the signing domain, in A-labels.
        selector: the key's name in DNS; one key for ever.
        algorithm: rsa2048, rsa4096 or ed25519.
        private_key: PEM of an existing key to adopt, a secret; None makes one.
    """

    domain: str
    selector: str
    algorithm: dkim.Algorithm
    private_key: pulumi.Input[str] | None = None


class _Provider(ResourceProvider):
    """Makes a key on creation, and never again: receivers have the public half in their caches."""

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        failures = []
        if _olds and _olds.get("algorithm", news["algorithm"]) != news["algorithm"]:
            failures.append(
                CheckFailure(
                    "algorithm",
                    f"selector {news['selector']} of {news['domain']} has a key of algorithm {_olds['algorithm']}, "
                    f"and a selector keeps its key: add a selector of algorithm {news['algorithm']} instead",
                )
            )
        return CheckResult(news, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        adopts_another = bool(_news.get("adopt")) and _news["adopt"] != _olds.get("private_pem")
        return DiffResult(changes=adopts_another)

    def create(self, props: dict[str, Any]) -> CreateResult:
        pem = props.get("adopt") or dkim.generate(props["algorithm"])
        return CreateResult(f"{props['domain']}/{props['selector']}", _outputs(props, pem))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return UpdateResult(_outputs(_news, _news.get("adopt") or _olds["private_pem"]))


def _outputs(props: dict[str, Any], pem: str) -> dict[str, Any]:
    return {**props, "private_pem": pem, "public_key": dkim.public_key(pem)}


class _Key(Resource, module="mail", name="DkimKey"):
    private_pem: pulumi.Output[str]
    public_key: pulumi.Output[str]


class DkimKey(pulumi.ComponentResource):
    """One selector's key pair.

    No change of code, Python version or option makes the key anew; only another `private_key` replaces it, and only a
    removed selector removes it.

    Attributes:
        private_pem: PKCS#8 PEM (or the PEM that was adopted), a secret.
        public_key: the value of the record's `p=` tag.
        record_name: where the record goes.
        record_text: the record's text (RFC 6376, section 3.6.1).
        key_file: the path of the private key in Maddy's data volume.
    """

    private_pem: pulumi.Output[str]
    public_key: pulumi.Output[str]
    record_text: pulumi.Output[str]

    def __init__(self, name: str, args: DkimKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:DkimKey", name, {}, opts)
        self.domain = args.domain
        self.selector = args.selector
        self.record_name = dkim.record_name(args.domain, args.selector)
        self.key_file = dkim.key_file(args.domain, args.selector)
        key = _Key(
            _Provider(),
            name,
            {
                "domain": args.domain,
                "selector": args.selector,
                "algorithm": args.algorithm,
                "adopt": args.private_key,
                "private_pem": None,
                "public_key": None,
            },
            pulumi.ResourceOptions(parent=self, additional_secret_outputs=["private_pem", "adopt"]),
        )
        self.private_pem = pulumi.Output.secret(key.private_pem)
        self.public_key = key.public_key
        self.record_text = key.public_key.apply(lambda public: dkim.record_text(args.algorithm, public))
        self.register_outputs({"public_key": self.public_key, "record_text": self.record_text})
