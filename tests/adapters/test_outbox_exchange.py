"""A turn between the outbox and what is in flight: when the copies of an alert that are still to come are written."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from tests.postgres import new_store
from tests.rows import NOW, a_person
from tldops_bot.adapters.outbox_exchange import Exchange, Room, Taken
from tldops_bot.adapters.outbox_leases import LEASE, Leases
from tldops_bot.adapters.outbox_sealing import Sealing
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.store import outbox_copies
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import OutboxMessage
from tldops_bot.store.tables import Delivery, Person

DRAFT = Draft("A word", b"x", {}, "")
ALERT = Letter(Kind.ALERT, "x", {}, alert_id="A-2026-0001", audience=Audience(Reached(True), 0))
NOTICE = Letter(Kind.NOTICE, "x", {}, (Recipient("noc@nic.example", Entitled.ADDRESS),))
LOT, COUNT = 3, 8
SECOND_LOT = ("a3@nic.example", "a4@nic.example", "a5@nic.example")
ROOM, NO_ROOM = Room(64, 48), Room(0, 0)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """With an alert to eight people, of which the first three copies are written."""
    monkeypatch.setattr(outbox_copies, "LOT", LOT)
    with new_store() as made:
        with made.write() as session:
            for number in range(COUNT):
                a_person(session, f"a{number}@nic.example", "nl", fingerprint=f"{number:040}")
            outbox_copies.enqueue(session, ALERT, DRAFT, NOW)
        yield made


class Node:
    """A node that sends from the outbox, turn by turn."""

    def __init__(self, database: Database) -> None:
        leases = Leases(LEASE, lambda: NOW, "node")
        sealing = cast(Sealing, type("", (), {})())
        self._exchange = Exchange(
            database, sealing, leases, lambda: NOW, lambda n: b"x" * n, _nothing, _nothing
        )
        self.known: dict[int, OutboxMessage] = {}

    def turn(self, room: Room = ROOM, is_woken: bool = True) -> Taken:
        taken = self._exchange.turn((), (), room, None, self.known, is_woken)
        self.known |= taken.messages
        return taken


def _nothing(*_any: Any) -> None:
    """What comes after is not looked at here."""


def written(database: Database) -> int:
    with database.read() as session:
        alerts = Delivery.priority == Kind.ALERT.priority
        return session.scalar(select(func.count()).select_from(Delivery).where(alerts)) or 0


def put_notice(database: Database) -> None:
    with database.write() as session:
        outbox_copies.enqueue(session, NOTICE, DRAFT, NOW)


def test_the_first_copies_of_an_alert_go_before_the_others_are_written(database: Database) -> None:
    put_notice(database)
    node = Node(database)
    sizes = []
    for _ in range(5):
        taken = node.turn(Room(2, 1))
        sizes.append((len(taken.claimed), written(database), taken.is_more_due))
    assert sizes == [(2, 3, True), (2, 6, True), (2, 8, True), (2, 8, True), (1, 8, True)]  # the notice last


def test_what_another_node_left_is_written_before_less_urgent_mail_goes(database: Database) -> None:
    put_notice(database)
    Node(database).turn()
    other = Node(database)
    assert [one.priority for one in other.turn(is_woken=False).claimed] == [Kind.ALERT.priority] * LOT


def test_while_nothing_can_go_all_copies_are_written(database: Database) -> None:
    node = Node(database)
    found = []
    for _ in range(3):
        assert not node.turn(NO_ROOM, is_woken=False).claimed
        found.append(written(database))
    assert found == [6, 8, 8]


def test_a_lot_of_which_nothing_can_go_holds_up_no_other(database: Database) -> None:
    with database.write() as session:
        for person in session.scalars(select(Person).where(Person.email.in_(SECOND_LOT))):
            person.fingerprint = None
    node = Node(database)
    found = [node.turn() for _ in range(4)]
    assert [(len(one.claimed), one.is_more_due) for one in found] == [
        (3, True),
        (0, True),
        (2, True),
        (0, False),
    ]
