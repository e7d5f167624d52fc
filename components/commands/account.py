"""Makes an account of Maddy be what is declared, and proves it: by listing it, and by logging in.

Environment: `MADDY_CONTAINER`; `MADDY_HOSTNAME`, which the server's certificate covers; `MADDY_ACCOUNT`, the address
in the form in which Maddy keeps it (Unicode domain); `MADDY_DELETE_MAILBOX`, `yes` or `no`. Standard input:
`{"password": ...}`.

Maddy's command line exits with 0 whether or not it did anything, so its exit code counts for nothing here.
"""

import imaplib
import json
import os
import ssl
import sys
import time

from components.commands import docker_exec
from components.commands.docker_exec import CommandError

TRIES = 6
"""Rounds of setting and looking; other accounts may be holding the database's lock."""


class _Imap(imaplib.IMAP4):
    """IMAP over a connection that is already there."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        super().__init__("localhost", 993)

    def _create_socket(self, _timeout: float | None) -> ssl.SSLSocket:
        return self._connection


class Account:
    """One account of a running Maddy."""

    def __init__(self, container: str, hostname: str | None, address: str) -> None:
        self.container = container
        self.hostname = hostname
        self.address = address

    def _maddy(self, *arguments: str, stdin: str = "") -> str:
        return docker_exec.run(self.container, "maddy", *arguments, stdin=stdin)

    def has_login(self) -> bool:
        """Whether there are credentials for the address."""
        return self.address in self._maddy("creds", "list").splitlines()

    def has_mailbox(self) -> bool:
        """Whether there is a mailbox for the address."""
        return self.address in self._maddy("imap-acct", "list").splitlines()

    def can_log_in(self, password: str) -> bool:
        """Whether IMAP accepts the password.

        Raises:
            CommandError: when the server could not be asked.
        """
        trusted = docker_exec.run(self.container, "cat", "/data/tls/fullchain.pem")
        try:
            with docker_exec.tls_connection(self.container, 993, self.hostname, trusted) as connection:
                imap = _Imap(connection)
                try:
                    # SASL (RFC 4616): imaplib's LOGIN takes nothing outside ASCII, neither in names nor in passwords.
                    imap.authenticate("PLAIN", lambda _: f"\0{self.address}\0{password}".encode())
                except imaplib.IMAP4.error:
                    return False
                imap.logout()
                return True
        except (OSError, imaplib.IMAP4.error) as error:
            raise CommandError(f"{self.address}: no IMAP session with {self.container}: {error}") from None

    def set(self, password: str) -> bool:
        """Make the mailbox and login exist with this password, where they do not; return whether they now do."""
        if self.is_set(password):
            return True
        if not self.has_mailbox():
            self._maddy("imap-acct", "create", self.address)
        self._maddy("creds", "password", self.address, stdin=password)
        return self.is_set(password)

    def is_set(self, password: str) -> bool:
        """Whether mailbox and login exist and the password works."""
        return self.has_mailbox() and self.has_login() and self.can_log_in(password)

    def remove(self, *, with_mailbox: bool) -> None:
        """Take the login away, and the mailbox only when told so."""
        self._maddy("creds", "remove", "--yes", self.address)
        if with_mailbox and self.has_mailbox():
            self._maddy("imap-acct", "remove", "--yes", self.address)

    def is_removed(self, password: str, *, with_mailbox: bool) -> bool:
        """Whether the login is gone for the list and for a client, and the mailbox where it should be."""
        return not (self.has_login() or self.can_log_in(password) or (with_mailbox and self.has_mailbox()))


def main(action: str) -> str:
    """Carry out `set` or `remove`; return what is now so."""
    container = os.environ["MADDY_CONTAINER"]
    # A removal comes last in an update: the certificate may already be one for another host name.
    hostname = os.environ["MADDY_HOSTNAME"] if action == "set" else None
    account = Account(container, hostname, os.environ["MADDY_ACCOUNT"])
    with_mailbox = os.environ["MADDY_DELETE_MAILBOX"] == "yes"
    password = json.load(sys.stdin)["password"]
    problem = ""
    for attempt in range(TRIES):
        time.sleep(attempt)
        try:
            if action == "set":
                if account.set(password):
                    return f"{account.address}: logs in"
            else:
                account.remove(with_mailbox=with_mailbox)
                if account.is_removed(password, with_mailbox=with_mailbox):
                    return f"{account.address}: no longer logs in; its mailbox is {'gone' if with_mailbox else 'kept'}"
        except docker_exec.NoContainerError:
            if action == "remove":
                return f"{account.address}: there is no server {container} any more to log in to"
            raise
        except CommandError as failure:
            problem = str(failure)
    outcome = "does not log in" if action == "set" else "could not be removed"
    raise CommandError(
        f"{account.address} {outcome}{': ' + problem if problem else ''}; `docker logs {container}` tells more"
    )


if __name__ == "__main__":
    try:
        print(main(sys.argv[1]))  # noqa: T201
    except CommandError as reason:
        sys.exit(str(reason))
