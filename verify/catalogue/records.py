"""The checks of what DNS answers."""

from verify.catalogue.check import Check

RECORDS = (
    Check(
        id="published",
        group="records",
        title="record as declared",
        means=(
            "Every authoritative server of the zone is asked for every record that the stack declares. A record that "
            "is missing or different means that other servers act on something else than what was reviewed."
        ),
        source="RFC 1034",
    ),
)
