"""`domains`: each mail domain's keys, policies, accounts and aliases."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from mail import dkim, dmarc, mta_sts, records, spf, tls_rpt
from stack_file.model import Fault, Kind, Model, raise_all
from stack_file.values import AliasTarget, DomainName, MailboxName, Password, ReportUri, ZoneId, as_list, named

Uris = Annotated[list[ReportUri], BeforeValidator(as_list)]
Spf = Annotated[str, Kind("SPF record"), AfterValidator(spf.check)]


class Selector(Model):
    """A name alone, or a map. A selector is one key for ever: another key takes another selector."""

    name: Annotated[
        str,
        Kind("letters, digits, inner hyphens"),
        AfterValidator(dkim.check_selector),
        Field(description="the selector, such as s2026"),
    ]
    algorithm: dkim.Algorithm = Field(
        default=dkim.DEFAULT_ALGORITHM, description="what kind of key; cannot be changed later", examples=["ed25519"]
    )
    private_key: Annotated[SecretStr, Kind("PEM text as a secret")] | None = Field(
        default=None, description="an existing key to adopt, of that `algorithm`; one is made unless set"
    )

    @field_validator("private_key")
    @classmethod
    def _fits(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None:
            found, declared = dkim.algorithm_of(value.get_secret_value()), info.data.get("algorithm")
            if declared is not None and found != declared:
                raise ValueError(f"is a key of algorithm {found}, not {declared}: set algorithm to {found}")
        return value


class Dkim(Model):
    """The keys that outgoing mail is signed with."""

    selectors: Annotated[
        list[Annotated[Selector, BeforeValidator(named)]], Kind("list of names or maps"), Field(min_length=1)
    ] = Field(
        default_factory=lambda: [Selector(name=dkim.DEFAULT_SELECTOR)],
        description="the keys, each with a record of its own",
        examples=[["s2026", {"name": "e2026", "algorithm": "ed25519"}]],
    )
    signing: Annotated[list[str], Field(min_length=1)] | None = Field(
        default=None, description="which of them sign; all unless set", examples=[["s2026"]]
    )

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
    """The domain's DMARC policy (RFC 9989).

    An address that reports go to, in one of the stack's domains, must be an account or alias there, or `NAME+ANYTHING`
    of one. Another domain has to agree to reports on this one: where it is in the stack, the record for that is
    published as well.
    """

    policy: dmarc.Policy = Field(
        default="quarantine", description="what receivers do with forged mail (`p`)", examples=["reject"]
    )
    subdomain_policy: dmarc.Policy | None = Field(
        default=None, description="for subdomains (`sp`); as `policy` unless set", examples=["reject"]
    )
    nonexistent_policy: dmarc.Policy | None = Field(
        default=None,
        description="for subdomains that do not exist (`np`); as `subdomainPolicy` unless set",
        examples=["reject"],
    )
    dkim_alignment: dmarc.Alignment | None = Field(
        default=None, description="relaxed or strict (`adkim`); relaxed unless set", examples=["s"]
    )
    spf_alignment: dmarc.Alignment | None = Field(
        default=None, description="relaxed or strict (`aspf`); relaxed unless set", examples=["s"]
    )
    testing: bool = Field(default=False, description="asks for the policy one step milder (`t=y`)", examples=[True])
    rua: Uris | None = Field(
        default=None,
        description="where reports go; `mailto:postmaster@DOMAIN` unless set, `[]` for none",
        examples=["mailto:dmarc@example.com"],
    )
    ruf: Uris = Field(
        default_factory=list,
        description="where reports on single failures go",
        examples=["mailto:dmarc@example.com"],
    )


class MtaSts(Model):
    """The domain's MTA-STS policy (RFC 8461)."""

    enabled: bool = Field(
        default=True,
        description="`false` leaves out policy and records; where a policy was published, first have `mode: none` for "
        "as long as its `maxAge`",
        examples=[False],
    )
    mode: mta_sts.Mode = Field(
        default=mta_sts.DEFAULT_MODE, description="what senders do when TLS fails", examples=["enforce"]
    )
    max_age: Annotated[int, Kind(f"seconds, 0 to {mta_sts.LONGEST_MAX_AGE}"), AfterValidator(mta_sts.check_max_age)] = (
        Field(
            default=mta_sts.DEFAULT_MAX_AGE,
            description="how long senders remember it, in seconds",
            examples=[2592000],
        )
    )


class TlsRpt(Model):
    """Reports on failed TLS (RFC 8460)."""

    enabled: bool = Field(default=True, description="whether reports are asked for", examples=[False])
    rua: Annotated[Uris, Field(min_length=1)] | None = Field(
        default=None,
        description="where they go, as in `dmarc`; `mailto:postmaster@DOMAIN` unless set",
        examples=["https://tls.example.com/report"],
    )


class Account(Model):
    """A name alone, or a map: a mailbox with a login."""

    name: Annotated[MailboxName, Field(description="what stands before the @", examples=["anna"])]
    password: Password | None = Field(
        default=None,
        description="its password, generated once unless set; in the output `account_passwords` either way",
    )
    delete_mailbox: bool = Field(
        default=False,
        description="whether the mail goes when the account is removed; set it in an update before",
        examples=[True],
    )


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
    zone_id: ZoneId | None = Field(
        default=None,
        description="Cloudflare's zone; looked up by `name` unless set",
        examples=["023e105f4ecef8ad9ca31a8372d0c353"],
    )
    accounts: Annotated[list[Annotated[Account, BeforeValidator(named)]], Kind("list of names or maps")] = Field(
        default_factory=list, description="mailboxes with a login", examples=[["mail", "postmaster"]]
    )
    aliases: Annotated[
        dict[MailboxName, Annotated[list[AliasTarget], BeforeValidator(as_list), Field(min_length=1)]],
        BeforeValidator(_no_alias_twice),
    ] = Field(
        default_factory=dict,
        description="name to names in this domain, or addresses anywhere",
        examples=[{"info": "mail", "team": ["mail", "anna@example.net"]}],
    )
    apex: bool = Field(
        default=True,
        description="whether the domain's own A and AAAA point to the server; `false` where the domain has a web site",
        examples=[False],
    )
    dkim: Dkim = Field(default=Dkim(), description="keys for signing; one unless set")
    spf: Spf = Field(
        default=spf.DOMAIN_DEFAULT,
        description="published as it is",
        examples=["v=spf1 mx include:_spf.provider.example ~all"],
    )
    dmarc: Dmarc = Field(default=Dmarc(), description="DMARC policy (RFC 9989)")
    mta_sts: MtaSts = Field(default=MtaSts(), description="MTA-STS policy (RFC 8461)")
    tls_rpt: TlsRpt = Field(default=TlsRpt(), description="reports on failed TLS (RFC 8460)")

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
