"""The checker at work on the stack of the tests, before and after something is broken."""

import asyncio
import copy
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from tests.live.mutants import AUTHORITY
from tests.live.stack import MailStack
from verify import expectation
from verify.dns_client import Server
from verify.examine import examine
from verify.result import Result

DOMAIN = "example.test"
MX = "mail.example.test"
BAD = frozenset({"warn", "fail", "unknown"})

Outputs = dict[str, Any]


@dataclass
class Checker:
    """Runs the checks on one of the stack's domains.

    Attributes:
        stack: the stack.
        healthy: what was found before anything was broken, by how it was looked at.
    """

    stack: MailStack
    healthy: dict[str, list[Result]] = field(default_factory=dict)

    def look(
        self,
        *only: str,
        resolver: str | None = None,
        connect: Mapping[str, Sequence[str]] | None = None,
        declared: Callable[[Outputs], object] = lambda outputs: None,
    ) -> list[Result]:
        """Run checks.

        Args:
            only: groups or ids.
            resolver: address of the DNS server to ask, else the lab's.
            connect: host to addresses.
            declared: changes the outputs that the checker reads.
        """
        outputs = copy.deepcopy(self.stack.outputs)
        declared(outputs)
        return asyncio.run(
            examine(
                expectation.read(outputs),
                resolver=Server(address=resolver or self.stack.lab.dns4),
                trusted=(AUTHORITY.certificate,),
                connect=connect or {},
                only=only,
                domains=(DOMAIN,),
            )
        )

    def before(
        self,
        *only: str,
        connect: Mapping[str, Sequence[str]] | None = None,
        within: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> list[Result]:
        """What `look` finds while nothing is broken, looked at once.

        Args:
            only: groups or ids.
            connect: host to addresses.
            within: what has to be up meanwhile.
        """
        key = json.dumps([only, connect])
        if key not in self.healthy:
            with within():
                self.healthy[key] = self.look(*only, connect=connect)
            wrong = [row for row in self.healthy[key] if row.verdict in BAD]
            assert not wrong, wrong
        return self.healthy[key]


def flipped(before: Sequence[Result], after: Sequence[Result]) -> list[Result]:
    """The rows that have become worse."""
    known = {result.key: result.verdict for result in before}
    return [result for result in after if result.verdict in BAD and result.verdict != known.get(result.key)]


def ids(results: Sequence[Result]) -> set[str]:
    """The checks that these results are of."""
    return {result.check for result in results}


def record(outputs: Outputs, key: str) -> dict[str, Any]:
    """A declared record of the domain."""
    [found] = [record for record in outputs["domains"][DOMAIN]["records"] if record["key"] == key]
    return found  # type: ignore[no-any-return]
