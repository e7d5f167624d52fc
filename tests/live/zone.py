"""Hands on a zone at the lab's Cloudflare: what somebody does there by hand, and its undoing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import dns.message
import dns.query

from lab.cloudflare.zones import serial_of
from mail.records import quote_txt
from tests.live.dns import SERVED_SECONDS
from tests.live.stack import MailStack


class Zone:
    """One zone, whose records keep their ids: what the stack made stays the stack's."""

    def __init__(self, stack: MailStack, name: str, undoing: ExitStack) -> None:
        self._stack, self._name, self._undoing = stack, name, undoing
        self._id = stack.zone_id(name)
        self._records = stack.cloudflare.dns.records

    def add(self, kind: str, name: str, content: str | None = None, **more: Any) -> None:
        """Make a record; a text is given unquoted, what has no content by its `data`."""
        fields = {"type": kind, "name": name} if content is None else _fields(kind, name, content)
        added = self._records.create(zone_id=self._id, ttl=60, **fields, **more)
        assert added is not None
        self._undoing.callback(self._records.delete, added.id, zone_id=self._id)
        self.wait()

    def edit(self, kind: str, name: str, content: str | None = None, /, **more: Any) -> None:
        """Change the first record of a name and type, for example its `name`, so that it is missing here."""
        found = next(iter(self._records.list(zone_id=self._id, type=kind, name={"exact": name})))
        old = {field: getattr(found, field) for field in ("type", "name", "content", "ttl", "proxied", "comment")}
        if kind == "MX":
            old["priority"] = found.priority
        new = old | ({} if content is None else _fields(kind, name, content)) | more
        self._records.update(found.id, zone_id=self._id, **new)
        self._undoing.callback(self._records.update, found.id, zone_id=self._id, **old)
        self.wait()

    def undo(self) -> None:
        """Have the zone served as before."""
        self._undoing.close()

    def wait(self) -> None:
        """Wait until the zone is served as it is."""
        file = self._stack.lab.zones_directory / f"{self._name}.zone"
        deadline = time.monotonic() + SERVED_SECONDS
        while self._served_serial() != serial_of(file.read_text()):
            assert time.monotonic() < deadline, f"{self._name} is not served as it was written"
            time.sleep(0.05)

    def _served_serial(self) -> int:
        answer = dns.query.udp(dns.message.make_query(self._name, "SOA"), self._stack.lab.dns4, timeout=5)
        return int(answer.answer[0][0].serial)


@contextmanager
def by_hand(stack: MailStack, name: str) -> Iterator[Zone]:
    """Have a zone to change by hand; at the end it is served as before."""
    with ExitStack() as undoing:
        zone = Zone(stack, name, undoing)
        undoing.callback(zone.wait)
        yield zone


def _fields(kind: str, name: str, content: str) -> dict[str, Any]:
    return {"type": kind, "name": name, "content": quote_txt(content) if kind == "TXT" else content}
