"""The lab's Cloudflare, asked through Cloudflare's own client: it stores, refuses and lists as Cloudflare does."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from cloudflare import APIStatusError, Cloudflare

from lab.cloudflare.server import make_server
from lab.cloudflare.store import zone_id
from lab.cloudflare.zones import Served

ZONE = zone_id("example.test")
DKIM = "v=DKIM1; k=rsa; p=" + "A" * 392


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("cloudflare")
    server = make_server(directory, 0, "the-token", ["example.test", "example.org"], Served(), {})
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with server:
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def client(server_url: str) -> Iterator[Cloudflare]:
    with Cloudflare(api_token="the-token", base_url=f"{server_url}/client/v4", max_retries=0) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_zone(client: Cloudflare) -> Iterator[None]:
    yield
    for record in client.dns.records.list(zone_id=ZONE):
        client.dns.records.delete(record.id, zone_id=ZONE)


def create(client: Cloudflare, **fields: Any) -> dict[str, Any]:
    defaults = {"zone_id": ZONE, "name": "example.test", "ttl": 1}
    return client.dns.records.with_raw_response.create(**defaults | fields).http_response.json()["result"]


def refusal(client: Cloudflare, **fields: Any) -> tuple[int, int, str]:
    """HTTP status, code and message with which a new record is refused."""
    with pytest.raises(APIStatusError) as caught:
        create(client, **fields)
    return caught.value.status_code, caught.value.errors[0].code, caught.value.errors[0].message


class TestStoredForm:
    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ("@", "example.test"),
            ("Mail", "mail.example.test"),
            ("MAIL.Example.Test.", "mail.example.test"),
            ("mail.example.org", "mail.example.org.example.test"),
            ("bücher.example.test", "xn--bcher-kva.example.test"),
            ("*.example.test", "*.example.test"),
            ("_dmarc.example.test", "_dmarc.example.test"),
        ],
    )
    def test_name_is_full_lower_case_and_in_the_zone(self, client: Cloudflare, given: str, stored: str) -> None:
        assert create(client, type="A", name=given, content="198.51.100.25")["name"] == stored

    @pytest.mark.parametrize(
        ("given", "stored"),
        [
            ('"v=spf1 mx ~all"', '"v=spf1 mx ~all"'),
            ("v=spf1 mx ~all", '"v=spf1 mx ~all"'),
            (DKIM, f'"{DKIM[:255]}" "{DKIM[255:]}"'),
            (f'"{DKIM}"', f'"{DKIM[:255]}" "{DKIM[255:]}"'),
            ('"short" "strings"', '"short" "strings"'),
            (r'"a \"quoted\" word and \195\164"', r'"a \"quoted\" word and \195\164"'),
            ('say "ä"', r'"say \"\195\164\""'),
        ],
    )
    def test_text_is_quoted_strings_of_255_bytes(self, client: Cloudflare, given: str, stored: str) -> None:
        assert create(client, type="TXT", content=given)["content"] == stored

    @pytest.mark.parametrize(
        ("record_type", "given", "stored"),
        [
            ("AAAA", "2001:DB8:25:0:0::25", "2001:db8:25::25"),
            ("CNAME", "Mail.Example.Test.", "mail.example.test"),
            ("MX", "Mail.Example.Test.", "mail.example.test"),
            ("MX", ".", "."),
        ],
    )
    def test_content_is_canonical(self, client: Cloudflare, record_type: str, given: str, stored: str) -> None:
        record = create(client, type=record_type, name="www", content=given, priority=0)
        assert record["content"] == stored

    def test_srv_shows_its_priority_beside_the_content(self, client: Cloudflare) -> None:
        data = {"priority": 5, "weight": 1, "port": 993, "target": "Mail.example.test"}
        record = create(client, type="SRV", name="_imaps._tcp", data=data)
        assert record["content"] == "1 993 mail.example.test"
        assert record["priority"] == 5
        assert record["data"] == data | {"target": "mail.example.test"}

    def test_caa_flags_may_be_text(self, client: Cloudflare) -> None:
        record = create(client, type="CAA", data={"flags": "0", "tag": "issue", "value": "ca.example"})
        assert record["content"] == '0 issue "ca.example"'
        assert record["data"]["flags"] == 0

    def test_a_record_has_the_documented_fields(self, client: Cloudflare) -> None:
        record = create(client, type="A", name="mail", content="198.51.100.25", ttl=300, comment="why")
        assert len(record.pop("id")) == 32
        times = [record.pop(name) for name in ("created_on", "modified_on", "comment_modified_on")]
        assert times[0] == times[1] == times[2]
        assert record == {
            "name": "mail.example.test",
            "type": "A",
            "content": "198.51.100.25",
            "proxiable": True,
            "proxied": False,
            "ttl": 300,
            "settings": {},
            "meta": {},
            "comment": "why",
            "tags": [],
        }

    def test_a_proxied_record_has_the_automatic_ttl(self, client: Cloudflare) -> None:
        assert create(client, type="A", content="198.51.100.25", proxied=True, ttl=300)["ttl"] == 1

    def test_a_private_address_is_not_proxiable(self, client: Cloudflare) -> None:
        assert create(client, type="A", content="10.0.0.1")["proxiable"] is False


class TestRefusedRecord:
    @pytest.mark.parametrize(
        ("fields", "code", "message"),
        [
            ({"type": "A", "content": "mail"}, 9005, "Content for A record must be a valid IPv4 address."),
            ({"type": "A", "content": "2001:db8::1"}, 9005, "Content for A record must be a valid IPv4 address."),
            ({"type": "AAAA", "content": "1.2.3.4"}, 9006, "Content for AAAA record must be a valid IPv6 address."),
            ({"type": "CNAME", "name": "w", "content": "no host"}, 9007, "Content for CNAME record is invalid."),
            ({"type": "MX", "content": "198.51.100.25", "priority": 1}, 9009, "to be a hostname"),
            ({"type": "MX", "content": "mail.example.test"}, 9100, "priority is a required field."),
            ({"type": "MX", "content": "m.example", "priority": 70000}, 1004, "between 0 and 65535"),
            ({"type": "CNAME", "name": "w", "content": "w.example.test"}, 9039, "cannot reference itself"),
            ({"type": "A", "name": "a b", "content": "198.51.100.25"}, 9000, "DNS name is invalid."),
            ({"type": "A", "name": "a" * 64, "content": "198.51.100.25"}, 9000, "DNS name is invalid."),
            ({"type": "A", "name": "abc." * 62, "content": "198.51.100.25"}, 9000, "DNS name is invalid."),
            ({"type": "BOGUS", "content": "x"}, 9020, "Invalid DNS record type"),
            ({"type": "A", "content": "198.51.100.25", "ttl": 59}, 9021, "between 60 and 86400"),
            ({"type": "A", "content": "198.51.100.25", "ttl": 86401}, 9021, "between 60 and 86400"),
            ({"type": "A", "content": "198.51.100.25", "comment": "x" * 101}, 9313, "maximum length of 100"),
            ({"type": "A", "content": "198.51.100.25", "tags": ["a:b"]}, 9300, "exceeding the quota of 0"),
            ({"type": "TXT", "content": "x" * 4081}, 1004, "exceeds 4096 bytes"),
            ({"type": "TXT", "content": '"open'}, 1004, "unbalanced quotation marks"),
            ({"type": "TXT", "content": '"a" b'}, 1004, "unbalanced quotation marks"),
            ({"type": "TXT", "content": "x", "proxied": True}, 9004, "This record type cannot be proxied."),
            ({"type": "A", "content": "10.0.0.1", "proxied": True}, 9003, "Target 10.0.0.1 is not allowed"),
            ({"type": "SRV", "data": {"priority": 1, "weight": 1, "target": "."}}, 9101, "data.port is a required"),
            ({"type": "CAA"}, 9101, "data is a required field."),
            ({"type": "TLSA", "data": {"usage": 256}}, 1004, "data.usage must be a number between 0 and 255"),
        ],
    )
    def test_has_cloudflares_code(self, client: Cloudflare, fields: dict[str, Any], code: int, message: str) -> None:
        status, given_code, given_message = refusal(client, **fields)
        assert (status, given_code) == (400, code)
        assert message in given_message

    def test_the_longest_text_fits(self, client: Cloudflare) -> None:
        assert create(client, type="TXT", content="x" * 4080)

    def test_an_identical_record_exists(self, client: Cloudflare) -> None:
        create(client, type="TXT", content='"x"')
        assert refusal(client, type="TXT", content="x", ttl=300)[1:] == (
            81058,
            "An identical record already exists.",
        )

    def test_an_address_stays_off_a_cname(self, client: Cloudflare) -> None:
        create(client, type="CNAME", name="www", content="mail.example.test")
        assert refusal(client, type="A", name="www", content="198.51.100.25")[1] == 81054
        assert refusal(client, type="TXT", name="www", content="x")[1] == 81054

    def test_a_cname_stays_off_other_records(self, client: Cloudflare) -> None:
        create(client, type="A", name="www", content="198.51.100.25")
        create(client, type="TXT", name="text", content="x")
        assert refusal(client, type="CNAME", name="www", content="mail.example.test")[1] == 81053
        assert refusal(client, type="CNAME", name="text", content="mail.example.test")[1] == 81053

    def test_all_text_of_a_name_together_is_limited(self, client: Cloudflare) -> None:
        create(client, type="TXT", content="a" * 4000)
        create(client, type="TXT", content="b" * 4000)
        assert "8192 characters" in refusal(client, type="TXT", content="c" * 300)[2]

    def test_a_change_is_checked_as_well(self, client: Cloudflare) -> None:
        first = create(client, type="A", content="198.51.100.1")
        second = create(client, type="A", content="198.51.100.2")
        with pytest.raises(APIStatusError) as caught:
            client.dns.records.edit(second["id"], zone_id=ZONE, type="A", name="@", content=first["content"], ttl=1)
        assert caught.value.errors[0].code == 81058


class TestChange:
    def test_put_resets_what_it_does_not_name(self, client: Cloudflare) -> None:
        old = create(client, type="A", content="198.51.100.1", comment="why", ttl=300)
        raw = client.dns.records.with_raw_response
        answer = raw.update(old["id"], zone_id=ZONE, type="A", name="@", content="198.51.100.2", ttl=60)
        new = answer.http_response.json()["result"]
        assert (new["id"], new["content"], new["ttl"], new["comment"]) == (old["id"], "198.51.100.2", 60, None)
        assert new["created_on"] == old["created_on"] < new["modified_on"]
        assert "comment_modified_on" not in new

    def test_patch_keeps_what_it_does_not_name(self, client: Cloudflare, server_url: str) -> None:
        old = create(client, type="MX", content="mail.example.test", priority=10, comment="why")
        url = f"{server_url}/client/v4/zones/{ZONE}/dns_records/{old['id']}"
        headers = {"Authorization": "Bearer the-token"}
        new = httpx.patch(url, json={"priority": 20}, headers=headers).json()["result"]
        assert (new["priority"], new["content"], new["comment"]) == (20, "mail.example.test", "why")
        assert new["comment_modified_on"] == old["comment_modified_on"]

    def test_a_deleted_record_is_unknown(self, client: Cloudflare) -> None:
        record = create(client, type="A", content="198.51.100.1")
        deleted = client.dns.records.delete(record["id"], zone_id=ZONE)
        assert deleted is not None
        assert deleted.id == record["id"]
        with pytest.raises(APIStatusError) as caught:
            client.dns.records.get(record["id"], zone_id=ZONE)
        assert (caught.value.status_code, caught.value.errors[0].code) == (404, 81044)


class TestLists:
    @pytest.fixture(autouse=True)
    def records(self, client: Cloudflare) -> None:
        for number in range(5):
            create(client, type="A", name=f"host{number}", content=f"198.51.100.{number}")
        create(client, type="TXT", name="host0", content="v=spf1 a -all")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"type": "TXT"}, ["host0"]),
            ({"name": {"exact": "HOST1.example.test"}}, ["host1"]),
            ({"name": {"startswith": "host"}, "type": "A"}, ["host0", "host1", "host2", "host3", "host4"]),
            ({"content": {"contains": "spf1"}}, ["host0"]),
            ({"content": {"endswith": ".3"}}, ["host3"]),
            ({"name": {"exact": "host1.example.test"}, "type": "TXT", "match": "any"}, ["host1", "host0"]),
            ({"order": "content", "direction": "desc", "type": "A"}, ["host4", "host3", "host2", "host1", "host0"]),
            ({"proxied": True}, []),
        ],
    )
    def test_records_are_filtered(self, client: Cloudflare, query: dict[str, Any], found: list[str]) -> None:
        names = [record.name.partition(".")[0] for record in client.dns.records.list(zone_id=ZONE, **query)]
        assert names == found

    def test_a_plain_name_is_an_exact_filter(self, server_url: str) -> None:
        answer = httpx.get(
            f"{server_url}/client/v4/zones/{ZONE}/dns_records?name=host1.example.test",
            headers={"Authorization": "Bearer the-token"},
        ).json()
        assert [record["content"] for record in answer["result"]] == ["198.51.100.1"]

    def test_pages_are_counted(self, client: Cloudflare) -> None:
        page = client.dns.records.with_raw_response.list(zone_id=ZONE, page=2, per_page=4).http_response.json()
        assert page["result_info"] == {"page": 2, "per_page": 4, "count": 2, "total_count": 6, "total_pages": 2}

    def test_the_client_walks_through_all_pages(self, client: Cloudflare) -> None:
        assert len(list(client.dns.records.list(zone_id=ZONE, per_page=2))) == 6


class TestZones:
    def test_are_found_by_name(self, client: Cloudflare) -> None:
        [zone] = client.zones.list(name="example.org")
        assert (zone.id, zone.name, zone.status) == (zone_id("example.org"), "example.org", "active")
        assert zone.name_servers == ["ns1.example.org"]

    def test_are_shown_by_identifier(self, client: Cloudflare) -> None:
        zone = client.zones.get(zone_id=ZONE)
        assert zone is not None
        assert zone.name == "example.test"

    def test_a_malformed_identifier_has_no_route(self, client: Cloudflare) -> None:
        status, code, message = refusal(client, zone_id="example.test", type="A", content="198.51.100.1")
        assert (status, code) == (400, 7003)
        assert "/client/v4/zones/example.test/dns_records" in message

    def test_an_unknown_zone_is_none_of_the_tokens(self, client: Cloudflare) -> None:
        assert refusal(client, zone_id="0" * 32, type="A", content="198.51.100.1")[:2] == (403, 10000)
        with pytest.raises(APIStatusError) as caught:
            client.zones.get(zone_id="0" * 32)
        assert caught.value.errors[0].code == 9109


class TestAccess:
    @pytest.mark.parametrize(
        ("path", "authorization", "status", "code"),
        [
            ("/zones", None, 400, 9106),
            ("/zones", "Bearer", 400, 6003),
            ("/zones", "Bearer two words", 400, 6003),
            ("/zones", "Bearer wrong", 403, 9109),
            (f"/zones/{ZONE}/dns_records", "Bearer wrong", 403, 10000),
            ("/user/tokens/verify", "Bearer wrong", 401, 1000),
        ],
    )
    def test_without_the_token_is_denied(
        self, server_url: str, path: str, authorization: str | None, status: int, code: int
    ) -> None:
        headers = {"Authorization": authorization} if authorization else {}
        answer = httpx.get(f"{server_url}/client/v4{path}", headers=headers)
        body = answer.json()
        assert (answer.status_code, body["errors"][0]["code"]) == (status, code)
        assert (body["success"], body["result"]) == (False, None)

    def test_the_token_can_be_verified(self, client: Cloudflare) -> None:
        verified = client.user.tokens.verify()
        assert verified is not None
        assert verified.status == "active"

    def test_health_needs_no_token(self, server_url: str) -> None:
        assert httpx.get(f"{server_url}/healthz").status_code == 200

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
    def test_a_body_that_is_no_object(self, server_url: str, body: bytes) -> None:
        url = f"{server_url}/client/v4/zones/{ZONE}/dns_records"
        answer = httpx.post(url, content=body, headers={"Authorization": "Bearer the-token"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 9207)

    def test_a_full_disk_is_told(self, server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr("os.fsync", full)
        url = f"{server_url}/client/v4/zones/{ZONE}/dns_records"
        record = {"type": "A", "name": "@", "content": "198.51.100.1"}
        answer = httpx.post(url, json=record, headers={"Authorization": "Bearer the-token"})
        assert answer.status_code == 500
        assert "No space left on device" in answer.json()["errors"][0]["message"]

    def test_an_unknown_method_is_refused(self, server_url: str) -> None:
        answer = httpx.delete(f"{server_url}/client/v4/zones", headers={"Authorization": "Bearer the-token"})
        assert answer.status_code == 405


def test_the_token_is_never_logged(server_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    httpx.get(f"{server_url}/client/v4/zones", headers={"Authorization": "Bearer the-token"})
    seen = capfd.readouterr()
    assert "GET /client/v4/zones" in seen.err
    assert "the-token" not in seen.err + seen.out
