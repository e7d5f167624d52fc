"""The checks of the group delivery."""

from verify.catalogue.check import Check

DELIVERY = (
    Check(
        id="login",
        group="delivery",
        title="account's password works",
        means=(
            "Each account logs in over IMAPS with the password that the stack has for it. Where the server "
            "refuses it, the account's owner gets at no mail, and nothing else of the group can be looked at for "
            "its domain."
        ),
        source="RFC 9051 section 6.2.2; RFC 4616",
    ),
    Check(
        id="wrong-password",
        group="delivery",
        title="made-up password is refused",
        means=(
            "A password that was just made up is tried for an existing account, on IMAPS and on the port for "
            "sending. A server that takes it lets anybody read the mail and send in the domain's name."
        ),
        source="RFC 4954 section 6",
    ),
    Check(
        id="submit",
        group="delivery",
        title="users can send",
        means=(
            "An account logs in over TLS whose certificate was verified, and sends a message to itself: on 465, "
            "with TLS from the start, and on 587, with STARTTLS. If it fails, mail clients that use this port "
            "cannot send."
        ),
        source="RFC 6409; RFC 8314 section 3.3",
    ),
    Check(
        id="receive",
        group="delivery",
        title="what was sent arrives",
        means=(
            "The messages that the server accepted are looked for in the account's INBOX and Junk folders over "
            "IMAPS, for ten seconds. A message that was accepted and is nowhere is lost or stuck in a queue, and "
            "so is other mail."
        ),
        source="RFC 5321 section 6.1",
    ),
    Check(
        id="signature",
        group="delivery",
        title="signed with the stack's key",
        means=(
            "The message that arrived is verified against the DKIM key in the stack's state, not against DNS: "
            "what DNS serves is the matter of `published`. Every signature of the domain must verify. If the "
            "server signs with another key, or not at all, the domain's mail fails DKIM everywhere, and with it "
            "mostly DMARC."
        ),
        source="RFC 6376 section 6.1; RFC 8463",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="incoming",
        group="delivery",
        title="server checks what comes in",
        means=(
            "The signed message is brought to port 25 once more, as another server would, and the "
            "Authentication-Results that the server puts on it are read: it must find that DKIM and DMARC pass. A "
            "server that does not look, or cannot ask DNS, lets forged mail through, or loses good mail."
        ),
        source="RFC 8601 section 2; RFC 9989",
        mecsa=("phishing and identity theft",),
    ),
    Check(
        id="clean-up",
        group="delivery",
        title="no test message stays",
        means=(
            "All messages that the checks have sent are deleted from the mailbox, and what earlier runs left that "
            "were broken off more than an hour ago. They are known by their subject, `maddy-stack check` and "
            "sixteen digits. Where a message cannot be deleted, its subject is told, so that a person can."
        ),
        source="RFC 9051 section 6.4.3",
    ),
    Check(
        id="outside",
        group="delivery",
        title="mail to elsewhere",
        means=(
            "With `--send-to ADDRESS` alone: each domain's first account sends a message to that address. A pass "
            "says that the server accepted it and that it did not come back within ten seconds; whether it "
            "arrived, and in which folder, only a look there can tell."
        ),
        source="RFC 5321 section 6.1; RFC 3464",
    ),
)
