"""The files gpg reads and writes, nameless and in memory; and whether the disk has room for the rest.

On a full disk gpg fails silently: half a text counts as decrypted, and a key seems not to be there.
"""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

NEEDED_BYTES = 8 * 1024 * 1024  # for the keyrings of all concurrent runs


@contextlib.contextmanager
def file_in_memory(octets: bytes = b"") -> Iterator[int]:
    """The descriptor of a nameless file in memory; where that can't be had, of one on disk, already unlinked.

    It stands at its beginning. A file object on top would give the interpreter's lock away a dozen times more.
    """
    file = _nameless()
    try:
        if octets and os.pwrite(file, octets, 0) < len(octets):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield file
    finally:
        os.close(file)


def _nameless() -> int:
    try:
        return os.memfd_create("tldops")
    except (AttributeError, OSError):
        with tempfile.TemporaryFile() as made:
            return os.dup(made.fileno())


def must_have_room(folder: Path) -> None:
    """Raises OSError (ENOSPC) when the disk is nearly full."""
    found = os.statvfs(folder)
    if found.f_bavail * found.f_frsize < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
