"""Opens the database and hands out transactions: one writer on SQLite, in the order of their urgency."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import IntEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

BUSY_SECONDS = 30
# What is deleted is overwritten too: who was forgotten is not to be read in the file's free pages.
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    "secure_delete=ON",
)


StoreProblem = SQLAlchemyError  # whatever goes wrong in the database; its text may quote a row

__all__ = ["Database", "DatabaseMissing", "Session", "StoreProblem", "Urgency", "is_temporary"]


class DatabaseMissing(Exception):
    """The database file is not there; only `init` and `restore` create one."""


class Urgency(IntEnum):
    """Who writes first: mail coming in and its handling, before marks on deliveries."""

    INTAKE = 0
    DELIVERY = 1


class WriterOrder:
    """Lets one writer in at a time, the urgent ones before the others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._waiting = [0, 0]

    @contextmanager
    def turn(self, urgency: Urgency) -> Iterator[None]:
        with self._changed:
            self._waiting[urgency] += 1
            while self._busy or (urgency > 0 and self._waiting[Urgency.INTAKE]):
                self._changed.wait()
            self._waiting[urgency] -= 1
            self._busy = True
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()


class Database:
    """Transactions on one database. Nothing is read or written outside one."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if not self.is_sqlite:
            self.writing = self.reading = create_engine(self.url, pool_size=20, pool_pre_ping=True)
            self._order = None
            return
        self.writing = _sqlite_engine(self.url, begin="BEGIN IMMEDIATE")
        self.reading = _sqlite_engine(self.url, begin="BEGIN")
        self._order = WriterOrder()

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def must_exist(self) -> None:
        """Raises DatabaseMissing where opening would create an empty file."""
        if self.file is not None and not self.file.exists():
            raise DatabaseMissing(f"no database at {self.file}; `tldops-bot init` makes one")

    @contextmanager
    def write(self, urgency: Urgency = Urgency.INTAKE) -> Iterator[Session]:
        """One writing transaction: committed when the block ends, rolled back when it raises."""
        with self._turn(urgency), Session(self.writing) as session, session.begin():
            yield session

    @contextmanager
    def rehearse(self) -> Iterator[Session]:
        """A writing transaction that is always rolled back."""
        with self._turn(Urgency.DELIVERY), Session(self.writing) as session:
            yield session
            session.rollback()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading transaction: a consistent picture; anything changed in it is thrown away."""
        with Session(self.reading, autoflush=False) as session:
            yield session
            session.rollback()

    def _turn(self, urgency: Urgency) -> AbstractContextManager[None]:
        return nullcontext() if self._order is None else self._order.turn(urgency)

    def close(self) -> None:
        """Give back all connections."""
        self.writing.dispose()
        self.reading.dispose()


def is_temporary(problem: DBAPIError) -> bool:
    """Locked, full, gone: worth another try later. A broken statement is not."""
    return isinstance(problem, OperationalError) or problem.connection_invalidated


def _sqlite_engine(url: Any, begin: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun by us, below
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
