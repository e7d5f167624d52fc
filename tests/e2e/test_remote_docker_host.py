"""`server.dockerHost: ssh://...`: all that the stack does goes over SSH, and no Docker is needed where Pulumi runs."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab import debian, pulumi_cli
from lab.settings import ROOT
from tests.live.settings import BASE, LAB
from tests.live.ssh_host import SshHost
from tests.live.stack import MailStack

pytestmark = pytest.mark.e2e

MAILBOX = "mail@example.test"
NOWHERE = "unix:///nowhere/docker.sock"


def sshd_command() -> str:
    """The sshd; it is installed only where no service comes with it that a person would not want, or nobody minds."""
    path = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
    in_ci = os.environ.get("CI") == "true"
    harmless = in_ci or not Path("/run/systemd/system").exists()
    if harmless and not shutil.which("sshd", path=path) and debian.can_install():
        complaint = debian.install("openssh-server", "openssh-client")
        assert not complaint, complaint
    found = shutil.which("sshd", path=path)
    if not found and not in_ci:
        pytest.skip("needs an sshd: Debian's package openssh-server")
    assert found
    return found


@pytest.fixture(scope="module")
def host(live_stack: MailStack) -> Iterator[SshHost]:
    """The Docker host, reached over SSH alone."""
    live_stack.have(BASE)  # while there still is a Docker here
    with tempfile.TemporaryDirectory(prefix="ssh-") as directory:  # short: a socket is in it
        host = SshHost(Path(directory), sshd_command())
        host.knows("host")
        with host.running(), pytest.MonkeyPatch.context() as environment:
            environment.setenv("DOCKER_HOST", NOWHERE)
            environment.setenv("PATH", str(host.commands), prepend=os.pathsep)
            yield host
            # What is in the state is removed where it says that it is, which is not there for the next test.
            assert live_stack.pulumi("destroy", "--yes", "--skip-preview").succeeded
            live_stack.applied = ""


@pytest.fixture
def settings(host: SshHost, live_stack: MailStack) -> dict[str, Any]:
    """One domain, on that host."""

    def change(settings: dict[str, Any]) -> None:
        settings["server"]["dockerHost"] = host.url
        settings["domains"] = settings["domains"][:1]

    return live_stack.changed(change)


def run(stack: MailStack, module: str, *options: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a checker as a person would."""
    command = [sys.executable, "-m", module, "--resolver", LAB.dns4, "--json", *options]
    environment = {**os.environ, **pulumi_cli.environment(stack.lab)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, timeout=60, check=False
    )


def preflight(stack: MailStack) -> subprocess.CompletedProcess[str]:
    return run(stack, "preflight", "--stack", stack.lab.name, "--config-file", str(stack.config_file))


class TestTheHostKey:
    @pytest.mark.parametrize(
        ("known", "words"),
        [
            (None, "its SSH host key is not known here"),
            ("another", "it shows another SSH host key than the one that is known here"),
        ],
        ids=["unknown", "changed"],
    )
    def test_is_checked_before_anything_is_changed(
        self, host: SshHost, live_stack: MailStack, settings: dict[str, Any], known: str | None, words: str
    ) -> None:
        live_stack.write(settings)
        before, logins = live_stack.known, host.logins
        host.hang_up()
        host.knows(known)
        try:
            refused = live_stack.try_up()
            looked = preflight(live_stack)
        finally:
            host.knows("host")
        assert not refused.succeeded
        assert f"server.dockerHost: no Docker at {host.url}: {words}. Nothing was changed." in refused.text
        assert "docs/going-live.md" in refused.text
        assert live_stack.known == before
        assert looked.returncode == 1, looked.stdout + looked.stderr
        [row] = [row for row in json.loads(looked.stdout)["results"] if row["check"] == "daemon"]
        assert (row["verdict"], row["found"]) == ("fail", words)
        assert host.logins == logins


class TestTheWholeStack:
    def test_moves_to_ssh_in_place(self, host: SshHost, live_stack: MailStack) -> None:
        containers = {str(container.id) for container in live_stack.containers()}
        live_stack.write(live_stack.changed(lambda settings: settings["server"].update(dockerHost=host.url)))
        assert set(live_stack.up().counts) == {"updated", "unchanged"}
        assert {str(container.id) for container in live_stack.containers()} == containers

    def test_goes_and_comes_over_ssh(self, host: SshHost, live_stack: MailStack, settings: dict[str, Any]) -> None:
        live_stack.write(settings)
        assert live_stack.pulumi("destroy", "--yes", "--skip-preview").succeeded
        left = {container.name for container in live_stack.client.containers.list(all=True, ignore_removed=True)}
        assert not left & {live_stack.name, f"{live_stack.name}-policy"}

        looked = preflight(live_stack)
        assert looked.returncode == 0, looked.stdout + looked.stderr
        [row] = [row for row in json.loads(looked.stdout)["results"] if row["check"] == "daemon"]
        assert row["verdict"] == "pass"

        live_stack.have(settings)
        assert live_stack.client_of(MAILBOX).can_log_in()

    def test_passes_the_checker(self, live_stack: MailStack, settings: dict[str, Any]) -> None:
        live_stack.have(settings)
        done = run(live_stack, "verify", "--outputs", "-", given=json.dumps(live_stack.outputs))
        assert done.returncode == 0, done.stdout + done.stderr
        rows = json.loads(done.stdout)["results"]
        assert {row["verdict"] for row in rows} == {"pass", "skipped"}
        assert {"published", "policy-mx", "incoming", "login"} <= {row["check"] for row in rows}

    def test_mends_what_was_changed_by_hand_with_no_password_on_a_command_line(
        self, live_stack: MailStack, settings: dict[str, Any]
    ) -> None:
        live_stack.have(settings)
        live_stack.container("-policy").remove(force=True)
        live_stack.write(
            live_stack.changed(lambda stack: stack["domains"][0]["accounts"].append("newcomer"), base=settings)
        )
        created = 1 + len(("account", "password"))
        assert live_stack.preview("--refresh").counts["to create"] == created
        mended = live_stack.up("--refresh").counts
        assert mended["created"] == created
        assert not {"replaced", "deleted"} & set(mended)
        assert live_stack.container("-policy").attrs["State"]["Health"]["Status"] == "healthy"
        assert live_stack.client_of("newcomer@example.test").can_log_in()
        assert live_stack.open_state  # knows the secrets of the state from here on
        assert live_stack.leaks.found == []
