"""maddy.conf and the table of aliases, as Maddy reads them."""

import re

import pytest

from mail import maddy_conf
from mail.maddy_conf import SigningKey, SmartHost


def rendered(**changes: object) -> str:
    settings: dict[str, object] = {
        "hostname": "mail.example.org",
        "domains": ["example.org", "xn--bcher-kva.example"],
        "signing_keys": [
            SigningKey(domain="example.org", selector="default"),
            SigningKey(domain="example.org", selector="e2026"),
            SigningKey(domain="xn--bcher-kva.example", selector="default"),
        ],
    }
    return maddy_conf.render(**{**settings, **changes})  # type: ignore[arg-type]


def block(text: str, head: str) -> str:
    """The content of the first block whose head begins so."""
    found = re.search(rf"^( *){re.escape(head)}[^\n]*\{{\n(.*?)^\1\}}$", text, re.MULTILINE | re.DOTALL)
    assert found, f"no block {head}"
    return found[2]


class TestTheFileIsWellFormed:
    @pytest.mark.parametrize("smart_host", [None, SmartHost(host="relay.example", user="me", password="secret")])
    @pytest.mark.parametrize("metrics", [True, False])
    def test_braces_and_indentation(self, smart_host: SmartHost | None, metrics: bool) -> None:
        depth = 0
        for line in rendered(smart_host=smart_host, metrics=metrics).splitlines():
            code = line.split("#")[0].strip()
            if code.endswith("}") and "{" not in code:
                depth -= 1
            assert not code or line.startswith(" " * 4 * depth + code[0]), line
            if code.endswith("{"):
                depth += 1
        assert depth == 0

    def test_no_line_of_a_template_is_left_over(self) -> None:
        text = rendered(smart_host=SmartHost(host="relay.example"), metrics=True)
        assert not re.search(r"\{[{%]|[}%]\}|None|True|False", text)
        assert "\n\n\n" not in text


class TestTls:
    def test_is_1_2_or_newer_with_aead_ciphers_only(self) -> None:
        tls = block(rendered(), "tls file /data/tls/fullchain.pem /data/tls/privkey.pem")
        assert "protocols tls1.2 tls1.3\n" in tls
        ciphers = re.findall(r"[A-Z0-9]+-[A-Z0-9-]+", tls)
        assert len(ciphers) == 6
        assert all(cipher.startswith("ECDHE-") for cipher in ciphers)
        assert all("GCM" in cipher or "CHACHA20" in cipher for cipher in ciphers)

    def test_comes_before_any_login(self) -> None:
        text = rendered()
        for endpoint in ("submission", "imap"):
            assert "insecure_auth no\n" in block(text, f"{endpoint} ")

    def test_starts_with_the_connection_on_465_and_993_and_by_starttls_elsewhere(self) -> None:
        heads = re.findall(r"^(smtp|submission|imap) (.*) \{$", rendered(), re.MULTILINE)
        assert dict(heads) == {
            "smtp": "tcp://0.0.0.0:25",
            "submission": "tls://0.0.0.0:465 tcp://0.0.0.0:587",
            "imap": "tls://0.0.0.0:993 tcp://0.0.0.0:143",
        }

    def test_every_further_address_has_ports_of_its_own(self) -> None:
        heads = re.findall(r"^(smtp|submission|imap) (.*) \{$", rendered(addresses=2), re.MULTILINE)
        assert dict(heads)["smtp"] == "tcp://0.0.0.0:25 tcp://0.0.0.0:2025"
        assert dict(heads)["imap"].split() == [f"{where}" for where in (
            "tls://0.0.0.0:993", "tls://0.0.0.0:2993", "tcp://0.0.0.0:143", "tcp://0.0.0.0:2143")]  # fmt: skip


class TestNobodyElseSendsThroughIt:
    def test_strangers_reach_local_addresses_only(self) -> None:
        smtp = block(rendered(), "smtp ")
        default = block(smtp, "default_source")
        assert re.findall(r"^ *(?:default_)?destination.*$", default, re.MULTILINE) == [
            "        destination postmaster $(local_domains) {",
            "        default_destination {",
        ]
        assert 'reject 550 5.7.1 "Relaying denied"' in block(default, "default_destination")

    def test_strangers_do_not_send_in_the_name_of_local_domains(self) -> None:
        assert "reject 501 5.1.8" in block(block(rendered(), "smtp "), "source $(local_domains)")

    def test_users_send_as_themselves_or_their_aliases(self) -> None:
        submission = block(rendered(), "submission ")
        check = block(block(submission, "source $(local_domains)"), "authorize_sender")
        assert "user_to_email identity\n" in check
        assert "prepare_email &local_rewrites\n" in check
        assert "reject 501 5.1.8" in block(submission, "default_source")

    def test_local_domains_are_those_of_the_stack_the_first_one_primary(self) -> None:
        text = rendered()
        assert "$(hostname) = mail.example.org\n" in text
        assert "$(primary_domain) = example.org\n" in text
        assert "$(local_domains) = example.org xn--bcher-kva.example\n" in text

    def test_incoming_mail_is_checked_and_limited(self) -> None:
        smtp = block(rendered(max_message_size="64M"), "smtp ")
        assert "dmarc yes\n" in smtp
        assert block(smtp, "check").split() == ["require_mx_record", "dkim", "spf"]
        assert "all rate 20 1s" in block(smtp, "limits")
        assert "max_message_size 64M\n" in smtp
        assert "max_message_size 64M\n" in block(rendered(max_message_size="64M"), "submission ")


