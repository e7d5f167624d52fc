"""Records beside the stack's, at the lab's Cloudflare: what a refresh finds, and what an update takes away."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stacks
from cloudflare import Cloudflare
from pulumi.dynamic import Config, ConfigureRequest
from recorder import PROJECT

from components.doubles import _Provider
from lab.cloudflare.server import Server, make_server
from lab.cloudflare.store import zone_id
from lab.cloudflare.zones import Served
from zones.account import Account

TOKEN = "token-that-may-do-everything"
ZONE = "example.org"
ZONE_ID = zone_id(ZONE)
SPF = f"{ZONE} TXT v=spf1"
MX = f"{ZONE} MX"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = make_server(tmp_path, 0, TOKEN, [ZONE], Served(), {}, {})
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with server:
        yield server
        server.shutdown()


class Zone:
    """The zone, and the resource that watches it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = Cloudflare(api_token=TOKEN, base_url=url)
        self.spf, self.mx = self.add("TXT", '"v=spf1 mx -all"'), self.add("MX", f"mail.{ZONE}", priority=10)
        self.declared: dict[str, Any] = {"zone_id": ZONE_ID, "own": {SPF: self.spf, MX: self.mx}}
        self.state = self.provider().create(self.declared).outs or {}

    def provider(self, token: str = TOKEN) -> _Provider:
        provider = _Provider()
        access = json.dumps({"apiToken": token, "baseUrl": self._url})
        provider.configure(ConfigureRequest(Config({f"{PROJECT}:cloudflare": access}, PROJECT)))
        return provider

    def add(self, kind: str, content: str, **more: Any) -> str:
        """Make a record by hand; return its id."""
        made = self._client.dns.records.create(zone_id=ZONE_ID, type=kind, name=ZONE, content=content, ttl=1, **more)  # type: ignore[call-overload]
        return str(made.id)

    def edit(self, record: str, content: str) -> None:
        """Change a TXT record by hand."""
        self._client.dns.records.edit(record, zone_id=ZONE_ID, type="TXT", name=ZONE, content=content, ttl=1)

    def delete(self, record: str) -> None:
        """Delete a record by hand."""
        self._client.dns.records.delete(record, zone_id=ZONE_ID)

    def ids(self) -> set[str]:
        """What the zone has."""
        return {str(record.id) for record in self._client.dns.records.list(zone_id=ZONE_ID)}

    def refresh(self) -> dict[str, str]:
        """Return what a refresh finds."""
        self.state = self.provider().read(ZONE_ID, self.state).outs or {}
        return dict(self.state["doubled"])

    def update(self, **changes: Any) -> None:
        """Have the update after it, perhaps with something else declared."""
        self.state = self.provider().update(ZONE_ID, self.state, self.declared | changes).outs or {}
        assert self.state["doubled"] == {}


@pytest.fixture
def zone(server: Server) -> Zone:
    return Zone(f"http://127.0.0.1:{server.server_port}/client/v4")


def somebody_deletes(zone: Zone, record: str, records: Callable[..., Any]) -> Callable[..., Any]:
    """The reading of a zone, of which a record is gone right after."""

    async def read(self: Account, zone_id: str) -> Any:
        found = await records(self, zone_id)
        zone.delete(record)
        return found

    return read


class TestARefresh:
    def test_shows_what_stands_beside_and_says_it(self, zone: Zone) -> None:
        spf = zone.add("TXT", '"V=SPF1 +all"')
        mx = zone.add("MX", "mx.other.example", priority=5)
        assert zone.refresh() == {
            spf: f"{ZONE} TXT V=SPF1 +all",
            mx: f"{ZONE} MX 5 mx.other.example",
        }

    def test_shows_neither_the_stacks_own_nor_what_nobody_takes_for_it(self, zone: Zone) -> None:
        zone.add("TXT", '"some-verification=1"')
        zone.edit(zone.spf, '"v=spf1 +all"')
        assert zone.refresh() == {}

    def test_fails_where_cloudflare_could_not_be_asked(self, zone: Zone) -> None:
        with pytest.raises(RuntimeError) as error:
            zone.provider("a-token-of-nobody").read(ZONE_ID, zone.state)
        assert str(error.value) == "could not look for doubles: Cloudflare says 'Authentication error' (10000)."


