"""What changing each input of a container does, by the official provider's schema."""

from lab.plugins.diffing import Rules
from lab.plugins.docker.container_inputs import ContainerInputs
from lab.plugins.properties import Plain


def same_ports(old: Plain, new: Plain) -> bool:
    """The official comparison of two lists of ports that are not equal already.

    The order does not matter, but an internal port published on two addresses is only ever compared with the first
    entry for it: unless such addresses are listed in the order in which Docker reports them (20.10: the last first),
    every `up` replaces the container.
    """
    if not isinstance(old, list) or not isinstance(new, list) or len(old) != len(new):
        return False
    return all(_kept(port, new) for port in old if isinstance(port, dict))


def _kept(old: dict[str, Plain], ports: list[Plain]) -> bool:
    candidates = [port for port in ports if isinstance(port, dict) and port["internal"] == old["internal"]]
    for port in candidates:
        if port["protocol"] != old["protocol"]:
            if any(other["protocol"] == old["protocol"] for other in candidates):
                continue
            return False
        return port.get("external") in (None, old.get("external")) and port["ip"] == old["ip"]
    return False


IN_PLACE = {
    "attach",
    "cpuSet",
    "cpuShares",
    "destroyGraceSeconds",
    "healthcheck",
    "init",
    "logs",
    "maxRetryCount",
    "memory",
    "memoryReservation",
    "memorySwap",
    "mustRun",
    "removeVolumes",
    "restart",
    "rm",
    "start",
    "tmpfs",
    "wait",
    "waitTimeout",
}
"""Accepted without a replacement; all but those of `PUSHED` without any effect on the container that runs."""

PUSHED = {"cpuSet", "cpuShares", "maxRetryCount", "memory", "memoryReservation", "memorySwap", "restart"}
"""Those of them that reach the daemon."""

RULES = Rules(
    inputs=ContainerInputs.names(),
    required=ContainerInputs.required(),
    replaces=ContainerInputs.names() - IN_PLACE,
    computed={
        "command",
        "entrypoints",
        "envs",
        "healthcheck",
        "hostname",
        "init",
        "labels",
        "logDriver",
        "securityOpts",
        "stopSignal",
        "stopTimeout",
        "user",
        "workingDir",
    },
    unordered={
        "capabilities",
        "dns",
        "dnsSearches",
        "envs",
        "hosts",
        "labels",
        "mounts",
        "networksAdvanced",
        "securityOpts",
        "ulimits",
        "uploads",
        "volumes",
    },
    maps={"logOpts", "sysctls", "tmpfs"},
    defaults={
        "mustRun": True,
        "networkMode": "bridge",
        "removeVolumes": True,
        "restart": "no",
        "start": True,
        "waitTimeout": 60,
    },
    member_defaults={
        "healthcheck": {"interval": "0s", "timeout": "0s", "startPeriod": "0s"},
        "ports": {"ip": "0.0.0.0", "protocol": "tcp"},  # noqa: S104 - the official default
    },
    equal={"ports": same_ports},
    delete_before_replace=True,
    zero_is_absent=True,
)
