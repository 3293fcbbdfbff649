"""One `serve` at a time per database file: a lock beside the file, gone with the process that held it.

SQLite lets any number of programs write in turn, but two services would share out the mail and both keep the
clock.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".serving"


class CannotServe(Exception):
    """Another process serves this database, or there is no telling; the text says which."""


@contextmanager
def alone_on(database: Path | None) -> Iterator[None]:
    """Hold the lock while the block runs; without a file (PostgreSQL) there is none. Raises CannotServe.

    A record lock: unlike a flock, it is not inherited by the processes we start.
    """
    if database is None:
        yield
        return
    beside = database.with_name(database.name + _SUFFIX)
    try:
        handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise CannotServe(f"{beside}: cannot be written ({problem.strerror})") from problem
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            holder = os.read(handle, 20).decode("ascii", "replace").strip()
            process = f" (process {holder})" if holder.isdigit() else ""
            raise CannotServe(f"another `tldops-bot serve`{process} works with {database}") from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
