"""The configuration of the web server of the MTA-STS policies, rendered from `templates/Caddyfile.j2`."""

from collections.abc import Sequence

from mail import mta_sts
from mail.templates import render as render_template

ROOT = "/srv"
"""Where the server finds its files: this Caddyfile, `tls/`, and a directory for each domain."""


def render(domains: Sequence[str]) -> str:
    """Render the Caddyfile for the policy hosts of these domains, in A-labels."""
    sites = [{"host": mta_sts.policy_host(domain), "domain": domain} for domain in domains]
    return render_template("Caddyfile.j2", root=ROOT, sites=sites)


def policy_file(domain: str) -> str:
    """Return the path of a domain's policy, relative to `ROOT`."""
    return f"{domain}/.well-known/mta-sts.txt"
