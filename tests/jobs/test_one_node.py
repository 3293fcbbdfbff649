"""What one node does at a time: the other leaves it alone, and takes it up when the first one is gone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests import postgres
from tldops_bot.jobs._one_node import TURN, OneNode
from tldops_bot.store import turns
from tldops_bot.store.database import Database

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with postgres.new_database() as url:
        made = Database(url)
        yield made
        made.close()


def node(database: Database, letter: bytes, now: datetime = NOW) -> OneNode:
    return OneNode(database, lambda: now, lambda count: letter * count)


def test_second_node_leaves_it_alone_until_the_first_has_done(database: Database) -> None:
    done: list[str] = []

    def first_does() -> None:
        done.append("first")
        assert not node(database, b"b").run("ask", lambda: done.append("second"))
        assert node(database, b"b").run("ask something else", lambda: done.append("other"))

    assert node(database, b"a").run("ask", first_does)
    assert node(database, b"b").run("ask", lambda: done.append("second later"))
    assert done == ["first", "other", "second later"]


def test_turn_is_given_back_when_it_breaks(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        node(database, b"a").run("break", lambda: 1 / 0)
    assert node(database, b"b").run("break", lambda: None)


def test_node_that_is_gone_has_its_turn_no_longer_than_that(database: Database) -> None:
    with database.write() as session:
        assert turns.take(session, "gone", "a", NOW, NOW + TURN)
    assert not node(database, b"b", NOW + TURN - timedelta(seconds=1)).run("gone", lambda: None)

    def late() -> None:
        with database.write() as session:
            turns.give_back(session, "gone", "a")  # the first one wakes up
        assert not node(database, b"c", NOW + TURN).run("gone", lambda: None)

    assert node(database, b"b", NOW + TURN).run("gone", late)


def test_with_a_file_there_is_nobody_to_wait_for(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none.sqlite")
    assert node(database, b"a").run("ask", lambda: None)
    assert not (tmp_path / "none.sqlite").exists()
    database.close()
