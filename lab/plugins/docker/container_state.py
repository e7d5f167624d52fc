"""A container as the official provider reads it back into the state.

What is not read back there (envs, labels, networks, volumes, uploads, ...) stays as the inputs say.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lab.plugins.docker.container_spec import MEBIBYTE
from lab.plugins.docker.durations import format_duration
from lab.plugins.properties import Plain

NINE_ZEROS = 9


def is_running(container: Mapping[str, Any]) -> bool:
    """Whether it runs, which one that is about to be restarted does not."""
    state = container["State"]
    return bool(state["Running"]) and not state.get("Restarting")


def read_back(container: Mapping[str, Any], state: Mapping[str, Plain]) -> dict[str, Plain]:
    """The outputs of `docker inspect`'s answer, for a container with this state (or these inputs)."""
    host = container["HostConfig"]
    must_run = state.get("mustRun") is not False
    result: dict[str, Plain] = {
        **connections(container),
        "hostname": container["Config"]["Hostname"],
        "mustRun": must_run and bool(container["State"]["Running"]),
        "restart": host["RestartPolicy"]["Name"],
        "maxRetryCount": host["RestartPolicy"]["MaximumRetryCount"],
        "memory": _mebibytes(host["Memory"]),
        "memoryReservation": _mebibytes(host["MemoryReservation"]),
        "memorySwap": _mebibytes(host["MemorySwap"]),
        "cpuShares": host["CpuShares"],
        "cpuSet": host["CpusetCpus"],
        "logDriver": host["LogConfig"]["Type"],
        "networkMode": host["NetworkMode"],
        "init": bool(host["Init"]),
        "image": container["Image"] if str(state["image"]).startswith("sha256:") else container["Config"]["Image"],
    }
    if host["NanoCpus"]:
        result["cpus"] = _decimal(host["NanoCpus"])
    if host["CapAdd"] or host["CapDrop"]:
        result["capabilities"] = {"adds": host["CapAdd"] or [], "drops": host["CapDrop"] or []}
    if container["Config"].get("Healthcheck"):
        result["healthcheck"] = _healthcheck(container["Config"]["Healthcheck"])
    if state.get("ports") and (must_run or container["State"]["Running"]):
        result["ports"] = _ports(container["NetworkSettings"]["Ports"])
    return result


def connections(container: Mapping[str, Any]) -> dict[str, Plain]:
    """The outputs that are no inputs: the addresses, and the exit code of a container that has ended."""
    settings = container["NetworkSettings"]
    result: dict[str, Plain] = {
        "bridge": settings["Bridge"],
        "networkDatas": [
            {
                "networkName": name,
                "ipAddress": network["IPAddress"],
                "ipPrefixLength": network["IPPrefixLen"],
                "gateway": network["Gateway"],
                "globalIpv6Address": network["GlobalIPv6Address"],
                "globalIpv6PrefixLength": network["GlobalIPv6PrefixLen"],
                "ipv6Gateway": network["IPv6Gateway"],
                "macAddress": network["MacAddress"],
            }
            for name, network in sorted(settings["Networks"].items())
        ],
    }
    if not container["State"]["Running"]:
        result["exitCode"] = container["State"]["ExitCode"]
    return result


def _ports(ports: Mapping[str, list[dict[str, str]] | None] | None) -> list[Plain]:
    found: list[Plain] = []
    for key, bindings in sorted((ports or {}).items(), key=lambda item: int(item[0].partition("/")[0])):
        internal, _, protocol = key.partition("/")
        found.extend(
            {
                "internal": int(internal),
                "external": int(binding["HostPort"]),
                "ip": binding["HostIp"],
                "protocol": protocol,
            }
            for binding in bindings or []
        )
    return found


def _healthcheck(check: Mapping[str, Any]) -> dict[str, Plain]:
    return {
        "tests": list(check.get("Test") or []),
        "interval": format_duration(check.get("Interval", 0)),
        "timeout": format_duration(check.get("Timeout", 0)),
        "startPeriod": format_duration(check.get("StartPeriod", 0)),
        "retries": check.get("Retries", 0),
    }


def _mebibytes(size: int) -> int:
    return size // MEBIBYTE if size > 0 else size


def _decimal(nano: int) -> str:
    """A number of CPUs as the official provider writes it, quirks included: `0.5`, `0.25`, but `1.0` for `1`.

    Its rule counts zeros, so that `0.05` comes back as `0.1`; other text than this is a change to it for ever.
    """
    number = Decimal(nano) / 1_000_000_000
    text = f"{number:.9f}"
    if text.count("0") == NINE_ZEROS:
        return f"{number.quantize(Decimal('0.1'), ROUND_HALF_UP)}"
    return text.rstrip("0")
