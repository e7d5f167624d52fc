"""Which pulumi command the lab takes: the official one if it is new enough, else the one that was built."""

import urllib.request
from pathlib import Path

import pytest

from lab import pulumi_install, toolchain
from lab.terminal import LabError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MADDY_STACK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    return tmp_path / "cache"


def put_pulumi(path: Path, version: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


class TestOfficialCommand:
    def test_on_the_path_is_used(self, tmp_path: Path) -> None:
        put_pulumi(toolchain.PULUMI.binary, "v3.259.0")
        official = put_pulumi(tmp_path / "path" / "pulumi", "v3.272.0")

        assert pulumi_install.find() == official

    @pytest.mark.parametrize("version", ["v3.199.0", "v2.300.0", "nonsense"])
    def test_that_is_too_old_is_not_used(self, tmp_path: Path, version: str) -> None:
        put_pulumi(tmp_path / "path" / "pulumi", version)
        built = put_pulumi(toolchain.PULUMI.binary, "v3.259.0")

        assert pulumi_install.find() == built

    def test_keeps_its_own_language_host(self, tmp_path: Path) -> None:
        official = put_pulumi(tmp_path / "path" / "pulumi", "v3.272.0")
        host = put_pulumi(official.with_name("pulumi-language-python"), "official")
        dynamic = put_pulumi(official.with_name("pulumi-resource-pulumi-python"), "official")

        assert pulumi_install.ensure() == official
        assert "official" in host.read_text()
        assert "official" in dynamic.read_text()
        assert not (pulumi_install.launcher_directory(official) / "pulumi-language-python").exists()

    def test_without_a_language_host_gets_ours_in_a_directory_of_the_lab(self, tmp_path: Path, cache: Path) -> None:
        official = put_pulumi(tmp_path / "path" / "pulumi", "v3.272.0")

        pulumi_install.ensure()

        assert [entry.name for entry in official.parent.iterdir()] == ["pulumi"]
        host = pulumi_install.launcher_directory(official) / "pulumi-language-python"
        assert host.is_relative_to(cache)
        assert "lab.language_host" in host.read_text()


class TestBuiltCommand:
    def test_is_not_taken_for_the_official_one_when_it_is_on_the_path(self, monkeypatch: pytest.MonkeyPatch) -> None:
        built = put_pulumi(toolchain.PULUMI.binary, "v3.259.0")
        monkeypatch.setenv("PATH", f"{built.parent}:/usr/bin:/bin")

        assert pulumi_install.ensure() == built
        assert built.with_name("pulumi-language-python").exists()

    def test_is_built_when_the_download_fails(self, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise OSError("no route")

        def build(tool: toolchain.Tool) -> Path:
            return put_pulumi(tool.binary, "v3.259.0")

        monkeypatch.setattr(urllib.request, "urlopen", refuse)
        monkeypatch.setattr(toolchain, "ensure", build)

        assert pulumi_install.ensure().is_relative_to(cache)

    def test_does_not_name_a_checkout_in_its_launchers(self) -> None:
        built = put_pulumi(toolchain.PULUMI.binary, "v3.259.0")
        pulumi_install.ensure()

        text = built.with_name("pulumi-language-python").read_text()
        assert "$MADDY_LAB_ROOT" in text
        assert str(Path(__file__).parents[2]) not in text


def test_without_any_command_a_person_is_told_what_to_run() -> None:
    from lab import pulumi_cli
    from lab.settings import DEV

    with pytest.raises(LabError, match="make up"):
        pulumi_cli.environment(DEV)
