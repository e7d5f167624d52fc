"""Cloudflare on a bad day: a proxy before the lab's Cloudflare that answers some requests wrongly."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to a request.

    Attributes:
        done: whether it reaches Cloudflare, which then does what it says.
        delay: seconds until the answer.
        status: of the answer; None for Cloudflare's own answer, 0 for a connection that is closed without one.
        headers: of the answer.
        body: of the answer.
    """

    done: bool
    delay: float = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    body: str = ""


def _error(code: int, message: str) -> str:
    return json.dumps({"success": False, "errors": [{"code": code, "message": message}], "result": None})


RATE_LIMITED = Fault(
    done=False,
    status=429,
    headers=JSON | {"Retry-After": "1"},
    body=_error(971, "Please wait and consider throttling your request speed"),
)
FAILED = Fault(done=False, status=500, body=_error(10001, "internal server error"))
FAILED_AFTERWARDS = Fault(done=True, status=502, headers={"Content-Type": "text/html"}, body="<h1>Bad gateway</h1>")
SLOW = Fault(done=True, delay=1.5)
GARBLED = Fault(done=True, status=200, body='{"success": true, "result": {"id": "5d')
EMPTY = Fault(done=True, status=200, body='{"success": true, "result": null}')
CUT_OFF = Fault(done=True, status=0)


@dataclass
class Plan:
    """Which requests a fault happens to.

    Attributes:
        fault: what happens to them.
        methods: theirs.
        path: what theirs has in it, with the query.
        first: how many of these are answered rightly before.
        times: to how many of them it happens; None for all that follow.
        met: how many have met it so far.
    """

    fault: Fault
    methods: frozenset[str] = WRITES
    path: str = ""
    first: int = 0
    times: int | None = None
    met: int = 0
    _seen: int = 0

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request; None for none."""
        if method not in self.methods or self.path not in path:
            return None
        self._seen += 1
        if self._seen <= self.first or (self.times is not None and self.met >= self.times):
            return None
        self.met += 1
        return self.fault


class FaultyApi(ThreadingHTTPServer):
    """The proxy: in order, until faults are planned."""

    daemon_threads = True

    def __init__(self, base_url: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = urlsplit(base_url).netloc
        self.url = f"http://127.0.0.1:{self.server_port}{urlsplit(base_url).path}"
        self._plans: list[Plan] = []
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for a request."""
        with self._lock:
            return next((fault for plan in self._plans if (fault := plan.take(method, path))), None)

    @contextmanager
    def having(self, *plans: Plan) -> Iterator[None]:
        """Have faults for the length of the block."""
        self._plans = list(plans)
        try:
            yield
        finally:
            self._plans = []

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.take(self.command, self.path) or Fault(done=True)
        status, headers, answer = fault.status, fault.headers, fault.body.encode()
        if fault.done:
            own_status, own_answer = self._ask(body)
            if status is None:
                status, answer = own_status, own_answer
        time.sleep(fault.delay)
        if not status:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(answer))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - names that http.server asks for

    def _ask(self, body: bytes) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.server.origin, timeout=30)
        try:
            passed = {name: self.headers[name] for name in ("Authorization", "Content-Type") if name in self.headers}
            connection.request(self.command, self.path, body, passed)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log nothing."""


@contextmanager
def faulty_api(base_url: str) -> Iterator[FaultyApi]:
    """Have a proxy before the API at this address."""
    with FaultyApi(base_url) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
