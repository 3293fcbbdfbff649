"""Transactions: urgent writers first, one at a time; a rehearsal and a reading leave nothing."""

import threading
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from tests.rows import a_person
from tldops_bot.store import facts, people
from tldops_bot.store.database import (
    MOST_OVERTAKING,
    Database,
    DatabaseMissing,
    Urgency,
    WriterOrder,
    is_temporary,
)


def value(database: Database, name: str) -> str:
    with database.read() as session:
        return facts.get(session, name)


def break_while_writing(database: Database) -> None:
    with database.write() as session:
        facts.put(session, "a", "2")
        raise ZeroDivisionError


def test_write_is_committed_and_rolled_back_when_it_raises(database: Database) -> None:
    with database.write() as session:
        facts.put(session, "a", "1")
    with pytest.raises(ZeroDivisionError):
        break_while_writing(database)
    assert value(database, "a") == "1"
    with database.write() as session:
        facts.put(session, "a", "3")
    assert value(database, "a") == "3"


def test_rehearsal_and_reading_leave_nothing(database: Database) -> None:
    with database.rehearse() as session:
        facts.put(session, "a", "1")
        assert facts.get(session, "a") == "1"
    with database.read() as session:
        facts.put(session, "b", "1")
    assert (value(database, "a"), value(database, "b")) == ("", "")


def test_reader_keeps_one_picture_while_others_write(database: Database) -> None:
    with database.read() as session:
        assert facts.get(session, "a") == ""
        with database.write() as writer:
            facts.put(writer, "a", "1")
        session.expire_all()
        assert facts.get(session, "a") == ""
    assert value(database, "a") == "1"


def test_urgent_writers_overtake_the_others_and_nobody_is_in_twice() -> None:
    order, entered, inside = WriterOrder(), [], []
    first_in, go = threading.Event(), threading.Event()

    def write(name: str, urgency: Urgency) -> None:
        with order.turn(urgency):
            inside.append(name)
            assert len(inside) == 1
            entered.append(name)
            if name == "first":
                first_in.set()
                go.wait(60)
            inside.remove(name)

    threads = [threading.Thread(target=write, args=("first", Urgency.DELIVERY))]
    threads[0].start()
    assert first_in.wait(60)
    for name, urgency in (
        ("slow", Urgency.DELIVERY),
        ("slow too", Urgency.DELIVERY),
        ("urgent", Urgency.INTAKE),
    ):
        threads.append(threading.Thread(target=write, args=(name, urgency)))
        threads[-1].start()
    while sum(order._waiting.values()) < 3:
        threading.Event().wait(0.005)
    go.set()
    for thread in threads:
        thread.join(60)
    assert entered[:2] == ["first", "urgent"]
    assert len(entered) == 4


def test_however_much_mail_comes_in_what_goes_out_has_its_turn() -> None:
    order, waiting, gone = WriterOrder(), threading.Event(), threading.Event()
    entered: list[Urgency] = []

    def take_in() -> None:
        for _ in range(200):
            with order.turn(Urgency.INTAKE):
                entered.append(Urgency.INTAKE)
                waiting.wait(60)
            if gone.is_set():
                return

    def hand_out() -> None:
        with order.turn(Urgency.DELIVERY):
            entered.append(Urgency.DELIVERY)
            gone.set()

    threads = [threading.Thread(target=take_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    threads.append(threading.Thread(target=hand_out))
    threads[-1].start()
    while sum(order._waiting.values()) < 4:
        threading.Event().wait(0.005)
    waiting.set()
    for thread in threads:
        thread.join(60)
    assert entered.index(Urgency.DELIVERY) <= 2 + MOST_OVERTAKING


def test_missing_file_is_not_made(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none.sqlite")
    with pytest.raises(DatabaseMissing):
        database.must_exist()
    assert not (tmp_path / "none.sqlite").exists()
    database.close()


def test_sqlite_is_opened_safely(tmp_path: Path) -> None:
    (tmp_path / "safe.sqlite").touch()
    database = Database(f"sqlite:///{tmp_path}/safe.sqlite")
    with database.read() as session:
        pragmas = {
            name: session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    database.must_exist()
    database.close()


def test_moments_are_aware_and_in_utc(database: Database, now: datetime) -> None:
    with database.write() as session:
        a_person(session, confirmed_at=now)
    with database.read() as session:
        assert people.by_address(session, "ann@nic.example").confirmed_at == now
    with pytest.raises(StatementError, match="time zone"), database.write() as session:
        a_person(session, "bob@nic.example", confirmed_at=now.replace(tzinfo=None))


def test_only_trouble_that_passes_is_worth_another_try() -> None:
    assert is_temporary(OperationalError("", {}, Exception("locked")))
    assert not is_temporary(IntegrityError("", {}, Exception("twice")))
    assert is_temporary(IntegrityError("", {}, Exception("gone"), connection_invalidated=True))
