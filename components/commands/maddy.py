"""The accounts of a running Maddy: its two lists, the list of what is declared, and logins over IMAP."""

import imaplib
import json
import ssl
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from components.commands import docker_exec
from components.commands.docker_exec import CommandError

DECLARED = "/data/declared-accounts.json"
"""Address to whether its mailbox is removed with it, as of the last update; in the volume, so that it is always of the
same age as the accounts are."""

AT_A_TIME = 4
"""Logins; sshd lets ten connections in that are not yet authenticated."""
PER_CALL = 50
"""Accounts that are changed in one `docker exec`: setting a password takes a slow server half a second."""

_EACH = 'while IFS= read -r address; do maddy {} "$address" </dev/null; done'
# A here-document, since not every shell has a printf of its own, and a program's arguments are seen by all.
_SET_PASSWORDS = """\
while IFS= read -r address && IFS= read -r password; do maddy creds password "$address" <<END
$password
END
done"""
_READ = f"[ ! -e {DECLARED} ] || cat {DECLARED}"
_WRITE = f"umask 077 && cat > {DECLARED}.new && mv {DECLARED}.new {DECLARED}"


class NoListError(CommandError):
    """The list of what is declared is something else."""


class _Imap(imaplib.IMAP4):
    """IMAP over a connection that is already there."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        super().__init__("localhost", 993)

    def _create_socket(self, _timeout: float | None) -> ssl.SSLSocket:
        return self._connection


class Maddy:
    """A running Maddy.

    Args:
        container: its name.
        hostname: which its certificate covers; needed for logins alone.
        docker_host: where Docker is, for the two lists; None for what `DOCKER_HOST` says.
    """

    def __init__(self, container: str, hostname: str = "", docker_host: str | None = None) -> None:
        self.container = container
        self.hostname = hostname
        self._docker_host = docker_host

    def _shell(self, script: str, stdin: str = "") -> str:
        return docker_exec.run(self.container, "sh", "-c", script, stdin=stdin)

    def _for_each(self, script: str, lines: Collection[str]) -> None:
        ordered = sorted(lines)
        for start in range(0, len(ordered), PER_CALL):
            self._shell(script, "".join(ordered[start : start + PER_CALL]))

    def _each(self, action: str, addresses: Collection[str]) -> None:
        self._for_each(_EACH.format(action), [f"{address}\n" for address in addresses])

    def _list(self, kind: str) -> set[str]:
        return set(docker_exec.run(self.container, "maddy", kind, "list", docker_host=self._docker_host).splitlines())

    def logins(self) -> set[str]:
        """The addresses that have credentials."""
        return self._list("creds")

    def mailboxes(self) -> set[str]:
        """The addresses that have a mailbox."""
        return self._list("imap-acct")

    def create_mailboxes(self, addresses: Collection[str]) -> None:
        """Ask for mailboxes that are not there yet."""
        self._each("imap-acct create", addresses)

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Ask for logins with these passwords."""
        self._for_each(_SET_PASSWORDS, [f"{address}\n{password}\n" for address, password in passwords.items()])

    def remove_logins(self, addresses: Collection[str]) -> None:
        """Ask for logins to go."""
        self._each("creds remove --yes", addresses)

    def remove_mailboxes(self, addresses: Collection[str]) -> None:
        """Ask for mailboxes to go, with the mail."""
        self._each("imap-acct remove --yes", addresses)

    def declared(self) -> dict[str, bool]:
        """What was declared last: address to whether its mailbox is removed with it.

        Raises:
            NoListError: it is something else.
        """
        text = self._shell(_READ)
        if not text:
            return {}
        try:
            return {str(address): flag is True for address, flag in json.loads(text).items()}
        except (ValueError, AttributeError):
            raise NoListError(
                f"{DECLARED} in {self.container} is not the list of accounts that an update wrote there: restore it, "
                "or remove it, and afterwards take away by hand the accounts that are declared no more"
            ) from None

    def declare(self, accounts: Mapping[str, bool]) -> None:
        """Write down what is declared."""
        self._shell(_WRITE, json.dumps(dict(sorted(accounts.items())), indent=1))

    def that_can_log_in(self, passwords: Mapping[str, str]) -> set[str]:
        """The addresses whose password IMAP accepts.

        Raises:
            CommandError: the server could not be asked.
        """
        if not passwords:
            return set()
        trusted = docker_exec.run(self.container, "cat", "/data/tls/fullchain.pem")

        def can_log_in(account: tuple[str, str]) -> bool:
            return self._can_log_in(*account, trusted)

        with ThreadPoolExecutor(AT_A_TIME) as pool:
            accepted = pool.map(can_log_in, passwords.items())
            return {address for address, accepted in zip(passwords, accepted, strict=True) if accepted}

    def _can_log_in(self, address: str, password: str, trusted: str) -> bool:
        try:
            with docker_exec.tls_connection(self.container, 993, self.hostname, trusted) as connection:
                imap = _Imap(connection)
                try:
                    # SASL (RFC 4616): imaplib's LOGIN takes nothing outside ASCII, neither in names nor in passwords.
                    imap.authenticate("PLAIN", lambda _: f"\0{address}\0{password}".encode())
                except imaplib.IMAP4.error:
                    return False
                imap.logout()
                return True
        except (OSError, imaplib.IMAP4.error) as error:
            raise CommandError(f"{address}: no IMAP session with {self.container}: {error}") from None
