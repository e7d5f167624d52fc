"""The checks of the group policy."""

from verify.catalogue.check import Check

POLICY = (
    Check(
        id="policy-reachable",
        group="policy",
        title="policy site takes connections",
        means=(
            "Each address of the policy host is connected to on the HTTPS port. Where that fails, senders cannot get "
            "the MTA-STS policy: who has none yet delivers without it, and who has one keeps to it until its max_age "
            "is over."
        ),
        source="RFC 8461 section 3.3",
    ),
    Check(
        id="policy-chain",
        group="policy",
        title="policy site's certificate is trusted",
        means=(
            "The certificate that the policy site shows leads to an authority that is trusted: one of the system's, "
            "the stack's own, or one given with `--ca`. Its name and time are other checks. Senders that do not trust "
            "the authority go without the policy."
        ),
        source="RFC 8461 section 3.3",
    ),
    Check(
        id="policy-name",
        group="policy",
        title="policy site's certificate has its name",
        means=(
            "The certificate that is shown for `mta-sts.DOMAIN` has that name, or a wildcard for it, among its "
            "subjectAltNames. With another name senders go without the policy."
        ),
        source="RFC 8461 section 3.3; RFC 9525 section 6.3",
    ),
    Check(
        id="policy-expiry",
        group="policy",
        title="policy site's certificate is valid now",
        means=(
            "The certificate of the policy site, and those above it, are valid now. It warns when less than 14 days "
            "are left, or less than a third of a short life: then the renewal does not work. With an expired "
            "certificate senders go without the policy."
        ),
        source="RFC 8461 section 3.3; RFC 5280 section 4.1.2.5",
    ),
    Check(
        id="policy-status",
        group="policy",
        title="policy is answered",
        means=(
            "The policy is fetched from each address as a sender does, whatever the certificate: the answer must be "
            "200. Senders follow no redirect, and with any other status they go without the policy."
        ),
        source="RFC 8461 section 3.3",
    ),
    Check(
        id="policy-type",
        group="policy",
        title="policy is plain text",
        means=(
            "The policy's media type is text/plain, so that no page that somebody else can put on the site passes for "
            "a policy. Senders refuse another type."
        ),
        source="RFC 8461 section 3.2",
    ),
    Check(
        id="policy-size",
        group="policy",
        title="policy is small",
        means=(
            "The policy has at most 64 KiB; no more is read. A sender stops there as well, and goes without the policy."
        ),
        source="RFC 8461 section 3.3",
    ),
    Check(
        id="policy-syntax",
        group="policy",
        title="policy can be read",
        means=(
            "The text is a policy: version, mode, max_age and, but for mode none, mx, each on its line. Unknown fields "
            "are allowed. It warns where a field is there twice or version is not the first. A sender that cannot read "
            "it goes without the policy."
        ),
        source="RFC 8461 section 3.2",
    ),
    Check(
        id="policy-mode",
        group="policy",
        title="policy's mode",
        means=(
            "The mode is the declared one. With enforce, senders deliver over verified TLS or not at all; with testing "
            "they only report what fails; with none, which warns, the domain has no protection from MTA-STS."
        ),
        source="RFC 8461 section 3.2",
    ),
    Check(
        id="policy-max-age",
        group="policy",
        title="policy's life",
        means=(
            "Senders remember the policy for max_age seconds: at most 31557600, a year. It warns below a day: somebody "
            "in between needs to hold back the policy for no longer than that. In mode none a short one is right."
        ),
        source="RFC 8461 section 3.2",
    ),
    Check(
        id="policy-mx",
        group="policy",
        title="policy names the MX hosts",
        means=(
            "Every MX host of the domain, as DNS serves them, is matched by an mx line of the policy; a wildcard "
            "stands for one label. In mode enforce senders do not deliver to a host that the policy does not name."
        ),
        source="RFC 8461 section 4.1",
    ),
    Check(
        id="policy-id",
        group="policy",
        title="policy's id is in step",
        means=(
            "The id in the `_mta-sts` record is the one that the stack gives to exactly the policy that is served. "
            "Senders notice a new policy by a new id: with another policy under the same id, some act on the old one "
            "until its max_age is over."
        ),
        source="RFC 8461 section 3.1",
    ),
)
