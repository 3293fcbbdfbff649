"""Many rows at once arrive as one by one they would: in order, with their types, whatever stands in them."""

import re

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql

from tests.rows import NOW
from tldops_bot.store.database import Database
from tldops_bot.store.many_rows import _taken_apart, insert_many
from tldops_bot.store.tables import Delivery, Message

COLUMNS = ("rcpt_to", "person_id", "fingerprint", "entitled_as", "state")


def put(database: Database, rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    with database.write() as session:
        message = Message(kind="alert", priority=0, subject="", headers={}, made_at=NOW)
        session.add(message)
        session.flush()
        shared = {"message_id": message.id, "priority": 0, "next_attempt_at": NOW}
        insert_many(session, Delivery, COLUMNS, rows, **shared)
        wanted = [getattr(Delivery, name) for name in (*COLUMNS, "attempts", "next_attempt_at")]
        return [tuple(row) for row in session.execute(select(*wanted).order_by(Delivery.id))]


@pytest.mark.parametrize("number", [0, 1, 20, 21, 3000])
def test_rows_come_in_order_with_their_types_and_defaults(database: Database, number: int) -> None:
    rows = [(f"p{n}@nic.example", n or None, None, "member", "held") for n in range(number)]
    assert put(database, rows) == [(*row, 0, NOW) for row in rows]


def test_hostile_text_is_text(database: Database) -> None:
    words = [
        "'; DROP TABLE deliveries; --",
        '"], ["',
        "\\u0041",
        "рф",
        "null",
        "{}",
        "[1]",
        "1",
        "%s :rows ?",
    ]
    rows = [(word, 1, word, "person", "waiting") for word in words * 3]
    assert put(database, rows) == [(*row, 0, NOW) for row in rows]


@pytest.mark.parametrize("number", [1, 30])
def test_half_a_surrogate_pair_is_never_stored(database: Database, number: int) -> None:
    with pytest.raises(UnicodeEncodeError):
        put(database, [("\ud800@nic.example", 1, None, "person", "waiting")] * number)


def test_postgresql_takes_them_apart_in_order_too() -> None:
    table = Delivery.__table__
    statement = insert(table).from_select(COLUMNS, _taken_apart(table, COLUMNS, "postgresql"))
    text = str(statement.compile(dialect=postgresql.dialect()))
    assert "json_array_elements(CAST(%(rows)s::VARCHAR AS JSON)) WITH ORDINALITY" in text
    assert re.search(r"ORDER BY anon_\d+\.key$", text)
