"""Every mistake in a stack file is named with key, value and mend, all of them together."""
# ruff: noqa: E501 - the lines of a report are as long as they are

from typing import Any

import pytest
import recorder
import stacks
from stack_errors import bad, read

from settings import SettingsError

SECRET = "hunter2-hunter2"
TWO = {"name": "example.net", "accounts": ["postmaster"]}
CERTIFICATE_AND_KEY = {"certificate": "-----BEGIN CERTIFICATE-----\n!", "privateKey": "-----BEGIN PRIVATE KEY-----\n!"}

ONE_ERROR: dict[str, tuple[dict[str, Any], str]] = {
    # the server
    "no host name": ({"server__hostname": None}, "server.hostname: is missing: set it to the name of the MX host, such as mail.example.com"),
    "host name is no name": ({"server__hostname": "mail"}, "server.hostname: 'mail' is no domain name: it has one label only; write it in full, like example.org"),
    "host name is a number": ({"server__hostname": 5}, "server.hostname: 5 must be text: put it in quotes"),
    "host is the domain": ({"server__hostname": "Example.org"}, "server.hostname: 'example.org' is a mail domain or policy host of this stack, with records that clash: take another name, such as mail.example.org"),
    "host is the policy host": ({"server__hostname": "mta-sts.example.org"}, "server.hostname: 'mta-sts.example.org' is a mail domain or policy host of this stack, with records that clash: take another name, such as mail.example.org"),
    "host in no zone": ({"server__hostname": "mail.badexample.org"}, "server.hostname: 'mail.badexample.org' is in none of the stack's domains: take a name in one of them, such as mail.example.org, or set server.zoneId to the zone that it is in"),
    "host zone not used": ({"server__zoneId": "0" * 32}, f"server.zoneId: '{'0' * 32}' is not used, since mail.example.org is in the zone of example.org: delete it, or set domains[0].zoneId to it"),
    "zone id is none": ({"server__zoneId": "example.org"}, "server.zoneId: 'example.org' is no zone id: copy the 32 hexadecimal digits that the zone's overview shows"),
    "no address": ({"server__ipv4": None, "server__ipv6": None}, "server.ipv4: is missing, and so is ipv6: set one or both to the server's public addresses"),
    "IPv6 under ipv4": ({"server__ipv4": "2001:db8::25"}, "server.ipv4: '2001:db8::25' is an IPv6 address: put it under ipv6, and an IPv4 address here"),
    "IPv4 under ipv6": ({"server__ipv6": "198.51.100.25"}, "server.ipv6: '198.51.100.25' is an IPv4 address: put it under ipv4, and an IPv6 address here"),
    "bad IPv4": ({"server__ipv4": "198.51.100.256"}, "server.ipv4: '198.51.100.256' is no IPv4 address: write it like 198.51.100.25"),
    "bad IPv6": ({"server__ipv6": "2001:db8::/64"}, "server.ipv6: '2001:db8::/64' is no IPv6 address: write it like 2001:db8::25"),
    "private IPv4": ({"server__ipv4": "192.168.1.2"}, "server.ipv4: '192.168.1.2' cannot be reached from the Internet: give the public address; behind NAT, the router's"),
    "shared IPv4": ({"server__ipv4": "100.64.0.1"}, "server.ipv4: '100.64.0.1' cannot be reached from the Internet: give the public address; behind NAT, the router's"),
    "private IPv6": ({"server__ipv6": "fd00::1"}, "server.ipv6: 'fd00::1' cannot be reached from the Internet: give the public address; behind NAT, the router's"),
    "link-local IPv6": ({"server__ipv6": "fe80::1"}, "server.ipv6: 'fe80::1' cannot be reached from the Internet: give the public address; behind NAT, the router's"),
    "loopback": ({"server__ipv4": "127.0.0.1"}, "server.ipv4: '127.0.0.1' is an address of the kind loopback: give the one at which others reach the server"),
    "unspecified": ({"server__ipv6": "::"}, "server.ipv6: '::' is an address of the kind unspecified: give the one at which others reach the server"),
    "multicast": ({"server__ipv4": "224.0.0.1"}, "server.ipv4: '224.0.0.1' is an address of the kind multicast: give the one at which others reach the server"),
    "policy site private": ({"policySite": {"ipv4": "10.0.0.1"}}, "policySite.ipv4: '10.0.0.1' cannot be reached from the Internet: give the public address; behind NAT, the router's"),
    "bind address is a name": ({"server__bindAddress": "localhost"}, "server.bindAddress[0]: 'localhost' is no address: write it like 198.51.100.25"),
    "no bind address": ({"server__bindAddress": []}, "server.bindAddress: is empty: give one or more, or leave the key out"),
    "bind address twice": ({"server__bindAddress": ["::", "::0"]}, "server.bindAddress[1]: :: is there twice: leave one"),
    "network address": ({"server__network": {"name": "n", "ipv4": "fd00::1"}}, "server.network.ipv4: 'fd00::1' is an IPv6 address: put it under ipv6, and an IPv4 address here"),
    "network without name": ({"server__network": {}}, "server.network.name: is missing: set it to the name of the Docker network"),
    "one address for two containers": (
        {"server__network": {"name": "n", "ipv4": "10.0.0.2"}, "policySite": {"network": {"name": "n", "ipv4": "10.0.0.2"}}},
        "policySite.network.ipv4: 10.0.0.2 is the mail server's in that network: take another",
    ),
    "resolver": ({"server__dns": ["dns.example.org"]}, "server.dns[0]: 'dns.example.org' is no address: write it like 198.51.100.25"),
    "image without tag": ({"server__image": "foxcpp/maddy"}, "server.image: 'foxcpp/maddy' names no exact version: give it a tag other than latest, or a digest"),
    "image of a registry with a port, without tag": ({"server__image": "registry.example:5000/maddy"}, "server.image: 'registry.example:5000/maddy' names no exact version: give it a tag other than latest, or a digest"),
    "latest": ({"policySite": {"image": "caddy:latest"}}, "policySite.image: 'caddy:latest' names no exact version: give it a tag other than latest, or a digest"),
    "no image": ({"server__image": "Foxcpp Maddy"}, "server.image: 'Foxcpp Maddy' is no image name: write REPOSITORY:TAG, such as foxcpp/maddy:0.8.2"),
    "docker host": ({"server__dockerHost": "mail.example.org"}, "server.dockerHost: 'mail.example.org' is no Docker host: write ssh://user@host, tcp://host:port or unix:///path"),
    "port too high": ({"server__ports": {"smtp": 65536}}, "server.ports.smtp: 65536 is out of range: use 1 to 65535"),
    "port zero": ({"server__ports": {"imaps": 0}}, "server.ports.imaps: 0 is out of range: use 1 to 65535"),
    "port is no number": ({"server__ports": {"imaps": "imaps"}}, "server.ports.imaps: 'imaps' must be a whole number (the port for reading mail, over TLS), such as 993"),
    "port twice": ({"server__ports": {"imaps": 143}}, "server.ports.imaps: 143 is the port of imap already: give every protocol one of its own"),
    "port of the policy site": ({"policySite": {"httpsPort": 993}}, "policySite.httpsPort: 993 is server.ports.imaps already, on 0.0.0.0: take another port or bindAddress"),
    "port of the policy site on one of the addresses": (
        {"server__bindAddress": ["198.51.100.25", "2001:db8::25"], "server__ports": {"submission": 80}, "policySite": {"bindAddress": "2001:db8::25"}},
        "policySite.httpPort: 80 is server.ports.submission already, on 2001:db8::25: take another port or bindAddress",
    ),
    "ports of the policy site": ({"policySite": {"httpPort": 443}}, "policySite.httpsPort: 443 is policySite.httpPort already, on 0.0.0.0: take another port or bindAddress"),
    "port of the metrics": ({"server__metrics": {"port": 25}}, "server.metrics.port: 25 is server.ports.smtp already, on 127.0.0.1: take another port or bindAddress"),
    "metrics for all": ({"server__metrics": {"bindAddress": "0.0.0.0"}}, "server.metrics.bindAddress: '0.0.0.0' is not private, and the metrics have no login: use an address such as 127.0.0.1"),  # noqa: S104
    "metrics in public": ({"server__metrics": {"bindAddress": "9.9.9.9"}}, "server.metrics.bindAddress: '9.9.9.9' is not private, and the metrics have no login: use an address such as 127.0.0.1"),
    "little memory": ({"server__memory": 16}, "server.memory: 16 is out of range: use 64 to 1048576 MiB"),
    "memory in bytes": ({"server__memory": 536870912}, "server.memory: 536870912 is out of range: use 64 to 1048576 MiB"),
    "memory with unit": ({"server__memory": "512M"}, "server.memory: '512M' must be a whole number (its limit in MiB; there is no swap beyond it), such as 512"),
    "half a MiB": ({"server__memory": 512.5}, "server.memory: 512.5 must be a whole number (its limit in MiB; there is no swap beyond it), such as 512"),
    "no cpu": ({"server__cpus": 0}, "server.cpus: 0 is out of range: use 0.05 to 512 cores"),
    "cpus in words": ({"server__cpus": "one"}, "server.cpus: 'one' must be a number (its limit in cores), such as 1"),
    "message size": ({"server__maxMessageSize": "32 MB"}, "server.maxMessageSize: '32 MB' is no message size: write a number followed by K, M or G, such as 32M"),
    "protection": ({"server__protectData": "sometimes"}, "server.protectData: 'sometimes' must be true or false, without quotes"),
    "user without password": ({"server__smartHost": {"host": "relay.example", "user": "me"}}, "server.smartHost.password: is missing: a login needs both user and password; give both or neither"),
    "password without user": ({"server__smartHost": {"host": "relay.example", "password": SECRET}}, "server.smartHost.user: is missing: a login needs both user and password; give both or neither"),
    "password that maddy.conf cannot carry": (
        {"server__smartHost": {"host": "relay.example", "user": "me", "password": SECRET + "\\"}},
        "server.smartHost.password: has a backslash at its end or before a quote, which maddy.conf cannot carry",
    ),
    "CA that is none": ({"server__smartHost": {"host": "relay.example", "caCertificate": "ca.pem"}}, "server.smartHost.caCertificate: 'ca.pem' holds no PEM certificate: give the text from -----BEGIN CERTIFICATE----- on"),
    "server is text": ({"server": "mail.example.org"}, "server: must be a map: its keys are hostname, ipv4, ipv6, zoneId, image, dockerHost, bindAddress, ports, network, dns, memory, cpus, maxMessageSize, protectData, smartHost or metrics"),
    # the certificate
    "no source": ({"tls": {}}, "tls.source: is missing: set it to files or self-signed"),
    "unknown source": ({"tls": {"source": "file"}}, "tls.source: 'file' is unknown, perhaps files: use files or self-signed"),
    "quite unknown source": ({"tls": {"source": "acme"}}, "tls.source: 'acme' is unknown: use files or self-signed"),
    "source without files": ({"tls": {"source": "files"}}, "tls.files: is missing: set files.certificate and files.privateKey, or source to self-signed"),
    "files without source": ({"tls": {"source": "self-signed", "files": CERTIFICATE_AND_KEY}}, "tls.files: is not used with source self-signed: delete it, or set source to files"),
    "one file of two": ({"tls": {"source": "files", "files": {"certificate": CERTIFICATE_AND_KEY["certificate"]}}}, "tls.files.privateKey: is missing: set it to the certificate's key (privkey.pem)"),
    "no such file": (
        {"tls": {"source": "files", "files": {**CERTIFICATE_AND_KEY, "certificate": "/no/such/file.pem"}}},
        "tls.files.certificate: '/no/such/file.pem' is no PEM text, and as a path it is not readable (no such file or directory): give the path of a PEM file, or its text",
    ),
    "no such key file": (
        {"tls": {"source": "files", "files": {**CERTIFICATE_AND_KEY, "privateKey": SECRET}}},
        "tls.files.privateKey: is no PEM text, and as a path it is not readable (no such file or directory): give the path of a PEM file, or its text",
    ),
    "garbage": (
        {"tls": {"source": "files", "files": CERTIFICATE_AND_KEY}},
        "tls.files.certificate: holds no PEM certificate: give the text from -----BEGIN CERTIFICATE----- on, the full chain (fullchain.pem)",
    ),
    # domains
    "no domains": ({"domains": []}, "domains: is empty: give one or more, or leave the key out"),
    "domains are text": ({"domains": "example.org"}, "domains: must be a list: begin each entry with - on a line of its own"),
    "domain is text": ({"domains": ["example.org"]}, "domains[0]: must be a map: its keys are name, zoneId, accounts, aliases, apex, dkim, spf, dmarc, mtaSts or tlsRpt"),
    "domain is an address": ({"domains__0__name": "mail@example.org"}, "domains[0].name: 'mail@example.org' is no domain name: it is an address; write only what follows the @"),
    "domain too long": (
        {"domains__0__name": f"{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 53}.org", "server__zoneId": "0" * 32},
        f"domains[0].name: '{'x' * 60}.{'x' * 60}.{'x' * 60}.{'x' * 53}.org' is too long for a mail domain, since _submissions._tcp.DOMAIN is a name as well: use at most 235 characters",
    ),
    "domain twice": ({"domains": [*stacks.minimal()["domains"], {**TWO, "name": "EXAMPLE.org"}]}, "domains[1].name: 'example.org' is domains[0] already: leave one"),
    "domain twice, once in A-labels": (
        {"domains": [*stacks.minimal()["domains"], {**TWO, "name": "bücher.example"}, {**TWO, "name": "xn--bcher-kva.example"}]},
        "domains[2].name: 'xn--bcher-kva.example' is domains[1] already: leave one",
    ),
    "domain is a policy host": (
        {"domains": [*stacks.minimal()["domains"], {**TWO, "name": "mta-sts.example.org"}]},
        "domains[1].name: 'mta-sts.example.org' is the policy host of another domain: leave one of the two out, or its MTA-STS",
    ),
    "domain's zone id": ({"domains__0__zoneId": "xyz"}, "domains[0].zoneId: 'xyz' is no zone id: copy the 32 hexadecimal digits that the zone's overview shows"),
    "spf": ({"domains__0__spf": "v=spf1 mx"}, "domains[0].spf: 'v=spf1 mx' has no end: add ~all (or -all), so that other senders are suspect"),
    "spf too long": ({"domains__0__spf": "v=spf1 " + "ip4:198.51.100.25 " * 250 + "~all"}, "domains[0].spf: TXT text 'v=spf1 ip4:198.51.100.25 ip4:198.51.100.'... has 4511 bytes: shorten it to 4096 at most"),
    "policy": ({"domains__0__dmarc": {"policy": "rejct"}}, "domains[0].dmarc.policy: 'rejct' is unknown, perhaps reject: use none, quarantine or reject"),
    "alignment": ({"domains__0__dmarc": {"dkimAlignment": "strict"}}, "domains[0].dmarc.dkimAlignment: 'strict' is unknown: use r or s"),
    "removed tag": ({"domains__0__dmarc": {"pct": 50}}, "domains[0].dmarc.pct: is no setting: use policy, subdomainPolicy, nonexistentPolicy, dkimAlignment, spfAlignment, testing, rua or ruf"),
    "rua without scheme": ({"domains__0__dmarc": {"rua": "mail@example.org"}}, "domains[0].dmarc.rua[0]: 'mail@example.org' is no report URI: it has no scheme; write mailto:mail@example.org"),
    "rua to nobody": ({"domains__0__dmarc": {"rua": ["mailto:mail@example.org", "mailto:dmarc@example.org"]}}, "domains[0].dmarc.rua[1]: 'mailto:dmarc@example.org' is read by nobody: add dmarc to the accounts or aliases of example.org"),
    "ruf to nobody": ({"domains__0__dmarc": {"ruf": "mailto:nobody+x@Example.org"}}, "domains[0].dmarc.ruf[0]: 'mailto:nobody+x@example.org' is read by nobody: add nobody to the accounts or aliases of example.org"),
    "tls reports to nobody": ({"domains__0__tlsRpt": {"rua": "mailto:tls@example.org"}}, "domains[0].tlsRpt.rua[0]: 'mailto:tls@example.org' is read by nobody: add tls to the accounts or aliases of example.org"),
    "tls reports to nowhere": ({"domains__0__tlsRpt": {"rua": []}}, "domains[0].tlsRpt.rua: is empty: give one or more, or leave the key out"),
    "mode": ({"domains__0__mtaSts": {"mode": "enforced"}}, "domains[0].mtaSts.mode: 'enforced' is unknown, perhaps enforce: use testing, enforce or none"),
    "max age": ({"domains__0__mtaSts": {"maxAge": 31557601}}, "domains[0].mtaSts.maxAge: max_age 31557601 is out of range: use seconds from 0 to 31557600 (a year), such as 604800 (a week)"),
    "max age in words": ({"domains__0__mtaSts": {"maxAge": "1 week"}}, "domains[0].mtaSts.maxAge: '1 week' must be a whole number (how long senders remember it, in seconds), such as 604800"),
    # accounts and aliases
    "no postmaster": ({"domains__0__accounts": ["mail"]}, "domains[0]: 'example.org' has no postmaster, which RFC 5321 (section 4.5.1) asks of every mail domain: add postmaster to its accounts, or to its aliases with a target"),
    "account twice": ({"domains__0__accounts": ["postmaster", "PostMaster"]}, "domains[0].accounts[1]: 'postmaster' is there twice: leave one"),
    "account is an address": ({"domains__0__accounts": ["postmaster", "mail@example.org"]}, "domains[0].accounts[1].name: 'mail@example.org' cannot stand before the @: use letters, digits, - and inner dots, like first.last"),
    "account is a number": ({"domains__0__accounts": ["postmaster", 2026]}, "domains[0].accounts[1]: 2026 must be text: put it in quotes"),
    "account without name": ({"domains__0__accounts": ["postmaster", {"deleteMailbox": True}]}, "domains[0].accounts[1].name: is missing: set it to what stands before the @"),
    "account with a tag": ({"domains__0__accounts": ["postmaster", "mail+x"]}, "domains[0].accounts[1].name: 'mail+x' has a + in it, and mail to NAME+ANYTHING goes to NAME: leave it out"),
    "account like an option": ({"domains__0__accounts": ["postmaster", "-p"]}, "domains[0].accounts[1].name: '-p' begins with -, which Maddy reads as an option or a comment: leave that out"),
    "accounts are text": ({"domains__0__accounts": "postmaster"}, "domains[0].accounts: must be a list: begin each entry with - on a line of its own"),
    "short password": ({"domains__0__accounts": ["postmaster", {"name": "x", "password": "hunter2"}]}, "domains[0].accounts[1].password: is too short: use 8 characters or more, or leave it out to have one generated"),
    "long password": ({"domains__0__accounts": ["postmaster", {"name": "x", "password": SECRET * 5}]}, "domains[0].accounts[1].password: is longer than the 72 bytes that bcrypt reads: shorten it"),
    "password with a line break": ({"domains__0__accounts": ["postmaster", {"name": "x", "password": SECRET + "\n"}]}, "domains[0].accounts[1].password: has a control character, or a space at an end: remove it"),
    "password is a number": ({"domains__0__accounts": ["postmaster", {"name": "x", "password": 1234567890}]}, "domains[0].accounts[1].password: must be text: put it in quotes"),
    "password is a map": ({"domains__0__accounts": ["postmaster", {"name": "x", "password": {"value": SECRET}}]}, "domains[0].accounts[1].password: must be text: put it in quotes"),
    "password under another key": ({"domains__0__accounts": ["postmaster", {"name": "x", "passwort": SECRET}]}, "domains[0].accounts[1].passwort: is no setting: did you mean password?"),
    "alias to nowhere": ({"domains__0__aliases": {"info": ["mail", "nobody"]}}, "domains[0].aliases.info: 'nobody@example.org' is neither an account nor an alias: add the account or correct the target"),
    "alias to a tag": ({"domains__0__aliases": {"info": "mail+x"}}, "domains[0].aliases.info: 'mail+x@example.org' is neither an account nor an alias: add the account or correct the target"),
    "alias to no address": ({"domains__0__aliases": {"first.last": "mail@"}}, "domains[0].aliases[\"first.last\"][0]: 'mail@' is no mail address: '' is no domain name: it is empty; write it like example.org"),
    "alias to nothing": ({"domains__0__aliases": {"info": []}}, "domains[0].aliases.info: is empty: give one or more, or leave the key out"),
    "alias of an account": ({"domains__0__aliases": {"Mail": "postmaster"}}, "domains[0].accounts[0]: 'mail' is an alias as well: leave the account or the alias"),
    "alias twice": ({"domains__0__aliases": {"Info": "mail", "info": "postmaster"}}, "domains[0].aliases: 'Info' and 'info' are the same alias: leave one"),
    "alias that is no name": ({"domains__0__aliases": {"in fo": "mail"}}, "domains[0].aliases[\"in fo\"]: 'in fo' cannot stand before the @: use letters, digits, - and inner dots, like first.last"),
    "alias with a tag": ({"domains__0__aliases": {"info+x": "mail"}}, "domains[0].aliases[\"info+x\"]: 'info+x' has a + in it, and mail to NAME+ANYTHING goes to NAME: leave it out"),
    "aliases are a list": ({"domains__0__aliases": ["info"]}, "domains[0].aliases: must be a map: write each entry as KEY: VALUE on a line of its own"),
    "alias to itself": ({"domains__0__aliases": {"info": "info"}}, "domains[0].aliases.info: info@example.org -> info@example.org goes round in a circle: let it end at an account"),
    "aliases in a circle": ({"domains__0__aliases": {"a": "b", "b": ["mail", "c"], "c": "a"}}, "domains[0].aliases.a: a@example.org -> b@example.org -> c@example.org -> a@example.org goes round in a circle: let it end at an account"),
    # keys
    "selector": ({"domains__0__dkim": {"selectors": ["a.b"]}}, "domains[0].dkim.selectors[0].name: 'a.b' is no DKIM selector: use 1 to 63 letters, digits and inner hyphens, like s2026"),
    "selector twice": ({"domains__0__dkim": {"selectors": ["a", {"name": "A"}]}}, "domains[0].dkim.selectors[1].name: 'a' is there twice: a selector is one key; leave one"),
    "selector too long": (
        {"domains__0__name": f"{'x' * 60}.{'x' * 60}.{'x' * 50}.example", "server__zoneId": "0" * 32, "domains__0__dkim": {"selectors": ["s" * 63]}},
        f"domains[0].dkim.selectors[0].name: '{'s' * 63}._domainkey.{'x' * 60}.{'x' * 60}.{'x' * 50}.example' is longer than 253 characters: use a shorter DKIM selector",
    ),
    "no selector": ({"domains__0__dkim": {"selectors": []}}, "domains[0].dkim.selectors: is empty: give one or more, or leave the key out"),
    "signing with nothing": ({"domains__0__dkim": {"selectors": ["a", "b"], "signing": ["c"]}}, "domains[0].dkim.signing[0]: 'c' is none of the selectors: use a or b"),
    "signing twice": ({"domains__0__dkim": {"selectors": ["a", "b"], "signing": ["a", "a"]}}, "domains[0].dkim.signing[1]: 'a' is there twice: leave one"),
    "algorithm": ({"domains__0__dkim": {"selectors": [{"name": "a", "algorithm": "ed2519"}]}}, "domains[0].dkim.selectors[0].algorithm: 'ed2519' is unknown, perhaps ed25519: use rsa2048, rsa3072, rsa4096 or ed25519"),
    "another algorithm": (
        {"domains__0__dkim": {"selectors": [{"name": "a", "privateKey": stacks.ed25519_pem(1)}]}},
        "domains[0].dkim.selectors[0].privateKey: is a key of algorithm ed25519, not rsa2048: set algorithm to ed25519",
    ),
    "adopted path": (
        {"domains__0__dkim": {"selectors": [{"name": "a", "privateKey": "keys/a.pem"}]}},
        "domains[0].dkim.selectors[0].privateKey: the DKIM key is no PEM: it must start with -----BEGIN PRIVATE KEY-----; give the file's whole content",
    ),
    # Cloudflare
    "no token": ({"cloudflare": {}}, "cloudflare.apiToken: is missing: set it to an API token with the permission Zone.DNS Edit, as a secret"),
    "empty token": ({"cloudflare__apiToken": ""}, "cloudflare.apiToken: is empty, or has a space or another character that no token has: give the API token alone, as Cloudflare showed it"),
    "token with its header": ({"cloudflare__apiToken": f"Bearer {SECRET}"}, "cloudflare.apiToken: is empty, or has a space or another character that no token has: give the API token alone, as Cloudflare showed it"),
    "token without its key": ({"cloudflare": SECRET}, "cloudflare: must be a map: its keys are apiToken or baseUrl"),
    "base URL": ({"cloudflare__baseUrl": "127.0.0.1:8425"}, "cloudflare.baseUrl: '127.0.0.1:8425' is no URL: write it like https://api.cloudflare.com/client/v4"),
    # keys that are none
    "misspelt key": ({"server__hostName": "x"}, "server.hostName: is no setting: did you mean hostname?"),
    "key in snake case": ({"server__zone_id": "x"}, "server.zone_id: is no setting: did you mean zoneId?"),
    "key of another place": ({"domain": []}, "domain: is no setting: did you mean domains?"),
    "key like no other": ({"xyz": []}, "xyz: is no setting: use server, tls, domains, cloudflare, policySite or acknowledged"),
    "server missing": ({"server": None}, "server: is missing: set it to a map with the server's hostname and its public address"),
    "tls missing": ({"tls": None}, "tls: is missing: set it to a map with source: files or self-signed"),
    "domains missing": ({"domains": None}, "domains: is missing: set it to a list with the first mail domain"),
    "cloudflare missing": ({"cloudflare": None}, "cloudflare: is missing: set it to a map with apiToken, as a secret"),
}  # fmt: skip


