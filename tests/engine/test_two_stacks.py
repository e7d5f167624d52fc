"""Two stacks on one Docker host: names carry the stack, so that what happens to one leaves the other as it is."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from docker import DockerClient

from lab import bootstrap, commands, stack
from lab.settings import Lab
from tests.live.mail import letter
from tests.live.settings import Secret
from tests.live.stack import MailStack

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lab_dns")]

MAILBOX = "mail@example.test"
BESIDE = Lab(
    name="beside",
    subnet4="198.18.28.0/25",  # RFC 2544's: of RFC 5737's three prefixes, those that hosts do not use are taken
    subnet6="2001:db8:28::/64",
    api_port=8428,
    zones=("beside.example",),
    token=f"token-of-the-other-lab-{uuid.uuid4().hex}",
)
SETTINGS: dict[str, Any] = {
    # Without `network`, so that the stack makes one of its own.
    "server": {
        "hostname": "mail.beside.example",
        "ipv4": "192.0.2.25",
        "ipv6": BESIDE.address6(25),
        "bindAddress": "127.0.0.28",
        "protectData": False,
    },
    "tls": {"source": "self-signed"},
    "domains": [{"name": "beside.example", "accounts": ["postmaster"]}],
    "cloudflare": {"baseUrl": BESIDE.api_url, "apiToken": Secret(BESIDE.token)},
}


def there(of: MailStack) -> dict[str, set[tuple[str, str]]]:
    """What the Docker host has but for the other stack's: name and id, or for a volume when it was made."""
    docker = of.client
    found = {
        "containers": {(str(it.name), str(it.id)) for it in docker.containers.list(all=True, ignore_removed=True)},
        "volumes": {(str(it.name), str(it.attrs["CreatedAt"])) for it in docker.volumes.list()},
        "networks": {(str(it.name), str(it.id)) for it in docker.networks.list()},
    }
    mine = (of.name, of.lab.network)
    return {kind: {item for item in items if item[0].startswith(mine)} for kind, items in found.items()}


def names(found: dict[str, set[tuple[str, str]]]) -> dict[str, set[str]]:
    return {kind: {name for name, _ in items} for kind, items in found.items()}


def remove(client: DockerClient) -> None:
    """Remove the other stack and its lab, whatever an interrupted run has left of it."""
    commands.down(BESIDE, purge=True)
    for network in client.networks.list(names=[f"^maddy-{BESIDE.name}$"]):
        network.remove()


@pytest.fixture
def beside(live_stack: MailStack) -> Iterator[MailStack]:
    """Another stack, not yet up, on the Docker host of the first."""
    remove(live_stack.client)
    try:
        other = MailStack(BESIDE, bootstrap.start(BESIDE))
        stack.make_ready(BESIDE)
        yield other
    finally:
        remove(live_stack.client)


def test_a_second_stack_comes_changes_and_goes_and_the_first_is_untouched(
    mail_stack: MailStack, beside: MailStack
) -> None:
    subject = f"before there was another {uuid.uuid4().hex}"
    client = mail_stack.client_of(MAILBOX)
    client.send(letter(MAILBOX, MAILBOX, subject))
    client.wait_for(subject)
    before, started = there(mail_stack), mail_stack.container().attrs["State"]["StartedAt"]

    def untouched() -> bool:
        server = mail_stack.container()
        return there(mail_stack) == before and server.attrs["State"]["StartedAt"] == started

    beside.have(SETTINGS)
    assert untouched()
    assert names(there(beside)) == {
        "containers": {"maddy-beside", "maddy-beside-policy", *seeds(beside), BESIDE.dns_container},
        "volumes": {"maddy-beside-data", "maddy-beside-policy-site"},
        "networks": {"maddy-beside", BESIDE.network},
    }
    assert {resource["urn"].split("::")[0] for resource in beside.state["resources"]} == {"urn:pulumi:beside"}

    beside.have(beside.changed(lambda settings: settings["server"].update(maxMessageSize="8M"), SETTINGS))
    assert untouched()

    assert beside.pulumi("destroy", "--yes", "--skip-preview").succeeded
    assert names(there(beside))["containers"] == {BESIDE.dns_container}
    assert names(there(beside))["networks"] == {BESIDE.network}
    assert names(there(beside))["volumes"] == {"maddy-beside-data"}, "the mail is kept"
    assert untouched()
    assert mail_stack.client_of(MAILBOX).find(subject)
    assert set(mail_stack.up().counts) == {"unchanged"}


def seeds(of: MailStack) -> set[str]:
    """The containers that carried files in."""
    return {str(it.name) for it in of.containers() if str(it.name).endswith("-seed")}
