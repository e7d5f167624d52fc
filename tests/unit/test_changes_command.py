"""`python -m changes` as people and workflows run it: in a git repository of its own, with nothing else."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from change_files import base, sealed, text
from recorder import PROGRAM

from changes.__main__ import main

Run = subprocess.CompletedProcess[str]
ROOT = PROGRAM.parent


def git(directory: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=directory, check=True, capture_output=True)


class Repository:
    """A project in a git repository, its stack file committed on the branch main."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "Pulumi.yaml").write_text("name: maddy-stack\nruntime: python\n")
        git(directory, "init", "--quiet", "--initial-branch=main")
        self.write("prod", base())
        self.commit()

    def write(self, stack: str, settings: dict[str, Any]) -> None:
        (self.directory / f"Pulumi.{stack}.yaml").write_text(text(settings))

    def commit(self) -> None:
        git(self.directory, "add", "--all")
        git(self.directory, "commit", "--quiet", "--message", "A change")

    def run(self, *arguments: str) -> Run:
        """Run the command in this process, which is faster."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main(arguments, self.directory)
            except SystemExit as stopped:
                code = int(str(stopped.code))
        return Run(arguments, code, out.getvalue(), err.getvalue())

    def command(self, *arguments: str, path: str | None = None) -> Run:
        """Run the command by itself, without a home, a token or a passphrase."""
        return subprocess.run(
            [sys.executable, "-m", "changes", *arguments],
            cwd=self.directory,
            env={"PYTHONPATH": str(ROOT), "PATH": path or os.environ["PATH"], "PYTHONUTF8": "1"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


STRICTER = {"domains__0__dmarc": {"policy": "quarantine"}}
TOKEN = "dmarc example.org quarantine"


def much() -> dict[str, Any]:
    """The base with something of everything changed."""
    (domain,) = base()["domains"]
    return base(
        server__hostname="mx.example.org",
        server__ipv6=None,
        server__memory=256,
        server__protectData=False,
        server__ports={"submission": 10587},
        server__smartHost={"host": "relay.example", "user": "me", "password": sealed("relay")},
        policySite={"memory": 64},
        domains=[
            {
                **domain,
                "spf": "v=spf1 mx include:_spf.relay.example -all",
                "dmarc": {"policy": "quarantine", "rua": "mailto:dmarc@example.net"},
                "mtaSts": {"mode": "enforce", "maxAge": 1_209_600},
                "tlsRpt": {"enabled": False},
                "accounts": ["postmaster", {"name": "anna", "password": sealed("anna-2")}],
                "aliases": {"team": "anna", "mail": "anna", "a|`<b>`": "anna"},
                "dkim": {"selectors": ["s2026"]},
            },
            {
                "name": "example.net",
                "accounts": ["postmaster"],
                "aliases": {"dmarc": "postmaster"},
                "mtaSts": {"enabled": False},
            },
        ],
        acknowledged=["dkim example.org s2025 removed (last used in May)", "server.memory 255"],
    )


def test_much_has_changed(repository: Repository, golden: Callable[[str, str], None]) -> None:
    settings = much()
    del settings["domains"][0]["aliases"]["a|`<b>`"]
    settings["domains"][0]["aliases"]["o`hara"] = "anna"
    repository.write("prod", settings)
    found = repository.command("--base", "main")
    assert (found.returncode, found.stderr) == (0, "")
    golden("the-change-in-words", found.stdout)


def test_no_change(repository: Repository) -> None:
    repository.write("dev", base())
    repository.commit()
    found = repository.run("--base", "HEAD", "--strict")
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == (
        "# The change in words\n\nThe stack files here against those where this parted from `HEAD`.\n\n"
        "No change: `dev`, `prod`.\n"
    )


class TestStrict:
    def test_what_can_hurt_has_to_be_acknowledged(self, repository: Repository) -> None:
        repository.write("prod", base(**STRICTER))
        found = repository.command("--base", "main", "--strict")
        assert found.returncode == 3
        assert "**1 change; 1 can hurt (⚠️), 1 not acknowledged.**" in found.stdout
        assert (
            f"""
