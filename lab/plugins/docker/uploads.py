"""Files put into a container before it starts."""

import io
import tarfile
import time
from collections.abc import Iterable

from lab.plugins.docker.container_inputs import Upload
from lab.plugins.serving import ResourceError

PLAIN_FILE = 0o644
EXECUTABLE_FILE = 0o744


def upload_archive(uploads: Iterable[Upload]) -> bytes:
    """A tar archive to unpack at `/`; Docker makes the directories that are missing.

    Raises:
        ResourceError: a source file cannot be read.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for upload in uploads:
            data = _read(upload)
            entry = tarfile.TarInfo(upload.file.lstrip("/"))
            entry.size = len(data)
            entry.mode = _mode(upload)
            entry.mtime = int(time.time())
            entry.uid, entry.gid = int(upload.owner), int(upload.group)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _mode(upload: Upload) -> int:
    if upload.permissions is not None:
        return int(upload.permissions, 8)
    return EXECUTABLE_FILE if upload.executable else PLAIN_FILE


def _read(upload: Upload) -> bytes:
    try:
        return upload.data()
    except OSError as error:
        raise ResourceError(f"cannot read {upload.source} for the upload to {upload.file}: {error.strerror}") from error
