"""Each delivery comes back once at most; what the smarthost refused counts alike; policy says nothing of a mailbox."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.rows import a_person
from tldops_bot.store import bounces
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Delivery, Message, Person

DAY = timedelta(days=1)


def a_delivery(
    session: Session, person: Person | None, now: datetime, address: str = "ann@nic.example", **more: object
) -> int:
    message = Message(kind="notice", priority=4, subject="", headers={}, made_at=now)
    session.add(message)
    session.flush()
    delivery = Delivery(
        message_id=message.id, priority=4, rcpt_to=address, person_id=person.id if person else None,
        entitled_as="person", next_attempt_at=now, **more,
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    return delivery.id


def test_one_delivery_counts_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session)
        first = a_delivery(session, ann, now)
        bounces.note(session, first, "5.1.1", now)
        bounces.note(session, first, "5.1.1", now + 9 * DAY)
        assert bounces.of_people(session, now) == {(ann.id, "ann@nic.example"): [now]}


def test_two_mailboxes_of_one_person_are_counted_apart(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session)
        bounces.note(session, a_delivery(session, ann, now), "5.1.1", now)
        bounces.note(session, a_delivery(session, ann, now, "Ann@Spare.example"), "5.2.1", now + DAY)
        assert bounces.of_people(session, now) == {
            (ann.id, "ann@nic.example"): [now],
            (ann.id, "ann@spare.example"): [now + DAY],
        }


@pytest.mark.parametrize("status", ["5.7.1", "5.3.4", "5.6.1"])
def test_policy_size_and_content_are_written_down_and_do_not_count(
    database: Database, now: datetime, status: str
) -> None:
    with database.write() as session:
        number = a_delivery(session, a_person(session), now)
        bounces.note(session, number, status, now)
        assert session.get_one(Delivery, number).bounce_status == status
        assert bounces.of_people(session, now) == {}


def test_strangers_unknown_deliveries_and_old_ones_are_nobody_s(database: Database, now: datetime) -> None:
    with database.write() as session:
        bounces.note(session, 99, "5.1.1", now)
        bounces.note(session, a_delivery(session, None, now), "5.1.1", now)
        bounces.note(session, a_delivery(session, a_person(session), now), "5.1.1", now - DAY)
        assert bounces.of_people(session, now) == {}


def test_what_the_smarthost_refused_counts_like_what_came_back(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session)
        for code, state, finished in ((550, "refused", now), (451, "refused", now), (550, "sending", None)):
            a_delivery(session, ann, now, state=state, last_code=code, last_status="", finished_at=finished)
        size = a_delivery(
            session, ann, now, state="refused", last_code=552, last_status="5.3.4", finished_at=now
        )
        bounces.note_refusals(session)
        bounces.note_refusals(session)
        assert bounces.of_people(session, now) == {(ann.id, "ann@nic.example"): [now]}
        assert session.get_one(Delivery, size).bounce_status == "5.3.4"


def test_a_mail_to_an_iana_address_that_came_back_is_known(database: Database, now: datetime) -> None:
    with database.write() as session:
        for address, status in (("admin@registry.example", "5.1.1"), ("tech@registry.example", "5.7.1")):
            bounces.note(session, a_delivery(session, None, now, address), status, now)
        assert bounces.came_back(session, "Admin@Registry.example", now)
        assert not bounces.came_back(session, "Admin@Registry.example", now + DAY)
        assert not bounces.came_back(session, "tech@registry.example", now)