```yaml
config:
  maddy-stack:acknowledged:
    - "{TOKEN}"
```
"""
            in found.stdout
        )
        assert repository.run("--base", "main").returncode == 0

    @pytest.mark.parametrize("entry", [TOKEN, f"{TOKEN} (reports are clean since October)"])
    def test_and_is_by_what_was_printed(self, repository: Repository, entry: str) -> None:
        repository.write("prod", base(**STRICTER, acknowledged=[entry]))
        found = repository.run("--base", "main", "--strict")
        assert found.returncode == 0
        assert "| ⚠️ acknowledged | DMARC policy of example.org changed | `none` | `quarantine` |" in found.stdout

    def test_but_not_by_an_entry_that_was_there_before(self, repository: Repository) -> None:
        repository.write("prod", base(acknowledged=[TOKEN]))
        repository.commit()
        repository.write("prod", base(**STRICTER, acknowledged=[TOKEN]))
        found = repository.run("--base", "main", "--strict")
        assert found.returncode == 3
        assert f"`{TOKEN}` is there from an earlier change and does not count" in found.stdout
        repository.write("prod", base(**STRICTER, acknowledged=[f"{TOKEN} (once more)"]))
        assert repository.run("--base", "main", "--strict").returncode == 0

    def test_one_left_there_does_no_harm(self, repository: Repository) -> None:
        repository.write("prod", base(acknowledged=[TOKEN]))
        repository.commit()
        assert "No change: `prod`." in repository.run("--base", "main", "--strict").stdout

    def test_nor_by_one_of_another_value(self, repository: Repository) -> None:
        repository.write("prod", base(domains__0__dmarc={"policy": "reject"}, acknowledged=[TOKEN]))
        found = repository.run("--base", "main", "--strict")
        assert found.returncode == 3
        assert f"`{TOKEN}` under `acknowledged` is no change that can hurt here" in found.stdout

    def test_the_printed_entry_is_yaml(self, repository: Repository) -> None:
        repository.write("prod", base(domains__0__spf="v=spf1 mx include:a.example -all"))
        printed = repository.run("--base", "main").stdout.split("acknowledged:\n    - ")[1].splitlines()[0]
        assert json.loads(printed) == "spf example.org v=spf1 mx include:a.example -all"


class TestStacks:
    def test_a_new_one_is_one_thing_to_acknowledge(self, repository: Repository) -> None:
        repository.write("staging", base())
        found = repository.run("--base", "main", "--strict", "--stack", "staging")
        assert found.returncode == 3
        assert '- "stack added"' in found.stdout
        assert "### DNS records: 15 added, 0 changed, 0 removed" in found.stdout
        assert "prod" not in found.stdout

    def test_a_removed_one(self, repository: Repository) -> None:
        (repository.directory / "Pulumi.prod.yaml").unlink()
        found = repository.run("--base", "main", "--strict")
        assert found.returncode == 0
        assert "Its stack file is gone, and what is up stays up" in found.stdout
        assert "DNS records" not in found.stdout

    def test_one_that_is_nowhere(self, repository: Repository) -> None:
        found = repository.run("--base", "main", "--stack", "live")
        assert (found.returncode, found.stdout) == (64, "")
        assert "--stack live: there is no Pulumi.live.yaml on either side" in found.stderr

    def test_what_came_to_the_base_since_is_no_change(self, repository: Repository) -> None:
        git(repository.directory, "checkout", "--quiet", "-b", "work")
        repository.write("dev", base())
        repository.commit()
        git(repository.directory, "checkout", "--quiet", "main")
        repository.write("prod", base(**STRICTER))
        repository.commit()
        git(repository.directory, "checkout", "--quiet", "work")
        found = repository.run("--base", "main")
        assert "No change: `prod`." in found.stdout
        assert "## Stack `dev`" in found.stdout

    def test_in_a_folder_of_the_repository(self, repository: Repository) -> None:
        below = repository.directory / "mail"
        below.mkdir()
        inner = Repository.__new__(Repository)
        inner.directory = below
        (below / "Pulumi.yaml").write_text("name: maddy-stack\n")
        inner.write("live", base())
        inner.commit()
        inner.write("live", base(**STRICTER))
        found = inner.run("--base", "main")
        assert "DMARC goes from none to quarantine" in found.stdout
        assert "prod" not in found.stdout


class TestNotValid:
    def test_the_sentences_are_those_of_the_program(self, repository: Repository) -> None:
        repository.write("prod", base(domains__0__dmarc={"policy": "rejct"}))
        repository.write("dev", base())
        found = repository.run("--base", "main", "--strict")
        assert (found.returncode, found.stderr) == (1, "")
        assert (
            """
