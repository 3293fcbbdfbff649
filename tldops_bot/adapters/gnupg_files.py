"""What gpg reads and writes: files in memory, without a name; and whether a disk has room for the rest.

On a full disk gpg says less than the truth, and no word of that: half a text is decrypted well, a key is not there.
"""

import errno
import os
import tempfile
from pathlib import Path
from typing import IO

NEEDED_BYTES = 8 * 1024 * 1024  # for keyrings, of all runs at once


def file_in_memory(octets: bytes = b"") -> IO[bytes]:
    """Where the system has and allows such; else one that is removed already."""
    file: IO[bytes]
    try:
        file = os.fdopen(os.memfd_create("tldops"), "w+b")
    except (AttributeError, OSError):
        file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(octets)
    file.seek(0)
    return file


def must_have_room(folder: Path) -> None:
    """Raises OSError."""
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
