"""Whether a container that was started lives and gets healthy."""

import time
from typing import Any

from docker import APIClient
from docker.errors import APIError

from lab.plugins.docker.container_state import is_running
from lab.plugins.serving import ResourceError, require_engine

POLL_SECONDS = 0.2
SETTLE_SECONDS = 0.6
"""How long a container is watched after its start: what cannot read its configuration is gone by then."""

LOG_LINES = 15


def require_running(client: APIClient, container: str) -> None:
    """Watch it for a moment.

    Raises:
        ResourceError: it has ended; with its exit code and last log lines.
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        found = client.inspect_container(container)
        if not is_running(found):
            code = found["State"]["ExitCode"]
            raise ResourceError(f"it ended right after its start, with exit code {code}{_last_logs(client, container)}")
        if time.monotonic() >= deadline:
            return
        require_engine()
        time.sleep(POLL_SECONDS)


def require_healthy(client: APIClient, container: str, timeout: int) -> None:
    """Wait until its health check succeeds.

    Args:
        client: The daemon.
        container: Its id.
        timeout: Seconds.

    Raises:
        ResourceError: it has no health check, has ended, or was not healthy in time; with the last check's output.
    """
    deadline = time.monotonic() + timeout
    while True:
        state = client.inspect_container(container)["State"]
        health = state.get("Health")
        if not health or health["Status"] == "none":
            raise ResourceError("'wait' is set, but neither it nor its image has a health check")
        if health["Status"] == "healthy":
            return
        if not state["Running"]:
            raise ResourceError(
                f"it ended with exit code {state['ExitCode']} before it was healthy{_last_logs(client, container)}"
            )
        if time.monotonic() >= deadline:
            raise ResourceError(
                f"it was not healthy within {timeout} s{_last_check(health)}{_last_logs(client, container)}"
            )
        require_engine()
        time.sleep(POLL_SECONDS)


def _last_check(health: dict[str, Any]) -> str:
    checks = health.get("Log") or []
    if not checks:
        return "; its health check has not run yet"
    last = checks[-1]
    return f"; its last health check (exit code {last['ExitCode']}) said: {last['Output'].strip() or 'nothing'}"


def _last_logs(client: APIClient, container: str) -> str:
    try:
        text = client.logs(container, tail=LOG_LINES).decode(errors="replace").strip()
    except APIError:
        text = ""
    return f"; its last log lines:\n{text}" if text else "; it logged nothing"