```
the stack's settings have errors:
  domains[0].dmarc.policy: 'rejct' is unknown, perhaps reject: use none, quarantine or reject
```
"""
            in found.stdout
        )
        assert "## Stack `dev`" in found.stdout

    def test_one_that_was_not_can_be_mended(self, repository: Repository) -> None:
        repository.write("prod", base(domains__0__dmarc={"policy": "rejct"}))
        repository.commit()
        repository.write("prod", base())
        found = repository.run("--base", "main")
        assert found.returncode == 0
        assert "The version before is not valid, so that all of this one is told as new:" in found.stdout


class TestFiles:
    def test_two_of_them(self, repository: Repository, tmp_path: Path) -> None:
        (tmp_path / "old.yaml").write_text(text(base()))
        (tmp_path / "new.yaml").write_text(text(base(**STRICTER)))
        found = repository.run("old.yaml", "new.yaml", "--strict")
        assert found.returncode == 3
        assert "`new.yaml` against `old.yaml`." in found.stdout

    def test_one_that_is_not_there(self, repository: Repository) -> None:
        found = repository.run("Pulumi.prod.yaml", "new.yaml")
        assert (found.returncode, found.stdout) == (64, "")
        assert "new.yaml: there is no such file" in found.stderr


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ((), "give --base REVISION, or two files"),
            (("--base", "main", "x"), "give --base REVISION, or two files"),
            (("x",), "give two files, the old and the new one"),
            (("x", "y", "--stack", "z"), "without --stack"),
            (("--base", "nowhere"), "nowhere: there is no such revision in this repository"),
            (("--base=--output=x",), "is no revision"),
        ],
    )
    def test_wrong(self, repository: Repository, arguments: tuple[str, ...], said: str) -> None:
        found = repository.run(*arguments)
        assert (found.returncode, found.stdout) == (64, "")
        assert said in found.stderr

    def test_without_git(self, repository: Repository, tmp_path: Path) -> None:
        found = repository.command("--base", "main", path=str(tmp_path))
        assert found.returncode == 64
        assert "there is no `git` command here" in found.stderr

    def test_outside_a_repository(self, tmp_path: Path) -> None:
        (tmp_path / "Pulumi.yaml").write_text("name: maddy-stack\n")
        outside = Repository.__new__(Repository)
        outside.directory = tmp_path
        found = outside.run("--base", "main")
        assert (found.returncode, found.stdout) == (64, "")
        assert "git finds no repository of yours here" in found.stderr

    def test_outside_a_project(self, repository: Repository) -> None:
        (repository.directory / "Pulumi.yaml").unlink()
        assert "there is no Pulumi.yaml with a name here" in repository.run("--base", "main").stderr


def test_a_hostile_stack_file_writes_no_markdown_of_its_own(repository: Repository) -> None:
    settings = much()
    settings["acknowledged"] = ["` | <img src=x> [a](http://b) @all\n# Title"]
    settings["server"]["smartHost"]["user"] = "``|<script>"
    repository.write("prod", settings)
    found = repository.run("--base", "main")
    assert found.returncode == 1  # < and > stand before no @
    del settings["domains"][0]["aliases"]["a|`<b>`"]
    settings["domains"][0]["aliases"]["a|`b`"] = "anna"
    repository.write("prod", settings)
    found = repository.run("--base", "main")
    assert found.returncode == 0
    rows = [line for line in found.stdout.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {5, 6}
    outside_blocks = "".join(found.stdout.split("```")[::2])
    assert "<img" not in outside_blocks
    assert "<script" not in outside_blocks
    assert "\n# Title" not in found.stdout
