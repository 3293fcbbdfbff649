"""Opens the database and hands out transactions; deciding is exclusive, on SQLite and on PostgreSQL.

What a mail or a job may do is read and written in one transaction; two of them at a time could both fill the
last seat. SQLite has one writer at a time. On PostgreSQL an advisory lock does the same across nodes.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.orm import Session

from tldops_bot.domain.mendable import Mendable
from tldops_bot.store.postgresql_server import (
    BEGIN,
    BEGIN_ALONE,
    BEGIN_READING,
    begin,
    end_reading,
    postgresql_engine,
)
from tldops_bot.store.sqlite_file import DatabaseMoved, SqliteFile

MOST_OVERTAKING = 4  # urgent writers, while one that is less urgent waits
_READ_ONLY = "25006"  # SQLSTATE: read_only_sql_transaction


Found = TypeVar("Found")
StoreProblem = SQLAlchemyError  # its text may quote a row: never log it

__all__ = [
    "Connection",
    "Database",
    "DatabaseMissing",
    "DatabaseMoved",
    "Session",
    "StoreProblem",
    "Urgency",
    "is_temporary",
]


class DatabaseMissing(Mendable):
    """The database file is not there; only `init` and `restore` create one."""


class Urgency(IntEnum):
    """Who writes first: incoming mail and its handling before marks on deliveries."""

    INTAKE = 0
    DELIVERY = 1


class WriterOrder:
    """Lets one writer in at a time, urgent ones first; but only so many while another waits."""

    def __init__(self) -> None:
        lock = threading.Lock()
        self._turns = {urgency: threading.Condition(lock) for urgency in Urgency}
        self._busy = False
        self._waiting = dict.fromkeys(Urgency, 0)
        self._overtaken = 0  # how often in a row an urgent one went while another waited

    @contextmanager
    def turn(self, urgency: Urgency) -> Iterator[None]:
        mine = self._turns[urgency]
        with mine:
            self._waiting[urgency] += 1
            while self._busy or urgency is not self._next():
                mine.wait()
            self._waiting[urgency] -= 1
            self._busy = True
            is_overtaking = urgency is Urgency.INTAKE and self._waiting[Urgency.DELIVERY] > 0
            self._overtaken = self._overtaken + 1 if is_overtaking else 0
        try:
            yield
        finally:
            with mine:
                self._busy = False
                self._turns[self._next()].notify()  # all the others would wake for nothing

    def _next(self) -> Urgency:
        """Whose turn it is, of those who wait."""
        is_long_enough = self._waiting[Urgency.DELIVERY] > 0 and self._overtaken >= MOST_OVERTAKING
        is_intake = self._waiting[Urgency.INTAKE] > 0 and not is_long_enough
        return Urgency.INTAKE if is_intake else Urgency.DELIVERY


class Database:
    """Transactions on one database. Nothing is read or written outside them."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._order = WriterOrder()
        self._file: SqliteFile | None = None
        if self.is_sqlite:
            self._file = SqliteFile(Path(self.url.database or ""))
            self.writing = _sqlite_engine(self.url, self._file, begin="BEGIN IMMEDIATE")
            self.reading = _sqlite_engine(self.url, self._file, begin="BEGIN")
        else:
            self.writing = self.reading = postgresql_engine(self.url)
            _send_savepoints_as_they_are(self.writing)

    @property
    def file(self) -> Path | None:
        """The SQLite file, or None."""
        return self._file.path if self._file is not None else None

    def must_exist(self) -> None:
        """Raises DatabaseMissing if opening it would create an empty file."""
        if self.file is not None and not self.file.exists():
            raise DatabaseMissing(
                f"no database at {self.file}; is its disk there? `tldops-bot restore` sets a backup up,"
                " `tldops-bot init` makes a new one"
            )

    @contextmanager
    def write(self, urgency: Urgency = Urgency.INTAKE) -> Iterator[Session]:
        """One exclusive writing transaction: committed when the block ends, rolled back when it raises."""
        with self._order.turn(urgency), self._committed(BEGIN_ALONE) as session:
            yield session

    @contextmanager
    def beside(self) -> Iterator[Session]:
        """A writing transaction that only adds or claims rows, and decides nothing: need not be alone."""
        turn = self._order.turn(Urgency.INTAKE) if self.is_sqlite else nullcontext()
        with turn, self._committed(BEGIN) as session:
            yield session

    @contextmanager
    def rehearse(self) -> Iterator[Session]:
        """A writing transaction that is always rolled back."""
        with self._order.turn(Urgency.DELIVERY), _known_troubles(), Session(self.writing) as session:
            self._begin(session.connection(), BEGIN_ALONE)
            yield session
            session.rollback()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading transaction: a consistent picture; any change made in it is discarded when it is closed."""
        with self.glance() as session:
            connection = session.connection()
            self._begin(connection, BEGIN_READING)
            yield session
            if not self.is_sqlite:
                end_reading(connection)

    def read_if_there(self, ask: Callable[[Session], Found]) -> Found | None:
        """What is answered from one picture of everything; None where there is no database, or it can't be read."""
        try:
            self.must_exist()
            with self.read() as session:
                return ask(session)
        except (DatabaseMissing, StoreProblem):
            return None

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """For one question, or several whose answers need not fit together; nothing may be changed in it."""
        with _known_troubles(), Session(self.reading, autoflush=False) as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """The same as a connection, for reading rows of whatever schema version."""
        with _known_troubles(), self.reading.connect() as connection, connection.begin() as transaction:
            self._begin(connection, BEGIN_READING)
            yield connection
            transaction.rollback()

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """For migrations: exclusive, and with SQLite's foreign keys off, since tables are made anew."""
        with self.writing.connect() as connection:
            if self.is_sqlite:
                _pragma(connection, "foreign_keys=OFF")
            try:
                with connection.begin():
                    self._begin(connection, BEGIN_ALONE)
                    yield connection
                self._must_be_kept()
            finally:
                if self.is_sqlite:
                    _pragma(connection, "foreign_keys=ON")

    def _begin(self, connection: Connection, words: str) -> None:
        """SQLite's connections begin by themselves, each in the way of its engine."""
        if not self.is_sqlite:
            begin(connection, words)

    @contextmanager
    def _committed(self, words: str) -> Iterator[Session]:
        # Nobody looks at what was loaded once the transaction is over: it need not be marked as old.
        with _known_troubles(), Session(self.writing, expire_on_commit=False) as session, session.begin():
            self._begin(session.connection(), words)
            yield session
        self._must_be_kept()

    def _must_be_kept(self) -> None:
        """Raises DatabaseMoved if what was just committed went into a file that nobody will find again."""
        if self._file is not None:
            self._file.must_be_the_same()

    def close(self) -> None:
        """Give back all connections."""
        self.writing.dispose()
        self.reading.dispose()
        if self._file is not None:
            self._file.close()


