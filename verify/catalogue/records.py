"""The checks of what DNS answers."""

from verify.catalogue.check import Check

RECORDS = (
    Check(
        id="dns-servers",
        group="records",
        title="name servers answer",
        means=(
            "Each address of each authoritative server of the zone is asked for the zone's SOA record, and must "
            "answer it with authority. A server that is silent, or does not know the zone, makes a part of all "
            "look-ups slow or fail, and mail with them. Servers with different serials have different records for "
            "a while."
        ),
        source="RFC 2182; RFC 1035 section 4.1.1",
    ),
    Check(
        id="published",
        group="records",
        title="record as declared",
        means=(
            "Every authoritative server of the zone is asked for every record that the stack declares. A record "
            "that is missing or different means that other servers act on something else than what was reviewed."
        ),
        source="RFC 1034",
    ),
    Check(
        id="resolver",
        group="records",
        title="resolver is up to date",
        means=(
            "The recursive resolver is asked for every declared record, and its answers are compared with those "
            "of the authoritative servers. Where they differ, it still has an old answer: others on the Internet "
            "may have it as well, until its time to live is over."
        ),
        source="RFC 1034 section 4.3.1; RFC 2308",
    ),
    Check(
        id="ttl",
        group="records",
        title="times to live",
        means=(
            "The time for which others may keep a record is as declared, and neither so long that a change takes "
            "days to arrive nor so short that the servers are asked all the time. Mail works either way."
        ),
        source="RFC 1035 section 3.2.1; RFC 2181 section 8",
    ),
    Check(
        id="mx-single",
        group="records",
        title="no other MX",
        means=(
            "The domain has no MX record beyond the declared one. Other servers choose by preference, and use "
            "every one sooner or later: mail that goes to a server that does not know the domain is lost or sent "
            "back."
        ),
        source="RFC 5321 section 5.1",
    ),
    Check(
        id="spf-single",
        group="records",
        title="one SPF record",
        means=(
            "A name has exactly one SPF record. With two, receivers find a permanent error, as if nobody were "
            "authorised, and mail is marked as spam or refused."
        ),
        source="RFC 7208 section 4.5",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="dmarc-single",
        group="records",
        title="one DMARC record",
        means=(
            "There is exactly one DMARC record at _dmarc. With two, receivers act on neither: nobody holds up "
            "forged mail, and no reports arrive."
        ),
        source="RFC 9989",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="mta-sts-single",
        group="records",
        title="one MTA-STS record",
        means=(
            "There is exactly one MTA-STS record at _mta-sts, and none where the stack has no policy. With two, "
            "senders take it that the domain has no policy, and deliver over any connection, also to an impostor; "
            "with one of somebody else, they may hold mail back."
        ),
        source="RFC 8461 section 3.1",
        mecsa=("confidential delivery",),
    ),
    Check(
        id="tls-rpt-single",
        group="records",
        title="one TLS-RPT record",
        means=(
            "There is exactly one TLS-RPT record at _smtp._tls. With two, senders do not send reports, and "
            "failing connections go unnoticed."
        ),
        source="RFC 8460 section 3",
    ),
    Check(
        id="dkim-single",
        group="records",
        title="one key a selector",
        means=(
            "Each selector has exactly one TXT record. With two, receivers take either, and signatures verify at "
            "some and fail at others."
        ),
        source="RFC 6376 section 3.6.2.2",
        mecsa=("integrity",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="address-single",
        group="records",
        title="no other address",
        means=(
            "The mail host and the policy host have no A or AAAA record beyond the declared ones. Other servers "
            "use all addresses in turn: a part of all connections goes to a machine that is not the stack's."
        ),
        source="RFC 5321 section 5.1",
    ),
    Check(
        id="mx-target",
        group="records",
        title="MX leads to a host",
        means=(
            "Every host that the domain's MX records name has an address of its own. An alias (CNAME), an IP "
            "address in place of a name, or a host without an address makes some or all servers give up, so that "
            "mail does not arrive."
        ),
        source="RFC 2181 section 10.3; RFC 5321 section 5.1; RFC 7505",
    ),
    Check(
        id="spf-syntax",
        group="records",
        title="SPF can be read",
        means=(
            "The SPF record as served, and all that it includes, can be read by receivers and does not let "
            "everybody send. One error makes the whole record void (permerror), so that the domain's own mail is "
            "treated as forged."
        ),
        source="RFC 7208 sections 4.6 and 5.2",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="spf-lookups",
        group="records",
        title="SPF look-ups",
        means=(
            "Evaluating the SPF record, with all that it includes, takes at most ten look-ups in DNS. Receivers "
            "stop at the eleventh with a permanent error, and the domain's own mail is treated as forged."
        ),
        source="RFC 7208 section 4.6.4",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="spf-void",
        group="records",
        title="SPF look-ups without answer",
        means=(
            "At most two of the look-ups that the SPF record needs find nothing. Receivers stop at the third with "
            "a permanent error, and the domain's own mail is treated as forged."
        ),
        source="RFC 7208 section 4.6.4",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="spf-server",
        group="records",
        title="SPF passes the server",
        means=(
            "The SPF record is evaluated for each address of the mail host, as a receiver does it with mail from "
            "postmaster of the domain. Anything but pass means that the domain's own mail counts as sent by a "
            "stranger."
        ),
        source="RFC 7208 section 4",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="dmarc-record",
        group="records",
        title="DMARC can be read",
        means=(
            "The DMARC record as served is found at the domain itself, the first step of a receiver's tree walk, "
            "and follows the standard; tags that receivers do not know are lost in silence. Without a record that "
            "can be read, nobody holds up forged mail."
        ),
        source="RFC 9989 sections 4.7 and 4.10",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="dmarc-policy",
        group="records",
        title="DMARC holds up forgeries",
        means=(
            "The policy asks receivers to quarantine or reject mail that fails. With p=none, or while t=y says "
            "that it is on trial, forged mail in the domain's name is delivered."
        ),
        source="RFC 9989 section 4.7",
        mecsa=("phishing and identity theft",),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="dmarc-reports",
        group="records",
        title="DMARC reports arrive",
        means=(
            "Who gets the reports agreed to it: a host outside the domain must say so in a record of its own, and "
            "must be able to receive mail. Otherwise receivers send no reports, and forgeries or faults of the "
            "own servers go unnoticed."
        ),
        source="RFC 9990",
    ),
    Check(
        id="dkim-key",
        group="records",
        title="DKIM key is good",
        means=(
            "The key that each selector serves can be read and is strong enough: RSA of at least 2048 bits or "
            "Ed25519, not withdrawn, and not marked as a test. With a key that receivers do not take, signed mail "
            "counts as unsigned."
        ),
        source="RFC 6376 section 3.6.1; RFC 8301; RFC 8463",
        mecsa=(
            "phishing and identity theft",
            "integrity",
        ),
        internet_nl="DMARC, DKIM and SPF",
    ),
    Check(
        id="mta-sts-record",
        group="records",
        title="MTA-STS record can be read",
        means=(
            "The record at _mta-sts is `v=STSv1` with one id of letters and digits. If senders cannot read it, "
            "they look at no policy, and deliver over any connection, also to an impostor."
        ),
        source="RFC 8461 section 3.1",
        mecsa=("confidential delivery",),
    ),
    Check(
        id="tls-rpt-record",
        group="records",
        title="TLS-RPT record can be read",
        means=(
            "The record at _smtp._tls is `v=TLSRPTv1` with one rua of mailto: or https: addresses. If senders "
            "cannot read it, they send no reports about connections that fail."
        ),
        source="RFC 8460 section 3",
    ),
    Check(
        id="ptr",
        group="records",
        title="reverse name",
        means=(
            "The address of the mail host has a PTR record, and it names the mail host. It is set at the hosting "
            "provider, not in the zone. Large receivers refuse mail from addresses without a name, or with a "
            "provider's standard name."
        ),
        source="RFC 1912 section 2.1; Google's and Yahoo's requirements for senders",
    ),
    Check(
        id="ptr-forward",
        group="records",
        title="reverse name leads back",
        means=(
            "Each name that the address has leads back to the address. Anybody can write any name into the PTR "
            "record of an address of theirs; receivers believe only a name that is confirmed in this way."
        ),
        source="RFC 8601 section 2.7.3 (iprev)",
    ),
    Check(
        id="caa",
        group="records",
        title="authority may sign",
        means=(
            "The CAA records that count for a host allow the authority that signed the certificate in use; no "
            "such record allows everybody. Otherwise the next renewal is refused, and once the certificate has "
            "expired, servers and clients turn away."
        ),
        source="RFC 8659 section 3",
    ),
    Check(
        id="dnssec",
        group="records",
        title="zones are signed",
        means=(
            "The zones of the domain and of the mail host are validated here from the root down, the resolver not "
            "being trusted. Unsigned, whoever can forge DNS answers can divert mail. Signed wrongly, careful "
            "resolvers answer nothing at all, and mail from there does not arrive."
        ),
        source="RFC 4035 section 5",
        mecsa=("confidential delivery",),
        internet_nl="DNSSEC",
    ),
    Check(
        id="tlsa",
        group="records",
        title="DANE matches",
        means=(
            "If the mail host has TLSA records, one of them is of the certificate that port 25 shows, and the "
            "zone is signed. Servers that use DANE hold back mail where none of them is."
        ),
        source="RFC 7672 section 3; RFC 6698 section 2.1",
        mecsa=("confidential delivery",),
        internet_nl="STARTTLS and DANE",
    ),
)
