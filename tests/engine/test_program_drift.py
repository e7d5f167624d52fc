"""What somebody changed by hand: a preview with refresh says it, an update with refresh mends it, all else stays."""

import io
import re
import tarfile

import pytest

from mail import caddyfile, mta_sts
from tests.live.dns import LabDns
from tests.live.stack import MailStack
from tests.live.verdicts import BAD, Checker, ids

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

MAILBOX = "mail@example.test"
RECORD = "dnsRecord:DnsRecord"
CONTAINER = "container:Container"
MX = "example.test-mx"
HOST_SPF = "mail.example.test-host-spf"


def moved(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """The names of the resources that are there no more, are new, or are others now."""
    return {urn.rpartition("::")[2] for urn, _ in before.items() ^ after.items()}


class TestWhatARefreshSees:
    def test_records_and_limits_are_shown_and_mended_in_place(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        before = mail_stack.ids()
        zone, records = mail_stack.zone_id("example.test"), mail_stack.cloudflare.dns.records
        spf, mx = (before[mail_stack.urn(name, RECORD)] for name in (HOST_SPF, MX))
        records.edit(spf, zone_id=zone, name="mail.example.test", type="TXT", content='"v=spf1 +all"', ttl=1)
        records.delete(mx, zone_id=zone)
        mail_stack.container().update(mem_limit="64m", memswap_limit="64m", restart_policy={"Name": "no"})

        preview = mail_stack.preview("--refresh")
        assert r'"\"v=spf1 +all\"" => "\"v=spf1 a -all\""' in preview.text
        assert re.search(rf"DnsRecord: \(create\)\n +\[urn=.*::{MX}\]", preview.text)
        assert re.search(r"memory *: 64 => 512", preview.text)
        assert re.search(r'restart *: "no" => "unless-stopped"', preview.text)
        # The record that is made anew has another id, which those who look for doubles of it are told.
        assert preview.counts.items() >= {"to create": 1, "to update": 3}.items()
        assert preview.counts["changes"] == 4

        mail_stack.up("--refresh")
        assert moved(before, mail_stack.ids()) == {MX}
        limits = mail_stack.container().attrs["HostConfig"]
        assert (limits["Memory"], limits["RestartPolicy"]["Name"]) == (512 << 20, "unless-stopped")
        lab_dns.wait_for("mail.example.test", "TXT", {'"v=spf1 a -all"'})
        lab_dns.wait_for("example.test", "MX", {"10 mail.example.test."})

    def test_servers_that_ended_or_are_gone_are_shown_and_made_anew(self, mail_stack: MailStack) -> None:
        before = mail_stack.ids()
        mail_stack.container().kill()
        mail_stack.container("-policy").remove(force=True)

        preview = mail_stack.preview("--refresh")
        assert re.search(r"mustRun *: false => true", preview.text)
        assert re.search(r"Container: \(create\)\n +\[urn=.*::policy-site\]", preview.text)
        assert preview.counts.items() >= {"to create": 1, "to replace": 1}.items()

        mail_stack.up("--refresh")
        assert moved(before, mail_stack.ids()) == {"server", "policy-site"}
        assert mail_stack.client_of(MAILBOX).can_log_in()

    def test_accounts_and_policies_are_shown_and_made_anew(self, mail_stack: MailStack) -> None:
        before, server = mail_stack.ids(), mail_stack.container().id
        mail_stack.maddy("creds", "remove", "--yes", MAILBOX)
        write_policy(mail_stack, mta_sts.policy_text("none", ["mail.example.test"], 86400))
        found = Checker(mail_stack).look("login", "policy-mode")
        assert ids([row for row in found if row.verdict in BAD]) == {"login", "policy-mode"}

        preview = mail_stack.preview("--refresh")
        assert MAILBOX in preview.text
        assert "/srv/example.test/.well-known/mta-sts.txt" in preview.text
        assert preview.counts["to update"] == 3
        assert preview.counts["to replace"] == 1

        mail_stack.up("--refresh")
        assert moved(before, mail_stack.ids()) == {"site-seed"}
        assert mail_stack.container().id == server
        found = Checker(mail_stack).look("login", "policy-mode")
        assert not [row for row in found if row.verdict in BAD]
        assert set(mail_stack.up("--refresh", "--expect-no-changes").counts) == {"unchanged"}

    def test_records_beside_the_stacks_are_shown_and_taken_away(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        before, zone, records = mail_stack.ids(), mail_stack.zone_id("example.test"), mail_stack.cloudflare.dns.records
        other, spf, mx = (
            records.create(zone_id=zone, name="example.test", ttl=60, **fields)  # type: ignore[call-overload]
            for fields in (
                {"type": "TXT", "content": '"some-verification=1"'},
                {"type": "TXT", "content": '"v=spf1 +all"'},
                {"type": "MX", "content": "mx.elsewhere.test", "priority": 5},
            )
        )
        lab_dns.wait_for("example.test", "MX", {"10 mail.example.test.", "5 mx.elsewhere.test."})
        assert set(mail_stack.up("--expect-no-changes").counts) == {"unchanged"}

        preview = mail_stack.preview("--refresh")
        assert f'{spf.id}: "example.test TXT v=spf1 +all"' in preview.text
        assert f'{mx.id}: "example.test MX 5 mx.elsewhere.test"' in preview.text
        assert preview.counts["to update"] == 1
        assert set(preview.counts) == {"to update", "unchanged"}

        mail_stack.up("--refresh")
        assert moved(before, mail_stack.ids()) == set()
        left = {record.id for record in records.list(zone_id=zone)}
        assert left & {other.id, spf.id, mx.id} == {other.id}
        records.delete(other.id, zone_id=zone)
        lab_dns.wait_for("example.test", "MX", {"10 mail.example.test."})
        lab_dns.wait_for("example.test", "TXT", {'"v=spf1 mx ~all"'})
        assert set(mail_stack.up("--refresh", "--expect-no-changes").counts) == {"unchanged"}


def write_policy(mail_stack: MailStack, text: str) -> None:
    """Write the policy of the first domain into the policy site's volume."""
    data = text.encode()
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo(caddyfile.policy_file("example.test"))
            entry.size, entry.mode = len(data), 0o644
            archive.addfile(entry, io.BytesIO(data))
        mail_stack.container("-policy-site-seed").put_archive(caddyfile.ROOT, buffer.getvalue())
