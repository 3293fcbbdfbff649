"""The audit chain: whatever is changed, cut out or put in shows."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from tldops_bot.store import audit
from tldops_bot.store.database import Database
from tldops_bot.store.tables import AuditEntry


@pytest.fixture
def chain(database: Database, now: datetime) -> Database:
    with database.write() as session:
        for number in range(5):
            tld = "nl" if number % 2 else ""
            audit.record(
                session, now + timedelta(seconds=number), "A" * 40, "listed", tld, number, None, n=number
            )
    return database


def verify(database: Database) -> tuple[int, int]:
    with database.read() as session:
        count, tampered = audit.verify(session)
        return count, tampered.entry_id if tampered else 0


def test_untouched_chain_holds(chain: Database) -> None:
    assert verify(chain) == (5, 0)
    with chain.read() as session:
        assert audit.head(session) == audit.history(session)[-1].hash != audit.FIRST


def test_empty_chain_holds(database: Database) -> None:
    assert verify(database) == (0, 0)
    with database.read() as session:
        assert audit.head(session) == audit.FIRST


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "B" * 40},
        {"action": "left"},
        {"tld": "be"},
        {"person_id": 99},
        {"inbox_id": 1},
        {"details": "{}"},
        {"at": datetime(2020, 1, 1).astimezone()},
        {"hash": "0" * 64},
    ],
    ids=str,
)
def test_changed_entry_shows(chain: Database, change: dict) -> None:
    with chain.write() as session:
        session.execute(update(AuditEntry).where(AuditEntry.id == 3).values(change))
    assert verify(chain) == (2, 3)


def _cut_out(session: Session) -> None:
    session.execute(delete(AuditEntry).where(AuditEntry.id == 3))


def _swap(session: Session) -> None:
    for one, other in ((3, 30), (4, 3), (30, 4)):
        session.execute(update(AuditEntry).where(AuditEntry.id == one).values(id=other))


@pytest.mark.parametrize(("deed", "found"), [(_cut_out, (2, 4)), (_swap, (2, 3))])
def test_missing_or_swapped_entry_shows(
    chain: Database, deed: Callable[[Session], None], found: tuple
) -> None:
    with chain.write() as session:
        deed(session)
    assert verify(chain) == found


def test_rewritten_entry_with_a_fitting_hash_shows_in_the_next_one(chain: Database) -> None:
    with chain.write() as session:
        entry = session.get(AuditEntry, 3)
        entry.actor = "B" * 40
        entry.hash = audit._hash(entry)
    assert verify(chain) == (3, 4)


def test_appended_entry_that_follows_nothing_shows(chain: Database, now: datetime) -> None:
    values = {
        "at": now,
        "actor": "x",
        "action": "x",
        "tld": "",
        "details": "{}",
        "previous": "0" * 64,
        "hash": "1" * 64,
    }
    with chain.write() as session:
        session.execute(insert(AuditEntry).values(values))
    assert verify(chain) == (5, 6)


def test_history_is_newest_last_and_of_one_tld(chain: Database) -> None:
    with chain.read() as session:
        assert [one.person_id for one in audit.history(session, "nl")] == [1, 3]
        assert [one.person_id for one in audit.history(session, limit=2)] == [3, 4]
