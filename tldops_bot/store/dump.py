"""The rows of a whole database as lines of JSON, the same for SQLite and PostgreSQL, written and read back.

A line opens a table with its columns; each line after it is a row. The tables are read from the database itself,
so that one of any revision can be written, and what is read back can bring rows and nothing else: no SQL.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import Column, Connection, MetaData, Table
from sqlalchemy.exc import IntegrityError, StatementError

REVISIONS = "alembic_version"  # kept by the migrations themselves
_ROWS_AT_ONCE, _MAILS_AT_ONCE = 500, 10  # a mail may be ten megabytes

Progress = Callable[[int], None]


class BadDump(Exception):
    """What is to be read back does not fit the tables; the text says where, and quotes no row."""


def row_count(connection: Connection) -> int:
    """How many rows a dump would have."""
    return sum(
        connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables(connection)
    )


def tables(connection: Connection) -> list[Table]:
    """The tables that exist, each after those it refers to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != REVISIONS]


def write(connection: Connection, out: IO[bytes], progress: Progress = lambda _rows: None) -> dict[str, int]:
    """Write every row; how many per table. In a single transaction on the connection it is consistent."""
    counts = {}
    for table in tables(connection):
        _write_line(out, {"table": table.name, "columns": [column.name for column in table.columns]})
        counts[table.name] = 0
        query = sa.select(table).order_by(*table.primary_key.columns)
        for rows in connection.execution_options(yield_per=_at_once(table)).execute(query).partitions():
            for row in rows:
                _write_line(out, [_plain(value) for value in row])
            counts[table.name] += len(rows)
            progress(len(rows))
    return counts


def read(
    connection: Connection, lines: Iterable[bytes], progress: Progress = lambda _rows: None
) -> dict[str, int]:
    """Put the rows of a dump into the existing, empty tables; returns how many of each. Raises BadDump."""
    known = {table.name: table for table in tables(connection)}
    counts: dict[str, int] = {}
    for table, rows in _batches(known, lines):
        try:
            if rows:
                connection.execute(sa.insert(table), rows)
        except (IntegrityError, StatementError):
            raise BadDump(f"rows of {table.name} do not fit") from None
        counts[table.name] = counts.get(table.name, 0) + len(rows)
        progress(len(rows))
    if missing := sorted(known.keys() - counts.keys()):
        raise BadDump(f"the rows of {missing[0]} are missing")
    _count_on(connection, known.values())
    return counts


def leave_gap(connection: Connection, table_name: str, step: int) -> None:
    """Number the next row of a table from the next full `step`: people may know the numbers in between."""
    table = next(one for one in tables(connection) if one.name == table_name)
    number = table.primary_key.columns.values()[0]
    last = connection.scalar(sa.select(sa.func.max(number))) or 0
    _count_from(connection, table, (last // step + 1) * step)


def _batches(
    known: Mapping[str, Table], lines: Iterable[bytes]
) -> Iterator[tuple[Table, list[dict[str, Any]]]]:
    """The rows by the hundred; each table at least once."""
    table: Table | None = None
    columns: list[Column[Any]] = []
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for line in lines:
        held = _parsed(line)
        if isinstance(held, dict):
            if table is not None:
                yield table, rows
            table, columns, rows = *_opened(known, held, seen), []
        elif isinstance(held, list) and table is not None and len(held) == len(columns):
            rows.append({one.name: _typed(one, value) for one, value in zip(columns, held, strict=True)})
            if len(rows) >= _at_once(table):
                yield table, rows
                rows = []
        else:
            raise BadDump("a line is neither a table nor a row of it")
    if table is not None:
        yield table, rows


def _at_once(table: Table) -> int:
    holds_mails = any(isinstance(column.type, sa.LargeBinary) for column in table.columns)
    return _MAILS_AT_ONCE if holds_mails else _ROWS_AT_ONCE


def _opened(
    known: Mapping[str, Table], held: Mapping[str, Any], seen: set[str]
) -> tuple[Table, list[Column[Any]]]:
    name, columns = held.get("table"), held.get("columns")
    if not isinstance(name, str) or name not in known or name in seen or not isinstance(columns, list):
        raise BadDump("an unknown table, or one that stands there twice")
    seen.add(name)
    table = known[name]
    if sorted(map(str, columns)) != sorted(column.name for column in table.columns):
        raise BadDump(f"the columns of {name} are others")
    return table, [table.columns[one] for one in columns]


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise BadDump("a line is not JSON") from None


def _write_line(out: IO[bytes], value: Any) -> None:
    out.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return value


def _typed(column: Column[Any], value: Any) -> Any:
    """A value as this column takes it; SQLite keeps moments without their zone."""
    kind = column.type
    try:
        if value is None or isinstance(kind, sa.JSON):
            return value
        if isinstance(kind, sa.LargeBinary):
            return base64.b64decode(value, validate=True)
        if isinstance(kind, sa.DateTime):
            moment = datetime.fromisoformat(value).astimezone(UTC)
            return moment if kind.timezone else moment.replace(tzinfo=None)
        if isinstance(kind, sa.Date):
            return date.fromisoformat(value)
    except (ValueError, TypeError, OverflowError):
        raise BadDump(f"a value of {column.table.name}.{column.name} cannot be read") from None
    expected = bool if isinstance(kind, sa.Boolean) else int if isinstance(kind, sa.Integer) else str
    if type(value) is not expected:
        raise BadDump(f"a value of {column.table.name}.{column.name} cannot be read")
    return value


def _count_on(connection: Connection, held: Iterable[Table]) -> None:
    """Move PostgreSQL's sequences on, which inserting rows with their numbers does not; let it count the rows.

    It would do that by itself within minutes, but an alert may be the first thing after a restore.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in held:
        for column in table.primary_key.columns:
            if isinstance(column.type, sa.Integer) and not column.foreign_keys:
                last = connection.scalar(sa.select(sa.func.max(column))) or 0
                if last:
                    _count_from(connection, table, last)
    connection.exec_driver_sql("ANALYZE")


def _count_from(connection: Connection, table: Table, last: int) -> None:
    """The row after this one is numbered `last` + 1."""
    if connection.dialect.name == "postgresql":
        number = table.primary_key.columns.values()[0].name
        sequence = sa.func.pg_get_serial_sequence(table.name, number)
        connection.execute(sa.select(sa.func.setval(sequence, last)))
        return
    # Kept by SQLite for tables that were made with AUTOINCREMENT; nothing else gives a number twice.
    connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
    connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, last))
