"""The inputs of a container that are supported."""

import base64
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from lab.plugins.docker.durations import parse_duration
from lab.plugins.docker.resource_type import Label
from lab.plugins.inputs import Inputs


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def _cpus(text: str) -> str:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError("must be a number of CPUs, such as 0.5")
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Port = Annotated[int, Field(ge=0, le=65535)]
AtLeastZero = Annotated[int, Field(ge=0)]
Id = Annotated[str, Field(pattern=r"^\d+$")]


class Capabilities(Inputs):
    """Names with `CAP_`, as they are read back, or `ALL`."""

    adds: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()


class Healthcheck(Inputs):
    """`tests` is Docker's own form: `["CMD", ...]`, `["CMD-SHELL", "..."]` or `["NONE"]`."""

    tests: tuple[str, ...] = ()
    interval: Duration = "0s"
    timeout: Duration = "0s"
    start_period: Duration = "0s"
    retries: AtLeastZero = 0


class Host(Inputs):
    """One line of /etc/hosts."""

    host: str
    ip: str


class Mount(Inputs):
    """A bind mount, volume or tmpfs without further options."""

    target: str
    type: Literal["bind", "volume", "tmpfs"]
    source: str = ""
    read_only: bool = False


class NetworkAdvanced(Inputs):
    """One network that the container joins, by name or id."""

    name: str
    ipv4_address: str = ""
    ipv6_address: str = ""
    aliases: tuple[str, ...] = ()


class PublishedPort(Inputs):
    """A port of the container on an address of the host; without `external`, any free one.

    The default address is IPv4 only: publishing on IPv6 takes an entry of its own.
    """

    internal: Port
    external: Port | None = None
    ip: str = "0.0.0.0"  # noqa: S104 - the official default
    protocol: Literal["tcp", "udp", "sctp"] = "tcp"


class Ulimit(Inputs):
    """One limit of setrlimit(2)."""

    name: str
    soft: int
    hard: int


class Upload(Inputs):
    """One file, written once before the start and never read back. Owner and group are numbers; root if left out."""

    file: str
    content: str = ""
    content_base64: str = ""
    source: str = ""
    source_hash: str = ""
    permissions: Annotated[str, Field(pattern=r"^0[0-7]{3}$")] | None = None
    executable: bool = False
    owner: Id = "0"
    group: Id = "0"

    @model_validator(mode="after")
    def _one_source(self) -> "Upload":
        if sum(bool(text) for text in (self.content, self.content_base64, self.source)) != 1:
            raise ValueError("needs exactly one of content, contentBase64 and source, and not empty")
        base64.b64decode(self.content_base64, validate=True)
        return self

    def data(self) -> bytes:
        """The bytes to write.

        Raises:
            OSError: the source cannot be read.
        """
        if self.source:
            return Path(self.source).read_bytes()
        return base64.b64decode(self.content_base64) if self.content_base64 else self.content.encode()


class MountedVolume(Inputs):
    """A volume, or a path of the host, in the container; with neither, a volume without a name."""

    container_path: str
    host_path: str = ""
    volume_name: str = ""
    read_only: bool = False


class ContainerInputs(Inputs):
    """See https://www.pulumi.com/registry/packages/docker/api-docs/container/#inputs."""

    image: str
    name: str
    attach: bool = False
    capabilities: Capabilities = Capabilities()
    command: tuple[str, ...] = ()
    cpu_set: str = ""
    cpu_shares: AtLeastZero = 0
    cpus: Annotated[str, AfterValidator(_cpus)] = ""
    destroy_grace_seconds: AtLeastZero = 0
    dns: tuple[str, ...] = ()
    dns_searches: tuple[str, ...] = ()
    entrypoints: tuple[str, ...] = ()
    envs: tuple[str, ...] = ()
    healthcheck: Healthcheck | None = None
    hostname: str = ""
    hosts: tuple[Host, ...] = ()
    init: bool = False
    labels: tuple[Label, ...] = ()
    log_driver: str = ""
    log_opts: dict[str, str] = Field(default_factory=dict)
    logs: bool = False
    max_retry_count: AtLeastZero = 0
    memory: AtLeastZero = 0
    memory_reservation: AtLeastZero = 0
    memory_swap: Annotated[int, Field(ge=-1)] = 0
    mounts: tuple[Mount, ...] = ()
    must_run: bool = True
    network_mode: str = "bridge"
    networks_advanced: tuple[NetworkAdvanced, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    read_only: bool = False
    remove_volumes: bool = True
    restart: Literal["no", "on-failure", "always", "unless-stopped"] = "no"
    rm: bool = False
    security_opts: tuple[str, ...] = ()
    start: bool = True
    stop_signal: str = ""
    stop_timeout: int | None = None
    sysctls: dict[str, str] = Field(default_factory=dict)
    tmpfs: dict[str, str] = Field(default_factory=dict)
    ulimits: tuple[Ulimit, ...] = ()
    uploads: tuple[Upload, ...] = ()
    user: str = ""
    volumes: tuple[MountedVolume, ...] = ()
    wait: bool = False
    wait_timeout: AtLeastZero = 60
    working_dir: str = ""
