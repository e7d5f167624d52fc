"""All settings of a stack, typed and validated once, before anything is changed.

`Pulumi.yaml` and the models in `stack_file/` describe the keys; docs/configuration.md is made from them. All errors of
a stack file are reported together, each with its key, the value and the mend.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Self

import pulumi
from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, model_validator

from mail import aliases, mta_sts, records
from stack_file import checks, report
from stack_file.domain import Account, Dkim, Dmarc, Domain, MtaSts, Selector, TlsRpt
from stack_file.model import Fault, Model, raise_all
from stack_file.server import Metrics, Network, PolicySite, Ports, Server, SmartHost
from stack_file.tls import FILES_ELSEWHERE, Tls, TlsFiles, are_elsewhere, tls_files
from stack_file.values import HttpUrl, Token, as_list

__all__ = [
    "Account",
    "Cloudflare",
    "Dkim",
    "Dmarc",
    "Domain",
    "Metrics",
    "MtaSts",
    "Network",
    "PolicySite",
    "Ports",
    "Selector",
    "Server",
    "Settings",
    "SettingsError",
    "SmartHost",
    "Tls",
    "TlsFiles",
    "TlsRpt",
    "from_stack",
    "load",
    "require_free_name",
    "tls_files",
]


class SettingsError(pulumi.RunError):
    """The stack's settings are wrong; the text has one line for each error."""


class Cloudflare(Model):
    """The access to Cloudflare."""

    api_token: Annotated[Token, Field(description="an API token with the permission Zone.DNS Edit, as a secret")]
    base_url: HttpUrl | None = Field(
        default=None,
        description="where the API is; Cloudflare's own unless set",
        examples=["https://api.cloudflare.com/client/v4"],
    )


class Settings(Model):
    """A stack's settings."""

    server: Annotated[Server, Field(description="a map with the server's hostname and its public address")]
    tls: Annotated[Tls, Field(description="a map with source: files or self-signed")]
    domains: Annotated[list[Domain], Field(min_length=1, description="a list with the first mail domain")]
    cloudflare: Annotated[Cloudflare, Field(description="a map with apiToken, as a secret")]
    policy_site: PolicySite = PolicySite()
    acknowledged: Annotated[list[str], BeforeValidator(as_list)] = Field(
        default_factory=list, examples=["dmarc example.com quarantine (reports are clean)"]
    )

    @property
    def certificate_names(self) -> list[str]:
        """The names that the certificate must cover: the MX host, then each domain's policy host."""
        return [self.server.hostname, *self.policy_hosts]

    @property
    def policy_hosts(self) -> list[str]:
        """The host of each domain that has an MTA-STS policy."""
        return [mta_sts.policy_host(domain.name) for domain in self.domains if domain.mta_sts.enabled]

    @cached_property
    def host_domain(self) -> Domain | None:
        """The mail domain in whose zone the MX host's records live; None when it is in a zone of its own."""
        return self.zone_of(self.server.hostname)

    def zone_of(self, name: str) -> Domain | None:
        """Return the domain in whose zone a name lies; None when it is in none of them."""
        return checks.zone_of(name, self.domains)

    @cached_property
    def agreements(self) -> dict[str, list[tuple[str, str]]]:
        """By the domain in whose zone they are: the names that DMARC reports go to, after the domain they are about."""
        found: dict[str, list[tuple[str, str]]] = {}
        for domain in self.domains:
            for name in records.external_rua_domains([*(domain.dmarc.rua or []), *domain.dmarc.ruf], domain.name):
                if (zone := self.zone_of(name)) is not None:
                    found.setdefault(zone.name, []).append((domain.name, name))
        return found

    @property
    def needs_network(self) -> bool:
        """Whether a container joins no existing Docker network, so that the stack makes one."""
        return self.server.network is None or (bool(self.policy_hosts) and self.policy_site.network is None)

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
    def _consistent(self, info: ValidationInfo) -> Self:
        raise_all(self._faults(with_files=not are_elsewhere(info)))
        return self

    def _faults(self, *, with_files: bool) -> Iterator[Fault]:
        site = self.policy_site if self.policy_hosts else None
        yield from checks.domain_faults(self.domains)
        yield from checks.host_faults(self.server, self.domains)
        yield from checks.alias_faults(self.domains)
        yield from checks.report_faults(self.domains)
        yield from checks.port_faults(self.server, site)
        yield from checks.network_faults(self.server, site)
        if with_files:
            yield from checks.certificate_faults(self.tls, self.certificate_names, now=datetime.now(UTC))


def load(config: Mapping[str, str], secret_keys: Collection[str] = (), *, files_are_here: bool = True) -> Settings:
    """Read a stack's settings.

    Args:
        config: for each key that is set, its value as Pulumi gives it to the program: text or JSON.
        secret_keys: the keys that hold something encrypted in the stack file. (Pulumi does not say what: a secret in
            plain text beside an encrypted one in the same key goes unnoticed.)
        files_are_here: whether this machine has the certificate's files, so that they are looked at.

    Raises:
        SettingsError: with all that is wrong.
    """
    raw = {key: _parsed(text) for key, text in config.items()}
    errors = [
        report.line(
            path, f"is in plain text in the stack file: set it anew with `pulumi config set --secret --path '{path}'`"
        )
        for key, value in raw.items()
        if key not in secret_keys
        for path in report.open_secrets(value, key)
    ]
    try:
        settings = Settings.model_validate(raw, context=None if files_are_here else FILES_ELSEWHERE)
    except ValidationError as error:
        errors = [*report.lines(error, Settings), *errors]
    if errors:
        raise SettingsError("\n".join(["the stack's settings have errors:", *errors]))
    return settings


def from_stack() -> Settings:
    """Read the settings of the stack that Pulumi is running.

    Raises:
        SettingsError: with all that is wrong.
    """
    require_free_name(pulumi.get_stack())
    namespace = f"{pulumi.get_project()}:"
    config = {
        key.removeprefix(namespace): value
        for key, value in {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}.items()
        if key.startswith(namespace)
    }
    return load(config, [key for key in config if pulumi.runtime.is_config_secret(namespace + key)])


def require_free_name(stack: str) -> None:
    """Refuse a stack whose server would be called as another stack's policy site or seed is.

    Args:
        stack: its name.

    Raises:
        SettingsError: it is.
    """
    for ending in ("-policy", "-seed"):
        if stack.endswith(ending):
            raise SettingsError(
                f"the stack's name: '{stack}' ends in {ending}, as names of another stack's containers do, on the same "
                "Docker host: make it under another name, with `pulumi stack init`"
            )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
