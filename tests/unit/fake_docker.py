"""A `docker` command that runs what `docker exec` is given with a Maddy of files, and TLS servers behind its `nc`."""

import json
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

_DOCKER = r"""#!/bin/sh
cd "{home}" || exit
echo "$*" >> calls
[ ! -e refusal ] || {{ /bin/cat refusal >&2; exit 1; }}
[ "$1 $2 $3" = "exec -i {container}" ] || {{ echo "unexpected: $*" >&2; exit 1; }}
shift 3
case "$*" in
    "nc 127.0.0.1 "*) exec "{python}" -ISE pipe.py "$3" ;;
    "cat /data/tls/fullchain.pem") exec /bin/cat fullchain.pem ;;
    "maddy "*) shift; exec ./maddy "$@" ;;
    "sh -c "*) PATH="{home}:/bin:/usr/bin" exec /bin/sh -c "$(echo "$3" | /bin/sed 's, /data/, data/,g')" ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
"""

_MADDY = r"""#!/bin/sh
eval "address=\${{$#}}"
case "$*" in
    "creds list" | "imap-acct list") exec /bin/cat "$1" ;;
    "creds password "* | "imap-acct create "* | "creds remove --yes "* | "imap-acct remove --yes "*) ;;
    *) echo "unexpected: $*" >&2; exit 1 ;;
esac
echo "$*" >> changes
[ "$2" != password ] || {{ IFS= read -r password; printf '%s\t%s\n' "$address" "$password" >> passwords; }}
[ -e pretends ] && exit
/bin/grep -vxF "$address" "$1" > "$1.new"
[ "$2" = remove ] || echo "$address" >> "$1.new"
/bin/mv "$1.new" "$1"
"""
"""Like Maddy's own, its changes exit with 0 also when they do nothing at all."""

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
    """The command, the Maddy behind it, and what they were asked."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for name, text in (("docker", _DOCKER), ("maddy", _MADDY)):
            command = home / name
            command.write_text(text.format(python=sys.executable, home=str(home), container=CONTAINER))
            command.chmod(0o755)
        (home / "pipe.py").write_text(_PIPE)
        (home / "data").mkdir()
        self.lists("creds")
        self.lists("imap-acct")

    def lists(self, kind: str, *addresses: str) -> None:
        """Have these logins (`creds`) or mailboxes (`imap-acct`)."""
        (self.home / kind).write_text("".join(f"{address}\n" for address in addresses), encoding="utf-8")

    def listed(self, kind: str) -> list[str]:
        """The logins or mailboxes that are there."""
        return (self.home / kind).read_text(encoding="utf-8").splitlines()

    def pretends(self) -> None:
        """Have Maddy do nothing and say nothing."""
        (self.home / "pretends").touch()

    def refuses(self, text: str) -> None:
        """Fail with this text, whatever is asked."""
        (self.home / "refusal").write_text(text)

    @property
    def calls(self) -> list[str]:
        """Every call."""
        return (self.home / "calls").read_text(encoding="utf-8").splitlines()

    @property
    def changes(self) -> list[str]:
        """What Maddy was asked to change."""
        path = self.home / "changes"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def passwords(self) -> dict[str, str]:
        """Address to password, as set so far."""
        path = self.home / "passwords"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return dict(line.split("\t") for line in lines)

    @property
    def declared(self) -> Path:
        """The list in the volume."""
        return self.home / "data/declared-accounts.json"

    def declares(self, flags: dict[str, bool]) -> None:
        """Have accounts on the list in the volume."""
        self.declared.write_text(json.dumps(flags), encoding="utf-8")

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
