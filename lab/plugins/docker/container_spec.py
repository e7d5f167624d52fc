"""A container's inputs in the form of the Docker Engine API, version 1.41 (`POST /containers/create`)."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from lab.plugins.docker.container_inputs import ContainerInputs, Healthcheck
from lab.plugins.docker.durations import parse_duration
from lab.plugins.docker.resource_type import label_map

MEBIBYTE = 1024 * 1024


def container_spec(inputs: ContainerInputs) -> dict[str, Any]:
    """The request body; networks are joined afterwards."""
    return _filled(
        {
            "Image": inputs.image,
            "Hostname": inputs.hostname,
            "Env": inputs.envs,
            "Cmd": inputs.command,
            "Entrypoint": inputs.entrypoints,
            "User": inputs.user,
            "WorkingDir": inputs.working_dir,
            "Labels": label_map(inputs.labels),
            "ExposedPorts": {f"{port.internal}/{port.protocol}": {} for port in inputs.ports},
            "Volumes": {volume.container_path: {} for volume in inputs.volumes},
            "Healthcheck": _healthcheck(inputs.healthcheck) if inputs.healthcheck else None,
            "StopSignal": inputs.stop_signal,
            "StopTimeout": inputs.stop_timeout,
            "HostConfig": _host_config(inputs),
        }
    )


def limits(inputs: ContainerInputs) -> dict[str, Any]:
    """What can be changed while the container runs, under the names of the Docker SDK."""
    return _filled(
        {
            "mem_limit": inputs.memory * MEBIBYTE,
            "mem_reservation": inputs.memory_reservation * MEBIBYTE,
            "memswap_limit": _swap(inputs.memory_swap),
            "cpu_shares": inputs.cpu_shares,
            "cpuset_cpus": inputs.cpu_set,
            "restart_policy": _restart_policy(inputs),
        }
    )


def _restart_policy(inputs: ContainerInputs) -> dict[str, str | int]:
    return {"Name": inputs.restart, "MaximumRetryCount": inputs.max_retry_count}


def _host_config(inputs: ContainerInputs) -> dict[str, Any]:
    bindings: dict[str, list[dict[str, str]]] = defaultdict(list)
    for port in inputs.ports:
        bindings[f"{port.internal}/{port.protocol}"].append({"HostIp": port.ip, "HostPort": str(port.external or 0)})
    config = _filled(
        {
            "Binds": [
                f"{volume.host_path or volume.volume_name}:{volume.container_path}:{'ro' if volume.read_only else 'rw'}"
                for volume in inputs.volumes
                if volume.host_path or volume.volume_name
            ],
            "Mounts": [
                {"Type": mount.type, "Target": mount.target, "Source": mount.source, "ReadOnly": mount.read_only}
                for mount in inputs.mounts
            ],
            "Tmpfs": inputs.tmpfs,
            "PortBindings": dict(bindings),
            "NetworkMode": inputs.network_mode,
            "Dns": inputs.dns,
            "DnsSearch": inputs.dns_searches,
            "ExtraHosts": [f"{host.host}:{host.ip}" for host in inputs.hosts],
            "CapAdd": inputs.capabilities.adds,
            "CapDrop": inputs.capabilities.drops,
            "SecurityOpt": inputs.security_opts,
            "ReadonlyRootfs": inputs.read_only,
            "Sysctls": inputs.sysctls,
            "Ulimits": [{"Name": item.name, "Soft": item.soft, "Hard": item.hard} for item in inputs.ulimits],
            "RestartPolicy": _restart_policy(inputs),
            "Memory": inputs.memory * MEBIBYTE,
            "MemoryReservation": inputs.memory_reservation * MEBIBYTE,
            "MemorySwap": _swap(inputs.memory_swap),
            "CpuShares": inputs.cpu_shares,
            "CpusetCpus": inputs.cpu_set,
            "NanoCpus": int(Decimal(inputs.cpus or 0) * 1_000_000_000),
            "AutoRemove": inputs.rm,
            "LogConfig": _filled({"Type": inputs.log_driver, "Config": inputs.log_opts}),
        }
    )
    config["Init"] = inputs.init  # `false` here overrules a daemon that gives every container an init
    return config


def _healthcheck(check: Healthcheck) -> dict[str, Any]:
    return {
        "Test": check.tests,
        "Interval": parse_duration(check.interval),
        "Timeout": parse_duration(check.timeout),
        "StartPeriod": parse_duration(check.start_period),
        "Retries": check.retries,
    }


def _swap(mebibytes: int) -> int:
    return mebibytes * MEBIBYTE if mebibytes > 0 else mebibytes


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
