"""TLS-RPT (RFC 8460): where other servers report that they could not reach this one over good TLS."""

from __future__ import annotations

from collections.abc import Sequence

from mail import report_uri


def record_name(domain: str) -> str:
    """Return the owner name of the TLS-RPT record."""
    return f"_smtp._tls.{domain}"


def record_text(rua: Sequence[str]) -> str:
    """Return the TXT text, for example `v=TLSRPTv1; rua=mailto:postmaster@example.org`.

    Args:
        rua: `mailto:` or `https:` URIs, at least one.

    Raises:
        ValueError: a URI is none, or there is none; with the mend.
    """
    if not rua:
        raise ValueError("TLS-RPT has nowhere to report to: name at least one URI, like mailto:postmaster@example.org")
    return f"v=TLSRPTv1; rua={','.join(report_uri.check(uri) for uri in rua)}"
