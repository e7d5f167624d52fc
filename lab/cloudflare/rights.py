"""What an API token may do."""

from collections.abc import Collection
from dataclasses import dataclass

READ_ZONE = "#zone:read"
READ_RECORDS = "#dns_records:read"
EDIT_RECORDS = "#dns_records:edit"


@dataclass(frozen=True, kw_only=True)
class Rights:
    """The permissions of a token, by default all.

    Attributes:
        permissions: as a zone lists them.
        zones: names of the zones that they are for; None for all.
        status: `active`, `disabled` or `expired`; a token that is not active opens nothing.
        are_told: whether a zone lists them.
    """

    permissions: Collection[str] = (EDIT_RECORDS, READ_RECORDS, READ_ZONE)
    zones: Collection[str] | None = None
    status: str = "active"
    are_told: bool = True

    def allow(self, permission: str, zone: str) -> bool:
        """Whether the token may do this in that zone."""
        return permission in self.permissions and (self.zones is None or zone in self.zones)

    @property
    def shown(self) -> list[str]:
        """What a zone lists."""
        return sorted(self.permissions) if self.are_told else []
