"""The cloudflare plugin against the lab's Cloudflare: what the engine asks of it, and what a person reads."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cloudflare import Cloudflare
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    ConfigureRequest,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    InvokeResponse,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)

from lab.cloudflare.server import Server, make_server
from lab.cloudflare.store import zone_id
from lab.cloudflare.zones import Served
from lab.plugins import serving
from lab.plugins.cloudflare import zone
from lab.plugins.cloudflare.provider import CloudflareProvider
from lab.plugins.properties import UNKNOWN, plain_map, secret, wrap
from lab.plugins.serving import EngineGoneError, ResourceError

ZONE = zone_id("example.test")
URN = "urn:pulumi:dev::maddy-stack::maddy:mail:Domain$cloudflare:index/dnsRecord:DnsRecord::mx"
TOKEN = "a-token-that-nobody-may-see"

MX = {"zoneId": ZONE, "name": "example.test", "type": "MX", "content": "mail.example.test", "priority": 10, "ttl": 1}
TXT = {"zoneId": ZONE, "name": "example.test", "type": "TXT", "content": '"v=spf1 mx ~all"', "ttl": 1}
SRV = {
    "zoneId": ZONE,
    "name": "_imaps._tcp.example.test",
    "type": "SRV",
    "data": {"priority": 0, "weight": 1, "port": 993, "target": "mail.example.test"},
    "priority": 0,
    "ttl": 1,
}

Properties = dict[str, PropertyValue]
T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def props(values: dict[str, Any]) -> Properties:
    return {name: wrap(value) for name, value in values.items()}


class Engine:
    """Asks a provider what the engine would ask."""

    def __init__(self, provider: CloudflareProvider) -> None:
        self.provider = provider

    def check(self, inputs: dict[str, Any]) -> dict[str, str]:
        response = run(self.provider.check(CheckRequest(URN, {}, props(inputs), b"")))
        return {failure.property: failure.reason for failure in response.failures or []}

    def create(self, inputs: dict[str, Any], *, preview: bool = False) -> CreateResponse:
        return run(self.provider.create(CreateRequest(URN, props(inputs), 0, preview)))

    def made(self, inputs: dict[str, Any]) -> tuple[str, Properties]:
        response = self.create(inputs)
        assert response.resource_id
        return response.resource_id, response.properties

    def diff(self, old: Properties, inputs: dict[str, Any]) -> DiffResponse:
        return run(self.provider.diff(DiffRequest(URN, "id", old, props(inputs), [])))

    def read(self, identifier: str, state: Properties, inputs: Properties | None = None) -> ReadResponse:
        return run(self.provider.read(ReadRequest(URN, identifier, state, inputs or {})))

    def update(self, identifier: str, old: Properties, new: dict[str, Any], *, preview: bool = False) -> UpdateResponse:
        return run(self.provider.update(UpdateRequest(URN, identifier, old, props(new), 0, [], preview)))

    def delete(self, identifier: str, state: Properties) -> None:
        run(self.provider.delete(DeleteRequest(URN, identifier, state, 0)))

    def get_zone(self, arguments: dict[str, Any]) -> InvokeResponse:
        return run(self.provider.invoke(InvokeRequest(zone.TOKEN, props(arguments))))


def provider_with(token: str, base_url: str) -> CloudflareProvider:
    provider = CloudflareProvider()
    arguments = {"apiToken": secret(token), "baseUrl": wrap(base_url)}
    run(provider.configure(ConfigureRequest({}, arguments, accept_secrets=True, accept_resources=True)))
    return provider


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = make_server(tmp_path, 0, TOKEN, ["example.test"], Served(), {})
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    with server:
        yield server
        server.shutdown()


@pytest.fixture
def base_url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}/client/v4"


@pytest.fixture
def engine(base_url: str) -> Engine:
    return Engine(provider_with(TOKEN, base_url))


@pytest.fixture
def someone_else(base_url: str) -> Iterator[Cloudflare]:
    with Cloudflare(api_token=TOKEN, base_url=base_url) as client:
        yield client


class TestConfiguration:
    def failures(self, arguments: dict[str, Any]) -> dict[str, str]:
        request = CheckRequest("urn:pulumi:dev::p::pulumi:providers:cloudflare::c", {}, props(arguments), b"")
        response = run(CloudflareProvider().check_config(request))
        return {failure.property: failure.reason for failure in response.failures or []}

    def test_a_missing_token_names_the_config_key(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
        assert "cloudflare:apiToken" in self.failures({"baseUrl": "http://127.0.0.1"})["apiToken"]
        assert "cloudflare:apiToken" in self.failures({"apiToken": ""})["apiToken"]

    def test_the_token_may_come_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x")
        assert self.failures({}) == {}

    def test_another_key_is_named(self) -> None:
        assert list(self.failures({"apiToken": "x", "email": "a@b.test", "version": "6.23.1"})) == ["email"]

    def test_credentials_in_the_environment_do_not_replace_the_token(
        self, base_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CLOUDFLARE_EMAIL", "someone@example.test")
        monkeypatch.setenv("CLOUDFLARE_API_KEY", "k")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        Engine(provider_with(TOKEN, base_url)).made(MX)


class TestCheck:
    def test_a_good_record_passes(self, engine: Engine) -> None:
        assert [engine.check(inputs) for inputs in (MX, TXT, SRV)] == [{}, {}, {}]

    def test_what_is_not_known_yet_passes(self, engine: Engine) -> None:
        assert engine.check(TXT | {"content": UNKNOWN, "zoneId": UNKNOWN, "ttl": UNKNOWN}) == {}

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"prioritty": 1}, "prioritty"),
            ({"data": {"prioritty": 1}, "content": None}, "data.prioritty"),
            ({"settings": {"ipv5Only": True}}, "settings.ipv5Only"),
            ({"name": None}, "name"),
            ({"data": {"priority": 1}}, "content"),
            ({"content": None}, "content"),
            ({"type": "MXX"}, "type"),
            ({"priority": 65536}, "priority"),
            ({"proxied": True, "ttl": 300}, "ttl"),
        ],
    )
    def test_a_problem_names_its_property(self, engine: Engine, changes: dict[str, Any], named: str) -> None:
        assert list(engine.check(MX | changes)) == [named]


class TestLife:
    @pytest.mark.parametrize("inputs", [MX, TXT, SRV], ids=["MX", "TXT", "SRV"])
    def test_a_created_record_is_clean_before_and_after_a_refresh(self, engine: Engine, inputs: dict[str, Any]) -> None:
        identifier, state = engine.made(inputs)
        assert engine.diff(state, inputs).changes is False
        read = engine.read(identifier, state, props(inputs))
        assert read.resource_id == identifier
        assert plain_map(read.inputs) == plain_map(props(inputs))
        assert engine.diff(read.properties, inputs).changes is False

    def test_the_state_has_the_official_outputs(self, engine: Engine) -> None:
        _, state = engine.made(MX)
        found = plain_map(state)
        assert {name: found[name] for name in MX} == MX
        assert (found["proxied"], found["proxiable"], found["tags"], found["meta"]) == (False, False, [], "{}")
        assert found["createdOn"] == found["modifiedOn"]

    def test_a_record_made_of_data_has_its_content_as_output(self, engine: Engine) -> None:
        _, state = engine.made(SRV)
        assert plain_map(state)["content"] == "1 993 mail.example.test"

    def test_a_preview_makes_nothing(self, engine: Engine, someone_else: Cloudflare) -> None:
        response = engine.create(TXT | {"content": UNKNOWN}, preview=True)
        found = plain_map(response.properties)
        assert (found["content"], found["createdOn"], found["name"]) == (UNKNOWN, UNKNOWN, "example.test")
        assert list(someone_else.dns.records.list(zone_id=ZONE)) == []

    def test_an_update_changes_it_in_place(self, engine: Engine, someone_else: Cloudflare) -> None:
        identifier, state = engine.made(MX | {"comment": "why"})
        new = MX | {"priority": 20, "content": "mx.example.test", "name": "sub.example.test", "ttl": 300}
        diff = engine.diff(state, new)
        assert (diff.changes, diff.replaces) == (True, [])
        assert sorted(diff.diffs) == ["comment", "content", "name", "priority", "ttl"]
        preview = plain_map(engine.update(identifier, state, new, preview=True).properties)
        assert (preview["priority"], preview["modifiedOn"]) == (20, UNKNOWN)
        updated = engine.update(identifier, state, new).properties
        assert plain_map(updated)["createdOn"] == plain_map(state)["createdOn"]
        assert engine.diff(updated, new).changes is False
        [record] = someone_else.dns.records.list(zone_id=ZONE)
        assert (record.id, record.name, record.content) == (identifier, "sub.example.test", "mx.example.test")
        assert record.comment is None

    @pytest.mark.parametrize("changes", [{"type": "TXT"}, {"zoneId": "0" * 32}])
    def test_another_type_or_zone_is_another_record(self, engine: Engine, changes: dict[str, Any]) -> None:
        _, state = engine.made(MX)
        assert engine.diff(state, MX | changes).replaces == list(changes)

    def test_a_deleted_record_can_be_deleted_again(self, engine: Engine, someone_else: Cloudflare) -> None:
        identifier, state = engine.made(MX)
        engine.delete(identifier, state)
        assert list(someone_else.dns.records.list(zone_id=ZONE)) == []
        engine.delete(identifier, state)

    def test_a_secret_content_stays_secret(self, engine: Engine) -> None:
        inputs = TXT | {"content": secret('"hidden"')}
        identifier, state = engine.made(inputs)
        read = engine.read(identifier, state, props(inputs))
        assert state["content"].is_secret
        assert read.properties["content"].is_secret
        assert read.inputs["content"].is_secret

    def test_a_record_whose_engine_is_gone_is_undone(
        self, engine: Engine, someone_else: Cloudflare, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(serving.os, "getppid", lambda: 1)
        with pytest.raises(EngineGoneError):
            engine.create(MX)
        assert list(someone_else.dns.records.list(zone_id=ZONE)) == []

    def test_many_at_once(self, engine: Engine, someone_else: Cloudflare) -> None:
        async def all_of_them() -> None:
            requests = [
                CreateRequest(URN, props(TXT | {"name": f"n{number}.example.test"}), 0, preview=False)
                for number in range(50)
            ]
            await asyncio.gather(*(engine.provider.create(request) for request in requests))

        run(all_of_them())
        assert len(list(someone_else.dns.records.list(zone_id=ZONE))) == 50


class TestReadBack:
    """What Cloudflare stores differs from what was sent: the next refresh shows it."""

    @pytest.mark.parametrize(
        ("sent", "drift"),
        [
            (TXT | {"content": "v=spf1 mx ~all"}, {"content": '"v=spf1 mx ~all"'}),
            (TXT | {"name": "Sub.Example.Test"}, {"name": "sub.example.test"}),
            (TXT | {"name": "@"}, {"name": "example.test"}),
            (TXT | {"content": f'"{"x" * 300}"'}, {"content": f'"{"x" * 255}" "{"x" * 45}"'}),
            (MX | {"content": "mail.example.test."}, {"content": "mail.example.test"}),
            ({name: value for name, value in SRV.items() if name != "priority"}, {"priority": 0.0}),
        ],
    )
    def test_a_form_that_is_not_kept(self, engine: Engine, sent: dict[str, Any], drift: dict[str, Any]) -> None:
        identifier, state = engine.made(sent)
        assert engine.diff(state, sent).changes is False
        read = engine.read(identifier, state, props(sent)).properties
        assert {name: plain_map(read)[name] for name in drift} == drift
        assert engine.diff(read, sent).diffs == list(drift)

    @pytest.mark.parametrize(
        ("change", "drift"),
        [
            ({"content": "evil.example.test"}, ["content"]),
            ({"ttl": 300}, ["ttl"]),
            ({"priority": 0}, ["priority"]),
            ({"comment": "mine"}, ["comment"]),
        ],
    )
    def test_someone_elses_change(
        self, engine: Engine, someone_else: Cloudflare, change: dict[str, Any], drift: list[str]
    ) -> None:
        identifier, state = engine.made(MX)
        body = {name: value for name, value in MX.items() if name != "zoneId"} | change
        someone_else.dns.records.update(identifier, zone_id=ZONE, **body)  # type: ignore[call-overload]
        read = engine.read(identifier, state, props(MX)).properties
        assert engine.diff(read, MX).diffs == drift
        mended = engine.update(identifier, read, MX).properties
        assert engine.diff(engine.read(identifier, mended, props(MX)).properties, MX).changes is False

    def test_a_record_that_was_proxied(self, engine: Engine, someone_else: Cloudflare) -> None:
        inputs = {"zoneId": ZONE, "name": "m.example.test", "type": "A", "content": "198.51.100.25", "ttl": 1}
        identifier, state = engine.made(inputs)
        someone_else.dns.records.edit(identifier, zone_id=ZONE, type="A", name="m.example.test", ttl=1, proxied=True)
        assert engine.diff(engine.read(identifier, state, props(inputs)).properties, inputs).diffs == ["proxied"]

    def test_a_record_that_is_gone(self, engine: Engine, someone_else: Cloudflare) -> None:
        identifier, state = engine.made(MX)
        someone_else.dns.records.delete(identifier, zone_id=ZONE)
        assert engine.read(identifier, state, props(MX)).resource_id == ""


class TestImport:
    @pytest.mark.parametrize("inputs", [MX, TXT, SRV], ids=["MX", "TXT", "SRV"])
    def test_by_zone_and_record(self, engine: Engine, inputs: dict[str, Any]) -> None:
        identifier, _ = engine.made(inputs)
        read = engine.read(f"{ZONE}/{identifier}", {})
        assert read.resource_id == identifier
        assert plain_map(read.inputs) == inputs | {"proxied": False}
        assert engine.diff(read.properties, inputs).changes is False

    def test_the_form_of_the_identifier_is_told(self, engine: Engine) -> None:
        with pytest.raises(ResourceError, match="ZONE_ID/RECORD_ID"):
            engine.read("0" * 32, {})


class TestZone:
    @pytest.mark.parametrize("arguments", [{"zoneId": ZONE}, {"filter": {"name": "example.test"}}])
    def test_is_found(self, engine: Engine, arguments: dict[str, Any]) -> None:
        response = engine.get_zone(arguments)
        assert response.failures == []
        found = plain_map(response.return_value or {})
        assert (found["id"], found["zoneId"], found["name"], found["status"]) == (ZONE, ZONE, "example.test", "active")
        assert found["nameServers"] == ["ns1.example.test"]
        assert found["plan"]["legacyId"] == "free"  # type: ignore[index, call-overload]

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            ({"filter": {"name": "example.com"}}, "0 zones at http://127.0.0.1.* fit name 'example.com'"),
            ({"filter": {"acount": "x"}}, "no filter 'acount'"),
            ({}, "either 'zoneId' or 'filter'"),
            ({"zoneId": "example.test"}, r"zone example\.test could not be looked up.*\(7003\); check the zoneId"),
            ({"zoneId": "0" * 32}, r"\(9109\); check the provider's apiToken"),
        ],
    )
    def test_that_is_not_found_says_why(self, engine: Engine, arguments: dict[str, Any], reason: str) -> None:
        [failure] = engine.get_zone(arguments).failures
        assert pytest.raises(match=reason).matches(ValueError(failure.reason))


class TestErrors:
    """One sentence: which record, what Cloudflare says, what to do."""

    def failing(self, engine: Engine, inputs: dict[str, Any]) -> str:
        with pytest.raises(ResourceError) as caught:
            engine.create(inputs)
        return str(caught.value)

    def test_a_refused_record(self, engine: Engine, base_url: str) -> None:
        assert self.failing(engine, TXT | {"comment": "x" * 101}) == (
            f"TXT record example.test could not be created: Cloudflare at {base_url} says 'DNS record comment exceeds "
            "the maximum length of 100 characters' (9313); correct the record in the program."
        )

    @pytest.mark.parametrize("sent", [MX, TXT, TXT | {"content": "v=spf1 mx ~all", "name": "@"}, SRV])
    def test_an_existing_record_can_be_adopted_with_the_command_given(
        self, engine: Engine, sent: dict[str, Any]
    ) -> None:
        identifier, _ = engine.made(sent)
        engine.made(TXT | {"content": '"another"'})
        message = self.failing(engine, sent)
        assert "An identical record already exists' (81058)" in message
        command = f"`pulumi import cloudflare:index/dnsRecord:DnsRecord mx {ZONE}/{identifier}`"
        assert command in message

    def test_a_cname_in_the_way_of_its_own_replacement(self, engine: Engine) -> None:
        name = {"zoneId": ZONE, "name": "www.example.test", "ttl": 1}
        engine.made(name | {"type": "A", "content": "198.51.100.80"})
        message = self.failing(engine, name | {"type": "CNAME", "content": "mail.example.test"})
        assert "(81053)" in message
        assert "delete_before_replace" in message

    def test_an_update_of_a_record_that_is_gone(self, engine: Engine) -> None:
        identifier, state = engine.made(MX)
        engine.delete(identifier, state)
        with pytest.raises(ResourceError, match=r"MX record example\.test .* \(81044\); .* `pulumi refresh`"):
            engine.update(identifier, state, MX | {"priority": 20})

    def test_a_wrong_token_is_never_shown(self, base_url: str) -> None:
        message = self.failing(Engine(provider_with("wrong-secret", base_url)), MX)
        assert "(10000); check the provider's apiToken" in message
        assert "wrong-secret" not in message

    def test_a_malformed_token(self, base_url: str) -> None:
        message = self.failing(Engine(provider_with("two words", base_url)), MX)
        assert "'Invalid request headers: Invalid format for Authorization header' (6003)" in message

    def test_an_api_that_is_not_there(self, engine: Engine, server: Server, base_url: str) -> None:
        server.shutdown()
        server.server_close()
        message = self.failing(engine, MX)
        assert f"MX record example.test could not be created: the Cloudflare API at {base_url} cannot" in message
        assert "nothing was changed" in message

    def test_a_provider_without_a_token(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CLOUDFLARE_API_TOKEN", raising=False)
        assert "cloudflare:apiToken" in self.failing(Engine(CloudflareProvider()), MX)

    def test_another_resource(self, engine: Engine) -> None:
        request = CheckRequest("urn:pulumi:dev::p::cloudflare:index/zone:Zone::z", {}, {}, b"")
        with pytest.raises(ResourceError, match="no resource cloudflare:index/zone:Zone"):
            run(engine.provider.check(request))
