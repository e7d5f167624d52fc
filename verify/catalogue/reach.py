"""The checks of the group reach."""

from verify.catalogue.check import Check

REACH = (
    Check(
        id="block-list",
        group="reach",
        title="on no block list",
        means=(
            "The mail server's public addresses are looked up in common DNS block lists. Many receivers refuse "
            "mail from a listed address, or file it as junk; new addresses at hosting providers are often listed "
            "for what somebody sent before. A list that refuses the resolver, or does not have its own test "
            "entry, says nothing, and the check reads unknown."
        ),
        source="RFC 5782",
    ),
    Check(
        id="outbound-25",
        group="reach",
        title="outgoing port 25",
        means=(
            "A connection to a large receiver's port 25 is tried, on the mail server's own host alone: from "
            "elsewhere it says nothing about that host. Many providers block it for new customers; then no mail "
            "leaves, and the queue grows until it bounces."
        ),
        source="RFC 5321 section 4.5.4.1",
    ),
)