class TestSigning:
    def test_every_key_signs_what_users_send_in_the_order_given(self) -> None:
        source = block(block(rendered(), "submission "), "source $(local_domains)")
        modify = block(source, "modify")
        assert [line.strip() for line in modify.splitlines() if line.strip().startswith("dkim ")] == [
            "dkim example.org default",
            "dkim example.org e2026",
            "dkim xn--bcher-kva.example default",
        ]

    def test_is_the_same_whoever_the_mail_is_for(self) -> None:
        # An alias of our own may lead out of the house: where mail ends is known after this decision.
        submission = block(rendered(), "submission ")
        for destination in ("destination postmaster $(local_domains)", "default_destination"):
            assert "dkim" not in block(submission, destination)

    def test_comes_after_the_sender_has_its_last_form(self) -> None:
        modify = block(block(rendered(), "submission "), "modify")
        assert modify.index("replace_sender") < modify.index("dkim ")

    def test_is_nothing_that_strangers_get(self) -> None:
        assert "modify" not in block(rendered(), "smtp ")


class TestOutgoingMail:
    def test_goes_to_the_recipients_servers_over_tls(self) -> None:
        target = block(rendered(), "target.remote outbound_delivery")
        assert "dane\n" in target
        assert "min_tls_level encrypted\n" in target
        assert "mtasts" in target

    @pytest.mark.parametrize(
        ("port", "endpoint", "starttls"),
        [
            (465, "tls://relay.example:465", "no"),
            (587, "tcp://relay.example:587", "yes"),
            (25, "tcp://relay.example:25", "yes"),
        ],
    )
    def test_goes_through_the_smart_host_over_tls(self, port: int, endpoint: str, starttls: str) -> None:
        text = rendered(smart_host=SmartHost(host="relay.example", port=port))
        target = block(text, "target.smtp outbound_delivery")
        assert f"targets {endpoint}\n" in target
        assert f"starttls {starttls}\n" in target
        assert "protocols tls1.2 tls1.3\n" in target
        assert "auth" not in target
        assert "root_ca" not in target
        assert "target.remote" not in text

    def test_logs_in_at_the_smart_host_and_trusts_its_ca(self) -> None:
        relay = SmartHost(host="relay.example", user="me@example.org", password='a "b" c', has_own_ca=True)
        target = block(rendered(smart_host=relay), "target.smtp outbound_delivery")
        assert 'auth plain "me@example.org" "a \\"b\\" c"\n' in target
        assert "root_ca /data/tls/smart_host_ca.pem\n" in target
        assert "b" not in repr(relay).replace("relay.example", "").replace("SmartHost", "")


class TestInternationalDomains:
    def test_leave_in_a_form_that_every_server_takes(self) -> None:
        conf = rendered(domains=["example.org", "xn--bcher-kva.example"])
        assert 'replace_sender regexp "(.+)@bücher\\.example" "$1@xn--bcher-kva.example"' in conf

    def test_others_are_left_alone(self) -> None:
        assert "replace_sender" not in rendered(domains=["example.org"])


class TestMetrics:
    def test_are_served_when_asked_for(self) -> None:
        assert "openmetrics tcp://0.0.0.0:9749 { }\n" in rendered(metrics=True)
        assert "openmetrics" not in rendered()


def read_back(word: str) -> str:
    """Read one quoted word as Maddy's lexer does (framework/config/lexer)."""
    assert word.startswith('"')
    text, escaped = "", False
    for position, char in enumerate(word[1:], start=1):
        if not escaped and char == "\\":
            escaped = True
            continue
        if not escaped and char == '"':
            assert position == len(word) - 1
            return text
        text += ("\\" if escaped and char != '"' else "") + char
        escaped = False
    pytest.fail("the word does not end")


class TestQuoting:
    @pytest.mark.parametrize(
        "value",
        ["plain", "two words", 'a "quote"', "a\\b", "a\\\\b", '"', "#", "{x}", "$x", "ü€", "a$b(c)"],
    )
    def test_maddy_reads_back_what_was_written(self, value: str) -> None:
        assert read_back(maddy_conf.quoted(value)) == value

    @pytest.mark.parametrize(
        ("value", "reason"),
        [
            ("a\nb", "line break"),
            ("a\tb", "control character"),
            ("a{env:HOME}b", "environment variable"),
            ("a$(hostname)b", "macro"),
            ("a\\", "backslash at its end"),
            ('a\\"b', "backslash at its end or before a quote"),
            ("{", "brace"),
            ("}", "brace"),
        ],
    )
    def test_what_cannot_be_written_is_refused_without_being_said(self, value: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason) as caught:
            maddy_conf.quoted(value)
        assert len(value) < 3 or value not in str(caught.value)


class TestAliases:
    def test_one_a_line_in_an_order_that_does_not_depend_on_the_settings(self) -> None:
        table = {"b@example.org": ["y@example.org", "x@example.org"], "a@example.org": ["out@example.com"]}
        expected = (
            "# alias: where its mail goes\n"
            "a@example.org: out@example.com\n"
            "b@example.org: y@example.org, x@example.org\n"
        )
        assert maddy_conf.render_aliases(table) == expected
        assert maddy_conf.render_aliases(dict(reversed(table.items()))) == expected

    def test_no_aliases_is_a_file_without_any(self) -> None:
        assert maddy_conf.render_aliases({}) == "# alias: where its mail goes\n"

    def test_addresses_are_in_the_form_in_which_maddy_looks_them_up(self) -> None:
        table = {"info@xn--bcher-kva.example": ["mail@xn--bcher-kva.example", "out@xn--mnchen-3ya.de", "x@example.org"]}
        assert maddy_conf.render_aliases(table).splitlines()[1:] == [
            "info@bücher.example: mail@bücher.example, out@münchen.de, x@example.org"
        ]

    def test_a_local_part_is_left_as_it_is(self) -> None:
        assert maddy_conf.lookup_form("xn--a.b@xn--bcher-kva.example") == "xn--a.b@bücher.example"
