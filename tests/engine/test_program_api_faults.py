"""An update while Cloudflare has a bad day: it goes on or says why not, and the zone is what the state says."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lab import pulumi_cli
from lab.settings import ROOT
from tests.live import faulty_api
from tests.live.faulty_api import Fault, FaultyApi, Plan
from tests.live.settings import SMALL
from tests.live.stack import MailStack

pytestmark = pytest.mark.engine

ZONE = "small.example"
READS = frozenset({"GET"})
DELETES = frozenset({"DELETE"})
NOT_FOUND = Fault(done=False, status=404, headers={"Content-Type": "text/html"}, body="<h1>404 Not Found</h1>")
THE_WHOLE_ZONE = "/dns_records?"
UNCLEAR = "so it is not known whether anything was changed; run this again."


class Zone:
    """The zone of the small stack, whose program reaches Cloudflare through the proxy only."""

    def __init__(self, stack: MailStack, api: FaultyApi) -> None:
        self.stack, self.api = stack, api
        self.id = stack.zone_id(ZONE)
        self.base = stack.changed(lambda settings: settings["cloudflare"].update(baseUrl=api.url), SMALL)

    def records(self) -> dict[str, Any]:
        """What Cloudflare has, by id."""
        return {record.id: record for record in self.stack.cloudflare.dns.records.list(zone_id=self.id)}

    def in_state(self) -> set[str]:
        """The ids that Pulumi knows."""
        return {key for urn, key in self.stack.ids().items() if "dnsRecord" in urn}

    def upset(self, *types: str) -> int:
        """Delete the records of these types by hand, and change those of type SRV; return how many that is."""
        upset = [record for record in self.records().values() if record.type in (*types, "SRV")]
        for record in upset:
            if record.type == "SRV":
                self.stack.cloudflare.dns.records.edit(
                    record.id, zone_id=self.id, name=record.name, type="SRV", ttl=300
                )
            else:
                self.stack.cloudflare.dns.records.delete(record.id, zone_id=self.id)
        return len(upset)

    def require_whole(self) -> None:
        """Look that the zone has each declared record once, and no other, and that the state knows each."""
        found = self.records()
        assert set(found) == self.in_state()
        declared = self.stack.outputs["domains"][ZONE]["records"]
        assert sorted((record.type, record.name) for record in found.values()) == sorted(
            (record["type"], record["name"]) for record in declared
        )
        assert {record.ttl for record in found.values()} == {1}


@pytest.fixture(scope="module")
def proxied(small_stack: MailStack) -> Iterator[Zone]:
    with faulty_api.faulty_api(small_stack.lab.api_url) as api:
        yield Zone(small_stack, api)
        small_stack.applied = ""  # the proxy ends


@pytest.fixture
def zone(proxied: Zone) -> Zone:
    """The zone, whole."""
    proxied.stack.have(proxied.base)
    return proxied


PASSING = (
    faulty_api.RATE_LIMITED,
    faulty_api.FAILED,
    faulty_api.FAILED_AFTERWARDS,
    faulty_api.SLOW,
    faulty_api.GARBLED,
    faulty_api.EMPTY,
    faulty_api.CUT_OFF,
)


class TestFaultsThatPass:
    def test_are_outlived(self, zone: Zone) -> None:
        upset = zone.upset("MX", "TXT")
        plans = [Plan(fault, times=1) for fault in PASSING]
        with zone.api.having(*plans):
            mended = zone.stack.up("--refresh")
        assert [plan.met for plan in plans] == [1] * len(PASSING)
        and_who_looks_for_doubles = 1
        assert mended.counts["created"] + mended.counts["updated"] == upset + and_who_looks_for_doubles, mended.text
        zone.require_whole()

    def test_are_outlived_by_a_removal(self, zone: Zone) -> None:
        zone.stack.write(zone.stack.changed(lambda settings: settings["domains"][0].update(apex=False), zone.base))
        cut_off = Plan(faulty_api.CUT_OFF, DELETES, times=1)
        garbled = Plan(faulty_api.GARBLED, DELETES, times=1)
        with zone.api.having(cut_off, garbled):
            removed = zone.stack.up()
        assert cut_off.met == garbled.met == 1
        assert removed.counts["deleted"] == 2
        zone.require_whole()

    def test_are_outlived_by_the_look_for_doubles(self, zone: Zone) -> None:
        double = zone.stack.cloudflare.dns.records.create(
            zone_id=zone.id, name=ZONE, type="TXT", content='"v=spf1 +all"', ttl=1
        )
        assert double is not None
        upset = [Plan(fault, READS, THE_WHOLE_ZONE, times=1) for fault in (faulty_api.RATE_LIMITED, faulty_api.FAILED)]
        cut_off = Plan(faulty_api.CUT_OFF, DELETES, times=1)
        with zone.api.having(*upset, cut_off):
            zone.stack.up("--refresh")
        assert [plan.met for plan in (*upset, cut_off)] == [1, 1, 1]
        zone.require_whole()


class TestFaultsThatStay:
    def test_are_said_and_the_next_update_comes_to_the_same_end(self, zone: Zone) -> None:
        zone.upset("MX", "TXT")
        zone.stack.write(zone.stack.changed(lambda settings: settings["domains"][0].update(apex=False), zone.base))
        created = Plan(faulty_api.FAILED, frozenset({"POST"}), first=1)
        updated = Plan(faulty_api.RATE_LIMITED, frozenset({"PUT"}), first=1)
        with zone.api.having(created, updated):
            failed = zone.stack.try_up("--refresh")
        assert not failed.succeeded
        assert f"fails ('internal server error'), {UNCLEAR}" in failed.text
        assert "Cloudflare limits the rate; run this again in five minutes." in failed.text
        assert "Traceback" not in failed.text
        assert set(zone.records()) <= zone.in_state(), "a record that is not in the state"

        zone.stack.up()
        zone.require_whole()

    def test_are_said_by_the_look_for_doubles(self, zone: Zone) -> None:
        with zone.api.having(Plan(faulty_api.FAILED, READS, path=THE_WHOLE_ZONE)):
            failed = zone.stack.try_up("--refresh")
        assert not failed.succeeded
        assert "could not look for doubles: the Cloudflare API answers with status 500. Look whether" in failed.text
        assert "doubles.py" not in failed.text

    def test_are_not_taken_for_records_that_are_gone(self, zone: Zone) -> None:
        with zone.api.having(Plan(NOT_FOUND, READS)):
            failed = zone.stack.pulumi("refresh", "--yes", "--skip-preview")
        assert not failed.succeeded
        assert "MX record small.example could not be read: Cloudflare at http://127.0.0.1" in failed.text
        with zone.api.having(Plan(faulty_api.GARBLED, READS)):
            failed = zone.stack.try_up()
        assert not failed.succeeded
        assert "the zone could not be looked up: Cloudflare at http://127.0.0.1" in failed.text
        garbled = f"answers with something else than a result ('{faulty_api.GARBLED.body}')"
        assert f"{garbled}; nothing was changed, so run this again." in failed.text
        assert set(zone.stack.up().counts) == {"unchanged"}
        zone.require_whole()


class TestARecordWhoseMakingNobodyCouldTell:
    def test_is_adopted_with_what_preflight_prints(self, zone: Zone) -> None:
        zone.upset("MX")
        by_the_refresh = len(zone.in_state()) + 2  # the look at the zone, and the one for doubles
        lost, silent = (
            Plan(faulty_api.CUT_OFF, frozenset({"POST"})),
            Plan(faulty_api.FAILED, READS, first=by_the_refresh),
        )
        with zone.api.having(lost, silent):
            failed = zone.stack.try_up("--refresh")
        assert not failed.succeeded
        assert f"did not answer (Server disconnected without sending a response.), {UNCLEAR}" in failed.text
        assert len(set(zone.records()) - zone.in_state()) == 1

        # An update now would be refused: an identical record exists.
        for line in adoption(zone.stack):
            run(zone.stack, "bash", "-c", line)
        zone.stack.up()
        zone.require_whole()


def adoption(stack: MailStack) -> list[str]:
    """The commands that preflight prints for adopting."""
    options = ["--stack", stack.lab.name, "--config-file", str(stack.config_file), "--resolver", stack.lab.dns4]
    report = run(stack, sys.executable, "-m", "preflight", *options, check=False)
    return [line.strip() for line in report.splitlines() if line.strip().startswith("pulumi import ")]


def run(stack: MailStack, *command: str, check: bool = True) -> str:
    """Run a command where a person would."""
    environment = {**os.environ, **pulumi_cli.environment(stack.lab), "COLUMNS": "120"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done.stdout
