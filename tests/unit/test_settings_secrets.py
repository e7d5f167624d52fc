"""No report of what is wrong tells a secret, and a secret in plain text is wrong."""

from pathlib import Path
from typing import Any

import pytest
import stacks
from stack_errors import bad, errors, read

import settings

SECRET = "hunter2-hunter2"


def change(path: str, value: Any, raw: dict[str, Any]) -> dict[str, Any]:
    return stacks.changed(raw, **{path: value})


class TestNoSecretIsEverSaid:
    PLACES = ("cloudflare__apiToken", "server__smartHost__password", "domains__0__accounts__0__password",
              "domains__0__dkim__selectors__0__privateKey", "tls__files__privateKey")  # fmt: skip

    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize(
        "wrong",
        [SECRET, 99887766554433, 99887766.5, [SECRET], {"x": SECRET}, {SECRET: "x"}, f"{SECRET}\n{SECRET}\\",
         f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----", True],
        ids=["text", "number", "fraction", "list", "map", "key", "lines", "PEM", "truth"],
    )  # fmt: skip
    def test_whatever_kind_of_value_it_is(self, place: str, wrong: Any) -> None:
        raw = stacks.changed(
            stacks.minimal(),
            server__smartHost={"host": "relay.example", "user": "me", "password": SECRET},
            domains__0__accounts=[{"name": "postmaster"}],
            domains__0__dkim={"selectors": [{"name": "a", "algorithm": "rsa4096"}]},
            tls={"source": "files", "files": {"certificate": "-----BEGIN", "privateKey": "-----BEGIN"}},
            server__ipv4="::1",
        )
        text = "\n".join(errors(change(place, wrong, raw), secret_keys=()))
        for secret in (SECRET, "99887766", "-----BEGIN PRIVATE KEY-----\n"):
            assert secret not in text

    def test_nor_what_is_under_a_key_that_is_none(self) -> None:
        assert SECRET not in "\n".join(bad(cloudflare={"token": SECRET}, server__password=SECRET, secret=SECRET))

    def test_nor_in_a_representation_of_the_settings(self) -> None:
        found = read(stacks.full())
        for secret in (stacks.TOKEN, stacks.PASSWORD, 'relay "', "PRIVATE KEY"):
            assert secret not in repr(found)
            assert secret not in str(found)


class TestSecretsAreEncryptedInTheStackFile:
    def test_each_that_is_not_is_named(self) -> None:
        lines = errors(stacks.full(), secret_keys=("tls",))
        assert [line.split(": ")[0] for line in lines] == [
            "server.smartHost.password",
            "domains[0].dkim.selectors[1].privateKey",
            "domains[0].accounts[0].password",
            "domains[1].dkim.selectors[0].privateKey",
            "cloudflare.apiToken",
        ]
        assert lines[0] == (
            "server.smartHost.password: is in plain text in the stack file: set it anew with "
            "`pulumi config set --secret --path 'server.smartHost.password'`"
        )

    def test_together_with_the_other_errors(self) -> None:
        lines = errors(stacks.changed(stacks.minimal(), server__ipv4="x"), secret_keys=())
        assert [line.split(": ")[0] for line in lines] == ["server.ipv4", "cloudflare.apiToken"]

    def test_the_path_of_a_key_is_no_secret_and_its_text_is(self, tmp_path: Path) -> None:
        chain, key, _ = stacks.issued(0, *stacks.NAMES)
        (tmp_path / "fullchain.pem").write_text(chain)
        (tmp_path / "privkey.pem").write_text(key)
        files = {"certificate": str(tmp_path / "fullchain.pem"), "privateKey": str(tmp_path / "privkey.pem")}
        found = read({**stacks.minimal(), "tls": {"source": "files", "files": files}}, ("cloudflare",))
        assert found.tls.files is not None
        assert settings.tls_files(found.tls.files) == (chain, key)
        lines = errors(
            {**stacks.minimal(), "tls": {"source": "files", "files": {**files, "privateKey": key}}}, ("cloudflare",)
        )
        assert [line.split(": ")[0] for line in lines] == ["tls.files.privateKey"]
