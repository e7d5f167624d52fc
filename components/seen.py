"""What no provider sees: whether what was put into a container's volume is still there, as of the last refresh."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

from components.commands import docker_exec
from components.commands.docker_exec import CommandError, NoContainerError, StoppedError
from components.commands.maddy import Maddy
from components.complaint import in_words

_DECLARED = ("container", "docker_host", "accounts", "files")
_SUMS = 'while IFS= read -r path; do sha256sum "$path" 2>/dev/null || echo "missing  $path"; done'


class _Provider(ResourceProvider):
    """Looks at a refresh, and never at another time."""

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        declares_other = any(olds.get(key) != news.get(key) for key in _DECLARED)
        return DiffResult(changes=declares_other or bool(olds.get("amiss")))

    def create(self, props: dict[str, Any]) -> CreateResult:
        return CreateResult(props["container"], {**props, "amiss": [], "mended": 0})

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        mended = int(olds.get("mended") or 0) + bool(olds.get("amiss"))
        return UpdateResult({**news, "amiss": [], "mended": mended})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        with in_words(f"could not look into {props['container']}", CommandError):
            try:
                amiss = [*_accounts_amiss(props), *_files_amiss(props)]
            except (NoContainerError, StoppedError):  # which the refresh of the container tells
                return ReadResult(id_, props)
        return ReadResult(id_, {**props, "amiss": amiss})


def _accounts_amiss(props: Mapping[str, Any]) -> list[str]:
    if not props.get("accounts"):
        return []
    maddy = Maddy(props["container"], docker_host=props.get("docker_host"))
    return sorted(set(props["accounts"]) - (maddy.logins() & maddy.mailboxes()))


def _files_amiss(props: Mapping[str, Any]) -> list[str]:
    if not props.get("files"):
        return []
    paths = "".join(f"{path}\n" for path in props["files"])
    found = docker_exec.run(props["container"], "sh", "-c", _SUMS, stdin=paths, docker_host=props.get("docker_host"))
    sums = {path: sha256 for sha256, path in (line.split(maxsplit=1) for line in found.splitlines())}
    return sorted(path for path, sha256 in props["files"].items() if sums.get(path) != sha256)


class Seen(Resource, module="mail", name="Seen"):
    """What a refresh finds amiss of what was put into a container's volume.

    It mends nothing: an update counts `mended` up, and who has put it there has `times_mended` among its inputs.

    Args:
        container: whose volume it is.
        docker_host: where Docker is, as in `DOCKER_HOST`; None for this machine's.
        accounts: addresses that have a login and a mailbox, where it is Maddy's.
        files: path in the container to the SHA-256 of the file.

    Attributes:
        mended: how often something was amiss.
    """

    mended: pulumi.Output[float]

    def __init__(
        self,
        name: str,
        *,
        container: str,
        docker_host: str | None,
        accounts: Sequence[str] = (),
        files: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        declared = {"container": container, "docker_host": docker_host, "accounts": sorted(accounts)}
        super().__init__(
            _Provider(), name, {**declared, "files": dict(files or {}), "amiss": None, "mended": None}, opts
        )

    @property
    def times_mended(self) -> pulumi.Output[str]:
        """`mended` in digits."""
        return self.mended.apply(lambda times: str(int(times)))
