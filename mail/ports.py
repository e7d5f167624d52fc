"""The ports on which a server listens inside its container.

A port that is published on several addresses of the Docker host has a port of its own in the container for each: the
order in which Docker lists the addresses of one container port differs from version to version, and the Docker provider
takes another order for a change that replaces the container, at every update.
"""

_STEP = 2000


def inside(port: int, address: int) -> int:
    """Return the container's port behind the well-known `port` on the host's address of that index, from 0."""
    return port + _STEP * address


def all_inside(port: int, addresses: int) -> list[int]:
    """Return the container's ports behind the well-known `port` on so many of the host's addresses."""
    return [inside(port, address) for address in range(addresses)]
