"""The Caddyfile of the policy site."""

import re

from mail import caddyfile

DOMAINS = ["example.org", "xn--bcher-kva.example"]


def sites(text: str) -> dict[str, list[str]]:
    """The lines of each site, by its addresses."""
    found = re.findall(r"^(https?://[^{]*) \{\n(.*?)^\}$", text, re.MULTILINE | re.DOTALL)
    return {addresses: [line.strip() for line in body.splitlines() if line.strip()] for addresses, body in found}


def test_every_domain_has_its_policy_host() -> None:
    assert list(sites(caddyfile.render(DOMAINS))) == [
        "http://:80",
        "https://mta-sts.example.org:443",
        "https://mta-sts.xn--bcher-kva.example:443",
        "https://:443",
    ]


def test_a_policy_host_serves_its_own_policy_as_text_and_nothing_else() -> None:
    assert sites(caddyfile.render(DOMAINS))["https://mta-sts.example.org:443"] == [
        "tls /srv/tls/fullchain.pem /srv/tls/privkey.pem",
        "handle /.well-known/mta-sts.txt {",
        "root * /srv/example.org",
        "header Content-Type text/plain",
        "header X-Content-Type-Options nosniff",
        "file_server",
        "}",
        "handle {",
        "respond 404",
        "}",
    ]
    assert f"{caddyfile.ROOT}/{caddyfile.policy_file('example.org')}" == "/srv/example.org/.well-known/mta-sts.txt"


def test_only_http_redirects() -> None:
    found = sites(caddyfile.render(DOMAINS))
    assert found["http://:80"] == ["redir https://{host}{uri} 308"]
    assert [name for name, lines in found.items() if any("redir" in line for line in lines)] == ["http://:80"]


def test_names_that_are_not_ours_get_a_404() -> None:
    assert sites(caddyfile.render(DOMAINS))["https://:443"][1:] == ["respond 404"]


def test_caddy_gets_no_certificates_and_opens_no_other_port() -> None:
    options = caddyfile.render(DOMAINS).split("\n}\n")[0]
    assert "\tadmin off\n" in options
    assert "\tauto_https off\n" in options
    assert "protocols h1 h2\n" in options


def test_every_further_address_has_ports_of_its_own() -> None:
    found = sites(caddyfile.render(DOMAINS[:1], addresses=2))
    assert list(found) == [
        "http://:80, http://:2080",
        "https://mta-sts.example.org:443, https://mta-sts.example.org:2443",
        "https://:443, https://:2443",
    ]
