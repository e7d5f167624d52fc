"""The container images of the lab: pulled, else built from nothing but a Go program and busybox.

A built one has the official one's name, so the program that uses it is the same either way; the label
`maddy-stack.built=lab` tells which it is.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import certifi
import docker
from docker.errors import APIError, BuildError, ImageNotFound

from lab import busybox, toolchain
from lab.settings import ROOT
from lab.terminal import LabError, progress

BUILT_BY_LAB = "maddy-stack.built"

# The file capability CAP_NET_BIND_SERVICE (bit 10), permitted and effective: struct vfs_cap_data, revision 2.
# It holds no byte over 127, so a tar header, which is UTF-8, carries it as it is.
MAY_BIND_LOW_PORTS = (b"\x01\0\0\x02" + b"\0\x04\0\0" + b"\0" * 12).decode("ascii")


@dataclass(frozen=True)
class Image:
    """An image of the lab.

    Args:
        reference: The official name and tag.
        tool: The program in it.
        program: The program's path in the image.
        dockerfile: Name of the Dockerfile in lab/images.
        file_capability: Whether the official image's program has CAP_NET_BIND_SERVICE as a file capability:
            it then refuses to start in a container without that capability, and so must ours.
    """

    reference: str
    tool: toolchain.Tool
    program: str
    dockerfile: str
    file_capability: bool


MADDY = Image("foxcpp/maddy:0.8.2", toolchain.MADDY, "bin/maddy", "maddy.Dockerfile", file_capability=False)
CADDY = Image("caddy:2.11.9", toolchain.CADDY, "usr/bin/caddy", "caddy.Dockerfile", file_capability=True)
COREDNS = Image("coredns/coredns:1.13.1", toolchain.COREDNS, "coredns", "coredns.Dockerfile", file_capability=True)
ALL = (MADDY, CADDY, COREDNS)


def ensure(client: docker.DockerClient, image: Image, *, official: bool = False) -> None:
    """Have the image in the daemon.

    Args:
        client: The daemon.
        image: The image.
        official: Try to replace one that the lab built by the official one.

    Raises:
        LabError: It could neither be pulled nor built.
    """
    there = _built_by_lab(client, image)
    if there is False or (there and not official):
        return
    if _pull(client, image) or there:
        return
    binary = toolchain.ensure(image.tool)
    with progress(f"building the image {image.reference}"):
        _build(client, image, binary)


def missing(client: docker.DockerClient) -> list[Image]:
    """The images that are not in the daemon yet."""
    return [image for image in ALL if _built_by_lab(client, image) is None]


def _built_by_lab(client: docker.DockerClient, image: Image) -> bool | None:
    try:
        return BUILT_BY_LAB in client.images.get(image.reference).labels
    except ImageNotFound:
        return None


def _pull(client: docker.DockerClient, image: Image) -> bool:
    repository, _, tag = image.reference.partition(":")
    try:
        client.images.pull(repository, tag)
    except APIError:
        return False
    return True


def _build(client: docker.DockerClient, image: Image, binary: Path) -> None:
    dockerfile = (ROOT / "lab" / "images" / image.dockerfile).read_bytes()
    with tempfile.TemporaryFile() as rootfs, tempfile.TemporaryFile() as context:
        with tarfile.open(fileobj=rootfs, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for entry, content in _root_files(image, binary):
                tar.addfile(entry, content)
        with tarfile.open(fileobj=context, mode="w") as tar:
            tar.addfile(*_file("Dockerfile", dockerfile))
            entry = tarfile.TarInfo("rootfs.tar")
            entry.size = rootfs.tell()
            rootfs.seek(0)
            tar.addfile(entry, rootfs)
        context.seek(0)
        try:
            client.images.build(
                fileobj=context,
                custom_context=True,
                tag=image.reference,
                labels={BUILT_BY_LAB: "lab"},
                rm=True,
                forcerm=True,
            )
        except (APIError, BuildError) as problem:
            raise LabError(f"The image {image.reference} could not be built: {problem}") from problem


def _root_files(image: Image, binary: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
    for directory, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777)):
        entry = tarfile.TarInfo(directory)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        yield entry, None
    program, content = _file(image.program, binary.read_bytes(), mode=0o755)
    if image.file_capability:
        program.pax_headers = {"SCHILY.xattr.security.capability": MAY_BIND_LOW_PORTS}
    yield program, content
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    bundle = bundle if bundle.exists() else Path(certifi.where())
    yield _file("etc/ssl/certs/ca-certificates.crt", bundle.read_bytes())
    yield _file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532::/:/bin/sh\n")
    yield _file("etc/group", b"root:x:0:\nnonroot:x:65532:\n")
    shell = busybox.ensure()
    yield _file("bin/busybox", shell.read_bytes(), mode=0o755)
    listing = subprocess.run([str(shell), "--list"], capture_output=True, text=True, check=True)
    for applet in sorted({*listing.stdout.split()} - {"busybox"}):
        link = tarfile.TarInfo(f"bin/{applet}")
        link.type, link.linkname = tarfile.SYMTYPE, "busybox"
        yield link, None


def _file(path: str, content: bytes, *, mode: int = 0o644) -> tuple[tarfile.TarInfo, IO[bytes]]:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    return entry, io.BytesIO(content)
