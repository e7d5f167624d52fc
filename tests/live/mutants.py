"""A world that is wrong in one point: DNS that lies, servers that are the stack's own but for one thing."""

import contextlib
import http.server
import io
import socket
import socketserver
import ssl
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset

from lab.settings import Lab
from mail import certificates
from mail.certificates import Issued
from tests.live.stack import MailStack
from tests.live.tls import MAIL_PORTS

LIAR = "127.0.0.153"
SERVER = "127.0.0.125"
SITE = "127.0.0.180"
CLONE_NUMBER = 27
START_SECONDS = 20.0
TTL = 60

# ---- certificates

AUTHORITY = certificates.issue_ca("CA of the tests", now=datetime.now(UTC))


def certificate(*names: str, age: timedelta = timedelta(0), authority: Issued = AUTHORITY) -> Issued:
    """A certificate chain and key for these names, made some time ago."""
    issued = certificates.issue_leaf(authority, list(names), now=datetime.now(UTC) - age)
    return Issued(certificate=issued.certificate + authority.certificate, private_key=issued.private_key)


# ---- DNS


class _Datagram(socketserver.BaseRequestHandler):
    server: "_Datagrams"

    def handle(self) -> None:
        data, connection = self.request
        if (reply := self.server.reply(data)) is not None:
            connection.sendto(reply, self.client_address)


class _Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: str, reply: Callable[[bytes], bytes | None]) -> None:
        super().__init__((address, 53), _Datagram)
        self.reply = reply


@contextmanager
def dns_server(reply: Callable[[bytes], bytes | None], address: str = LIAR) -> Iterator[str]:
    """A DNS server whose answer to every datagram is what `reply` makes of it; None is silence."""
    with _serving(_Datagrams(address, reply)):
        yield address


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def lying(lab: Lab, lies: Mapping[tuple[str, str], Sequence[str]]) -> Callable[[bytes], bytes]:
    """The lab's DNS, but for some names; a lie without records is that there is no such name."""

    def reply(data: bytes) -> bytes:
        question = dns.message.from_wire(data)
        asked = question.question[0]
        key = (asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype))
        if key not in lies:
            return dns.query.udp(question, lab.dns4, timeout=5).to_wire()
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA
        if lies[key]:
            answer.answer.append(dns.rrset.from_text(asked.name, TTL, "IN", key[1], *lies[key]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()

    return reply


# ---- servers


@contextmanager
def clone_of_the_server(stack: MailStack, change: Callable[[dict[str, bytes]], object]) -> Iterator[str]:
    """A second mail server with the same data and settings, but for the files that `change` changes.

    Args:
        stack: whose server it is.
        change: gets path below /data to content.

    Yields:
        Its IPv4 address.
    """
    lab, client, original = stack.lab, stack.client, stack.container()
    files = _unpacked(b"".join(original.get_archive("/data")[0]))
    change(files)
    clone = client.containers.create(
        original.attrs["Config"]["Image"],
        name=f"{stack.name}-mutant",
        hostname=original.attrs["Config"]["Hostname"],
        dns=[lab.dns4],
        volumes=["/data"],
        network=lab.network,
        networking_config={
            lab.network: client.api.create_endpoint_config(ipv4_address=lab.address4(CLONE_NUMBER)),
        },
    )
    try:
        clone.put_archive("/data", _packed(files))
        clone.start()
        address = lab.address4(CLONE_NUMBER)
        deadline = time.monotonic() + START_SECONDS
        while not all(_listens(address, port) for port in MAIL_PORTS):
            assert time.monotonic() < deadline, clone.logs().decode()
            time.sleep(0.1)
        yield address
    finally:
        clone.remove(force=True, v=True)


def _listens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def _unpacked(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = {member.name.removeprefix("data/"): tar.extractfile(member) for member in tar if member.isfile()}
        return {path: content.read() for path, content in found.items() if content is not None}


def _packed(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o600
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def replacing(path: str, *pairs: tuple[str, str]) -> Callable[[dict[str, bytes]], None]:
    """A change of one file: each of these texts, which must be there, by another."""

    def change(files: dict[str, bytes]) -> None:
        text = files[path].decode()
        for old, new in pairs:
            assert old in text, f"{old!r} is not in {path}"
            text = text.replace(old, new)
        files[path] = text.encode()

    return change


@contextmanager
def in_between(
    target: str, ports: Sequence[int], rewrite: Callable[[bytes], bytes], address: str = SERVER
) -> Iterator[str]:
    """Somebody in between: passes on all that clients say, and what the server says as `rewrite` has it.

    Args:
        target: address of the real server.
        ports: that are passed on.
        rewrite: gets a piece of what the server said.
        address: where it listens.
    """

    def pump(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(change(data))
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(client: socket.socket, port: int) -> None:
        with client, socket.create_connection((target, port), timeout=20) as server:
            back = threading.Thread(target=pump, args=(server, client, rewrite), daemon=True)
            back.start()
            pump(client, server, lambda data: data)
            back.join()

    with listening(ports, serve, address):
        yield address


@contextmanager
def listening(
    ports: Sequence[int], serve: Callable[[socket.socket, int], object], address: str = SERVER
) -> Iterator[str]:
    """Listen on some ports, and have each connection served by a thread of its own."""
    listeners = [socket.create_server((address, port), reuse_port=False) for port in ports]

    def accept(listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=(client, port), daemon=True).start()

    threads = [threading.Thread(target=accept, args=(listener,), daemon=True) for listener in listeners]
    for thread in threads:
        thread.start()
    try:
        yield address
    finally:
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in threads:
            thread.join()


@contextmanager
def deaf(address: str, ports: Sequence[int]) -> Iterator[None]:
    """Ports to which a connection is neither made nor refused: their queues are full."""
    with contextlib.ExitStack() as stack:
        for port in ports:
            stack.enter_context(socket.create_server((address, port), backlog=0))
            for _ in range(3):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex((address, port))
        yield


# ---- the policy site


@dataclass
class Site:
    """What a policy site answers."""

    policy: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/plain"})
    certificate: Issued | None = None


@contextmanager
def policy_site(domain: str, site: Site, address: str = SITE) -> Iterator[str]:
    """A web site that serves a domain's policy, with a certificate of the tests' authority unless told otherwise."""
    issued = site.certificate or certificate(f"mta-sts.{domain}")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.policy.encode()
            self.send_response(site.status)
            for name, value in site.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):  # a client that has read enough hangs up
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_text(issued.certificate + issued.private_key)
        tls.load_cert_chain(file.name)

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def finish_request(self, request: object, client: object) -> None:
            with contextlib.suppress(OSError), tls.wrap_socket(request, server_side=True) as encrypted:  # type: ignore[arg-type]
                super().finish_request(encrypted, client)  # type: ignore[arg-type]

    with _serving(Server((address, 443), Handler)):
        yield address
