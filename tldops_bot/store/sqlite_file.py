"""The SQLite file and its journal: opened where they are, never created, and always the ones opened first.

SQLite goes on writing to a file that was deleted, moved or replaced, and reports success; whoever opens the
database later finds none of it (https://www.sqlite.org/howtocorrupt.html, 4).
"""

import sqlite3
import threading
from pathlib import Path

from sqlalchemy.exc import OperationalError

BUSY_SECONDS = 30
# What is deleted is overwritten, too: the file's free pages must not tell who was forgotten.
_PRAGMAS = ("synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "secure_delete=ON")
_JOURNAL = ("-wal", "-shm")  # exists while a connection is open

Identity = tuple[int, int]


class DatabaseMoved(OperationalError):
    """The files are gone, or others are in their place. Work can go on once they are back."""

    def __init__(self, file: Path) -> None:
        super().__init__(None, None, sqlite3.OperationalError(f"{file} is not the file that was opened"))


class SqliteFile:
    """Hands out connections to one file. The first one is kept open, so that the journal stays, too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opening = threading.Lock()
        self._kept: sqlite3.Connection | None = None
        self._first: dict[Path, Identity] = {}

    def connect(self) -> sqlite3.Connection:
        """Open another connection. Raises DatabaseMoved, sqlite3.Error."""
        with self._opening:
            if self._kept is None:
                self._kept, self._first = self._hold()
        self.must_be_the_same()
        made = self._open()
        try:
            self.must_be_the_same()
        except DatabaseMoved:
            made.close()
            raise
        return made

    def must_be_the_same(self) -> None:
        """Raises DatabaseMoved."""
        for path, identity in self._first.items():
            if _identity(path) != identity:
                raise DatabaseMoved(path)

    def close(self) -> None:
        """The last connection to close moves the journal into the file, even a journal without a name."""
        with self._opening:
            if self._kept is not None:
                self._kept.close()
            self._kept, self._first = None, {}

    def _hold(self) -> tuple[sqlite3.Connection, dict[Path, Identity]]:
        kept = self._open()
        kept.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # opens the journal
        beside = [self.path.with_name(self.path.name + suffix) for suffix in _JOURNAL]
        found = {one: _identity(one) for one in (self.path, *beside)}
        return kept, {one: identity for one, identity in found.items() if identity is not None}

    def _open(self) -> sqlite3.Connection:
        made = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            check_same_thread=False,
            isolation_level=None,  # whoever has the connection begins the transactions
        )
        try:
            for pragma in ("journal_mode=WAL", *_PRAGMAS):
                made.execute(f"PRAGMA {pragma}").close()
        except sqlite3.Error:
            made.close()
            raise
        return made


def _identity(path: Path) -> Identity | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
