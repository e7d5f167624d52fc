"""`tls`: where the certificate of the MX host and the policy hosts comes from."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, model_validator

from stack_file.model import Fault, Kind, Model, raise_all

FILES_ELSEWHERE = {"files": "elsewhere"}
"""The context of a validation on a machine that does not have the certificate's files: they are not looked at."""


def are_elsewhere(info: ValidationInfo) -> bool:
    """Tell whether a validation is in the context `FILES_ELSEWHERE`."""
    return info.context is FILES_ELSEWHERE


def _pem(value: str) -> str:
    """Return PEM text: the value itself, or the content of the file whose path it is."""
    if "-----BEGIN" in value:
        return value
    try:
        return Path(value).expanduser().read_text(encoding="ascii")
    except (OSError, ValueError, RuntimeError) as error:
        reason = (error.strerror or "").lower() if isinstance(error, OSError) else "no text file"
        raise ValueError(
            f"is no PEM text, and as a path it is not readable ({reason}): give the path of a PEM file, or its text"
        ) from None


def _readable(value: str, info: ValidationInfo) -> str:
    if not are_elsewhere(info):
        _pem(value)
    return value


def _readable_secret(value: SecretStr, info: ValidationInfo) -> SecretStr:
    _readable(value.get_secret_value(), info)
    return value


class TlsFiles(Model):
    """A certificate that is brought along.

    Paths start from the project's folder. Checked before anything changes: both parse, the key is the certificate's and
    has no passphrase, each certificate is issued by the next, none has expired, and all the names are covered.
    """

    certificate: Annotated[
        str,
        Kind("path or PEM text"),
        AfterValidator(_readable),
        Field(description="the certificate and its issuers (fullchain.pem)", examples=["certs/fullchain.pem"]),
    ]
    private_key: Annotated[
        SecretStr,
        Kind("path, or PEM text as a secret"),
        AfterValidator(_readable_secret),
        Field(description="the certificate's key (privkey.pem)", examples=["certs/privkey.pem"]),
    ]


class Tls(Model):
    """Where the certificate of the MX host and the policy hosts comes from."""

    source: Annotated[Literal["files", "self-signed"], Field(description="files or self-signed", examples=["files"])]
    files: TlsFiles | None = Field(default=None, description="required with `source: files`, and only then")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.source == "files" and self.files is None:
            raise_all(
                [Fault("files", "is missing: set files.certificate and files.privateKey, or source to self-signed")]
            )
        if self.source != "files" and self.files is not None:
            raise_all([Fault("files", f"is not used with source {self.source}: delete it, or set source to files")])
        return self


def tls_files(files: TlsFiles) -> tuple[str, str]:
    """Return the certificate chain and the private key as PEM text, read from their files where paths are given.

    Raises:
        ValueError: when a file cannot be read.
    """
    return _pem(files.certificate), _pem(files.private_key.get_secret_value())
