"""Programs built from source with Go, where the Go proxy can be reached but not the official downloads.

Every one is built once and kept in the cache: `tools/<name>-<version>/bin/<name>`.
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lab import go
from lab.locks import only_one
from lab.settings import ROOT, cache
from lab.subprocesses import run_logged
from lab.terminal import progress, say


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program and how to build it.

    Args:
        name: Name of the program.
        version: Its version, without a `v`.
        package: The Go package to build.
        minutes: About how long that takes on two cores.
        source: A `main.go` to build instead of `package`, which then only names the module's parts it
            imports.
        replace: Modules that its own go.mod replaces; a module's replacements do not reach who depends on it.
        tags: Go build tags.
        ldflags: Flags for the linker.
        cgo: Whether it has C in it (SQLite).
        for_container: Built for Linux, whatever this machine runs.
    """

    name: str
    version: str
    package: str
    minutes: int
    source: Path | None = None
    replace: Mapping[str, str] = field(default_factory=dict)
    tags: str = ""
    ldflags: str = "-s -w"
    cgo: bool = False
    for_container: bool = True

    @property
    def directory(self) -> Path:
        """Where it is kept."""
        return cache() / "tools" / f"{self.name}-{self.version}"

    @property
    def binary(self) -> Path:
        """The program."""
        return self.directory / "bin" / self.name


PULUMI = Tool(
    name="pulumi",
    version="3.259.0",
    package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    minutes=4,
    ldflags="-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.259.0",
    for_container=False,
)
MADDY = Tool(
    name="maddy",
    version="0.8.2",
    package="github.com/foxcpp/maddy/cmd/maddy",
    minutes=1,
    replace={
        "github.com/emersion/go-imap": ("github.com/foxcpp/go-imap@v1.0.0-beta.1.0.20220623182312-df940c324887"),
        "github.com/emersion/go-smtp": "github.com/foxcpp/go-smtp@v1.21.4-0.20250124171104-c8519ae4fb23",
        "github.com/libdns/gandi": "github.com/foxcpp/libdns-gandi@v1.0.4-0.20240127130558-4782f9d5ce3e",
    },
    tags="docker osusergo netgo sqlite_omit_load_extension",
    ldflags="-s -w -extldflags=-static",
    cgo=True,
)
CADDY = Tool(
    name="caddy",
    version="2.11.9",
    package="github.com/caddyserver/caddy/v2/cmd/caddy",
    minutes=1,
    ldflags="-s -w -X github.com/caddyserver/caddy/v2.CustomVersion=v2.11.9",
)
COREDNS = Tool(
    name="coredns",
    version="1.13.1",
    package="github.com/coredns/coredns/coremain",
    minutes=1,
    source=ROOT / "lab" / "images" / "coredns.go",
)
ACTIONLINT = Tool(
    name="actionlint",
    version="1.7.12",
    package="github.com/rhysd/actionlint/cmd/actionlint",
    minutes=1,
    ldflags="-s -w -X github.com/rhysd/actionlint.version=1.7.12",
    for_container=False,
)


def ensure(tool: Tool) -> Path:
    """The tool's program, built first if need be; a second caller waits for the first one's build.

    Raises:
        LabError: Go is missing and can't be had, or the build failed.
    """
    if tool.binary.exists():
        return tool.binary
    waiting = functools.partial(say, f"waiting for another process that builds {tool.name} {tool.version}")
    with only_one(cache() / "locks" / f"{tool.name}-{tool.version}", on_wait=waiting):
        if not tool.binary.exists():
            hint = f"about {tool.minutes} min, this once"
            with progress(f"building {tool.name} {tool.version} from source", hint=hint):
                _build(tool)
    return tool.binary


def _build(tool: Tool) -> None:
    compiler = go.ensure()
    tools = tool.directory.parent
    tools.mkdir(parents=True, exist_ok=True)
    log = cache() / "logs" / f"build-{tool.name}-{tool.version}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    env = {**os.environ, "GOWORK": "off", "CGO_ENABLED": "1" if tool.cgo else "0"}
    if tool.for_container:
        env["GOOS"] = "linux"
    with tempfile.TemporaryDirectory(prefix=f".{tool.name}-", dir=tools) as scratch:
        module, target = Path(scratch, "module"), Path(scratch, "ready")
        module.mkdir()

        def run(*arguments: str) -> None:
            run_logged([compiler, *arguments], cwd=module, env=env, log=log)

        run("mod", "init", "maddy-stack-lab")
        for original, replacement in tool.replace.items():
            run("mod", "edit", f"-replace={original}={replacement}")
        if tool.source is None:
            package = tool.package
            run("get", "-tool", f"{package}@v{tool.version}")
        else:
            package = "."
            (module / "main.go").write_text(tool.source.read_text())
            run("get", f"{tool.package}@v{tool.version}", ".")
        output = str(target / "bin" / tool.name)
        run("build", "-tags", tool.tags, "-ldflags", tool.ldflags, "-o", output, package)
        # A directory that is left from an interrupted run has no program in it.
        shutil.rmtree(tool.directory, ignore_errors=True)
        target.rename(tool.directory)
