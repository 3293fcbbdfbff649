"""What PostgreSQL says when it can't go on just now is trouble that passes; the URL of the database has the last word."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError, OperationalError

from tests import postgres
from tldops_bot.store import facts
from tldops_bot.store.database import Database


def shown(database: Database, name: str) -> str:
    with database.read() as session:
        return str(session.scalar(sql(f"SHOW {name}")))


def test_what_the_url_says_goes_before_what_we_would_like() -> None:
    with postgres.new_database(quote("-c lock_timeout=7s"), is_empty=True) as url:
        database = Database(url)
        assert shown(database, "lock_timeout") == "7s"
        assert shown(database, "idle_in_transaction_session_timeout") == "30s"
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


def write_twice(database: Database) -> None:
    with database.write() as session:
        for _ in range(2):
            session.execute(sql("INSERT INTO facts (name, value) VALUES ('a', '1')"))


@pytest.mark.parametrize("trouble", [write_to_what_is_read_only, be_cut_off])
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
