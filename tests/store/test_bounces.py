"""Bounces mark a mailbox after two messages over three days; each delivery counts once, policy refusals never."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.rows import a_person
from tldops_bot.store import bounces
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Delivery, Message, Person

DAY = timedelta(days=1)


def a_delivery(
    session: Session, person: Person | None, now: datetime, address: str = "ann@nic.example"
) -> int:
    message = Message(kind="notice", priority=4, subject="", headers={}, made_at=now)
    session.add(message)
    session.flush()
    delivery = Delivery(
        message_id=message.id, priority=4, rcpt_to=address, person_id=person.id if person else None,
        entitled_as="person", next_attempt_at=now,
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    return delivery.id


@pytest.mark.parametrize(
    ("status", "days", "is_marked"), [("5.1.1", 3, True), ("5.1.1", 2.9, False), ("5.7.1", 3, False)]
)
def test_second_message_three_days_later_marks_the_mailbox(
    database: Database, now: datetime, status: str, days: float, is_marked: bool
) -> None:
    with database.write() as session:
        ann = a_person(session)
        assert not bounces.note(session, a_delivery(session, ann, now), status, now)
        later = now + days * DAY
        assert bounces.note(session, a_delivery(session, ann, later), status, later) is is_marked
        assert (ann.mailbox_failed_at is not None) is is_marked


def test_one_delivery_counts_once_and_marks_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session)
        first = a_delivery(session, ann, now)
        bounces.note(session, first, "5.1.1", now)
        assert not bounces.note(session, first, "5.1.1", now + 9 * DAY)
        assert ann.mailbox_failed_at is None
        assert bounces.note(session, a_delivery(session, ann, now), "5.1.1", now + 9 * DAY)
        assert not bounces.note(session, a_delivery(session, ann, now), "5.1.1", now + 20 * DAY)
        assert ann.mailbox_failed_at == now + 9 * DAY


def test_two_mailboxes_of_one_person_are_counted_apart(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session)
        bounces.note(session, a_delivery(session, ann, now), "5.1.1", now)
        spare = a_delivery(session, ann, now, "ann@spare.example")
        assert not bounces.note(session, spare, "5.1.1", now + 9 * DAY)


def test_stranger_or_unknown_delivery_marks_nobody(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert not bounces.note(session, 99, "5.1.1", now)
        for days in (0, 9):
            assert not bounces.note(session, a_delivery(session, None, now), "5.1.1", now + days * DAY)
