"""All that differs between two versions of a stack."""

from __future__ import annotations

from collections.abc import Iterator

from changes import addresses, domains, policy_site, server
from changes.change import Change
from changes.reading import Version

_ENCRYPTION = Change(
    area="Stack",
    subject="Encryption of the secrets",
    meaning="All secrets are encrypted anew: whether passwords, keys or tokens have other values as well cannot be "
    "seen.",
    token="secrets encrypted anew",  # noqa: S106 - no secret
)


def compare(before: Version | None, after: Version | None) -> list[Change]:
    """Return what differs, in the order in which it is told; None for a stack that is not there."""
    return list(_changes(before, after))


def _changes(before: Version | None, after: Version | None) -> Iterator[Change]:
    if before and after:
        if before.sealed_with != after.sealed_with:
            yield _ENCRYPTION
            before, after = before.with_one_seal(), after.with_one_seal()
        for of in (domains, addresses, server, policy_site):
            yield from of.changes(before.settings, after.settings)
    elif after:
        yield Change(
            area="Stack",
            subject="Stack",
            after=", ".join(domain.name for domain in after.settings.domains),
            kind="added",
            meaning="A new stack: mail to its domains comes to its server as soon as its records are known. Where "
            "they have mail or records elsewhere, run preflight first.",
            token="stack added",  # noqa: S106 - no secret
        )
    elif before:
        yield Change(
            area="Stack",
            subject="Stack",
            before=", ".join(domain.name for domain in before.settings.domains),
            kind="removed",
            meaning="Its stack file is gone, and what is up stays up, changed by nobody: destroy it with the file "
            "that was, or bring that back.",
        )
