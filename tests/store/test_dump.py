"""The rows of a database as lines: what is written is read back, and what does not fit is refused without quoting it."""

import io
import json
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from tests.rows import a_person
from tldops_bot.store import dump
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database
from tldops_bot.store.tables import DailyFigures, Fact, Request


@pytest.fixture
def filled(database: Database, now: datetime) -> Database:
    with database.write() as session:
        a_person(session, confirmed_at=now.replace(microsecond=123456))
        session.add(Fact(name="a", value='"\n\u2028é😀'))
        figures = {column.name: 7 for column in DailyFigures.__table__.columns}
        session.add(DailyFigures(**figures | {"day": date(2026, 11, 21)}))
    return database


def written(database: Database) -> bytes:
    out = io.BytesIO()
    with database.snapshot() as connection:
        counts = dump.write(connection, out)
        assert sum(counts.values()) == dump.row_count(connection)
    return out.getvalue()


def emptied(database: Database) -> None:
    with database.rebuilding() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(sa.delete(table))


def read(database: Database, octets: bytes) -> dict[str, int]:
    with database.rebuilding() as connection:
        return dump.read(connection, io.BytesIO(octets))


def test_every_row_comes_back_as_it_was(filled: Database) -> None:
    before, told = written(filled), []
    emptied(filled)
    with filled.rebuilding() as connection:
        counts = dump.read(connection, io.BytesIO(before), told.append)
    assert (counts["persons"], counts["facts"], counts["daily_figures"], counts["votes"]) == (1, 1, 1, 0)
    assert sum(told) == sum(counts.values())
    assert written(filled) == before


def test_many_rows_are_read_by_hundreds(database: Database) -> None:
    with database.write() as session:
        session.add_all(Fact(name=f"f{number}", value="x") for number in range(1203))
    before = written(database)
    emptied(database)
    assert read(database, before)["facts"] == 1203
    assert written(database) == before


def changed(octets: bytes, table: str, row: object) -> bytes:
    """Another row in place of the first one of a table."""
    lines = octets.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith(b'{"table":"%s"' % table.encode()))
    lines[place + 1] = json.dumps(row).encode()
    return b"\n".join(lines)


def test_what_does_not_fit_is_refused_and_not_quoted(filled: Database) -> None:
    good = written(filled)
    emptied(filled)
    for row, why in (
        ([5, "secret"], "a value of facts.name cannot be read"),
        (["secret", None], "rows of facts do not fit"),
        (["secret"], "a line is neither"),
        ("secret", "a line is neither"),
        ({"table": "secret", "columns": []}, "an unknown table"),
        ({"table": ["secret"], "columns": []}, "an unknown table"),
        ({"table": "votes", "columns": ["secret"]}, "the columns of votes are others"),
        ({"table": "votes", "columns": "secret"}, "an unknown table"),
    ):
        with pytest.raises(dump.BadDump, match=why) as found:
            read(filled, changed(good, "facts", row))
        assert "secret" not in str(found.value)
        assert all(line.startswith(b"{") for line in written(filled).splitlines()), "nothing is left of it"


def test_a_value_of_another_kind_is_refused(filled: Database) -> None:
    octets = written(filled)
    opening = next(line for line in octets.splitlines() if line.startswith(b'{"table":"persons"'))
    columns = json.loads(opening)["columns"]
    emptied(filled)
    for name, value in (
        ("created_at", "yesterday"),
        ("created_at", 5),
        ("created_at", "9999-12-31T23:59:59-23:59"),
        ("id", "1"),
        ("id", True),
        ("id", 1.5),
        ("asked", "x"),
        ("name", ["x"]),
    ):
        row = json.loads(octets.splitlines()[octets.splitlines().index(opening) + 1])
        row[columns.index(name)] = value
        with pytest.raises(dump.BadDump, match=rf"persons\.{name} cannot be read"):
            read(filled, changed(octets, "persons", row))


def test_a_line_that_is_no_json_is_refused(database: Database) -> None:
    for line in (b"{", b"\xff", b"", b"[" * 100_000):
        with pytest.raises(dump.BadDump, match="a line is not JSON"):
            read(database, line + b"\n")


def test_a_row_before_any_table_is_refused(database: Database) -> None:
    with pytest.raises(dump.BadDump, match="neither a table nor a row"):
        read(database, b"[1]\n")


def test_a_table_that_is_missing_is_noticed(database: Database) -> None:
    lines = written(database).splitlines()
    with pytest.raises(dump.BadDump, match="the rows of facts are missing"):
        read(database, b"\n".join(one for one in lines if b'"facts"' not in one))


def test_a_gap_is_left_in_numbers_and_a_deleted_one_is_not_given_again(database: Database) -> None:
    def ask() -> int:
        moments = {"asked_at": datetime.now(UTC), "expires_at": datetime.now(UTC)}
        with database.write() as session:
            row = Request(kind="x", state="x", email_key="", details={}, asked_by="", **moments)
            session.add(row)
            session.flush()
            return row.id

    assert ask() == 1
    with database.rebuilding() as connection:
        dump.leave_gap(connection, "requests", 1000)
    assert ask() == 1001
    with database.write() as session:
        session.execute(sa.delete(Request))
    assert ask() == 1002
