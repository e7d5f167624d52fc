"""The zone files on disk: written when something changed, each time with a higher serial."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

from lab.cloudflare.files import write_atomically
from lab.cloudflare.records import Spec
from lab.cloudflare.zones import (
    Address,
    Served,
    corefile,
    reverse_text,
    reverse_zone,
    root_text,
    serial_of,
    without_serial,
    zone_text,
)

MOUNTED_AT = PurePosixPath("/zones")
"""Where CoreDNS sees the directory of the zone files."""
ROOT_FILE = "_root.zone"


def next_serial(last: int) -> int:
    """A serial above the last one; it follows the clock, so it keeps rising even if the last one was lost."""
    return max(last + 1, int(time.time()))


class ZoneFiles:
    """The directory with a file for each zone, the reverse zones, the root, and the Corefile."""

    def __init__(self, directory: Path, zones: Sequence[str], served: Served, names: Mapping[Address, str]) -> None:
        self._directory = directory
        self._zones = zones
        self._served = served
        self._names = names
        directory.mkdir(parents=True, exist_ok=True)
        # CoreDNS may run as another user.
        directory.chmod(0o755)

    def write_frame(self) -> None:
        """Write what depends on the options alone; remove the files of zones that are no longer served."""
        reverse = sorted({reverse_zone(address) for address in self._names})
        server = f"ns1.{self._zones[0]}"
        for zone in reverse:
            self._renew(f"{zone}.zone", partial(reverse_text, zone, names=self._names, server=server))
        self._renew(ROOT_FILE, partial(root_text, zones=self._zones, reverse=reverse, served=self._served))
        files = {zone: f"{zone}.zone" for zone in (*self._zones, *reverse)} | {".": ROOT_FILE}
        self._write("Corefile", corefile(files, MOUNTED_AT))
        for stale in set(self._directory.glob("*.zone")) - {self._directory / name for name in files.values()}:
            stale.unlink()

    def is_current(self, zone: str, serial: int, specs: Iterable[Spec]) -> bool:
        """Whether the file of the zone says exactly this."""
        return self._read(f"{zone}.zone") == zone_text(zone, serial, specs, self._served)

    def write(self, zone: str, serial: int, specs: Iterable[Spec]) -> None:
        """Write the file of a zone."""
        self._write(f"{zone}.zone", zone_text(zone, serial, specs, self._served))

    def _renew(self, name: str, text: Callable[[int], str]) -> None:
        old = self._read(name)
        if without_serial(old) != without_serial(text(0)):
            self._write(name, text(next_serial(serial_of(old))))

    def _read(self, name: str) -> str:
        path = self._directory / name
        return path.read_text() if path.exists() else ""

    def _write(self, name: str, text: str) -> None:
        # Lost in a power cut, it is written anew at the next start; so there is no need to wait for the disk.
        write_atomically(self._directory / name, text, mode=0o644, durable=False)
