"""The checks of the group transport."""

from verify.catalogue.check import Check

TRANSPORT = (
    Check(
        id="port-reachable",
        group="transport",
        title="port takes connections",
        means=(
            "Each published port of the mail server is connected to on each of its addresses, IPv4 and IPv6. On 25 "
            "other servers deliver, on 465 and 587 users send, on 993 and 143 they read. Many networks block outgoing "
            "port 25: from there nothing can be told about it."
        ),
        source="RFC 5321 section 4.5.4.2; RFC 6409 section 3.1; RFC 8314 section 3",
        internet_nl="IPv6",
    ),
    Check(
        id="greeting",
        group="transport",
        title="server greets with its name",
        means=(
            "The server greets within ten seconds in the protocol of the port; on the SMTP ports with the MX host's "
            "name, which some filters compare with its reverse DNS, and it answers EHLO. Maddy's answer to EHLO names "
            "no host, which nobody minds; one that names another host fails. A server that says nothing or something "
            "else gets no mail."
        ),
        source="RFC 5321 sections 4.2 and 4.1.1.1; RFC 9051 section 7.1",
    ),
    Check(
        id="starttls",
        group="transport",
        title="STARTTLS is offered and granted",
        means=(
            "On 25, 587 and 143, which begin in plain text, the server offers STARTTLS and grants it. Where it is not "
            "offered, mail and passwords go in plain text or not at all; somebody in between can strip the offer."
        ),
        source="RFC 3207; RFC 9051 section 6.2.1",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="auth-after-tls",
        group="transport",
        title="login under TLS alone",
        means=(
            "Before TLS no login is offered on 25, 587 and 143, and one with a made-up name and password is refused on "
            "the SMTP ports. Under TLS it is offered on the users' ports. A server that takes passwords in plain text "
            "gives them to anybody on the way; one that offers no login has no users."
        ),
        source="RFC 4954 section 4; RFC 9051 section 6.2.3; RFC 8314",
    ),
    Check(
        id="cert-chain",
        group="transport",
        title="certificate is trusted",
        means=(
            "The certificate on each port leads to an authority that is trusted: one of the system's, the stack's own, "
            "or one given with `--ca`. Its name and time are other checks. Mail clients warn or refuse, and senders "
            "that enforce MTA-STS do not deliver."
        ),
        source="RFC 8314; RFC 8461 section 4.2",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="cert-name",
        group="transport",
        title="certificate has the host's name",
        means=(
            "The certificate on each port has the MX host's name, or a wildcard for it, among its subjectAltNames. "
            "With another name mail clients warn or refuse, and senders that enforce MTA-STS do not deliver."
        ),
        source="RFC 9525 section 6.3; RFC 8461 section 4.2",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="cert-expiry",
        group="transport",
        title="certificate is valid now",
        means=(
            "The certificate on each port, and those above it, are valid now. It warns when less than 14 days are "
            "left, or less than a third of a short life: then the renewal does not work, or the server has not loaded "
            "the new one. Mail clients refuse an expired one, and so do senders that enforce MTA-STS."
        ),
        source="RFC 5280 section 4.1.2.5; RFC 8461 section 4.2",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="tls-old",
        group="transport",
        title="TLS 1.0 and 1.1 are refused",
        means=(
            "A client that offers TLS 1.0 or 1.1 alone gets no connection. The old versions have known weaknesses, and "
            "nothing that is still kept up needs them."
        ),
        source="RFC 8996; NCSC-NL, TLS guidelines",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="tls-new",
        group="transport",
        title="TLS 1.2 and 1.3 are offered",
        means=(
            "The server takes TLS 1.3, which is best, and TLS 1.2, which some servers still need. It warns where one "
            "is missing. Where there is neither, mail comes in plain text or not at all."
        ),
        source="RFC 9325 section 3.1.1; NCSC-NL, TLS guidelines",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="ciphers",
        group="transport",
        title="weak cipher suites are refused",
        means=(
            "With TLS 1.2, a client that has weak suites alone gets no connection: without forward secrecy, CBC, 3DES, "
            "RC4, without encryption or without authentication. What this machine's OpenSSL cannot offer is said in "
            "the row. Weak suites let what is recorded today be read later."
        ),
        source="RFC 9325 section 4; NCSC-NL, TLS guidelines",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
    Check(
        id="open-relay",
        group="transport",
        title="no mail for others",
        means=(
            "On port 25 of each address recipients are named that are none of the stack's: one elsewhere, also from a "
            "made-up sender of the domain, and one elsewhere by way of the domain (`user%elsewhere@DOMAIN`). All must "
            "be refused; no message is ever sent. An open relay is found by spammers within hours, and then on block "
            "lists."
        ),
        source="RFC 2505 section 2.1",
    ),
    Check(
        id="postmaster",
        group="transport",
        title="postmaster takes mail",
        means=(
            "Port 25 takes the recipient postmaster of every mail domain, from the empty sender that bounces have; no "
            "message is ever sent. Others report faults and abuse there, and a server that refuses it, or the empty "
            "sender, ends up on lists of badly kept ones."
        ),
        source="RFC 5321 section 4.5.1",
    ),
    Check(
        id="cert-key",
        group="transport",
        title="certificate's key is strong",
        means=(
            "The key of the certificate is ECDSA P-256 or larger, or RSA of 3072 bits or more. RSA of 2048 bits works "
            "everywhere, and warns since the guidelines phase it out; a shorter one can be broken."
        ),
        source="NCSC-NL, TLS guidelines",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
)
