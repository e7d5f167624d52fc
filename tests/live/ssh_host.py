"""A Docker host that is reached over SSH: an sshd on this machine, and an `ssh` that knows it."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.settings import ROOT

ADDRESS = "127.0.0.1"
SHARED = re.compile(r"^ *(?:ControlMaster|ControlPersist) .*$", re.MULTILINE)
"""What docs/going-live.md has in ~/.ssh/config; its ControlPath is a user's own."""

_SSHD = """\
ListenAddress {address}
Port {port}
HostKey {home}/host
AuthorizedKeysFile {home}/user.pub
AuthenticationMethods publickey
StrictModes no
UsePAM no
PidFile none
SetEnv {environment}
"""
_SSH = """\
IdentityFile {home}/user
IdentitiesOnly yes
UserKnownHostsFile {home}/known_hosts
GlobalKnownHostsFile none
{shared}
ControlPath {home}/%C
"""


class SshHost:
    """The sshd, its client's configuration, and what that knows of the host's key."""

    def __init__(self, home: Path, sshd: str) -> None:
        self.home, self.sshd = home, sshd
        with socket.create_server((ADDRESS, 0)) as free:
            self.port = int(free.getsockname()[1])
        for name in ("host", "another", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True)
        paths = dict.fromkeys([str(Path(shutil.which("docker") or "").parent), "/usr/local/bin", "/usr/bin", "/bin"])
        there = {"PATH": ":".join(paths)}
        if docker_host := os.environ.get("DOCKER_HOST"):  # of the lab, which is far away from here on
            there["DOCKER_HOST"] = docker_host
        environment = " ".join(f"{name}={value}" for name, value in there.items())
        shared = "\n".join(SHARED.findall((ROOT / "docs" / "going-live.md").read_text(encoding="utf-8")))
        (home / "sshd_config").write_text(
            _SSHD.format(address=ADDRESS, port=self.port, home=home, environment=environment)
        )
        (home / "config").write_text(_SSH.format(home=home, shared=shared))
        wrapper = self.commands / "ssh"
        wrapper.parent.mkdir()
        wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {home}/config "$@"\n')
        wrapper.chmod(0o755)

    @property
    def commands(self) -> Path:
        """The directory of the `ssh` that reads this configuration and no other."""
        return self.home / "bin"

    @property
    def url(self) -> str:
        """As `server.dockerHost` has it."""
        return f"ssh://{pwd.getpwuid(os.getuid()).pw_name}@{ADDRESS}:{self.port}"

    @property
    def logins(self) -> int:
        """How often somebody has logged in."""
        return (self.home / "log").read_text().count("Accepted publickey")

    def knows(self, key: str | None) -> None:
        """Have the host's key known as this one: `host`, `another`, or None for no key."""
        line = f"[{ADDRESS}]:{self.port} {(self.home / f'{key}.pub').read_text()}" if key else ""
        (self.home / "known_hosts").write_text(line)

    def hang_up(self) -> None:
        """End the connection that is kept, so that the next is made anew."""
        end = ["-O", "exit", "-p", str(self.port), self.url.removeprefix("ssh://").partition(":")[0]]
        subprocess.run([str(self.commands / "ssh"), *end], capture_output=True, check=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have the sshd up."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it wants that, as Debian's service makes it
        command = [self.sshd, "-D", "-e", "-f", str(self.home / "sshd_config")]
        with (self.home / "log").open("wb") as log, subprocess.Popen(command, stderr=log) as sshd:
            try:
                self._wait()
                yield
            finally:
                self.hang_up()
                sshd.terminate()

    def _wait(self) -> None:
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((ADDRESS, self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline, (self.home / "log").read_text()
                time.sleep(0.05)
            else:
                return
