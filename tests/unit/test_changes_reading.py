"""A stack file is read without its passphrase, and as strictly as the program reads it."""

from typing import Any

import pytest
from change_files import PROJECT, base, sealed, text, version

from changes import reading, stack_yaml
from settings import SettingsError


def error(written: str) -> str:
    with pytest.raises(SettingsError) as caught:
        reading.read(written, PROJECT)
    return str(caught.value)


class TestSecrets:
    def test_are_the_same_where_the_encrypted_text_is(self) -> None:
        one, same, other = (version(base(cloudflare={"apiToken": sealed(token)})) for token in ("a", "a", "b"))
        assert one.settings.cloudflare.api_token == same.settings.cloudflare.api_token
        assert one.settings.cloudflare.api_token != other.settings.cloudflare.api_token

    def test_a_key_that_cannot_be_read_has_its_place(self) -> None:
        first, second = version(base()).settings.domains[0].dkim.selectors
        assert first.private_key is not None
        assert second.private_key is None

    def test_the_access_to_cloudflare_may_be_encrypted_as_a_whole(self) -> None:
        assert version(base(cloudflare=sealed("all"))).settings.cloudflare.api_token is not None

    @pytest.mark.parametrize("place", ["server__ipv4", "domains__0__name", "domains__0__dkim", "domains"])
    def test_what_is_no_secret_must_be_readable(self, place: str) -> None:
        said = error(text(base(**{place: sealed("x")})))
        assert "is encrypted, and it is no secret" in said
        assert "pulumi config set --plaintext --path" in said

    def test_one_in_plain_text_is_said_and_not_shown(self) -> None:
        said = error(text(base(cloudflare={"apiToken": "the-token"})))
        assert "cloudflare.apiToken: is in plain text in the stack file" in said
        assert "the-token" not in said

    def test_a_private_key_in_plain_text_is_looked_at(self) -> None:
        said = error(text(base(domains__0__dkim__selectors__0__privateKey="no PEM")))
        assert "domains[0].dkim.selectors[0].privateKey: the DKIM key is no PEM" in said


class TestErrors:
    @pytest.mark.parametrize(
        ("changed", "said"),
        [
            (
                {"domains__0__dmarc": {"policy": "rejct"}},
                "  domains[0].dmarc.policy: 'rejct' is unknown, perhaps reject: use none, quarantine or reject",
            ),
            ({"tls__files__certifcate": "x"}, "  tls.files.certifcate: is no setting: did you mean certificate?"),
            (
                {"tls": {"source": "files"}},
                "  tls.files: is missing: set files.certificate and files.privateKey, or source to self-signed",
            ),
            (
                {"server__ports": {"imaps": 143}},
                "  server.ports.imaps: 143 is the port of imap already: give every protocol one of its own",
            ),
        ],
    )
    def test_are_those_of_the_program(self, changed: dict[str, Any], said: str) -> None:
        assert error(text(base(**changed))).splitlines() == ["the stack's settings have errors:", said]

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("", "it has no map `config`"),
            ("config: [1]", "it has no map `config`"),
            ("config: {\n", "line 2: expected the node content, but found '<stream end>'"),
            ("config:\n  a: 1\n  a: 2\n", "line 3: the key 'a' is there twice"),
            ("config: &all\n  maddy-stack:server: *all\n", "has more than 200000 values, its anchors followed"),
            ("config: !!python/object:os.system {}\n", "line 1: could not determine a constructor for the tag"),
        ],
    )
    def test_no_stack_file(self, written: str, said: str) -> None:
        assert said in error(written)
        assert error(written).startswith("the stack file cannot be read: ")


class TestYaml:
    def test_is_read_as_pulumi_reads_it(self) -> None:
        read = stack_yaml.parse("[yes, on, true, 12:30, 2026-01-01, 465, 0.5, 198.51.100.25, null, '465', 010]")
        assert read == ["yes", "on", True, "12:30", "2026-01-01", 465, 0.5, "198.51.100.25", None, "465", "010"]

    def test_other_namespaces_are_not_the_programs(self) -> None:
        written = text(base()).replace("config:\n", "config:\n  cloudflare:apiToken: x\n  aws:region: y\n")
        assert reading.read(written, PROJECT).settings == version(base()).settings

    def test_a_key_without_one_is(self) -> None:
        assert reading.read(text(base()).replace("maddy-stack:", ""), PROJECT).settings == version(base()).settings

    def test_json_in_a_text_is_read_as_the_program_reads_it(self) -> None:
        written = text(
            base(server='{"hostname": "mail.example.org", "ipv4": "198.51.100.25", "ipv6": "2001:db8:25::25"}')
        )
        assert reading.read(written, PROJECT).settings == version(base()).settings