class TestTheUpdateAfterIt:
    def test_takes_away_what_was_shown_and_nothing_else(self, zone: Zone) -> None:
        other = zone.add("TXT", '"some-verification=1"')
        zone.add("TXT", '"v=spf1 +all"')
        zone.add("MX", "mx.other.example", priority=5)
        zone.refresh()
        unseen = zone.add("TXT", '"v=spf1 ?all"')
        zone.update()
        assert zone.ids() == {zone.spf, zone.mx, other, unseen}

    def test_leaves_what_says_something_else_by_now(self, zone: Zone) -> None:
        spf = zone.add("TXT", '"v=spf1 +all"')
        zone.refresh()
        zone.edit(spf, '"v=spf1 ?all"')
        zone.update()
        assert zone.ids() == {zone.spf, zone.mx, spf}
        assert zone.refresh() == {spf: f"{ZONE} TXT v=spf1 ?all"}

    def test_leaves_what_the_stack_has_taken_in_or_declares_no_more(self, zone: Zone) -> None:
        spf, mx = zone.add("TXT", '"v=spf1 +all"'), zone.add("MX", "mx.other.example", priority=5)
        zone.refresh()
        zone.update(own={SPF: spf})
        assert zone.ids() == {zone.spf, zone.mx, spf, mx}

    def test_is_content_when_somebody_was_quicker(self, zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
        spf, mx = zone.add("TXT", '"v=spf1 +all"'), zone.add("MX", "mx.other.example", priority=5)
        zone.refresh()
        zone.delete(mx)
        monkeypatch.setattr(Account, "records", somebody_deletes(zone, spf, Account.records))
        zone.update()
        assert zone.ids() == {zone.spf, zone.mx}

    def test_does_not_look_where_nothing_was_shown(self, zone: Zone) -> None:
        zone.add("TXT", '"v=spf1 +all"')
        provider = zone.provider("a-token-of-nobody")
        assert provider.diff(ZONE_ID, zone.state, zone.declared).changes is False
        assert provider.update(ZONE_ID, zone.state, zone.declared).outs == {**zone.declared, "doubled": {}}

    @pytest.mark.parametrize("change", [{"own": {}}, {"zone_id": "0" * 32}, {}])
    def test_is_due_when_something_was_shown_or_is_declared_otherwise(self, zone: Zone, change: dict[str, Any]) -> None:
        if not change:
            zone.add("TXT", '"v=spf1 +all"')
            zone.refresh()
        assert zone.provider().diff(ZONE_ID, zone.state, zone.declared | change).changes is True


class TestTheProgram:
    def test_watches_all_records_of_each_zone(self) -> None:
        recording = stacks.run_full()
        watched = recording.of_type("Doubles").values()
        records = recording.of_type("DnsRecord").values()
        assert sum(len(each.plain["own"]) for each in watched) == len(records)
        for record in records:
            [watcher] = (each for each in watched if each.parent == record.parent)
            assert watcher.plain["zone_id"] == record.plain["zoneId"]
            [kind] = (kind for kind, known in watcher.plain["own"].items() if known == recording.ids[record.urn])
            assert kind.split()[:2] == [record.plain["name"], record.plain["type"]]

    def test_tells_a_text_by_how_it_begins_and_a_key_by_its_name(self) -> None:
        own = stacks.run_minimal().one("Doubles", ZONE).plain["own"]
        assert {kind for kind in own if " TXT" in kind} == {
            f"{ZONE} TXT v=spf1",
            f"mail.{ZONE} TXT v=spf1",
            f"_dmarc.{ZONE} TXT v=dmarc1",
            f"_mta-sts.{ZONE} TXT v=stsv1",
            f"_smtp._tls.{ZONE} TXT v=tlsrptv1",
            f"default._domainkey.{ZONE} TXT",
        }
