"""What the world sees without an account: the DNS records, the policies; and how the containers run."""

import http.client
import socket
import ssl

import dns.rdata
import dns.zone
import pytest

from tests.live.dns import LabDns
from tests.live.mail import any_certificate, trusting
from tests.live.settings import BOUND_TO, METRICS_PORT
from tests.live.stack import MailStack

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("lab_dns")]


def get(host: str, path: str, tls: ssl.SSLContext, *, name: str | None = None) -> tuple[http.client.HTTPResponse, str]:
    """Fetch over HTTPS from `host`, by another name where one is given."""
    with (
        socket.create_connection((host, 443), timeout=20) as connection,
        tls.wrap_socket(connection, server_hostname=host) as encrypted,
    ):
        client = http.client.HTTPConnection(name or host)
        client.sock = encrypted
        client.request("GET", path)
        response = client.getresponse()
        return response, response.read().decode()


class TestRecords:
    def test_each_is_answered_over_dns(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        for found in mail_stack.outputs["domains"].values():
            for record in found["records"]:
                if record["type"] == "TXT":
                    assert lab_dns.text(record["name"]) == record["content"]
                    continue
                numbers = [record[key] for key in ("priority", "weight", "port") if key in record]
                target = record["content"] + ("" if record["type"] in ("A", "AAAA") else ".")
                expected = " ".join(map(str, [*numbers, target]))
                assert lab_dns.look_up(record["name"], record["type"]) == {expected}, record

    def test_zone_file_says_the_same(self, mail_stack: MailStack, lab_dns: LabDns) -> None:
        for name, found in mail_stack.outputs["domains"].items():
            zone = dns.zone.from_text(found["zone_file"], origin=name, check_origin=False, relativize=False)
            sets = list(zone.iterate_rdatasets())
            assert sum(len(rdatas) for _, rdatas in sets) == len(found["records"])
            for owner, rdatas in sets:
                served = lab_dns.look_up(owner.to_text(), dns.rdatatype.to_text(rdatas.rdtype))
                assert served == {rdata.to_text() for rdata in rdatas}

    def test_carry_their_reason_as_comment(self, mail_stack: MailStack) -> None:
        for name in mail_stack.outputs["domains"]:
            comments = [
                record.comment or ""
                for record in mail_stack.cloudflare.dns.records.list(zone_id=mail_stack.zone_id(name))
            ]
            assert comments
            assert all(comment.startswith(("required: ", "recommended: ", "optional: ")) for comment in comments)


class TestPolicySite:
    def test_serves_every_policy_as_declared(self, mail_stack: MailStack) -> None:
        tls = trusting(mail_stack.outputs["ca_certificate"])
        for name, found in mail_stack.outputs["domains"].items():
            response, body = get(f"mta-sts.{name}", "/.well-known/mta-sts.txt", tls)
            assert response.status == 200
            assert response.headers.get_content_type() == "text/plain"
            assert body == found["mta_sts"]["policy"]
            assert body.endswith("\r\n")
            assert "mx: mail.example.test\r\n" in body

    @pytest.mark.parametrize("path", ["/", "/mta-sts.txt", "/.well-known/", "/.well-known/mta-sts.txt/x", "/Caddyfile"])
    def test_has_nothing_else(self, mail_stack: MailStack, path: str) -> None:
        tls = trusting(mail_stack.outputs["ca_certificate"])
        assert get("mta-sts.example.test", path, tls)[0].status == 404

    def test_has_nothing_for_other_hosts(self, mail_stack: MailStack) -> None:
        path = "/.well-known/mta-sts.txt"
        response, _ = get("mta-sts.example.test", path, any_certificate(), name="mta-sts.stranger.example")
        assert response.status == 404

    def test_sends_http_to_https(self, mail_stack: MailStack) -> None:
        client = http.client.HTTPConnection("mta-sts.example.test", timeout=20)
        client.request("GET", "/.well-known/mta-sts.txt")
        response = client.getresponse()
        assert response.status == 308
        assert response.headers["Location"] == "https://mta-sts.example.test/.well-known/mta-sts.txt"


class TestContainers:
    @pytest.mark.parametrize("suffix", ["", "-policy"])
    def test_have_no_more_rights_than_they_need(self, mail_stack: MailStack, suffix: str) -> None:
        container = mail_stack.container(suffix)
        host = container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"]
        assert host["CapDrop"] == ["ALL"]
        assert host["SecurityOpt"] == ["no-new-privileges:true"]
        assert host["Memory"] > 0
        assert host["NanoCpus"] > 0
        assert host["RestartPolicy"]["Name"] == "unless-stopped"
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
        assert container.exec_run(["sh", "-c", ": > /somewhere"]).exit_code != 0

    def test_mail_server_has_no_capability_at_all(self, mail_stack: MailStack) -> None:
        status = mail_stack.container().exec_run(["cat", "/proc/1/status"]).output.decode()
        assert "CapEff:\t0000000000000000" in status

    def test_files_that_are_secret_are_for_their_owner_alone(self, mail_stack: MailStack) -> None:
        command = "stat -c '%a %n' /data/tls/privkey.pem /data/maddy.conf /data/dkim_keys/*.key"
        listed = mail_stack.container().exec_run(["sh", "-c", command]).output.decode().splitlines()
        assert len(listed) >= 6
        assert not [line for line in listed if not line.startswith("600 ")]

    def test_mail_server_is_healthy_and_one_that_does_not_answer_is_not(self, mail_stack: MailStack) -> None:
        container = mail_stack.container()
        health = container.attrs["Config"]["Healthcheck"]["Test"]
        assert container.exec_run(["sh", "-c", health[1]]).exit_code == 0
        elsewhere = health[1].replace("127.0.0.1 25", "127.0.0.1 26")
        assert container.exec_run(["sh", "-c", elsewhere]).exit_code != 0

    def test_metrics_are_published_on_the_private_address(self, mail_stack: MailStack) -> None:
        client = http.client.HTTPConnection(BOUND_TO, METRICS_PORT, timeout=20)
        client.request("GET", "/metrics")
        assert b"process_open_fds" in client.getresponse().read()
        bindings = mail_stack.container().attrs["NetworkSettings"]["Ports"][f"{METRICS_PORT}/tcp"]
        assert [binding["HostIp"] for binding in bindings] == [BOUND_TO]
