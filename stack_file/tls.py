"""`tls`: where the certificate of the MX host and the policy hosts comes from."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from stack_file.model import Fault, Model, raise_all


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


def _readable(value: str) -> str:
    _pem(value)
    return value


def _readable_secret(value: SecretStr) -> SecretStr:
    _pem(value.get_secret_value())
    return value


class TlsFiles(Model):
    """The certificate chain and key, each as the path of a PEM file or as PEM text (the key: a secret)."""

    certificate: Annotated[
        str, AfterValidator(_readable), Field(description="the certificate and its issuers (fullchain.pem)")
    ]
    private_key: Annotated[
        SecretStr, AfterValidator(_readable_secret), Field(description="the certificate's key (privkey.pem)")
    ]


class Tls(Model):
    """Where the certificate of the MX host and the policy hosts comes from."""

    source: Annotated[Literal["files", "self-signed"], Field(description="files or self-signed")]
    files: TlsFiles | None = None

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
