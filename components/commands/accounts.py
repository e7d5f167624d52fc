"""Makes the accounts of a Maddy be those that are declared, all in one go, and proves each by the lists and a login.

Environment: `MADDY_CONTAINER`; `MADDY_HOSTNAME`, which the server's certificate covers. Standard input: address to
`{"password": ..., "delete_mailbox": true or false}`, the address in the form in which Maddy keeps it (Unicode domain).

What is declared is written down beside the mail (`components.commands.maddy.DECLARED`). An account that is on that list
and is declared no more loses its login, and its mailbox where the list says so; one that was never on it is left alone.

Maddy's command line exits with 0 whether or not it did anything, so its exit code counts for nothing here.
"""

import json
import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from components.commands.docker_exec import CommandError, NoContainerError
from components.commands.maddy import Maddy, NoListError

TRIES = 6
"""Rounds of setting and looking; a client of the server may be holding the database's lock."""
NAMED = 5
"""Addresses that an error names; of more it gives the number."""


class Convergence:
    """The way to the declared accounts, in rounds that can be repeated.

    Args:
        maddy: where the accounts are.
        declared: address to `{"password": ..., "delete_mailbox": ...}`.
    """

    def __init__(self, maddy: Maddy, declared: Mapping[str, Mapping[str, Any]]) -> None:
        self._maddy = maddy
        self._passwords = {address: str(account["password"]) for address, account in declared.items()}
        self._flags = {address: bool(account["delete_mailbox"]) for address, account in declared.items()}
        self._gone: dict[str, bool] | None = None
        self.unproven = set(declared)
        self.unremoved: set[str] = set()

    def run(self) -> None:
        """Prove what is there already, change what is not as declared, and look again.

        Raises:
            CommandError: the server could not be asked, or not all is as declared.
        """
        if self._gone is None:
            before = self._maddy.declared()
            # What is made from here on is on the list, whatever becomes of this run.
            self._maddy.declare(self._flags | before)
            self._gone = {address: flag for address, flag in before.items() if address not in self._flags}
            self.unremoved = set(self._gone)
        self._round()
        if self.unproven or self.unremoved:
            raise CommandError("; ".join(self._faults()))
        self._maddy.declare(self._flags)

    def _round(self) -> None:
        logins, mailboxes = self._look()
        self._maddy.remove_logins(self.unremoved & logins)
        self._maddy.remove_mailboxes(self._mailboxes_to_remove & mailboxes)
        self._maddy.create_mailboxes(self.unproven - mailboxes)
        self._maddy.set_passwords({address: self._passwords[address] for address in self.unproven})
        if self.unproven or self.unremoved:
            self._look()

    def _look(self) -> tuple[set[str], set[str]]:
        logins, mailboxes = self._maddy.logins(), self._maddy.mailboxes()
        self.unremoved &= logins | (self._mailboxes_to_remove & mailboxes)
        there = {address: self._passwords[address] for address in self.unproven & logins & mailboxes}
        self.unproven -= self._maddy.that_can_log_in(there)
        return logins, mailboxes

    @property
    def _mailboxes_to_remove(self) -> set[str]:
        return {address for address in self.unremoved if self._gone and self._gone[address]}

    def _faults(self) -> Iterator[str]:
        if self.unproven:
            yield f"{_named(self.unproven)} could not be made to log in"
        if self.unremoved:
            yield f"{_named(self.unremoved)} could not be removed"


def main() -> str:
    """Have the declared accounts and no other of the stack's; return what is now so."""
    maddy = Maddy(os.environ["MADDY_CONTAINER"], os.environ["MADDY_HOSTNAME"])
    declared: dict[str, dict[str, Any]] = json.load(sys.stdin)
    convergence = Convergence(maddy, declared)
    problem = ""
    for attempt in range(TRIES):
        time.sleep(attempt)
        try:
            convergence.run()
        except (NoContainerError, NoListError):
            raise
        except CommandError as failure:
            problem = str(failure)
        else:
            return f"accounts that log in: {len(declared)}"
    raise CommandError(f"accounts: {problem}; `docker logs {maddy.container}` tells more")


def _named(addresses: Collection[str]) -> str:
    shown = sorted(addresses)[:NAMED]
    more = len(addresses) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


if __name__ == "__main__":
    try:
        print(main())  # noqa: T201
    except CommandError as reason:
        sys.exit(str(reason))
