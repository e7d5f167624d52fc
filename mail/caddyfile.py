"""The configuration of the web server of the MTA-STS policies, rendered from `templates/Caddyfile.j2`."""

from collections.abc import Sequence

from mail import mta_sts, ports
from mail.templates import render as render_template

ROOT = "/srv"
"""Where the server finds its files: this Caddyfile, `tls/`, and a directory for each domain."""


def render(domains: Sequence[str], *, addresses: int = 1) -> str:
    """Render the Caddyfile.

    Args:
        domains: those whose policy hosts are served, in A-labels.
        addresses: on how many of the Docker host's addresses the ports are published; see `mail.ports`.
    """

    def site(scheme: str, host: str, port: int) -> str:
        return ", ".join(f"{scheme}://{host}:{inside}" for inside in ports.all_inside(port, addresses))

    return render_template(
        "Caddyfile.j2",
        root=ROOT,
        http=site("http", "", 80),
        https=site("https", "", 443),
        sites=[{"domain": domain, "addresses": site("https", mta_sts.policy_host(domain), 443)} for domain in domains],
    )


def policy_file(domain: str) -> str:
    """Return the path of a domain's policy, relative to `ROOT`."""
    return f"{domain}/.well-known/mta-sts.txt"
