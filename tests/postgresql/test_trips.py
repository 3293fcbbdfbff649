"""How often somebody has to wait for the database for one mail; and that the server asks no more than SQLite does."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy import text as sql

from tests import postgres
from tests.desk import on_postgresql, open_desk
from tests.keys import KeyPair
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import facts, inbox, postgresql_server
from tldops_bot.store.database import Database


@contextmanager
def on_sqlite() -> Iterator[str]:
    yield ""


def said_to(database: Database) -> list[str]:
    """The first word of each statement from now on, and each commit."""
    said: list[str] = []
    engines = {id(one): one for one in (database.reading, database.writing)}
    for engine in engines.values():
        event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2].split()[0]))
        event.listen(engine, "commit", lambda _connection: said.append("COMMIT"))
    return said


@pytest.mark.parametrize("where", [on_sqlite, on_postgresql])
def test_query_is_judged_decided_answered_and_the_next_mail_claimed_in_so_many_trips(
    ann: KeyPair, bob: KeyPair, where: Callable[[], AbstractContextManager[str]]
) -> None:
    with where() as table, open_desk(table) as desk:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        envelope = Envelope(ann.address, ("tld-ops@lists.example",), "192.0.2.1", "", False, "")
        mails = [ann.pgp_mime_signed(f"QUERY be\n# {turn}", at=desk.now) for turn in range(2)]
        with desk.app.database.write() as session:
            inbox.accept(session, [(raw, envelope, desk.now) for raw in mails])
            first = inbox.claim(session, "first", desk.now)
        following = []
        said = said_to(desk.app.database)
        for one in first:
            desk.app.intake.handle(
                one, desk.now, lambda session: following.extend(inbox.claim(session, "next", desk.now))
            )
        assert len(following) == 1
        begun = [] if desk.app.database.is_sqlite else ["BEGIN;"]
        asked = ["SELECT"] * 3  # the signature and its key's person, the TLD, its contacts
        written = ["INSERT"] * 4 + [
            "UPDATE",
            "INSERT",
        ]  # who was asked for, signature, letter, copy; done, audit
        assert said == ["SELECT", *begun, "SELECT", "UPDATE", *asked[1:], *written, "WITH", "COMMIT"]


def test_what_is_read_often_stays_prepared(database: Database) -> None:
    for _ in range(8):
        with database.read() as session:
            facts.get(session, "a")
    with database.glance() as session:
        prepared = session.scalars(sql("SELECT statement FROM pg_prepared_statements")).all()
    assert any("FROM facts" in one for one in prepared)


def test_glance_is_no_transaction(database: Database) -> None:
    with database.glance() as session:
        assert facts.get(session, "a") == ""
        with database.write() as writer:
            facts.put(writer, "a", "1")
        assert facts.get(session, "a") == "1"


def cut_all_off(database: Database) -> None:
    postgres.cluster().sql(
        f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = '{database.url.database}'"
    )


def asked_whether_there(database: Database) -> list[str]:
    asked: list[str] = []
    ping = database.writing.dialect.do_ping
    database.writing.dialect.do_ping = lambda one: asked.append("?") or ping(one)  # type: ignore[method-assign]
    return asked


def test_connection_that_was_closed_meanwhile_is_not_used_again(database: Database) -> None:
    asked = asked_whether_there(database)
    for word in ("1", "2"):
        with database.write() as session:
            facts.put(session, "a", word)
    assert asked == []
    cut_all_off(database)
    with database.read() as session:
        assert facts.get(session, "a") == "2"
    assert asked == ["?"]


def test_connection_that_was_idle_for_long_is_asked_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_server, "_has_news", lambda _connection: False)
    monkeypatch.setattr(postgresql_server, "QUIET_SECONDS", 0.0)
    with database.write() as session:
        facts.put(session, "a", "1")
    cut_all_off(database)
    with database.read() as session:
        assert facts.get(session, "a") == "1"
