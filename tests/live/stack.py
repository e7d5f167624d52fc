"""The stack of the tests: its settings, the pulumi commands on it, and what came of them."""

import copy
import json
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
from docker.models.containers import Container

from lab import interruption, pulumi_cli, pulumi_install, stack
from lab.settings import PROJECT, ROOT, Lab
from tests.live.leaks import Leaks
from tests.live.mail import Client, trusting
from tests.live.settings import BASE, Secret

if TYPE_CHECKING:
    from cloudflare import Cloudflare


@dataclass
class MailStack:
    """The stack: its settings, the pulumi commands on it, and what came of them.

    Attributes:
        lab: where it is.
        client: of Docker.
        settings: what the stack file says. Change it in `changed` or `have`, which puts it back for the next test.
        leaks: has looked through all that was printed and through the list of processes.
    """

    lab: Lab
    client: docker.DockerClient
    settings: dict[str, Any] = field(default_factory=dict)
    leaks: Leaks = field(default_factory=Leaks)
    applied: str = ""
    encrypted: dict[str, str] = field(default_factory=dict)
    _outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def config_file(self) -> Path:
        """The stack file."""
        return self.lab.home / "Pulumi.e2e.json"

    @property
    def name(self) -> str:
        """Name of the server's container, which those of all others start with."""
        return f"maddy-{self.lab.name}"

    # ---- settings

    def have(self, settings: Mapping[str, Any]) -> None:
        """Have the stack up with these settings; does nothing where it is already."""
        if self.applied != _canonical(settings):
            self.write(settings)
            self.up()

    def changed(self, change: Callable[[dict[str, Any]], object], base: Mapping[str, Any] = BASE) -> dict[str, Any]:
        """The settings of the stack, changed."""
        settings = copy.deepcopy(dict(base))
        change(settings)
        return settings

    def write(self, settings: Mapping[str, Any]) -> None:
        """Write the stack file."""
        self.settings = copy.deepcopy(dict(settings))
        config = {f"{PROJECT}:{key}": self._sealed(value) for key, value in self.settings.items()}
        salted = json.loads(self.config_file.read_text())  # with the salt of all that was encrypted for it
        self.config_file.write_text(json.dumps(salted | {"config": config}, indent=2))

    def _sealed(self, value: Any) -> Any:
        match value:
            case Secret(text):
                self.leaks.add(text)
                return {"secure": self._encrypt(text)}
            case dict():
                return {key: self._sealed(inner) for key, inner in value.items()}
            case list():
                return [self._sealed(inner) for inner in value]
            case _:
                return value

    def _encrypt(self, text: str) -> str:
        """As `pulumi config set --secret` does it, with the value on standard input."""
        if text not in self.encrypted:
            if not self.config_file.exists():
                self.config_file.write_text('{"config": {}}')
            command = [str(pulumi_install.find()), "config", "set", "--secret", "scratch", "--cwd", str(ROOT)]
            command += ["--config-file", str(self.config_file)]
            environment = {**os.environ, **pulumi_cli.environment(self.lab)}
            subprocess.run(command, input=text, text=True, env=environment, check=True, capture_output=True)
            written = json.loads(self.config_file.read_text())["config"][f"{PROJECT}:scratch"]
            self.encrypted[text] = written["secure"]
        return self.encrypted[text]

    # ---- commands

    def up(self, *options: str, project: Path = ROOT) -> "Outcome":
        """`pulumi up`, which must succeed."""
        outcome = self.try_up(*options, project=project)
        assert outcome.succeeded, outcome.text
        self.applied = _canonical(self.settings)
        return outcome

    def try_up(self, *options: str, project: Path = ROOT) -> "Outcome":
        """`pulumi up`, which may fail."""
        self.applied = ""
        return self.pulumi("up", "--yes", "--skip-preview", "--suppress-progress", *options, project=project)

    def preview(self, *options: str, project: Path = ROOT) -> "Outcome":
        """`pulumi preview --diff`, which must succeed."""
        outcome = self.pulumi("preview", "--diff", "--suppress-progress", *options, project=project)
        assert outcome.succeeded, outcome.text
        return outcome

    def pulumi(self, *arguments: str, project: Path = ROOT) -> "Outcome":
        """Run a pulumi command; no secret may be in what it prints or in the command line of any process meanwhile."""
        stack.make_ready(self.lab, project, self.config_file)
        self._outputs = {}
        with self.leaks.watching_processes():
            done = pulumi_cli.run(
                self.lab, arguments, config_file=self.config_file, project=project, capture=True, check=False
            )
        outcome = Outcome(done.returncode, done.stdout + done.stderr)
        self.leaks.look(f"the output of `pulumi {arguments[0]}`", outcome.text)
        return outcome

    # ---- what came of it

    @property
    def state(self) -> dict[str, Any]:
        """The stack's state as it is on the disk: secrets are ciphertext."""
        return dict(interruption.read_state(self.lab))

    @property
    def known(self) -> dict[str, Any]:
        """URN to resource in the state, without what changes whenever it is written: order, ciphertext, time."""

        def lasting(value: Any) -> Any:
            if isinstance(value, dict):
                passing = {"ciphertext", "created", "modified"}
                return {key: lasting(inner) for key, inner in value.items() if key not in passing}
            return [lasting(inner) for inner in value] if isinstance(value, list) else value

        def sorted_urns(resource: dict[str, Any]) -> dict[str, Any]:
            by_property = resource.get("propertyDependencies") or {}
            return resource | {
                "dependencies": sorted(resource.get("dependencies") or []),
                "propertyDependencies": {key: sorted(urns or []) for key, urns in by_property.items()},
            }

        return {found["urn"]: sorted_urns(lasting(found)) for found in self.state.get("resources") or []}

    def urn(self, name: str, kind: str) -> str:
        """The URN of the resource of that name, and of the type that ends so."""
        [found] = [urn for urn in self.known if urn.endswith(f"{kind}::{name}")]
        return found

    @property
    def open_state(self) -> list[dict[str, Any]]:
        """The resources in the state, decrypted; the secrets in it are watched for from now on."""
        arguments = ["stack", "export", "--show-secrets"]
        exported = pulumi_cli.run(self.lab, arguments, capture=True).stdout
        resources: list[dict[str, Any]] = json.loads(exported)["deployment"]["resources"]
        self.leaks.add_from(resources)
        return resources

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs, with the secret ones."""
        if not self._outputs:
            self._outputs = stack.outputs(self.lab, secrets=True)
        return self._outputs

    def client_of(self, address: str) -> Client:
        """A mail client for one of the stack's accounts."""
        found = self.outputs
        return Client(
            found["mail_host"], trusting(found["ca_certificate"]), address, found["account_passwords"][address]
        )

    def ids(self) -> dict[str, str]:
        """URN to id of every resource that has one: what a replacement changes."""
        return {item["urn"]: item["id"] for item in self.state["resources"] if "id" in item}

    def container(self, suffix: str = "") -> Container:
        """A container of the stack: the server, or that with a suffix such as `-policy`."""
        return self.client.containers.get(f"{self.name}{suffix}")

    def containers(self) -> list[Container]:
        """All containers of the stack."""
        names = [
            resource["outputs"]["name"]
            for resource in self.state["resources"]
            if resource["type"] == "docker:index/container:Container"
        ]
        return [self.client.containers.get(name) for name in names]

    def maddy(self, *arguments: str) -> str:
        """Run Maddy's command line in the server's container."""
        return str(self.container().exec_run(["maddy", *arguments]).output.decode())

    @cached_property
    def cloudflare(self) -> "Cloudflare":
        """A client of the lab's Cloudflare."""
        from cloudflare import Cloudflare  # here, since it takes long to import

        return Cloudflare(api_token=self.lab.token, base_url=self.lab.api_url)

    def zone_id(self, zone: str) -> str:
        """Cloudflare's id of a zone."""
        return str(next(iter(self.cloudflare.zones.list(name=zone))).id)


@dataclass(frozen=True)
class Outcome:
    """What came of a pulumi command."""

    code: int
    text: str

    @property
    def succeeded(self) -> bool:
        """Whether it says so."""
        return self.code == 0

    @property
    def error(self) -> str:
        """What follows the first `error:`."""
        return self.text.partition("error:")[2]

    @property
    def changed_files(self) -> set[str]:
        """In a preview: the files of which it says that they change and so replace a container."""
        return set(re.findall(r'label: "maddy-stack\.sha256\.(.*)"\n +[~+-] value', self.text))

    @property
    def counts(self) -> dict[str, int]:
        """Its summary, such as `{"unchanged": 40, "updated": 1}`, in preview `{"to update": 1, ...}`."""
        summary = self.text.rpartition("Resources:")[2].partition("Duration:")[0]
        return {words: int(number) for number, words in re.findall(r"(\d+) ([a-z]+(?: [a-z]+)?)", summary)}


def _canonical(settings: Mapping[str, Any]) -> str:
    return json.dumps(settings, sort_keys=True, default=lambda secret: {"secret": secret.text})
