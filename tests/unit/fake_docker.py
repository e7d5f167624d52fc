"""A `docker` command that answers `docker exec` as it is told to, and TLS servers behind its `nc`."""

import socketserver
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import stacks

CONTAINER = "maddy-test"

_COMMAND = r"""#!/bin/sh
cd "{home}" || exit
echo "$*" >> calls
[ ! -e refusal ] || {{ /bin/cat refusal >&2; exit 1; }}
case "$*" in
    "exec -i {container} nc 127.0.0.1 "*) exec "{python}" -ISE pipe.py "$6" ;;
    "exec -i {container} cat /data/tls/fullchain.pem") exec /bin/cat fullchain.pem ;;
    "exec -i {container} maddy "*" list") exec /bin/cat "$5" ;;
    "exec -i {container} maddy creds password "*) exec /bin/cat > password ;;
    "exec -i {container} maddy "*) ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""
"""Like Maddy's own, its changes exit with 0 and do nothing at all."""

_PIPE = """
import pathlib, socket, sys, threading

server = socket.create_connection(("127.0.0.1", int(pathlib.Path(sys.argv[1]).read_text())))

def inward():
    while data := sys.stdin.buffer.raw.read(65536):
        server.sendall(data)

threading.Thread(target=inward, daemon=True).start()
while data := server.recv(65536):
    sys.stdout.buffer.raw.write(data)
"""


class Docker:
    """The command, what it answers, and what it was asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        command = home / "docker"
        command.write_text(_COMMAND.format(python=sys.executable, home=str(home), container=CONTAINER))
        command.chmod(0o755)
        (home / "pipe.py").write_text(_PIPE)
        self.lists("creds")
        self.lists("imap-acct")

    def lists(self, kind: str, *addresses: str) -> None:
        """Answer `maddy KIND list` with these."""
        (self.home / kind).write_text("".join(f"{address}\n" for address in addresses), encoding="utf-8")

    def refuses(self, text: str) -> None:
        """Fail with this text, whatever is asked."""
        (self.home / "refusal").write_text(text)

    @property
    def calls(self) -> list[list[str]]:
        """The words of every call."""
        return [line.split() for line in (self.home / "calls").read_text(encoding="utf-8").splitlines()]

    @property
    def changes(self) -> set[str]:
        """What Maddy was asked to change."""
        return {" ".join(call[3:]) for call in self.calls if call[3] == "maddy" and call[5] != "list"}

    @property
    def password(self) -> str | None:
        """What `maddy creds password` got on its standard input."""
        path = self.home / "password"
        return path.read_bytes().decode() if path.exists() else None

    @contextmanager
    def serving(self, port: int, handler: Any, *names: str) -> Iterator[str]:
        """Have a TLS server behind a port, with a certificate for these names; yields its chain."""
        chain, key, _ = stacks.issued(7, *names)
        (self.home / "fullchain.pem").write_text(chain)
        (self.home / "server.pem").write_text(key + chain)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.home / "server.pem")
        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
            server.daemon_threads = True
            server.socket = context.wrap_socket(server.socket, server_side=True)
            (self.home / str(port)).write_text(str(server.server_address[1]))
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield chain
            finally:
                server.shutdown()
                thread.join()