class TestEveryMistakeIsNamedWithKeyValueAndMend:
    @pytest.mark.parametrize(("changes", "expected"), ONE_ERROR.values(), ids=ONE_ERROR.keys())
    def test_one(self, changes: dict[str, Any], expected: str) -> None:
        assert bad(**changes) == [expected]

    def test_all_at_once(self) -> None:
        lines = bad(
            server={"hostname": "mail", "ipv4": "::1", "memory": 1},
            tls={"source": "?"},
            domains=[{"name": "example.org"}, {"name": "example.net"}, {"name": "x"}],
            cloudflare={},
        )
        assert [line.split(": ")[0] for line in lines] == [
            "server.hostname",
            "server.ipv4",
            "server.memory",
            "tls.source",
            "domains[0]",
            "domains[1]",
            "domains[2].name",
            "cloudflare.apiToken",
        ]
        assert "'example.org' has no postmaster" in lines[4]
        assert "'example.net' has no postmaster" in lines[5]

    def test_all_that_is_wrong_between_settings(self) -> None:
        two = {**TWO, "aliases": {"a": "nobody"}, "dmarc": {"rua": "mailto:nobody@example.org"}}
        lines = bad(
            server__hostname="mail.example.com",
            server__ports={"smtp": 443},
            domains__0__aliases={"b": "c", "c": "b"},
            domains=[*stacks.changed(stacks.minimal(), domains__0__aliases={"b": "c", "c": "b"})["domains"], two],
        )
        assert [line.split(": ")[0] for line in lines] == [
            "server.hostname",
            "domains[1].aliases.a",
            "domains[0].aliases.b",
            "domains[1].dmarc.rua[0]",
            "policySite.httpsPort",
        ]

    def test_an_https_port_may_be_on_another_address(self) -> None:
        read(stacks.changed(stacks.minimal(), server__bindAddress="198.51.100.25", server__ports={"imaps": 443},
                            policySite={"bindAddress": "198.51.100.80"}))  # fmt: skip
        read(stacks.changed(stacks.minimal(), server__bindAddress="::", server__ports={"imaps": 443},
                            policySite={"bindAddress": "0.0.0.0"}))  # fmt: skip # noqa: S104

    def test_ports_of_a_policy_site_that_is_not_there_clash_with_nothing(self) -> None:
        read(stacks.changed(stacks.minimal(), domains__0__mtaSts={"enabled": False}, server__ports={"imaps": 443}))

    def test_reports_may_go_to_a_tag_an_alias_or_elsewhere(self) -> None:
        rua = ["mailto:mail+x@example.org", "mailto:info@example.org", "mailto:x@example.com", "https://example.org/x"]
        read(stacks.changed(stacks.minimal(), domains__0__aliases={"info": "mail"}, domains__0__dmarc={"rua": rua}))


class TestTheStacksName:
    @pytest.mark.parametrize("name", ["prod-policy", "prod-data-seed"])
    def test_that_another_stacks_containers_may_have_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setattr(recorder, "STACK", name)
        with pytest.raises(
            SettingsError, match=rf"the stack's name: '{name}' ends in .*another name.*pulumi stack init"
        ):
            recorder.record(stacks.minimal())

    @pytest.mark.parametrize("name", ["policy", "prod-policy-2"])
    def test_that_no_other_stack_makes_is_fine(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        monkeypatch.setattr(recorder, "STACK", name)
        assert recorder.record(stacks.minimal()).one("Container", "server").plain["name"] == f"maddy-{name}"
