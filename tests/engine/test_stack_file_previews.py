"""The stack files of the project preview as they are, and as a person makes them their own, without any account."""

import os
import subprocess
from pathlib import Path

import pytest

from lab import bootstrap, docker_engine, pulumi_cli, pulumi_install
from lab.settings import ROOT, Lab

pytestmark = pytest.mark.engine

STACKS = {"staging": "example.net", "prod": "example.com"}
PASSPHRASE = "a passphrase of my own"
TOKEN = "a-token-of-my-own-which-opens-nothing-00"


class Checkout:
    """A checkout of the project with stack files of its own, and a backend in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        self.folder.mkdir()
        for path in ROOT.iterdir():
            if path.name != ".git":
                (self.folder / path.name).symlink_to(path)
        self._lab = Lab(name="unused", subnet4="192.0.2.0/24", subnet6="2001:db8::/64", api_port=1, zones=())

    def has_file(self, stack: str, text: str) -> Path:
        """Have a stack file in the place of the project's."""
        file = self.folder / f"Pulumi.{stack}.yaml"
        file.unlink(missing_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def pulumi(self, *arguments: str, passphrase: str = "", given: str = "") -> subprocess.CompletedProcess[str]:
        """Run a pulumi command as a person does in the project's folder."""
        self._lab.state.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **pulumi_cli.environment(self._lab), "PULUMI_CONFIG_PASSPHRASE": passphrase}
        del environment["PULUMI_STACK"]
        command = [str(pulumi_install.find()), *arguments, "--non-interactive", "--color", "never"]
        return subprocess.run(
            command, cwd=self.folder, env=environment, input=given, capture_output=True, text=True, timeout=120
        )


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A checkout, and no stack that is up."""
    monkeypatch.setenv("MADDY_LAB_HOME", str(tmp_path / "home"))
    bootstrap.ensure_parts(docker_engine.ensure())
    return Checkout(tmp_path)


@pytest.mark.parametrize("stack", STACKS)
def test_previews_as_it_is(checkout: Checkout, stack: str) -> None:
    written = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    file = checkout.has_file(stack, written)
    assert checkout.pulumi("stack", "init", stack).returncode == 0
    preview = checkout.pulumi("preview", "-s", stack, "--suppress-progress")
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert f"s2026._domainkey.{STACKS[stack]}" in preview.stdout
    assert file.read_text(encoding="utf-8") == written


def test_previews_as_a_person_makes_it_their_own(checkout: Checkout) -> None:
    written = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8").replace("example.com", "mine.example")
    lines = written.replace("192.0.2.25", "9.9.9.9").replace("2001:db8::25", "2620:fe::9").splitlines(keepends=True)
    file = checkout.has_file("mine", "".join(line for line in lines if "# PLACEHOLDER" not in line))
    assert checkout.pulumi("stack", "init", "mine", passphrase=PASSPHRASE).returncode == 0
    sealed = checkout.pulumi(
        "config", "set", "--path", "--secret", "cloudflare.apiToken", "-s", "mine", passphrase=PASSPHRASE, given=TOKEN
    )
    assert sealed.returncode == 0, sealed.stderr
    mine = file.read_text(encoding="utf-8")
    assert "secure: v1:" in mine
    assert TOKEN not in mine
    assert "# To make it yours, in this order" in mine, "the comments have outlived Pulumi's own changes"
    preview = checkout.pulumi("preview", "-s", "mine", "--suppress-progress", passphrase=PASSPHRASE)
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "s2026._domainkey.mine.example" in preview.stdout
    assert checkout.pulumi("preview", "-s", "mine").returncode != 0, "the empty passphrase opens it no longer"
