"""All settings of a stack, typed and validated once, before anything is changed.

`Pulumi.yaml` describes the keys, `docs/settings.md` shows them in full. Names are camelCase in the stack file and
snake_case here. All errors of a stack file are reported together, each with its key, the value and the mend.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pulumi
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from mail import aliases, certificates, dkim, dmarc, maddy_conf, mta_sts, names, tls_rpt
from mail.spf import check as check_spf

KEYS = ("server", "tls", "domains", "cloudflare", "policySite")


class SettingsError(pulumi.RunError):
    """The stack's settings are wrong; the text has one line for each error."""


def _exact_image(image: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._/:-]*?(:[A-Za-z0-9_][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?", image):
        raise ValueError("is no image name: write REPOSITORY:TAG, such as foxcpp/maddy:0.8.2")
    tag = image.split("@")[0].rsplit("/", 1)[-1].partition(":")[2]
    if "@" not in image and tag in ("", "latest"):
        raise ValueError("names no exact version: give it a tag other than latest, or a digest")
    return image


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _password(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < 8:
        raise ValueError("is too short: use 8 characters or more, or leave it out to have one generated")
    if len(text.encode()) > 72:
        raise ValueError("is longer than the 72 bytes that bcrypt reads: shorten it")
    if any(ord(char) < 32 for char in text) or text != text.strip():
        raise ValueError("has a control character, or a space at an end: remove it")
    return value


HostName = Annotated[str, AfterValidator(names.to_ascii)]
Image = Annotated[str, AfterValidator(_exact_image)]
Port = Annotated[int, Field(ge=1, le=65535)]
Address = IPv4Address | IPv6Address
Addresses = Annotated[list[Address], BeforeValidator(_as_list), Field(min_length=1)]
Password = Annotated[SecretStr, AfterValidator(_password)]


class Model(BaseModel):
    """What all settings share: camelCase keys, no key that is not known, nothing changed after validation."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Network(Model):
    """An existing Docker network to join, with fixed addresses in it; without it the stack makes one of its own."""

    name: str
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None


class Ports(Model):
    """The host's port for each of the mail server's."""

    smtp: Port = 25
    imap: Port = 143
    submissions: Port = 465
    submission: Port = 587
    imaps: Port = 993

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        used = list(dict(self).values())
        if twice := {port for port in used if used.count(port) > 1}:
            raise ValueError(f"uses port {min(twice)} twice: give every protocol a port of its own")
        return self


class SmartHost(Model):
    """The provider that relays outgoing mail where port 25 is closed."""

    host: HostName
    port: Port = 587
    user: str | None = None
    password: SecretStr | None = None
    ca_certificate: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("needs both user and password, or neither")
        for value in (self.user, self.password.get_secret_value() if self.password else None):
            if value is not None:
                maddy_conf.quoted(value)
        return self


class Metrics(Model):
    """Where the host publishes Maddy's OpenMetrics page; a private address, since the page has no login."""

    bind_address: Address = IPv4Address("127.0.0.1")
    port: Port = maddy_conf.METRICS_PORT

    @field_validator("bind_address")
    @classmethod
    def _private(cls, address: Address) -> Address:
        if not address.is_private or address.is_unspecified:
            raise ValueError("is not private, and the metrics have no login: use an address such as 127.0.0.1")
        return address


class Server(Model):
    """The mail server: its name and addresses in the world, and how its container runs."""

    hostname: HostName
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None
    zone_id: str | None = None
    image: Image = "foxcpp/maddy:0.8.2"
    docker_host: str | None = None
    bind_address: Addresses | None = None
    ports: Ports = Ports()
    network: Network | None = None
    dns: list[Address] = []
    memory: Annotated[int, Field(ge=64)] = 512
    cpus: Annotated[float, Field(gt=0)] = 1.0
    max_message_size: Annotated[str, Field(pattern=r"^[1-9]\d*[KMG]$")] = "32M"
    protect_data: bool = True
    smart_host: SmartHost | None = None
    metrics: Metrics | None = None

    @field_validator("docker_host")
    @classmethod
    def _docker_url(cls, value: str | None) -> str | None:
        if value is not None and not re.match(r"(ssh|tcp|unix|npipe)://.", value):
            raise ValueError("is no Docker host: write ssh://user@host, tcp://host:port or unix:///path")
        return value

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.ipv4 is None and self.ipv6 is None:
            raise ValueError("has no address: set ipv4, ipv6 or both to the server's public addresses")
        return self

    @property
    def bound_to(self) -> list[Address]:
        """The host's addresses on which ports are published."""
        everywhere: list[Address] = [IPv4Address("0.0.0.0")]  # noqa: S104 - a mail server is reached from everywhere
        return self.bind_address or (everywhere + ([IPv6Address("::")] if self.ipv6 else []))


class PolicySite(Model):
    """The web server of the MTA-STS policies; on the mail server's host and addresses unless told otherwise."""

    image: Image = "caddy:2.11.9"
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None
    network: Network | None = None
    bind_address: Addresses | None = None
    http_port: Port = 80
    https_port: Port = 443
    memory: Annotated[int, Field(ge=32)] = 128
    cpus: Annotated[float, Field(gt=0)] = 0.5


class TlsFiles(Model):
    """The certificate chain and key, each as the path of a PEM file or as PEM text (the key: a secret)."""

    certificate: str
    private_key: SecretStr


class Tls(Model):
    """Where the certificate of the MX host and the policy hosts comes from."""

    source: Literal["files", "self-signed"]
    files: TlsFiles | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.source == "files") != (self.files is not None):
            raise ValueError("needs files (certificate and privateKey) exactly when its source is files")
        return self


class Selector(Model):
    """One DKIM key of a domain; `private_key` adopts an existing one."""

    name: Annotated[str, AfterValidator(dkim.check_selector)]
    algorithm: dkim.Algorithm = "rsa2048"
    private_key: SecretStr | None = None

    @field_validator("private_key")
    @classmethod
    def _fits(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and (found := dkim.algorithm_of(value.get_secret_value())) != info.data.get("algorithm"):
            raise ValueError(f"is a key of algorithm {found}: set algorithm to {found}, or bring another key")
        return value


class Dkim(Model):
    """The domain's DKIM keys, and which of them sign outgoing mail (all, unless listed)."""

    selectors: Annotated[list[Annotated[Selector, BeforeValidator(_named)]], Field(min_length=1)] = [
        Selector(name="default")
    ]
    signing: Annotated[list[str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = [selector.name for selector in self.selectors]
        if twice := {name for name in known if known.count(name) > 1}:
            raise ValueError(f"has selector {min(twice)} twice: a selector is one key")
        if unknown := set(self.signing or ()) - set(known):
            raise ValueError(f"signs with {min(unknown)}, which is not among its selectors ({', '.join(known)})")
        return self

    @property
    def signs_with(self) -> list[str]:
        """The selectors that sign, in the order of the signatures."""
        return self.signing or [selector.name for selector in self.selectors]


class Dmarc(Model):
    """The domain's DMARC policy (RFC 9989)."""

    policy: Literal["none", "quarantine", "reject"] = "quarantine"
    subdomain_policy: Literal["none", "quarantine", "reject"] | None = None
    nonexistent_policy: Literal["none", "quarantine", "reject"] | None = None
    dkim_alignment: Literal["r", "s"] | None = None
    spf_alignment: Literal["r", "s"] | None = None
    testing: bool = False
    rua: list[str] | None = None
    ruf: list[str] = []


class MtaSts(Model):
    """The domain's MTA-STS policy (RFC 8461)."""

    enabled: bool = True
    mode: mta_sts.Mode = "testing"
    max_age: Annotated[int, Field(ge=0, le=31557600)] = 604800


class TlsRpt(Model):
    """Where reports on failed TLS go (RFC 8460)."""

    enabled: bool = True
    rua: Annotated[list[str], Field(min_length=1)] | None = None


class Account(Model):
    """A mailbox with a login; without `password` one is generated once."""

    name: Annotated[str, AfterValidator(names.check_local_part)]
    password: Password | None = None
    delete_mailbox: bool = False


class Domain(Model):
    """A mail domain."""

    name: HostName
    zone_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    apex: bool = True
    dkim: Dkim = Dkim()
    spf: Annotated[str, AfterValidator(check_spf)] = "v=spf1 mx ~all"
    dmarc: Dmarc = Dmarc()
    mta_sts: MtaSts = MtaSts()
    tls_rpt: TlsRpt = TlsRpt()
    accounts: list[Annotated[Account, BeforeValidator(_named)]] = []
    aliases: dict[str, Annotated[list[str], BeforeValidator(_as_list), Field(min_length=1)]] = {}

    @property
    def dmarc_text(self) -> str:
        """The text of the domain's DMARC record."""
        options = self.dmarc.model_dump()
        rua = options.pop("rua")
        if rua is None:
            rua = [f"mailto:postmaster@{self.name}"]
        ruf = tuple(options.pop("ruf"))
        return dmarc.record_text(dmarc.Dmarc(rua=tuple(rua), ruf=ruf, **options))

    @property
    def tls_rpt_text(self) -> str | None:
        """The text of the domain's TLS-RPT record, None where it asks for no reports."""
        rua = self.tls_rpt.rua or [f"mailto:postmaster@{self.name}"]
        return tls_rpt.record_text(rua) if self.tls_rpt.enabled else None

    @property
    def alias_table(self) -> dict[str, list[str]]:
        """Alias address to target addresses, as written: a target without a domain is one of this domain's."""
        return {
            names.address(names.check_local_part(alias), self.name): [
                names.address(*names.parse_address(target if "@" in target else f"{target}@{self.name}"))
                for target in targets
            ]
            for alias, targets in self.aliases.items()
        }

    @property
    def addresses(self) -> list[str]:
        """The addresses of the domain's accounts."""
        return [names.address(account.name, self.name) for account in self.accounts]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        own = self.addresses
        if twice := {address for address in own if own.count(address) > 1}:
            raise ValueError(f"has account {min(twice)} twice: leave one")
        if both := set(own) & set(self.alias_table):
            raise ValueError(f"has {min(both)} as an account and as an alias: leave one")
        if f"postmaster@{self.name}" not in {*own, *self.alias_table}:
            raise ValueError(
                "has no postmaster, which RFC 5321 (section 4.5.1) asks of every mail domain: "
                "add postmaster to its accounts, or to its aliases with a target"
            )
        _ = self.dmarc_text, self.tls_rpt_text  # builds the records' texts, which checks what goes into them
        return self


class Cloudflare(Model):
    """The access to Cloudflare."""

    api_token: SecretStr
    base_url: Annotated[str, Field(pattern=r"^https?://")] | None = None


class Settings(Model):
    """A stack's settings."""

    server: Server
    tls: Tls
    domains: Annotated[list[Domain], Field(min_length=1)]
    cloudflare: Cloudflare
    policy_site: PolicySite = PolicySite()

    @property
    def certificate_names(self) -> list[str]:
        """The names that the certificate must cover: the MX host, then each domain's policy host."""
        return [
            self.server.hostname,
            *(mta_sts.policy_host(domain.name) for domain in self.domains if domain.mta_sts.enabled),
        ]

    @property
    def host_domain(self) -> Domain | None:
        """The mail domain in whose zone the MX host's records live; None when it is in a zone of its own."""
        holders = [domain for domain in self.domains if names.is_within(self.server.hostname, domain.name)]
        return max(holders, key=lambda domain: len(domain.name), default=None)

    @property
    def alias_table(self) -> dict[str, list[str]]:
        """Alias address to the mailboxes and outside addresses it ends at."""
        written = {alias: targets for domain in self.domains for alias, targets in domain.alias_table.items()}
        return aliases.resolve(
            written,
            accounts=[address for domain in self.domains for address in domain.addresses],
            domains=[domain.name for domain in self.domains],
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        all_names = [domain.name for domain in self.domains]
        if twice := {name for name in all_names if all_names.count(name) > 1}:
            raise ValueError(f"domains: {min(twice)} is there twice: leave one")
        hostname = self.server.hostname
        if hostname in all_names or hostname in self.certificate_names[1:]:
            raise ValueError(
                f"server.hostname: {hostname} is a mail domain or policy host of this stack, whose records would clash "
                "with the MX host's: choose another name, such as mail." + all_names[0]
            )
        if self.host_domain is None and self.server.zone_id is None:
            raise ValueError(
                f"server.hostname: {hostname} is in none of the stack's domains: set server.zoneId to the zone it is in"
            )
        _ = self.alias_table
        return self

    @model_validator(mode="after")
    def _certificate_fits(self) -> Self:
        if self.tls.files is not None:
            chain, key = tls_files(self.tls.files)
            certificates.check(chain, key, self.certificate_names, now=datetime.now(UTC))
        return self


def tls_files(files: TlsFiles) -> tuple[str, str]:
    """Return the certificate chain and private key as PEM text, read from their files where paths are given.

    Raises:
        ValueError: when a file cannot be read.
    """
    texts = []
    for key, value in (
        ("certificate", files.certificate),
        ("privateKey", files.private_key.get_secret_value()),
    ):
        if "-----BEGIN" in value:
            texts.append(value)
            continue
        try:
            texts.append(Path(value).read_text(encoding="ascii"))
        except (OSError, UnicodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is no PEM file"
            raise ValueError(f"tls.files.{key}: no PEM text, and as a path not readable ({reason})") from None
    return texts[0], texts[1]


def load(config: Mapping[str, str], secret_keys: Collection[str] = ()) -> Settings:
    """Read a stack's settings.

    Args:
        config: for each key that is set, its value as Pulumi gives it to the program: text or JSON.
        secret_keys: the keys that are encrypted in the stack file.

    Raises:
        SettingsError: with all that is wrong.
    """
    raw: dict[str, Any] = {}
    for key, text in config.items():
        try:
            raw[key] = json.loads(text)
        except json.JSONDecodeError:
            raw[key] = text
    try:
        settings = Settings.model_validate(raw)
    except ValidationError as error:
        raise SettingsError("\n".join(["the stack's settings have errors:", *_lines(error)])) from None
    in_the_open = [
        f"  {path}: is in plain text in the stack file: set it anew with `pulumi config set --path --secret '{path}'`"
        for path in _secret_paths(settings)
        if re.split(r"[.\[]", path)[0] not in secret_keys
    ]
    if in_the_open:
        raise SettingsError("\n".join(["the stack's settings have errors:", *in_the_open]))
    return settings


def from_stack() -> Settings:
    """Read the settings of the stack that Pulumi is running."""
    config = pulumi.Config()
    values = {key: config.get(key) for key in KEYS}
    return load(
        {key: value for key, value in values.items() if value is not None},
        [key for key in KEYS if pulumi.runtime.is_config_secret(config.full_key(key))],
    )


def _lines(error: ValidationError) -> Iterator[str]:
    """One line for each error: key, value (unless it is or holds a secret), reason and mend."""
    for detail in error.errors(include_url=False):
        path = _path(detail["loc"])
        reason = str(detail["ctx"]["error"]) if "error" in detail.get("ctx", {}) else detail["msg"]
        reason = reason[:1].lower() + reason[1:] if detail["type"] != "value_error" else reason
        value = detail["input"]
        shown = ""
        if isinstance(value, str | int | float) and detail["type"] != "missing" and not _is_secret(detail["loc"]):
            shown = f" {json.dumps(value, ensure_ascii=False)}"
        yield f"  {path}{':' if path else ''}{shown} {reason}".replace(":  ", ": ")


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for step in location:
        if isinstance(step, int):
            text += f"[{step}]"
        elif not step.startswith("function-"):
            text += f".{step}" if text else step
    return text


def _is_secret(location: tuple[int | str, ...]) -> bool:
    return bool({"password", "privateKey", "apiToken"} & set(location))


def _secret_paths(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of every secret that is set, such as `domains[0].accounts[1].password`."""
    if isinstance(value, SecretStr):
        text = value.get_secret_value()
        if not path.endswith(".privateKey") or "-----BEGIN" in text:
            yield path
    elif isinstance(value, BaseModel):
        for name, inner in value:
            yield from _secret_paths(inner, f"{path}.{to_camel(name)}" if path else to_camel(name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _secret_paths(inner, f"{path}[{index}]")
