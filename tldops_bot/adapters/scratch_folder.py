"""A folder for what gpg reads and writes, in memory if possible; what a crash left behind is removed.

Each folder is locked while its process lives; the lock ends with the process, however that ends.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

PREFIX = "tldops-"
LOCK = "lock"
_UNLOCKED_SECONDS = 3600.0  # a younger folder without a lock may just be being made


class ScratchFolder:
    """A new folder that only we can read; gone when it is closed, or the process ends."""

    def __init__(self, place: Path | None = None) -> None:
        memory = Path("/dev/shm")  # noqa: S108  a directory of our own is made in it
        is_open = memory.is_dir() and os.access(memory, os.W_OK)
        where = place or (memory if is_open else Path(tempfile.gettempdir()))
        remove_abandoned(where)
        self.path, lock = _locked_folder(where)
        self._removing = weakref.finalize(self, _remove, self.path, lock)

    def close(self) -> None:
        """Remove the folder; this also happens when the process ends."""
        self._removing()


def _locked_folder(where: Path) -> tuple[Path, int]:
    """A new folder and its lock; another one if somebody took it for abandoned before it was locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=where))
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if (folder / LOCK).exists():
                return folder, lock
        os.close(lock)


def remove_abandoned(where: Path) -> None:
    """Remove our folders whose process has died; not what belongs to somebody else."""
    for folder in where.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = folder.lstat()
            if found.st_uid == os.getuid() and folder.is_dir() and not folder.is_symlink():
                _remove_if_abandoned(folder, found.st_mtime)


def _remove_if_abandoned(folder: Path, changed_at: float) -> None:
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        if time.time() - changed_at > _UNLOCKED_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
    else:
        _remove(folder, lock)


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
