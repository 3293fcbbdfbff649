"""The files gpg reads and writes, nameless and in memory; and whether the disk has room for the rest.

On a full disk gpg fails silently: half a text counts as decrypted, and a key seems not to be there.
"""

import errno
import os
import tempfile
from pathlib import Path
from typing import IO

NEEDED_BYTES = 8 * 1024 * 1024  # for the keyrings of all concurrent runs


def file_in_memory(octets: bytes = b"") -> IO[bytes]:
    """A nameless file in memory; or, where that can't be had, one on disk that is already unlinked."""
    file: IO[bytes]
    try:
        file = os.fdopen(os.memfd_create("tldops"), "w+b")
    except (AttributeError, OSError):
        file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(octets)
    file.seek(0)
    return file


def must_have_room(folder: Path) -> None:
    """Raises OSError (ENOSPC) when the disk is nearly full."""
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
