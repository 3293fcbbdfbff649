"""Leases on what is in flight: a node that stood still hands nothing over that another has taken up."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from tests.postgres import new_store
from tldops_bot.adapters.outbox_leases import LOOK_SECONDS, Leases
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.store import outbox, outbox_copies
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import Claimed

START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
LENGTH = timedelta(minutes=15)


@dataclass
class Node:
    """One of those that send from the same outbox."""

    database: Database
    name: str
    now: datetime = START
    leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self.leases = Leases(LENGTH, lambda: self.now, self.name)

    def claim(self, most: int = 2) -> list[Claimed]:
        with self.database.write() as session:
            found = outbox.claim(
                session, self.now, most, self.now + LENGTH, self.leases.next_turn(), least_urgent=99
            )
        self.leases.take(None)
        return found

    def look(self, *in_flight: Claimed) -> None:
        with self.database.write() as session:
            renewed = self.leases.look(session, in_flight, self.now)
        self.leases.take(renewed)


@pytest.fixture
def database() -> Iterator[Database]:
    with new_store() as made:
        to = tuple(Recipient(f"noc{number}@nic.example", Entitled.ADDRESS) for number in range(2))
        with made.write() as session:
            draft = Draft("A word", b"Content-Type: text/plain\r\n\r\nHello\r\n", {}, "")
            outbox_copies.enqueue(session, Letter(Kind.NOTICE, "x", {}, to), draft, START)
        yield made


def test_what_is_renewed_in_time_is_nobody_elses(database: Database) -> None:
    node, other = Node(database, "a"), Node(database, "b")
    claimed = node.claim()
    for _ in range(4):
        node.now = other.now = node.now + LENGTH - timedelta(seconds=1)
        node.look(*claimed)
        other.look()
        assert other.claim() == []
        assert all(node.leases.is_ours(one) for one in claimed)


def test_node_that_stood_still_knows_it_before_it_asks_the_database(database: Database) -> None:
    node = Node(database, "a")
    claimed = node.claim()
    node.now += LENGTH
    assert node.leases.are_over()
    assert not any(node.leases.is_ours(one) for one in claimed)


def test_what_another_has_taken_over_is_never_ours_again(database: Database) -> None:
    node, other = Node(database, "a"), Node(database, "b")
    claimed = node.claim()
    node.now = other.now = START + LENGTH + timedelta(seconds=1)
    other.look()
    (taken,) = other.claim(most=1)
    node.look(*claimed)
    node.now += timedelta(minutes=1)
    assert [one.id for one in claimed if not node.leases.is_ours(one)] == [one.id for one in claimed]
    assert other.leases.is_ours(taken)
    again = node.claim()
    assert [one.id for one in again] == [one.id for one in claimed if one.id != taken.id]
    assert all(node.leases.is_ours(one) for one in again)


def test_time_to_look_comes_in_time_and_at_once_when_the_clock_has_moved(database: Database) -> None:
    node = Node(database, "a")
    assert node.leases.is_time(0.0)
    assert not node.leases.is_time(LOOK_SECONDS - 1)
    assert node.leases.is_time(LOOK_SECONDS)
    node.now += LENGTH
    assert node.leases.is_time(LOOK_SECONDS + 1)
    short = Leases(timedelta(seconds=30), lambda: START, "c")
    assert short.is_time(0.0)
    assert not short.is_time(5.9)
    assert short.is_time(6.0)


def test_what_was_claimed_unheard_is_given_back_and_nothing_else(database: Database) -> None:
    """The database was gone before it could say that it had committed."""
    node = Node(database, "a")
    (ours,) = node.claim(most=1)
    node.leases.turn_failed()  # a turn that claimed nothing
    with database.write() as session:
        found = outbox.claim(session, START, 1, START + LENGTH, node.leases.next_turn(), least_urgent=99)
    assert len(found) == 1
    node.leases.turn_failed()
    assert node.leases.is_time(0.0)
    node.look(ours)
    assert node.leases.is_ours(ours)
    (again,) = node.claim()
    assert again.id == found[0].id