def _pragma(connection: Connection, words: str) -> None:
    """Outside a transaction: within one, SQLite ignores it."""
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA {words}")
    cursor.close()


def is_temporary(problem: Exception) -> bool:
    """Whether it is worth another try later: locked, full, read-only, gone; a wrong statement is not."""
    if not isinstance(problem, DBAPIError):
        return False
    is_read_only = getattr(problem.orig, "sqlstate", "") == _READ_ONLY
    return isinstance(problem, OperationalError) or problem.connection_invalidated or is_read_only


@contextmanager
def _known_troubles() -> Iterator[None]:
    """Turn every temporary problem into OperationalError, whichever database reports it."""
    try:
        yield
    except DBAPIError as problem:
        if isinstance(problem, OperationalError) or not is_temporary(problem) or problem.orig is None:
            raise
        raise OperationalError(None, None, problem.orig, connection_invalidated=True) from problem
    except NoneFree as problem:  # all connections wait for a server that hangs
        raise OperationalError(None, None, problem) from problem


def _sqlite_engine(url: URL, file: SqliteFile, begin: str) -> Engine:
    engine = create_engine(url, creator=file.connect)

    def do_begin(connection: Any) -> None:
        file.must_be_the_same()
        connection.execute(begin).close()

    # Not by an event: where there is one, listeners are looked for around every single statement.
    engine.dialect.do_begin = do_begin  # type: ignore[method-assign, assignment]
    _send_savepoints_as_they_are(engine)
    return engine


def _send_savepoints_as_they_are(engine: Engine) -> None:
    """Each mail of a member has one, whose two words would be compiled anew each time."""

    def do_savepoint(connection: Connection, name: str) -> None:
        connection.exec_driver_sql(f"SAVEPOINT {name}")

    def do_release_savepoint(connection: Connection, name: str) -> None:
        connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")

    engine.dialect.do_savepoint = do_savepoint  # type: ignore[method-assign]
    engine.dialect.do_release_savepoint = do_release_savepoint  # type: ignore[method-assign]
