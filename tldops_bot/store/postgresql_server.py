"""Connections to a PostgreSQL server: what is asked of each, how a transaction begins, and which one is still there.

What counts is how often somebody has to wait for the server. psycopg would send a BEGIN of its own, and the pool
ask before each use whether the server is there; so both are done here.
"""

import select
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError

# A node that stalls in a transaction, or whose machine is gone, must not hold up the others. Nothing that is asked here
# takes as long as its compilation would (jit): the look at 10,000 members is 12 ms, not 37, and before the server
# has counted how many there are, 130, not 490.
_SESSION = {
    "jit": "off",
    "idle_in_transaction_session_timeout": "30s",
    "lock_timeout": "60s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
# After a failover nobody waits long for the host that is gone, or writes to a standby.
_CONNECTION = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "target_session_attrs": "read-write",
}
# The lock is held until the transaction ends; what is asked after it sees all that others have done until then.
BEGIN_ALONE = f"BEGIN; SELECT pg_advisory_xact_lock({int.from_bytes(b'tldops')})"
BEGIN = "BEGIN"
BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ"
_BEGINNINGS = (BEGIN_ALONE, BEGIN, BEGIN_READING)
QUIET_SECONDS = 5.0  # a connection that was idle for so long is asked whether the server is there
_SINCE = "idle since"


def postgresql_engine(url: URL) -> Engine:
    """Without a transaction unless `begin` begins one. Parameters in the URL take precedence over our defaults."""
    options = " ".join(f"-c {name}={value}" for name, value in _SESSION.items())
    own: dict[str, Any] = {name: value for name, value in _CONNECTION.items() if name not in url.query}
    own |= {"options": f"{options} {url.query.get('options', '')}", "autocommit": True}
    own["cursor_factory"] = _cursor_class()
    # The connection used last is taken first: it has the statements prepared that are asked again and again.
    engine = create_engine(url, pool_size=20, pool_use_lifo=True, connect_args=own)
    _send_beginnings_as_they_are(engine)
    _drop_connections_that_are_gone(engine)
    return engine


class _Columns(Sequence[Any]):
    """What psycopg says of the columns of a result; SQLAlchemy mostly knows it from the time before."""

    def __init__(self, cursor: Any) -> None:
        self._all = cursor._described

    def __len__(self) -> int:
        return len(self._all())

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]


def _cursor_class() -> type[Any]:
    """psycopg's cursor, which spends no time on columns that nobody looks at."""
    import psycopg

    class Cursor(psycopg.Cursor[Any]):
        @property
        def description(self) -> Any:
            return None if self.rownumber is None else _Columns(self)

        def _described(self) -> list[Any]:
            return super().description or []

    return Cursor


def begin(connection: Connection, words: str) -> None:
    """Begin a transaction, by one of the above."""
    connection.exec_driver_sql(words)


def end_reading(connection: Connection) -> None:
    """Not by psycopg's own rollback: that forgets all statements that were prepared, whatever was rolled back."""
    connection.exec_driver_sql("ROLLBACK")


def _send_beginnings_as_they_are(engine: Engine) -> None:
    """What is said often is prepared, and two statements at once can't be."""

    def do_execute(cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        if statement in _BEGINNINGS:
            cursor.execute(statement, prepare=False)
        else:
            cursor.execute(statement, parameters)

    engine.dialect.do_execute = do_execute  # type: ignore[method-assign]


def _drop_connections_that_are_gone(engine: Engine) -> None:
    """All of them, where one is; an idle connection on which there is something to read was mostly closed."""
    dialect = engine.dialect

    def note(_connection: Any, record: Any) -> None:
        record.info[_SINCE] = time.monotonic()

    def look(connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get(_SINCE)
        if since is None:  # it was made just now
            return
        try:
            if time.monotonic() - since > QUIET_SECONDS or _has_news(connection):
                dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    event.listen(engine, "checkin", note)
    event.listen(engine, "checkout", look)


def _has_news(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
