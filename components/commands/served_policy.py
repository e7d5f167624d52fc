"""Looks whether an MTA-STS policy is served as declared, the way a sending server fetches it (RFC 8461, section 3.3).

Environment: `POLICY_CONTAINER`; `POLICY_HOST`, the name it is fetched from. Standard input: `{"policy":
..., "fullchain": ...}`, the text that must come back and the certificate chain (PEM) that must be presented.
"""

import http.client
import json
import os
import sys
import time

from components.commands import docker_exec
from components.commands.docker_exec import CommandError

PATH = "/.well-known/mta-sts.txt"
TRIES = 6


def fault(container: str, host: str, policy: str, fullchain: str) -> str | None:
    """Return what is wrong with the policy as served; None when nothing is."""
    try:
        with docker_exec.tls_connection(container, 443, host, fullchain) as connection:
            client = http.client.HTTPConnection(host)
            client.sock = connection
            client.request("GET", PATH)
            response = client.getresponse()
            body = response.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"no answer over HTTPS ({error})"
    if response.status != 200:
        return f"status {response.status}, expected 200"
    if (media_type := response.headers.get_content_type()) != "text/plain":
        return f"media type {media_type}, expected text/plain"
    if body != policy:
        return f"another policy is served: {body[:200]!r}"
    return None


def main() -> str:
    """Look until the policy is served; return what is now so."""
    container, host = os.environ["POLICY_CONTAINER"], os.environ["POLICY_HOST"]
    expected = json.load(sys.stdin)
    found = None
    for attempt in range(TRIES):
        time.sleep(attempt)
        found = fault(container, host, expected["policy"], expected["fullchain"])
        if found is None:
            return f"https://{host}{PATH} serves the policy"
    raise CommandError(f"https://{host}{PATH}: {found}; `docker logs {container}` tells more")


if __name__ == "__main__":
    try:
        print(main())  # noqa: T201
    except CommandError as reason:
        sys.exit(str(reason))
