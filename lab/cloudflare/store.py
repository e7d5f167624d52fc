"""The zones and their records: kept as one JSON file a zone, published as zone files.

A change is on the disk before it is answered, and the zone file follows. After a crash between the two, the
start makes the zone file anew.
"""

import fcntl
import hashlib
import json
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from lab.cloudflare import errors
from lab.cloudflare.errors import ApiError, refused
from lab.cloudflare.files import write_atomically
from lab.cloudflare.publishing import ZoneFiles, next_serial
from lab.cloudflare.records import Record, Spec

COMBINED_LIMIT = 8192
"""Characters of content that all records of one name and type may have together."""


class StoreInUseError(Exception):
    """Another server works on the same directory."""


@dataclass
class Zone:
    """One zone; `serial` is that of its zone file."""

    name: str
    created_on: str
    serial: int
    records: dict[str, Record] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The identifier in the API, which the name alone decides."""
        return zone_id(self.name)


def zone_id(name: str) -> str:
    """The identifier of the zone of this name: the md5 of the name."""
    return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


def now() -> str:
    """The time as Cloudflare writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


class Store:
    """All zones that are served. Safe for many threads; one process at a time."""

    def __init__(self, directory: Path, names: Sequence[str], files: ZoneFiles) -> None:
        self._directory = directory / "data"
        self._files = files
        self._changing = threading.Lock()
        self._directory.mkdir(parents=True, exist_ok=True)
        self._hold(directory / "lock")
        self.zones = {zone_id(name): self._load(name) for name in names}
        files.write_frame()
        for zone in self.zones.values():
            specs = [record.spec for record in zone.records.values()]
            if not files.is_current(zone.name, zone.serial, specs):
                self._commit(zone, zone.records)

    def close(self) -> None:
        """Let another process have the directory."""
        self._lock.close()

    def create(self, zone: Zone, spec: Spec) -> Record:
        """Add a record.

        Raises:
            ApiError: it exists already, or cannot stand beside one that exists.
        """
        time = now()
        record = Record(
            id=uuid.uuid4().hex,
            spec=spec,
            created_on=time,
            modified_on=time,
            comment_modified_on=time if spec.comment else None,
        )
        with self._changing:
            _refuse_conflicts(spec, zone.records.values())
            self._commit(zone, zone.records | {record.id: record})
        return record

    def change(self, zone: Zone, record_id: str, spec: Spec) -> Record:
        """Give a record other content.

        Raises:
            ApiError: there is no such record, or the new one cannot stand beside the others.
        """
        with self._changing:
            old = self.record(zone, record_id)
            others = [record for record in zone.records.values() if record.id != record_id]
            _refuse_conflicts(spec, others)
            time = now()
            commented = old.comment_modified_on if spec.comment == old.spec.comment else time
            record = replace(old, spec=spec, modified_on=time, comment_modified_on=commented if spec.comment else None)
            self._commit(zone, zone.records | {record_id: record})
        return record

    def delete(self, zone: Zone, record_id: str) -> None:
        """Remove a record.

        Raises:
            ApiError: there is no such record.
        """
        with self._changing:
            self.record(zone, record_id)
            self._commit(zone, {key: value for key, value in zone.records.items() if key != record_id})

    def record(self, zone: Zone, record_id: str) -> Record:
        """The record with this identifier.

        Raises:
            ApiError: there is none.
        """
        if record_id not in zone.records:
            raise ApiError(404, errors.RECORD_UNKNOWN, "Record does not exist.")
        return zone.records[record_id]

    def _commit(self, zone: Zone, records: dict[str, Record]) -> None:
        changed = replace(zone, records=records, serial=next_serial(zone.serial))
        self._save(changed)
        zone.records, zone.serial = changed.records, changed.serial
        self._files.write(zone.name, zone.serial, [record.spec for record in records.values()])

    def _save(self, zone: Zone) -> None:
        stored = {
            "name": zone.name,
            "created_on": zone.created_on,
            "serial": zone.serial,
            "records": [asdict(record) for record in zone.records.values()],
        }
        write_atomically(self._directory / f"{zone.name}.json", json.dumps(stored, indent=1), mode=0o600, durable=True)

    def _load(self, name: str) -> Zone:
        path = self._directory / f"{name}.json"
        if not path.exists():
            return Zone(name=name, created_on=now(), serial=0)
        stored = json.loads(path.read_text())
        records = [Record(**(item | {"spec": Spec(**item["spec"])})) for item in stored["records"]]
        return Zone(
            name=name,
            created_on=stored["created_on"],
            serial=stored["serial"],
            records={record.id: record for record in records},
        )

    def _hold(self, path: Path) -> None:
        self._lock = path.open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreInUseError(f"another server already works on {path.parent}: stop it first") from None


def _refuse_conflicts(spec: Spec, others: Iterable[Record]) -> None:
    same_name = [record.spec for record in others if record.spec.name == spec.name]
    if any(spec.same_as(other) for other in same_name):
        raise refused(errors.IDENTICAL_EXISTS, "An identical record already exists.")
    types = {other.type for other in same_name}
    if spec.type == "CNAME" and types & {"A", "AAAA", "CNAME"}:
        text = f"An A, AAAA, or CNAME record with that host already exists. {errors.SAME_NAME_HELP}"
        raise refused(errors.CNAME_CONFLICT, text)
    if spec.type in {"A", "AAAA"} and "CNAME" in types:
        text = f"A CNAME record with that host already exists. {errors.SAME_NAME_HELP}"
        raise refused(errors.CNAME_EXISTS, text)
    if spec.is_plain_cname and types:
        text = f"A record with that host exists, and DNS allows none beside a CNAME. {errors.SAME_NAME_HELP}"
        raise refused(errors.CNAME_CONFLICT, text)
    if any(other.is_plain_cname for other in same_name):
        text = f"A CNAME record with that host exists, and DNS allows none beside it. {errors.SAME_NAME_HELP}"
        raise refused(errors.CNAME_EXISTS, text)
    combined = sum(len(other.content) for other in same_name if other.type == spec.type) + len(spec.content)
    if combined > COMBINED_LIMIT:
        text = f"content of all {spec.type} records of this name exceeds {COMBINED_LIMIT} characters."
        raise refused(errors.VALIDATION, f"DNS Validation Error: {text}")
