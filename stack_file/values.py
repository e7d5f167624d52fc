"""The kinds of values in a stack file, each with what is wrong with a bad one in words that name the mend."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, SecretStr
from pydantic_core import core_schema

from mail import certificates, maddy_conf, names, report_uri
from stack_file.model import Kind

Address = IPv4Address | IPv6Address

_LONGEST_PREFIX = "_submissions._tcp."
_DOCUMENTATION = tuple(IPv4Network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")) + tuple(
    IPv6Network(net) for net in ("2001:db8::/32", "3fff::/20")
)


def as_list(value: Any) -> Any:
    """Take one value for a list of one."""
    return value if isinstance(value, list) or value is None else [value]


def named(value: Any) -> Any:
    """Take a text for a map with nothing but that name."""
    if isinstance(value, int | float):
        raise ValueError("must be text: put it in quotes")  # noqa: TRY004 - pydantic reports ValueErrors only
    return {"name": value} if isinstance(value, str) else value


@dataclass(frozen=True)
class Between:
    """Accepts numbers from `low` to `high` only; for `Annotated`."""

    low: float
    high: float
    unit: str = ""

    @property
    def words(self) -> str:
        """The range, as docs/configuration.md says it."""
        return f"{self.unit}{self.unit and ', '}{self.low:g} to {self.high:.0f}"

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def _checked(self, value: float) -> float:
        if not self.low <= value <= self.high:
            raise ValueError(f"is out of range: use {self.low:g} to {self.high:.0f}{self.unit and ' '}{self.unit}")
        return value


def _domain_name(text: str) -> str:
    name = names.to_ascii(text)
    if len(_LONGEST_PREFIX + name) > names.LONGEST_NAME:
        raise ValueError(
            f"is too long for a mail domain, since {_LONGEST_PREFIX}DOMAIN is a name as well: "
            f"use at most {names.LONGEST_NAME - len(_LONGEST_PREFIX)} characters"
        )
    return name


def _mailbox_name(text: str) -> str:
    name = names.check_local_part(text)
    if "+" in name:
        raise ValueError("has a + in it, and mail to NAME+ANYTHING goes to NAME: leave it out")
    if name[0] in "-#":
        raise ValueError(f"begins with {name[0]}, which Maddy reads as an option or a comment: leave that out")
    return name


def _alias_target(text: str) -> str:
    return names.address(*names.parse_address(text)) if "@" in text else names.check_local_part(text)


def _parsed(value: Any, family: type[IPv4Address] | type[IPv6Address] | None) -> Any:
    """Return a text as an address of the family, or of either."""
    if not isinstance(value, str):
        return value
    kind = {IPv4Address: "IPv4 ", IPv6Address: "IPv6 "}.get(family, "") if family else ""
    example = "2001:db8::25" if family is IPv6Address else "198.51.100.25"
    try:
        address = ip_address(value)
    except ValueError:
        raise ValueError(f"is no {kind}address: write it like {example}") from None
    if family and not isinstance(address, family):
        other = f"IPv{address.version}"
        raise ValueError(f"is an {other} address: put it under {other.lower()}, and an {kind}address here")
    return address


def _address(family: type[IPv4Address] | type[IPv6Address] | None = None) -> BeforeValidator:
    return BeforeValidator(lambda value: _parsed(value, family))


def _public(address: Address) -> Address:
    if any(address in network for network in _DOCUMENTATION):
        return address
    for kind in ("unspecified", "loopback", "multicast"):
        if getattr(address, f"is_{kind}"):
            raise ValueError(f"is an address of the kind {kind}: give the one at which others reach the server")
    if not address.is_global:
        raise ValueError("cannot be reached from the Internet: give the public address; behind NAT, the router's")
    return address


def _image(image: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._/:-]*?(:[A-Za-z0-9_][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?", image):
        raise ValueError("is no image name: write REPOSITORY:TAG, such as foxcpp/maddy:0.8.2")
    tag = image.split("@")[0].rsplit("/", 1)[-1].partition(":")[2]
    if "@" not in image and tag in ("", "latest"):
        raise ValueError("names no exact version: give it a tag other than latest, or a digest")
    return image


def _matching(pattern: str, fault: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(fault)
        return value

    return AfterValidator(check)


def _secret(check: Callable[[str], object]) -> AfterValidator:
    """Check a secret; what `check` says must not hold it."""

    def checked(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return AfterValidator(checked)


def _password(text: str) -> None:
    if len(text) < 8:
        raise ValueError("is too short: use 8 characters or more, or leave it out to have one generated")
    if len(text.encode()) > 72:
        raise ValueError("is longer than the 72 bytes that bcrypt reads: shorten it")
    if any(ord(char) < 32 for char in text) or text != text.strip():
        raise ValueError("has a control character, or a space at an end: remove it")


def _token(text: str) -> None:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError(
            "is empty, or has a space or another character that no token has: give the API token alone, "
            "as Cloudflare showed it"
        )


def _ca(pem: str) -> str:
    certificates.parse(pem)
    return pem


HostName = Annotated[str, Kind("name"), AfterValidator(names.to_ascii)]
DomainName = Annotated[str, Kind("name"), AfterValidator(_domain_name)]
MailboxName = Annotated[str, AfterValidator(_mailbox_name)]
AliasTarget = Annotated[str, AfterValidator(_alias_target)]
ReportUri = Annotated[str, Kind("URI"), AfterValidator(report_uri.check)]
Ipv4 = Annotated[IPv4Address, Kind("IPv4 address"), _address(IPv4Address)]
Ipv6 = Annotated[IPv6Address, Kind("IPv6 address"), _address(IPv6Address)]
PublicIpv4 = Annotated[IPv4Address, Kind("IPv4 address"), _address(IPv4Address), AfterValidator(_public)]
PublicIpv6 = Annotated[IPv6Address, Kind("IPv6 address"), _address(IPv6Address), AfterValidator(_public)]
AnyAddress = Annotated[Address, Kind("address"), _address()]
SomeAddresses = Annotated[list[AnyAddress], BeforeValidator(as_list), Field(min_length=1)]
Port = Annotated[int, Between(1, 65535)]
Cpus = Annotated[float, Between(0.05, 512, "cores")]
Image = Annotated[str, Kind("image"), AfterValidator(_image)]
ZoneId = Annotated[
    str,
    Kind("32 hex digits"),
    _matching(r"[0-9a-f]{32}", "is no zone id: copy the 32 hexadecimal digits that the zone's overview shows"),
]
MessageSize = Annotated[
    str,
    Kind("number and K, M or G"),
    _matching(r"[1-9]\d{0,5}[KMG]", "is no message size: write a number followed by K, M or G, such as 32M"),
]
DockerHost = Annotated[
    str,
    Kind("URL"),
    _matching(
        r"(ssh|tcp|unix|npipe)://\S+",
        "is no Docker host: write ssh://user@host, tcp://host:port or unix:///path",
    ),
]
HttpUrl = Annotated[
    str,
    Kind("URL"),
    _matching(r"https?://[^\s/]+(/\S*)?", "is no URL: write it like https://api.cloudflare.com/client/v4"),
]
CaPem = Annotated[str, Kind("PEM text"), AfterValidator(_ca)]
Password = Annotated[SecretStr, Kind("secret, 8 characters to 72 bytes"), _secret(_password)]
RelayPassword = Annotated[SecretStr, _secret(maddy_conf.quoted)]
RelayUser = Annotated[str, AfterValidator(lambda text: (maddy_conf.quoted(text), text)[1])]
Token = Annotated[SecretStr, _secret(_token)]
