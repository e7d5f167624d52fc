"""Lets an account go that a stack had before its accounts were made together.

Such an account had a command of its own in the stack's state, which Pulumi deletes in the first update since then,
after `components.commands.accounts` has run. What is still declared by then stays.

Environment: `MADDY_CONTAINER`; `MADDY_ACCOUNT`, the address as Maddy has it; `MADDY_DELETE_MAILBOX`, `yes` or `no`.
"""

import os
import sys

from components.commands.docker_exec import CommandError, NoContainerError
from components.commands.maddy import Maddy


def main() -> str:
    """Take the login away, and the mailbox when told so, unless the account is declared; return what is now so."""
    maddy, address = Maddy(os.environ["MADDY_CONTAINER"]), os.environ["MADDY_ACCOUNT"]
    try:
        if address in maddy.declared():
            return f"{address}: is declared, and stays"
        maddy.remove_logins([address])
        if os.environ["MADDY_DELETE_MAILBOX"] == "yes":
            maddy.remove_mailboxes([address])
        if address in maddy.logins():
            raise CommandError(f"{address} could not be removed; `docker logs {maddy.container}` tells more")
    except NoContainerError:
        return f"{address}: there is no server {maddy.container} any more to log in to"
    return f"{address}: no longer logs in"


if __name__ == "__main__":
    try:
        print(main())  # noqa: T201
    except CommandError as reason:
        sys.exit(str(reason))
