"""An alert to many is written a lot at a time: everybody gets it once, in order, whatever happens in between."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.rows import ANN, a_person
from tests.store.test_alerts import NUMBER, an_alert
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.store import (
    alert_targets,
    alerts,
    languages,
    outbox,
    outbox_control,
    outbox_copies,
    people_keys,
    pulse,
)
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import HELD, TAKEN, WAITING
from tldops_bot.store.tables import Alert, CertificateRow, CopiesToCome, Delivery, Message, Person

EVERYBODY = Audience(Reached(True), 0)
TO_ALL = Letter(Kind.ALERT, "x/y", {}, alert_id=NUMBER, audience=EVERYBODY)
DRAFT = Draft("A word", b"Content-Type: text/plain\r\n\r\nHello\r\n", {}, "poster@nic.example")
COUNT = 7


@pytest.fixture(autouse=True)
def small_lots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_copies, "LOT", 3)


@pytest.fixture
def session(database: Database, now: datetime) -> Iterator[Session]:
    """Within a transaction, in a list of seven people who all have keys."""
    with database.write() as one:
        for number in range(COUNT):
            person = a_person(one, f"a{number}@nic.example", "nl")
            key = CertificateRow(fingerprint=f"{number:040}", blob=b"", created_at=now, held_since=now)
            one.add(key)
            person.fingerprint = key.fingerprint
        one.flush()
        yield one


def post(session: Session, now: datetime, letter: Letter = TO_ALL) -> int:
    return outbox_copies.enqueue(session, letter, DRAFT, now)


def next_lot(session: Session, now: datetime) -> bool:
    one = outbox_copies.next_to_come(session)
    if one is not None:
        outbox_copies.write_lot(session, one, now)
    return one is not None


def take_all(session: Session, now: datetime) -> None:
    """Every copy that is written goes."""
    claimed = outbox.claim(session, now, 99, now + timedelta(minutes=5), "t")
    outbox.mark(session, [outbox.Mark(one, TAKEN, 1) for one in claimed], now)
    session.expire_all()


def written(session: Session, *states: str) -> list[str]:
    """Where copies go, in the order in which they were written."""
    query = select(Delivery.rcpt_to).order_by(Delivery.id)
    return list(session.scalars(query.where(Delivery.state.in_(states)) if states else query))


def everybody(session: Session) -> list[Person]:
    return list(session.scalars(select(Person).order_by(Person.id)))


def posted(session: Session, now: datetime) -> Alert:
    """An alert, noted and with its first lot written."""
    alert = an_alert(session, everybody(session)[0], now)
    alert_targets.note(session, NUMBER, EVERYBODY, now)
    post(session, now)
    return alert


def test_everybody_gets_one_and_the_first_of_all_at_once(session: Session, now: datetime) -> None:
    people = everybody(session)
    people[6].emergency_email, people[6].emergency_proven_at = "spare@else.example", now
    session.flush()
    found = post(session, now, replace(TO_ALL, audience=replace(EVERYBODY, first=(people[6].id, 99))))
    sizes = [len(written(session))]
    while next_lot(session, now + timedelta(minutes=1)):
        sizes.append(len(written(session)))
    assert sizes == [5, 8]  # the one with two addresses and three, then three more
    assert written(session)[:2] == ["a6@nic.example", "spare@else.example"]
    assert sorted(written(session)[2:]) == [f"a{number}@nic.example" for number in range(6)]
    for one in session.scalars(select(Delivery)):
        assert (one.message_id, one.priority, one.next_attempt_at) == (found, Kind.ALERT.priority, now)
        assert (one.entitled_as, one.reply_to, one.state) == ("member", "poster@nic.example", WAITING)


def test_up_to_a_lot_nothing_is_left_to_come(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_copies, "LOT", COUNT)
    post(session, now)
    assert len(written(session)) == COUNT
    assert outbox_copies.next_to_come(session) is None


def test_the_most_urgent_is_written_first_and_of_these_the_oldest(session: Session, now: datetime) -> None:
    alert, another = post(session, now), post(session, now)
    taken_back = post(session, now, replace(TO_ALL, is_first=True))
    order = []
    while (one := outbox_copies.next_to_come(session)) is not None:
        order.append(one.message_id)
        outbox_copies.write_lot(session, one, now)
    assert order == [taken_back] * 2 + [alert] * 2 + [another] * 2


def test_a_message_keeps_its_content_until_the_last_copy_is_written(session: Session, now: datetime) -> None:
    message = session.get_one(Message, post(session, now))
    for _ in range(2):
        take_all(session, now)
        assert (message.entity, message.done_at) == (DRAFT.entity, None)
        next_lot(session, now)
    take_all(session, now)
    assert (message.entity, message.done_at) == (None, now)


def test_who_is_forgotten_in_between_gets_none_and_holds_nothing_up(session: Session, now: datetime) -> None:
    message = session.get_one(Message, post(session, now))
    for person in everybody(session)[3:]:
        person.forgotten_at, person.email = now, ""
    session.flush()
    take_all(session, now)
    assert message.done_at is None
    outbox_copies.write_all(session, now)
    session.expire_all()
    assert len(written(session)) == 3
    assert message.done_at == now


def test_a_change_of_language_in_between_brings_no_second_copy_and_loses_none(
    session: Session, now: datetime
) -> None:
    people = everybody(session)
    for person in people[:3]:
        person.language = "fr"
    session.flush()
    for one in languages.by_language(session, TO_ALL):
        outbox_copies.enqueue(session, one, DRAFT, now)
    for person in people:
        person.language = "" if person.language else "fr"
    session.flush()
    outbox_copies.write_all(session, now)
    assert sorted(written(session)) == [f"a{number}@nic.example" for number in range(COUNT)]


def test_a_key_that_changes_in_between_holds_nobodys_copy_for_ever(session: Session, now: datetime) -> None:
    people = everybody(session)
    keyless, mended, ended, moved = people[3:]
    keyless.fingerprint = mended.fingerprint = None
    session.flush()
    post(session, now)
    people_keys.register_key(session, mended, ANN, now)
    moved.email = "moved@else.example"
    later = now + timedelta(days=1)
    session.get_one(CertificateRow, ended.fingerprint).expires_at = later
    session.flush()
    while next_lot(session, later):
        pass
    assert written(session, HELD) == [keyless.email]
    # Delivery sees that a key has ended, holds the copy, and tells its owner, who does not know yet.
    assert written(session, WAITING)[3:] == [mended.email, ended.email, moved.email]


def test_what_is_to_come_counts_as_waiting(session: Session, now: datetime) -> None:
    alert = posted(session, now)
    take_all(session, now)
    assert [one.state for one in alerts.reach(session, alert)] == ["reached"] * 3 + ["waiting"] * 4
    assert alerts.seconds_to_last_copy(session, alert) is None
    fan_out = pulse.read(session, now).fan_out
    assert fan_out is not None
    assert (fan_out.taken, fan_out.waiting) == (3, 4)


def test_an_alert_that_is_stopped_is_stopped_for_those_still_to_come(session: Session, now: datetime) -> None:
    alert = posted(session, now)
    assert outbox_control.drop_alert(session, NUMBER, now) == COUNT
    assert not next_lot(session, now)
    assert {(one.state, one.why) for one in alerts.reach(session, alert)} == {("failed", "stopped")}


def test_what_is_to_come_goes_with_the_alert_that_is_forgotten(session: Session, now: datetime) -> None:
    posted(session, now)
    alerts.forget_before(session, now + timedelta(days=1))
    assert session.query(CopiesToCome).count() == session.query(Message).count() == 0
