"""The docker plugin against the real daemon: what it makes, what it reads back, how it fails."""

import asyncio
import io
import os
import socket
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from docker import APIClient
from docker.errors import DockerException
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    ConfigureRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    ReadRequest,
    UpdateRequest,
)

from lab import busybox
from lab.plugins.docker.provider import DockerProvider
from lab.plugins.properties import plain_map, secret, wrap
from lab.plugins.serving import InitFailedError, ResourceError

pytestmark = pytest.mark.engine

IMAGE = "maddy-plugtest-busybox:1"
PREFIX = f"maddy-plugtest-{uuid4().hex[:6]}"
SUBNET = "198.18.25.224/28"
SLEEP = ["busybox", "sleep", "60"]


@dataclass
class Made:
    """A resource as the engine would remember it."""

    kind: str
    id: str
    state: dict[str, PropertyValue]
    inputs: dict[str, PropertyValue]

    @property
    def plain(self) -> dict[str, Any]:
        return plain_map(self.state)


@dataclass
class Stack:
    """Does to the provider what the engine does, and cleans up after the test."""

    provider: DockerProvider
    client: APIClient
    made: list[Made] = field(default_factory=list)

    def create(self, kind: str, **values: Any) -> Made:
        inputs = {name: wrap(value) for name, value in values.items()}
        try:
            answer = asyncio.run(self.provider.create(CreateRequest(_urn(kind), inputs, 0, preview=False)))
        except InitFailedError as error:
            self.made.append(Made(kind, error.resource_id, error.properties, inputs))
            raise
        assert answer.resource_id
        made = Made(kind, answer.resource_id, answer.properties, inputs)
        self.made.append(made)
        return made

    def container(self, name: str = "it", **values: Any) -> Made:
        defaults = {"image": IMAGE, "command": SLEEP, "networkMode": "none"}
        return self.create("container:Container", name=f"{PREFIX}-{name}", **{**defaults, **values})

    def volume(self, **values: Any) -> Made:
        return self.create("volume:Volume", **{"name": f"{PREFIX}-data", **values})

    def network(self) -> Made:
        return self.create("network:Network", name=f"{PREFIX}-net", ipamConfigs=[{"subnet": SUBNET}])

    def diff(self, made: Made, **changes: Any) -> DiffResponse:
        news = {**made.inputs, **{name: wrap(value) for name, value in changes.items()}}
        return asyncio.run(self.provider.diff(DiffRequest(_urn(made.kind), made.id, made.state, news, [])))

    def update(self, made: Made, **changes: Any) -> None:
        news = {**made.inputs, **{name: wrap(value) for name, value in changes.items()}}
        request = UpdateRequest(_urn(made.kind), made.id, made.state, news, 0, [], preview=False)
        made.state, made.inputs = asyncio.run(self.provider.update(request)).properties, news

    def refresh(self, made: Made) -> bool:
        """Whether it is still there; its state is brought up to date."""
        answer = asyncio.run(self.provider.read(ReadRequest(_urn(made.kind), made.id, made.state, made.inputs)))
        made.state = answer.properties
        return bool(answer.resource_id)

    def delete(self, made: Made) -> None:
        asyncio.run(self.provider.delete(DeleteRequest(_urn(made.kind), made.id, made.state, 0)))

    def inspect(self, made: Made) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.inspect_container(made.id)
        return answer

    def exists(self, name: str) -> bool:
        return bool(self.client.containers(all=True, filters={"name": f"^/{PREFIX}-{name}$"}))


def _urn(kind: str) -> str:
    return f"urn:pulumi:test::maddy-stack::maddy:mail:Server$docker:index/{kind}::it"


@pytest.fixture(scope="module")
def client() -> Iterator[APIClient]:
    try:
        client = APIClient(version="auto")
    except DockerException as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Docker daemon answers: {error}")
    client.import_image_from_data(_root_filesystem(), repository=IMAGE.partition(":")[0], tag="1")
    yield client
    client.remove_image(IMAGE, force=True)


