"""What PostgreSQL says when it can't go on just now is trouble that passes; the URL of the database has the last word."""

import io
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from sqlalchemy import delete
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from tests import postgres
from tests.rows import a_person
from tests.service import wait_until
from tldops_bot.adapters.outbox_aftermath import told
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.store import dump, facts
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import Claimed


def shown(database: Database, name: str) -> str:
    with database.read() as session:
        return str(session.scalar(sql(f"SHOW {name}")))


def test_after_a_restore_the_server_knows_how_many_rows_there_are(database: Database) -> None:
    octets = io.BytesIO()
    with database.write() as session:
        a_person(session)
    with database.snapshot() as connection:
        dump.write(connection, octets)
    with database.rebuilding() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(delete(table))
        dump.read(connection, io.BytesIO(octets.getvalue()))
        assert connection.scalar(sql("SELECT reltuples FROM pg_class WHERE relname = 'persons'")) == 1


def test_what_the_url_says_goes_before_what_we_would_like() -> None:
    with postgres.new_database(quote("-c lock_timeout=7s"), is_empty=True) as url:
        database = Database(url)
        assert shown(database, "lock_timeout") == "7s"
        assert shown(database, "idle_in_transaction_session_timeout") == "30s"
        assert shown(database, "jit") == "off"
        assert shown(database, "transaction_isolation") == "repeatable read"
        database.close()


def write_to_what_is_read_only(database: Database) -> None:
    with database.write() as session:
        session.execute(sql("SET LOCAL transaction_read_only = on"))
        facts.put(session, "a", "1")


def be_cut_off(database: Database) -> None:
    with database.write() as session:
        facts.put(session, "a", "1")
        ours = session.scalar(sql("SELECT pg_backend_pid()"))
        with database.beside() as other:
            other.execute(sql("SELECT pg_terminate_backend(:pid)"), {"pid": ours})
        facts.get(session, "b")


def stand_still_while_somebody_is_told(database: Database) -> None:
    def tell(session: Session, _copy: Claimed) -> None:
        ours = session.scalar(sql("SELECT pg_backend_pid()"))
        there = sql("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        with database.glance() as other:
            wait_until(lambda: other.scalar(there, {"pid": ours}) == 0)
        facts.put(session, "b", "1")

    copy = Claimed(1, 1, 1, "ann@nic.example", None, None, Entitled.MEMBER, "", 0, "word")
    with database.write() as session:
        facts.put(session, "a", "1")
        session.execute(sql("SET LOCAL idle_in_transaction_session_timeout = '20ms'"))
        told(tell, session, copy)
        facts.put(session, "c", "1")


def be_one_too_many(database: Database) -> None:
    pool = database.writing.pool
    assert isinstance(pool, QueuePool)
    pool._timeout = 0.01
    with ExitStack() as until_then:
        while pool.checkedout() < pool.size() + pool._max_overflow:
            until_then.enter_context(database.glance()).connection()
        facts.get(until_then.enter_context(database.glance()), "a")


def write_twice(database: Database) -> None:
    with database.write() as session:
        for _ in range(2):
            session.execute(sql("INSERT INTO facts (name, value) VALUES ('a', '1')"))


@pytest.mark.parametrize(
    "trouble",
    [write_to_what_is_read_only, be_cut_off, stand_still_while_somebody_is_told, be_one_too_many],
)
def test_read_only_or_cut_off_is_trouble_that_passes(
    database: Database, trouble: Callable[[Database], None]
) -> None:
    with pytest.raises(OperationalError):
        trouble(database)
    with database.write() as session:
        assert facts.get(session, "a") == ""
        facts.put(session, "a", "2")
    with database.read() as session:
        assert facts.get(session, "a") == "2"


def test_a_row_too_many_is_no_trouble_that_passes(database: Database) -> None:
    with pytest.raises(IntegrityError):
        write_twice(database)


def test_a_server_that_takes_no_writes_is_not_connected_to(database: Database) -> None:
    setting, name = "default_transaction_read_only", database.url.database
    postgres.cluster().sql(f"ALTER DATABASE {name} SET {setting} = on")
    with pytest.raises(OperationalError, match="read-only"):
        shown(database, setting)
    postgres.cluster().sql(f"ALTER DATABASE {name} RESET {setting}")
    assert shown(database, setting) == "off"
