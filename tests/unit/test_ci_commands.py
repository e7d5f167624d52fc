"""Which stacks there are, the key of the Docker host, and what a deployment makes of the checker's report."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ci import ssh_key, verdict
from ci.__main__ import main
from ci.problem import CiError
from ci.stacks import find

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\r\nMadeUp\r\n-----END OPENSSH PRIVATE KEY-----"
HOST = "mail.example.com ssh-ed25519 AAAAC3Nza"


class TestStacks:
    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "Pulumi.eu-1.staging.yaml", "notes.yaml"):
            (tmp_path / name).touch()
        return tmp_path

    def test_every_stack_file_but_the_labs(self, project: Path) -> None:
        assert find(project, " ") == ["eu-1.staging", "prod"]

    @pytest.mark.parametrize("listed", ["prod", " prod,prod ", "prod\n"])
    def test_listed(self, project: Path, listed: str) -> None:
        assert find(project, listed) == ["prod"]

    def test_listed_without_a_file(self, project: Path) -> None:
        with pytest.raises(CiError, match=r"STACKS names 'production', and there is no Pulumi\.production\.yaml"):
            find(project, "prod production")

    @pytest.mark.parametrize("name", ["$(id)", "a b", "-rf", 'x"]', "é"])
    def test_file_whose_name_is_no_stack(self, project: Path, name: str) -> None:
        (project / f"Pulumi.{name}.yaml").touch()
        with pytest.raises(CiError, match="is no name of a stack"):
            find(project, "")

    def test_printed_for_the_matrix(
        self, project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(project)
        monkeypatch.delenv("STACKS", raising=False)
        assert main(["stacks"]) == 0
        assert capsys.readouterr().out == 'stacks=["eu-1.staging","prod"]\n'

    def test_needs_the_standard_library_alone(self) -> None:
        project = Path(__file__).parents[2]
        command = [sys.executable, "-S", "-m", "ci", "stacks"]  # -S: without what is installed
        done = subprocess.run(command, cwd=project, env={"STACKS": "dev"}, capture_output=True, text=True, check=True)
        assert done.stdout == 'stacks=["dev"]\n'

    def test_command_line_takes_no_other_name(self) -> None:
        with pytest.raises(SystemExit):
            main(["issue", "--stack", "$(id)", "--outcome", "success", "--preview", "x"])


class TestSshKey:
    def test_written_for_the_owner_alone(self, tmp_path: Path) -> None:
        directory = tmp_path / ".ssh"
        old = os.umask(0)
        try:
            ssh_key.install(directory, key=KEY, known_hosts=HOST)
        finally:
            os.umask(old)
        assert (directory / "id_ed25519").read_bytes() == KEY.replace("\r", "").encode() + b"\n"
        assert (directory / "known_hosts").read_text() == f"{HOST}\n"
        modes = [path.stat().st_mode & 0o777 for path in (directory, *sorted(directory.iterdir()))]
        assert modes == [0o700, 0o600, 0o600]

    def test_nothing_without_a_key(self, tmp_path: Path) -> None:
        ssh_key.install(tmp_path / ".ssh", key=" ", known_hosts=HOST)
        assert not (tmp_path / ".ssh").exists()

    def test_no_key_without_host_keys(self, tmp_path: Path) -> None:
        with pytest.raises(CiError, match="DOCKER_SSH_KNOWN_HOSTS") as raised:
            ssh_key.install(tmp_path / ".ssh", key=KEY, known_hosts="")
        assert "MadeUp" not in str(raised.value)
        assert not (tmp_path / ".ssh").exists()

    def test_again_on_a_machine_that_keeps_it(self, tmp_path: Path) -> None:
        for _ in range(2):
            ssh_key.install(tmp_path, key=KEY, known_hosts=HOST)

    def test_another_key_is_not_overwritten(self, tmp_path: Path) -> None:
        (tmp_path / "id_ed25519").write_text("mine\n")
        with pytest.raises(CiError, match="is there already") as raised:
            ssh_key.install(tmp_path, key=KEY, known_hosts=HOST)
        assert "MadeUp" not in str(raised.value)
        assert (tmp_path / "id_ed25519").read_text() == "mine\n"


class TestVerdict:
    @staticmethod
    def report(directory: Path, *results: str) -> Path:
        cases = "".join(
            f'<testcase classname="example.com" name="check-{number}">{result}</testcase>'
            for number, result in enumerate(results)
        )
        file = directory / "verify.xml"
        file.write_text(f'<testsuites name="verify"><testsuite name="records">{cases}</testsuite></testsuites>')
        return file

    def test_all_passes(self, tmp_path: Path) -> None:
        said, code = verdict.judge("prod", 0, self.report(tmp_path, "", "<skipped message='no'/>"))
        assert code == 0
        assert "2 rows, 0 failed, 0 could not be looked at" in said

    def test_failure_fails_and_is_shown(self, tmp_path: Path) -> None:
        failure = "<failure message='m'>expected: a\nfound: `x` ```\nto do: mend it</failure>"
        said, code = verdict.judge("prod", 1, self.report(tmp_path, "", failure))
        assert code == 1
        assert "````text\nexample.com: check-1\n  expected: a\n" in said
        assert "  to do: mend it\n````" in said

    def test_unknown_is_shown_and_does_not_fail(self, tmp_path: Path) -> None:
        said, code = verdict.judge("prod", 2, self.report(tmp_path, "", "<error>found: timed out</error>"))
        assert code == 0
        assert "### Not looked at" in said
        assert "found: timed out" in said

    @pytest.mark.parametrize("exit_code", [0, 1, 2, 64, 130])
    def test_nothing_looked_at_fails(self, tmp_path: Path, exit_code: int) -> None:
        said, code = verdict.judge("prod", exit_code, tmp_path / "missing.xml")
        assert code == 1
        assert "Nothing was looked at" in said

    @pytest.mark.parametrize("content", ["", "<testsuites", "<testsuites/>", "<other/>"])
    def test_broken_report_fails(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / "verify.xml"
        file.write_text(content)
        assert verdict.judge("prod", 0, file)[1] == 1

    def test_interrupted_run_fails(self, tmp_path: Path) -> None:
        assert verdict.judge("prod", 130, self.report(tmp_path, ""))[1] == 1

    def test_exit_code_1_fails_whatever_the_report_says(self, tmp_path: Path) -> None:
        assert verdict.judge("prod", 1, self.report(tmp_path, ""))[1] == 1
