"""Before the first `up` on a zone that is in use: what is in the way is found, and each way out does what it says."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lab import pulumi_cli
from lab.settings import ROOT
from tests.live.settings import BASE
from tests.live.stack import MailStack

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

ZONE = "example.test"


class Before:
    """A stack that is not up, and its zone."""

    def __init__(self, stack: MailStack) -> None:
        self.stack = stack
        self.zone_id = stack.zone_id(ZONE)
        self.made: list[str] = []

    def has(self, **fields: Any) -> str:
        """Have a record in the zone that is nobody's; return its id."""
        fields = {"name": ZONE, "ttl": 1} | fields
        record = self.stack.cloudflare.dns.records.create(zone_id=self.zone_id, **fields)
        self.made.append(record.id)
        return record.id

    def records(self) -> dict[str, Any]:
        """What the zone has, by id."""
        return {record.id: record for record in self.stack.cloudflare.dns.records.list(zone_id=self.zone_id)}

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command where a person would, and look that no secret is in what it prints or in its process list."""
        environment = {**os.environ, **pulumi_cli.environment(self.stack.lab), "COLUMNS": "120"}
        with self.stack.leaks.watching_processes():
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        self.stack.leaks.look("what preflight's commands print", done.stdout + done.stderr)
        return done

    def preflight(self, *options: str) -> subprocess.CompletedProcess[str]:
        where = ["--stack", self.stack.lab.name, "--config-file", str(self.stack.config_file)]
        how = ["--resolver", self.stack.lab.dns4, *options]
        return self.run([sys.executable, "-m", "preflight", *where, *how])

    def shell(self, line: str) -> None:
        """Run a line that was printed, as it is."""
        done = self.run(["bash", "-o", "pipefail", "-c", line])
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def before(live_stack: MailStack) -> Iterator[Before]:
    """The stack without anything up, and a zone without any record."""
    live_stack.have(BASE)  # whose data is not protected
    live_stack.applied = ""
    live_stack.write(live_stack.changed(lambda settings: settings.update(domains=settings["domains"][:1])))
    assert live_stack.pulumi("destroy", "--yes", "--skip-preview").succeeded
    before = Before(live_stack)
    yield before
    own = {resource.get("id") for resource in live_stack.known.values()}
    for key in before.records():
        if key in before.made and key not in own:
            live_stack.cloudflare.dns.records.delete(key, zone_id=before.zone_id)


def commands(text: str, start: str) -> list[str]:
    """The lines of a report that are commands."""
    return [line.strip() for line in text.splitlines() if line.strip().startswith(start)]


class TestAdoptingWhatIsThere:
    def test_keeps_each_record_and_changes_it_in_place(self, before: Before) -> None:
        adopted = {
            "MX": before.has(type="MX", content="mx.old.example", priority=5),
            "SPF": before.has(type="TXT", content='"v=spf1 include:old.example -all"', comment="ours, since 2019"),
            "DMARC": before.has(type="TXT", name=f"_dmarc.{ZONE}", content='"v=DMARC1; p=none"'),
            "apex": before.has(type="A", content="198.51.100.200", proxied=True),
            "SRV": before.has(
                type="SRV",
                name=f"_imaps._tcp.{ZONE}",
                data={"priority": 1, "weight": 5, "port": 993, "target": "imap.old.example"},
            ),
            "TLS-RPT": before.has(
                type="TXT", name=f"_smtp._tls.{ZONE}", content=f'"v=TLSRPTv1; rua=mailto:postmaster@{ZONE}"'
            ),
        }
        second_mx = before.has(type="MX", content="backup.old.example", priority=20)
        policies = before.has(type="CNAME", name=f"mta-sts.{ZONE}", content="policies.old.example", proxied=True)
        another = before.has(type="TXT", content='"some-verification=1"')

        first = before.preflight()
        assert first.returncode == 1, first.stderr
        assert "the same already, which makes `pulumi up` fail (81058): _smtp._tls.example.test TXT" in first.stdout
        assert "some-verification" not in first.stdout
        [prepare] = commands(first.stdout, "pulumi up ")
        imports = commands(first.stdout, "pulumi import ")
        [remove] = commands(first.stdout, "pulumi config get ")
        assert len(imports) == len(adopted)
        for line in (prepare, *imports, *(remove.replace("/ID", f"/{key}") for key in (second_mx, policies))):
            before.shell(line)
        known = {key: record.modified_on for key, record in before.records().items()}
        assert set(known) == {*adopted.values(), another}

        assert before.preflight().returncode == 0
        outcome = before.stack.up()
        assert outcome.counts["updated"] == len(adopted)
        records = before.records()
        assert {records[key].content for key in adopted.values()} == {
            "mail.example.test",
            '"v=spf1 mx ~all"',
            f'"v=DMARC1; p=quarantine; rua=mailto:postmaster@{ZONE}"',
            before.stack.lab.address4(25),
            "1 993 mail.example.test",
            f'"v=TLSRPTv1; rua=mailto:postmaster@{ZONE}"',
        }
        assert records[adopted["apex"]].proxied is False
        assert records[adopted["SPF"]].comment != "ours, since 2019"
        assert len(records) == len(before.stack.outputs["domains"][ZONE]["records"]) + 1  # and `another`
        assert records[another].modified_on == known[another]

        after = before.preflight("--json")
        assert after.returncode == 0
        [clear] = [row for row in json.loads(after.stdout)["results"] if row["check"] == "record-conflict"]
        assert clear["found"] == f"{len(records) - 1} of the stack's own records, and 1 other beside them"
        assert set(before.stack.up().counts) == {"unchanged"}


class TestKeepingWhatIsThere:
    def test_each_setting_takes_the_conflict_away(self, before: Before) -> None:
        before.has(type="A", content="198.51.100.200")
        before.has(type="CNAME", name=f"mta-sts.{ZONE}", content="policies.old.example")
        before.has(type="CNAME", name=f"ed._domainkey.{ZONE}", content="key.old.example")
        before.has(type="TXT", name=f"_smtp._tls.{ZONE}", content='"v=TLSRPTv1; rua=mailto:tls@old.example"')
        found = json.loads(before.preflight("--json").stdout)
        settings = list(dict.fromkeys(way["setting"] for way in found["ways"]))
        assert len(settings) == 4
        for line in settings:
            before.shell(line)
        after = before.preflight("--json")
        assert after.returncode == 0, after.stdout
        assert json.loads(after.stdout)["ways"] == []


class TestWrongSettings:
    def test_are_said_as_pulumi_up_says_them(self, before: Before) -> None:
        def change(settings: dict[str, Any]) -> None:
            settings["server"]["memry"] = 512
            settings["domains"][0]["mtaSts"] = {"mode": "enforced"}

        before.stack.write(before.stack.changed(change))
        said = before.preflight()
        assert said.returncode == 1
        sentences = said.stderr.removeprefix("error: ").strip().splitlines()
        assert len(sentences) == 3
        up = before.stack.try_up().text
        assert all(sentence.strip() in up for sentence in sentences)
