"""A Docker volume that has its files before anything starts on it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_docker as docker


@dataclass(frozen=True, kw_only=True)
class SeedFile:
    """A file that the stack puts into the volume.

    Attributes:
        path: relative to the volume's root.
        content: its text.
        mode: octal permissions; the owner is root.
        fingerprint: text that changes exactly when the content does and is no secret; None for the content itself.
    """

    path: str
    content: pulumi.Input[str]
    mode: str = "0644"
    fingerprint: pulumi.Input[str] | None = None

    @property
    def sha256(self) -> pulumi.Output[str]:
        """Hash of the fingerprint, hexadecimal; a secret where that is one."""
        text = self.content if self.fingerprint is None else self.fingerprint
        return pulumi.Output.from_input(text).apply(lambda known: hashlib.sha256(known.encode()).hexdigest())


@dataclass(frozen=True, kw_only=True)
class DataVolumeArgs:
    """Arguments of `DataVolume`.

    Attributes:
        volume_name: the name on the Docker host.
        image: id of an image for the container that carries the files in; nothing of it is run.
        mount: where that container, and its user, mount the volume.
        files: what to put in. Other files in the volume are left alone.
        times_mended: how often files were found changed by hand, which carries them in anew each time; None where
            nobody looks.
        keep: whether the volume outlives its removal from the stack, and the stack.
        protect: whether Pulumi refuses to remove it at all.
    """

    volume_name: str
    image: pulumi.Input[str]
    mount: str
    files: Sequence[SeedFile]
    keep: bool
    protect: bool
    times_mended: pulumi.Input[str] | None = None


class DataVolume(pulumi.ComponentResource):
    """A volume and the files in it.

    The files are carried in by a container that is created and never started: Docker copies nothing into a server with
    a read-only root file system. It is made anew whenever a file changes, which overwrites the files and deletes none.
    Nothing ever replaces the volume: a replaced volume is the mail deleted.
    """

    name: pulumi.Output[str]

    def __init__(self, name: str, args: DataVolumeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("maddy:mail:DataVolume", name, {}, opts)
        volume = docker.Volume(
            name,
            name=args.volume_name,
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=args.protect,
                retain_on_delete=args.keep,
                ignore_changes=["labels", "driver", "driverOpts"],
            ),
        )
        self.name = volume.name
        docker.Container(
            f"{name}-seed",
            name=f"{args.volume_name}-seed",
            image=args.image,
            start=False,
            must_run=False,
            network_mode="none",
            mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target=args.mount)],
            labels=(
                [docker.ContainerLabelArgs(label="maddy-stack.mended", value=args.times_mended)]
                if args.times_mended is not None
                else None
            ),
            uploads=[
                docker.ContainerUploadArgs(
                    file=f"{args.mount}/{file.path}", content=file.content, permissions=file.mode
                )
                for file in args.files
            ],
            # `protect` and `retain_on_delete` are the volume's: this container is remade with every changed file.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.register_outputs({"name": self.name})
