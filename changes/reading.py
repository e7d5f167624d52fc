"""A version of a stack file as settings, without the passphrase: what is encrypted has a seal in its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

import settings as stack_settings
from changes import stack_yaml
from changes.option import SEAL
from settings import Settings, SettingsError
from stack_file.model import path_of

_WITH = ("secretsprovider", "encryptedkey", "encryptionsalt")
_CAN_BE_SEALED = {"apiToken", "password", "privateKey", "certificate", "user"}


@dataclass(frozen=True, kw_only=True)
class Version:
    """A stack file at one time.

    Attributes:
        settings: as the program reads them, but for what is encrypted: there, a seal stands, which is the same in two
            versions exactly where the encrypted text is.
        sealed_with: what the secrets are encrypted with.
        text: of the file.
        project: the name in Pulumi.yaml.
    """

    settings: Settings
    sealed_with: tuple[str, ...]
    text: str
    project: str

    def with_one_seal(self) -> Version:
        """Return the same with one seal for all secrets, for a comparison in which no seal tells anything."""
        return read(self.text, self.project, one_seal=True)


def read(text: str, project: str, *, one_seal: bool = False) -> Version:
    """Read the text of a stack file.

    Args:
        text: of the file.
        project: the name in Pulumi.yaml.
        one_seal: whether all that is encrypted has the same seal.

    Raises:
        SettingsError: with all that is wrong, as `pulumi up` says it.
    """
    try:
        written = stack_yaml.parse(text)
    except ValueError as error:
        raise SettingsError(f"the stack file cannot be read: {error}") from None
    config = written.get("config") if isinstance(written, Mapping) else None
    if not isinstance(config, Mapping):
        raise SettingsError("the stack file cannot be read: it has no map `config`")
    own = {key: _sealed_once(value) if one_seal else value for key, value in _own(config, project)}
    sealed = {steps: seal for key, value in own.items() for steps, seal in _sealed(value, key)}
    wrong = [
        f"  {path_of(*steps)}: is encrypted, and it is no secret: a change of it cannot be told without the "
        f"passphrase; set it anew with `pulumi config set --plaintext --path '{path_of(*steps)}'`"
        for steps in sealed
        if steps[-1] not in _CAN_BE_SEALED and steps != ("cloudflare",)
    ]
    if wrong:
        raise SettingsError("\n".join(["the stack's settings have errors:", *wrong]))
    plain = {key: _opened(value, key) for key, value in own.items()}
    found = stack_settings.load(
        {key: value if isinstance(value, str) else json.dumps(value, default=str) for key, value in plain.items()},
        {str(steps[0]) for steps in sealed},
        files_are_here=False,
    )
    return Version(
        settings=_with_keys(found, sealed),
        sealed_with=tuple(str(written.get(key, "")) for key in _WITH),
        text=text,
        project=project,
    )


def _own(config: Mapping[Any, Any], project: str) -> Iterator[tuple[str, Any]]:
    """Yield the project's own keys; one without a namespace is the project's too."""
    for key, value in config.items():
        namespace, _, name = str(key).rpartition(":")
        if namespace in {"", project}:
            yield name, value


def _is_sealed(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _sealed(value: Any, *steps: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where something is encrypted, and its seal."""
    if _is_sealed(value):
        yield steps, _seal(value)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _sealed(inner, *steps, str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _sealed(inner, *steps, index)


def _sealed_once(value: Any) -> Any:
    """Return a value in which all that is encrypted looks the same."""
    if _is_sealed(value):
        return {"secure": ""}
    if isinstance(value, Mapping):
        return {key: _sealed_once(inner) for key, inner in value.items()}
    return [_sealed_once(inner) for inner in value] if isinstance(value, list) else value


def _seal(value: Mapping[str, Any]) -> str:
    return f"{SEAL}{hashlib.sha256(str(value['secure']).encode()).hexdigest()[:32]}"


def _opened(value: Any, *steps: str | int) -> Any:
    """Return a value with seals in place of what is encrypted; a DKIM key, which no seal looks like, is left out."""
    if _is_sealed(value):
        return {"apiToken": _seal(value)} if steps == ("cloudflare",) else _seal(value)
    if isinstance(value, Mapping):
        return {
            key: _opened(inner, *steps, str(key))
            for key, inner in value.items()
            if not (_is_sealed(inner) and key == "privateKey" and "selectors" in steps)
        }
    if isinstance(value, list):
        return [_opened(inner, *steps, index) for index, inner in enumerate(value)]
    return value


def _with_keys(found: Settings, sealed: Mapping[tuple[str | int, ...], str]) -> Settings:
    """Put the seals of DKIM keys to their selectors."""
    domains = list(found.domains)
    for place, domain in enumerate(domains):
        selectors = [
            selector.model_copy(update={"private_key": SecretStr(seal)}) if seal else selector
            for index, selector in enumerate(domain.dkim.selectors)
            for seal in [sealed.get(("domains", place, "dkim", "selectors", index, "privateKey"))]
        ]
        dkim = domain.dkim.model_copy(update={"selectors": selectors})
        domains[place] = domain.model_copy(update={"dkim": dkim})
    return found.model_copy(update={"domains": domains})
