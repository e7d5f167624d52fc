"""A policy counts as served when a sending server would take it (RFC 8461, section 3.3)."""

import http.server
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stacks
from fake_docker import CONTAINER, Docker

from components.commands import served_policy
from components.commands.docker_exec import CommandError

HOST = "mta-sts.example.org"
POLICY = "version: STSv1\r\nmode: testing\r\nmx: mail.example.org\r\nmax_age: 604800\r\n"


def web_server(
    *, status: int = 200, media_type: str = "text/plain", body: str = POLICY, seen: list[str] | None = None
) -> type[http.server.BaseHTTPRequestHandler]:
    """A server that answers everything in one way."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if seen is not None:
                seen.append(f"{self.headers['Host']}{self.path}")
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Location", f"https://{HOST}/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("POLICY_CONTAINER", CONTAINER)
    monkeypatch.setenv("POLICY_HOST", HOST)
    monkeypatch.setattr(served_policy.time, "sleep", lambda _: None)
    monkeypatch.setattr(served_policy, "TRIES", 1)
    return Docker(tmp_path)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Look at the policy as Pulumi does, expecting a certificate chain."""

    def look(fullchain: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps({"policy": POLICY, "fullchain": fullchain})))
        return served_policy.main()

    return look


def test_served_as_declared(docker: Docker, look: Callable[[str], str]) -> None:
    seen: list[str] = []
    with docker.serving(443, web_server(media_type="text/plain; charset=utf-8", seen=seen), HOST) as chain:
        assert look(chain) == f"https://{HOST}/.well-known/mta-sts.txt serves the policy"
    assert seen == [f"{HOST}/.well-known/mta-sts.txt"]


@pytest.mark.parametrize(
    ("server", "fault"),
    [
        (web_server(status=404), "status 404, expected 200"),
        (web_server(status=301), "status 301, expected 200"),
        (web_server(media_type="text/html"), "media type text/html, expected text/plain"),
        (web_server(body=POLICY.replace("\r\n", "\n")), r"another policy is served: 'version: STSv1\nmode"),
        (
            web_server(body=POLICY.replace("testing", "enforce")),
            r"another policy is served: 'version: STSv1\r\nmode: enf",
        ),
    ],
    ids=["missing", "redirected", "web page", "line ends", "old policy"],
)
def test_what_a_sender_would_not_take(docker: Docker, look: Callable[[str], str], server: Any, fault: str) -> None:
    with docker.serving(443, server, HOST) as chain, pytest.raises(CommandError) as caught:
        look(chain)
    said = str(caught.value)
    assert said.startswith(f"https://{HOST}/.well-known/mta-sts.txt: {fault}")
    assert said.endswith(f"; `docker logs {CONTAINER}` tells more")


def test_a_certificate_for_another_name(docker: Docker, look: Callable[[str], str]) -> None:
    with docker.serving(443, web_server(), "mta-sts.example.net") as chain, pytest.raises(CommandError) as caught:
        look(chain)
    assert re.search(r"no answer over HTTPS \(.*certificate.*\)", str(caught.value))


def test_a_certificate_that_is_not_the_new_one(docker: Docker, look: Callable[[str], str]) -> None:
    new, _, _ = stacks.issued(8, HOST)
    with docker.serving(443, web_server(), HOST), pytest.raises(CommandError, match="no answer over HTTPS"):
        look(new)


def test_nobody_there(docker: Docker, look: Callable[[str], str]) -> None:
    docker.refuses(f"Error response from daemon: No such container: {CONTAINER}")
    with pytest.raises(CommandError, match="no answer over HTTPS"):
        look(stacks.issued(8, HOST)[0])
