"""The outside world: a second mail server in the lab's network, with its own domain and certificate authority."""

import io
import secrets
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

from docker.models.containers import Container

from lab import images
from mail import certificates, dkim
from mail.certificates import Issued
from mail.records import quote_txt
from tests.live.mail import Client, trusting
from tests.live.settings import LAB
from tests.live.stack import MailStack

DOMAIN = "outside.example"
HOST = "mx.outside.example"
HOST_NUMBER = 26
GATEWAY = 1
"""The number of this machine in the lab's network: from it come the tests' own SMTP connections."""
CONTAINER = f"maddy-{LAB.name}-outside"
START_SECONDS = 20.0


class Outside:
    """The second mail server.

    Attributes:
        ca: PEM of the authority that its certificate is from.
        alice: a person there.
        relayed: where all mail is that customers relay.
    """

    def __init__(self, stack: MailStack) -> None:
        self._stack = stack
        self._ca = certificates.issue_ca("CA of the outside world", now=datetime.now(UTC))
        self._key = dkim.generate("rsa2048")
        self.ca = self._ca.certificate
        tls = trusting(self.ca)
        self.alice = Client(HOST, tls, f"alice@{DOMAIN}", secrets.token_urlsafe(12))
        self.relayed = Client(HOST, tls, f"relayed@{DOMAIN}", secrets.token_urlsafe(12))

    def start(self) -> None:
        """Publish its records, start it, make its accounts."""
        self._publish()
        client = self._stack.client
        container = client.containers.create(
            images.MADDY.reference,
            name=CONTAINER,
            hostname=HOST,
            dns=[LAB.dns4],
            # It believes the certificate authority of the stack, as the world believes the public ones.
            environment={"SSL_CERT_FILE": "/data/trusted.pem"},
            volumes={CONTAINER: {"bind": "/data"}},
            network=LAB.network,
            networking_config={
                LAB.network: client.api.create_endpoint_config(
                    ipv4_address=LAB.address4(HOST_NUMBER), ipv6_address=LAB.address6(HOST_NUMBER)
                )
            },
        )
        container.put_archive("/data", self._files())
        container.start()
        self._make_accounts(container)

    def remove(self) -> None:
        """Remove it, with its mail."""
        self._stack.client.containers.get(CONTAINER).remove(force=True)
        self._stack.client.volumes.get(CONTAINER).remove()

    @property
    def log(self) -> str:
        """What it logged."""
        return str(self._stack.client.containers.get(CONTAINER).logs().decode())

    def _publish(self) -> None:
        addresses = LAB.address4(HOST_NUMBER), LAB.address6(HOST_NUMBER)
        here = f"ip4:{LAB.address4(GATEWAY)} ip6:{LAB.address6(GATEWAY)}"
        texts = {
            DOMAIN: f"v=spf1 mx {here} -all",
            f"s1._domainkey.{DOMAIN}": dkim.record_text("rsa2048", dkim.public_key(self._key)),
            f"_dmarc.{DOMAIN}": "v=DMARC1; p=reject",
        }
        create = self._stack.cloudflare.dns.records.create
        zone = self._stack.zone_id(DOMAIN)
        create(zone_id=zone, type="A", name=HOST, content=addresses[0], ttl=60)
        create(zone_id=zone, type="AAAA", name=HOST, content=addresses[1], ttl=60)
        create(zone_id=zone, type="MX", name=DOMAIN, content=HOST, priority=10, ttl=60)
        for name, text in texts.items():
            create(zone_id=zone, type="TXT", name=name, content=quote_txt(text), ttl=60)

    def _files(self) -> bytes:
        issued: Issued = certificates.issue_leaf(self._ca, [HOST], now=datetime.now(UTC))
        return _archive(
            {
                "maddy.conf": Path(__file__).with_name("outside.conf").read_text(),
                "tls/fullchain.pem": issued.certificate + self.ca,
                "tls/privkey.pem": issued.private_key,
                f"dkim_keys/{DOMAIN}_s1.key": self._key,
                "trusted.pem": self._stack.outputs["ca_certificate"],
            }
        )

    def _make_accounts(self, container: Container) -> None:
        deadline = time.monotonic() + START_SECONDS
        for account in (self.alice, self.relayed):
            while not _logs_in(account):
                assert time.monotonic() < deadline, self.log
                time.sleep(0.2)
                container.exec_run(["maddy", "creds", "create", "--password", account.password, account.address])
                container.exec_run(["maddy", "imap-acct", "create", account.address])


def _logs_in(account: Client) -> bool:
    try:
        return account.can_log_in()
    except OSError:  # it is still starting
        return False


def _archive(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()
