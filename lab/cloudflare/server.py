"""Serve the lab's Cloudflare on loopback.

    python -m lab.cloudflare.server --data DIR --port N --token-file FILE --zone NAME [--zone NAME ...]

`DIR/data` keeps the records, `DIR/zones` is for CoreDNS to mount as /zones and start with `-conf
/zones/Corefile`. The API is ready when `GET /healthz` answers 200. The token is what the file holds; it is
never logged.
"""

import argparse
import ipaddress
import json
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lab.cloudflare.api import BASE_PATH, Answer, Api, Request
from lab.cloudflare.names import is_host, normalised
from lab.cloudflare.publishing import ZoneFiles
from lab.cloudflare.rights import Rights
from lab.cloudflare.store import Store, StoreInUseError
from lab.cloudflare.zones import Address, Served

LOOPBACK = "127.0.0.1"
BODY_LIMIT = 1 << 20
"""Bytes of a request's body; the longest record has a few thousand."""


class Server(ThreadingHTTPServer):
    """One thread a connection; connections are kept alive."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, api: Api) -> None:
        self.api = api
        super().__init__((LOOPBACK, port), Handler)


class Handler(BaseHTTPRequestHandler):
    """HTTP around `Api`."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "lab-cloudflare"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120

    def _respond(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/healthz":
            self._send(Answer(200, {"status": "ok"}))
            return
        length = int(self.headers.get("Content-Length") or 0)
        if length > BODY_LIMIT:
            self.close_connection = True
            self.send_error(413)
            return
        body = self.rfile.read(length)
        if not url.path.startswith(f"{BASE_PATH}/"):
            self.send_error(404)
            return
        request = Request(
            method=self.command,
            path=url.path.removeprefix(BASE_PATH),
            query=dict(parse_qsl(url.query)),
            authorization=self.headers.get("Authorization"),
            body=body,
        )
        self._send(self.server.api.answer(request))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - names that http.server asks for

    def _send(self, answer: Answer) -> None:
        payload = json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Log the request line and the status; no header is in it, so no token either."""
        print(f"{self.log_date_time_string()} {format % args}", file=sys.stderr, flush=True)


def make_server(
    directory: Path,
    port: int,
    token: str,
    zones: Sequence[str],
    served: Served,
    names: dict[Address, str],
    other_tokens: Mapping[str, Rights] | None = None,
) -> Server:
    """A server that is bound and ready to `serve_forever`; port 0 takes a free one."""
    store = Store(directory, zones, ZoneFiles(directory / "zones", zones, served, names))
    return Server(port, Api(store, token, other_tokens))


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT; 1 if it cannot start."""
    options = _parse(arguments)
    try:
        token = options.token_file.read_text().strip()
        served = Served(
            ns_ipv4=str(options.ns_ipv4),
            ns_ipv6=str(options.ns_ipv6),
            anycast_ipv4=str(options.anycast_ipv4),
            anycast_ipv6=str(options.anycast_ipv6),
        )
        server = make_server(options.data, options.port, token, options.zone, served, dict(options.ptr))
    except (OSError, StoreInUseError) as error:
        print(f"the lab's Cloudflare cannot start on {LOOPBACK}:{options.port}: {error}", file=sys.stderr)
        return 1
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"http://{LOOPBACK}:{server.server_port}{BASE_PATH} serves {', '.join(options.zone)}", flush=True)
    with server:
        server.serve_forever()
    return 0


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    default = Served()
    parser = argparse.ArgumentParser(prog="python -m lab.cloudflare.server", description="The lab's Cloudflare.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="where records and zone files are kept")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token-file", type=Path, required=True, metavar="FILE", help="holds the API token")
    parser.add_argument("--zone", type=_zone_name, action="append", required=True, metavar="NAME")
    v4, v6 = ipaddress.IPv4Address, ipaddress.IPv6Address
    parser.add_argument("--ns-ipv4", type=v4, default=default.ns_ipv4, help="of ns1 in each zone (%(default)s)")
    parser.add_argument("--ns-ipv6", type=v6, default=default.ns_ipv6, help="of ns1 in each zone (%(default)s)")
    parser.add_argument("--anycast-ipv4", type=v4, default=default.anycast_ipv4, help="proxied records (%(default)s)")
    parser.add_argument("--anycast-ipv6", type=v6, default=default.anycast_ipv6, help="proxied records (%(default)s)")
    parser.add_argument(
        "--ptr",
        type=_pointer,
        action="append",
        default=[],
        metavar="ADDRESS=NAME",
        help="the name of an address",
    )
    return parser.parse_args(arguments)


def _zone_name(text: str) -> str:
    name = normalised(text)
    if not is_host(name):
        raise argparse.ArgumentTypeError(f"'{text}' is no name of a zone")
    return name


def _pointer(text: str) -> tuple[Address, str]:
    address, _, name = text.partition("=")
    try:
        return ipaddress.ip_address(address), _zone_name(name)
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(f"'{text}' is not ADDRESS=NAME") from None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