@pytest.fixture
def stack(client: APIClient) -> Iterator[Stack]:
    provider = DockerProvider()
    asyncio.run(provider.configure(ConfigureRequest({}, {}, accept_secrets=True, accept_resources=True)))
    stack = Stack(provider, client)
    yield stack
    for made in reversed(stack.made):
        stack.delete(made)


def _root_filesystem() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(busybox.ensure(), "bin/busybox")
        link = tarfile.TarInfo("bin/sh")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        archive.addfile(link)
    return buffer.getvalue()


def _file(client: APIClient, made: Made, path: str) -> tuple[tarfile.TarInfo, bytes]:
    chunks, _ = client.get_archive(made.id, path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        entry = archive.getmembers()[0]
        content = archive.extractfile(entry)
        assert content is not None
        return entry, content.read()


class TestSeedContainer:
    """A container that is never started fills a volume that another one then has."""

    def test_files_are_in_the_volume_with_their_modes(self, stack: Stack) -> None:
        volume = stack.volume()
        mounted = [{"containerPath": "/data", "volumeName": volume.plain["name"]}]
        seed = stack.container(
            "seed",
            start=False,
            mustRun=False,
            volumes=mounted,
            uploads=[
                {"file": "/data/dkim_keys/example.test_default.key", "content": "PEM\n", "permissions": "0600"},
                {"file": "/data/maddy.conf", "contentBase64": "aG9zdG5hbWUK", "owner": "1000", "group": "1000"},
            ],
        )
        assert stack.inspect(seed)["State"]["Status"] == "created"

        server = stack.container("server", volumes=mounted)
        key, content = _file(stack.client, server, "/data/dkim_keys/example.test_default.key")
        assert (key.mode & 0o7777, key.uid, content) == (0o600, 0, b"PEM\n")
        conf, content = _file(stack.client, server, "/data/maddy.conf")
        assert (conf.mode & 0o7777, conf.uid, content) == (0o644, 1000, b"hostname\n")

    def test_is_unchanged_in_the_next_run(self, stack: Stack) -> None:
        seed = stack.container(start=False, mustRun=False, uploads=[{"file": "/a", "content": "x"}])
        assert stack.refresh(seed)
        assert stack.diff(seed).changes is False

    def test_one_that_must_run_is_a_change_for_ever(self, stack: Stack) -> None:
        assert stack.diff(stack.container(start=False)).diffs == ["mustRun"]


class TestServer:
    """A server as this program makes it."""

    def full(self, stack: Stack) -> Made:
        network = stack.network()
        return stack.container(
            hostname="mail.example.test",
            networkMode="bridge",
            networksAdvanced=[{"name": network.plain["name"], "ipv4Address": "198.18.25.230", "aliases": ["mail"]}],
            ports=[{"internal": 25, "external": _free_port(), "ip": "127.0.0.1"}],
            memory=64,
            memorySwap=64,
            cpus="0.5",
            readOnly=True,
            tmpfs={"/tmp": ""},  # noqa: S108
            capabilities={"adds": ["CAP_NET_BIND_SERVICE"], "drops": ["ALL"]},
            securityOpts=["no-new-privileges:true"],
            envs=[secret("TOKEN=hunter2secret")],
            restart="unless-stopped",
            logDriver="json-file",
            logOpts={"max-size": "1m"},
            labels=[{"label": "for", "value": "mail"}],
            sysctls={"net.ipv4.ip_unprivileged_port_start": "0"},
            healthcheck={"tests": ["CMD", "busybox", "true"], "interval": "200ms", "retries": 3},
            wait=True,
        )

    def test_has_its_address_and_limits_and_is_unchanged_in_the_next_run(self, stack: Stack) -> None:
        server = self.full(stack)
        assert server.plain["networkDatas"][0]["ipAddress"] == "198.18.25.230"
        config = stack.inspect(server)
        assert config["State"]["Health"]["Status"] == "healthy"
        assert (config["HostConfig"]["Memory"], config["HostConfig"]["NanoCpus"]) == (64 * 1024**2, 500_000_000)
        assert (config["HostConfig"]["CapDrop"], config["HostConfig"]["ReadonlyRootfs"]) == (["ALL"], True)
        assert list(config["NetworkSettings"]["Networks"]) == [f"{PREFIX}-net"]

        assert stack.diff(server).diffs == []
        assert stack.refresh(server)
        assert stack.diff(server).diffs == []

    def test_a_secret_input_is_a_secret_in_the_state(self, stack: Stack) -> None:
        server = stack.container(envs=[secret("TOKEN=hunter2secret")])
        stack.refresh(server)
        assert server.state["envs"].contains_secret()
        assert not server.state["name"].contains_secret()

    @pytest.mark.parametrize(
        ("inputs", "changed"),
        [
            ({"memory": 64}, "memorySwap"),
            ({"cpus": "1"}, "cpus"),
            ({"healthcheck": {"tests": ["CMD", "busybox", "true"], "interval": "60s"}}, "healthcheck"),
        ],
    )
    def test_what_the_official_provider_reads_back_otherwise_is_a_change(
        self, stack: Stack, inputs: dict[str, Any], changed: str
    ) -> None:
        assert stack.diff(stack.container(start=False, mustRun=False, **inputs)).diffs == [changed]

    def test_one_port_on_two_addresses_is_read_back_in_the_daemons_order(self, stack: Stack) -> None:
        network, port = stack.network(), _free_port()
        published = [{"internal": 25, "external": port, "ip": address} for address in ("127.0.0.1", "127.0.0.2")]
        server = stack.container(
            networkMode="bridge", networksAdvanced=[{"name": network.plain["name"]}], ports=published
        )
        addresses = [binding["ip"] for binding in server.plain["ports"]]
        assert sorted(addresses) == ["127.0.0.1", "127.0.0.2"]
        assert stack.diff(server, ports=sorted(published, key=lambda entry: addresses.index(entry["ip"]))).diffs == []


class TestUpdateInPlace:
    def test_memory_and_restart_policy_reach_the_running_container(self, stack: Stack) -> None:
        server = stack.container(memory=64, memorySwap=64)
        started = stack.inspect(server)["State"]["StartedAt"]
        stack.update(server, memory=96, memorySwap=96, restart="always")
        config = stack.inspect(server)
        assert config["HostConfig"]["Memory"] == 96 * 1024**2
        assert config["HostConfig"]["RestartPolicy"]["Name"] == "always"
        assert config["State"]["StartedAt"] == started

    def test_a_health_check_is_taken_and_not_pushed_as_officially(self, stack: Stack) -> None:
        server = stack.container()
        stack.update(server, healthcheck={"tests": ["CMD", "busybox", "true"]})
        assert stack.inspect(server)["Config"].get("Healthcheck") is None
        assert stack.diff(server).changes is False


class TestDrift:
    def test_a_stopped_server_is_seen_and_started_again(self, stack: Stack) -> None:
        server = stack.container()
        stack.client.stop(server.id, timeout=0)
        assert stack.refresh(server)
        assert stack.diff(server).diffs == ["mustRun"]
        stack.update(server)
        assert stack.inspect(server)["State"]["Running"]
        assert stack.diff(server).changes is False

    def test_what_is_gone_is_gone_from_the_state(self, stack: Stack) -> None:
        made = [stack.volume(), stack.network(), stack.container()]
        for one in reversed(made):
            stack.delete(one)
        assert [stack.refresh(one) for one in made] == [False, False, False]

    def test_deleting_what_is_gone_is_fine(self, stack: Stack) -> None:
        for one in (stack.volume(), stack.network(), stack.container()):
            stack.delete(one)
            stack.delete(one)


class TestVolume:
    def test_one_that_is_there_is_adopted_as_it_is(self, stack: Stack) -> None:
        stack.client.create_volume(f"{PREFIX}-data", labels={"made-by": "hand"})
        volume = stack.volume()
        assert volume.plain["labels"] == [{"label": "made-by", "value": "hand"}]
        assert stack.diff(volume).replaces == ["labels"]


class TestImage:
    def test_a_local_one_is_found_without_a_registry(self, stack: Stack) -> None:
        image = stack.create("remoteImage:RemoteImage", name=IMAGE, keepLocally=True)
        assert image.plain["imageId"].startswith("sha256:")
        assert image.id == f"{image.plain['imageId']}{IMAGE}"
        assert stack.diff(image).changes is False

    def test_one_that_is_nowhere_is_named(self, stack: Stack) -> None:
        name = "127.0.0.1:1/nobody/nothing:1"
        reason = f"image '{name}' is not on the Docker host and cannot be pulled"
        with pytest.raises(ResourceError, match=f"^{reason}"):
            stack.create("remoteImage:RemoteImage", name=name)
        with pytest.raises(ResourceError, match=reason):
            stack.container(image=name)


class TestFailure:
    def test_a_server_that_ends_at_once_shows_its_log_without_secrets(self, stack: Stack) -> None:
        with pytest.raises(InitFailedError) as failed:
            stack.container(
                command=["busybox", "sh", "-c", "echo cannot open /data/maddy.conf; echo $PW $MODE; exit 3"],
                envs=[secret("PW=hunter2secret"), "MODE=testing-mode"],
            )
        text = str(failed.value)
        assert f"container '{PREFIX}-it': it ended right after its start, with exit code 3" in text
        assert "cannot open /data/maddy.conf" in text
        assert "hunter2secret" not in text
        assert "testing-mode" not in text
        assert plain_map(failed.value.properties)["mustRun"] is False
        assert failed.value.properties["envs"].contains_secret()

    def test_a_server_that_does_not_get_healthy_says_what_its_check_said(self, stack: Stack) -> None:
        check = ["CMD", "busybox", "sh", "-c", "echo no greeting on port 25; exit 1"]
        with pytest.raises(InitFailedError, match="not healthy within 1 s") as failed:
            stack.container(healthcheck={"tests": check, "interval": "200ms"}, wait=True, waitTimeout=1)
        assert "no greeting on port 25" in str(failed.value)
        assert stack.exists("it"), "it stays for a look at it"

    def test_waiting_without_a_health_check_is_an_error(self, stack: Stack) -> None:
        with pytest.raises(InitFailedError, match="neither it nor its image has a health check"):
            stack.container(wait=True)

    def test_a_port_in_use_is_named_and_nothing_is_left_behind(self, stack: Stack) -> None:
        network = stack.network()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(ResourceError, match=f"port 127.0.0.1:{port} is already in use"):
                stack.container(
                    networkMode="bridge",
                    networksAdvanced=[{"name": network.plain["name"]}],
                    ports=[{"internal": 25, "external": port, "ip": "127.0.0.1"}],
                )
        assert not stack.exists("it")

    def test_an_upload_to_a_read_only_root_fails_without_its_content(self, stack: Stack) -> None:
        with pytest.raises(ResourceError, match="read-only") as failed:
            stack.container(readOnly=True, uploads=[{"file": "/etc/a", "content": "hunter2secret"}])
        assert "hunter2secret" not in str(failed.value)
        assert not stack.exists("it")

    def test_a_taken_name_is_an_error_and_its_holder_is_untouched(self, stack: Stack) -> None:
        holder = stack.container()
        with pytest.raises(ResourceError, match=f"container '{PREFIX}-it': the name is taken already"):
            stack.container()
        assert stack.inspect(holder)["State"]["Running"]

    def test_a_volume_in_use_is_not_deleted(self, stack: Stack) -> None:
        volume = stack.volume()
        stack.container(volumes=[{"containerPath": "/data", "volumeName": volume.plain["name"]}])
        with pytest.raises(ResourceError, match=f"volume '{PREFIX}-data': .*in use"):
            stack.delete(volume)

    def test_no_daemon_at_the_host_says_where_it_looked(self) -> None:
        args = {"host": wrap("unix:///nonexistent/docker.sock")}
        request = ConfigureRequest({}, args, accept_secrets=True, accept_resources=True)
        with pytest.raises(ResourceError, match=r"does not answer at unix:///nonexistent/docker\.sock"):
            asyncio.run(DockerProvider().configure(request))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
