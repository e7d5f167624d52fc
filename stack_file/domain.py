"""`domains`: each mail domain's keys, policies, accounts and aliases."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from mail import dkim, dmarc, mta_sts, records, spf, tls_rpt
from stack_file.model import Fault, Model, raise_all
from stack_file.values import AliasTarget, DomainName, MailboxName, Password, ReportUri, ZoneId, as_list, named

Uris = Annotated[list[ReportUri], BeforeValidator(as_list)]
Spf = Annotated[str, AfterValidator(spf.check)]


class Selector(Model):
    """One DKIM key of a domain; `private_key` adopts an existing one."""

    name: Annotated[str, AfterValidator(dkim.check_selector), Field(description="the selector, such as s2026")]
    algorithm: dkim.Algorithm = dkim.DEFAULT_ALGORITHM
    private_key: SecretStr | None = None

    @field_validator("private_key")
    @classmethod
    def _fits(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            found, declared = dkim.algorithm_of(value.get_secret_value()), info.data.get("algorithm")
            if declared is not None and found != declared:
                raise ValueError(f"is a key of algorithm {found}, not {declared}: set algorithm to {found}")
        return value


class Dkim(Model):
    """The domain's DKIM keys, and which of them sign outgoing mail (all, unless listed)."""

    selectors: Annotated[list[Annotated[Selector, BeforeValidator(named)]], Field(min_length=1)] = Field(
        default_factory=lambda: [Selector(name=dkim.DEFAULT_SELECTOR)]
    )
    signing: Annotated[list[str], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_all(self._faults())
        return self

    def _faults(self) -> Iterator[Fault]:
        known = [selector.name for selector in self.selectors]
        for index, name in enumerate(known):
            if name in known[:index]:
                yield Fault(f"selectors[{index}].name", f"{name!r} is there twice: a selector is one key; leave one")
        for index, name in enumerate(self.signing or ()):
            if name not in known:
                yield Fault(f"signing[{index}]", f"{name!r} is none of the selectors: use {' or '.join(known)}")
            elif name in (self.signing or ())[:index]:
                yield Fault(f"signing[{index}]", f"{name!r} is there twice: leave one")

    @property
    def signs_with(self) -> list[str]:
        """The selectors that sign, in the order of the signatures."""
        return self.signing or [selector.name for selector in self.selectors]


class Dmarc(Model):
    """The domain's DMARC policy (RFC 9989)."""

    policy: dmarc.Policy = "quarantine"
    subdomain_policy: dmarc.Policy | None = None
    nonexistent_policy: dmarc.Policy | None = None
    dkim_alignment: dmarc.Alignment | None = None
    spf_alignment: dmarc.Alignment | None = None
    testing: bool = False
    rua: Uris | None = None
    ruf: Uris = Field(default_factory=list)


class MtaSts(Model):
    """The domain's MTA-STS policy (RFC 8461)."""

    enabled: bool = True
    mode: mta_sts.Mode = mta_sts.DEFAULT_MODE
    max_age: Annotated[
        int, AfterValidator(mta_sts.check_max_age), Field(description="how long senders remember it, in seconds")
    ] = mta_sts.DEFAULT_MAX_AGE


class TlsRpt(Model):
    """Where reports on failed TLS go (RFC 8460)."""

    enabled: bool = True
    rua: Annotated[Uris, Field(min_length=1)] | None = None


class Account(Model):
    """A mailbox with a login; without `password` one is generated once."""

    name: Annotated[MailboxName, Field(description="what stands before the @")]
    password: Password | None = None
    delete_mailbox: bool = False


def _no_alias_twice(value: Any) -> Any:
    """Refuse aliases that differ by case only, of which one would be lost."""
    if isinstance(value, dict):
        first: dict[str, object] = {}
        for alias in value:
            if first.setdefault(str(alias).lower(), alias) != alias:
                raise ValueError(f"{first[str(alias).lower()]!r} and {alias!r} are the same alias: leave one")
    return value


class Domain(Model):
    """A mail domain."""

    name: Annotated[DomainName, Field(description="the domain, such as example.com")]
    zone_id: ZoneId | None = None
    apex: bool = True
    dkim: Dkim = Dkim()
    spf: Spf = spf.DOMAIN_DEFAULT
    dmarc: Dmarc = Dmarc()
    mta_sts: MtaSts = MtaSts()
    tls_rpt: TlsRpt = TlsRpt()
    accounts: list[Annotated[Account, BeforeValidator(named)]] = Field(default_factory=list)
    aliases: Annotated[
        dict[MailboxName, Annotated[list[AliasTarget], BeforeValidator(as_list), Field(min_length=1)]],
        BeforeValidator(_no_alias_twice),
    ] = Field(default_factory=dict)

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
            f"{alias}@{self.name}": [target if "@" in target else f"{target}@{self.name}" for target in targets]
            for alias, targets in self.aliases.items()
        }

    @property
    def addresses(self) -> list[str]:
        """The addresses of the domain's accounts."""
        return [f"{account.name}@{self.name}" for account in self.accounts]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        raise_all(self._faults())
        return self

    def _faults(self) -> Iterator[Fault]:
        accounts = [account.name for account in self.accounts]
        for index, name in enumerate(accounts):
            if name in accounts[:index]:
                yield Fault(f"accounts[{index}]", f"{name!r} is there twice: leave one")
            if name in self.aliases:
                yield Fault(f"accounts[{index}]", f"{name!r} is an alias as well: leave the account or the alias")
        if "postmaster" not in {*accounts, *self.aliases}:
            yield Fault(
                "",
                f"{self.name!r} has no postmaster, which RFC 5321 (section 4.5.1) asks of every mail domain: "
                "add postmaster to its accounts, or to its aliases with a target",
            )
        for index, selector in enumerate(self.dkim.selectors):
            yield from _said(f"dkim.selectors[{index}].name", dkim.record_name, self.name, selector.name)
        yield from _said("spf", records.quote_txt, self.spf)
        yield from _said("dmarc", records.quote_txt, self.dmarc_text)
        yield from _said("tlsRpt", records.quote_txt, self.tls_rpt_text or "")


def _said(key: str, check: Callable[..., object], *arguments: str) -> Iterator[Fault]:
    """Yield what a check of `mail` says, if anything."""
    try:
        check(*arguments)
    except ValueError as error:
        yield Fault(key, str(error))
