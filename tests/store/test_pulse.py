"""One look at how the service fares: what waits, since when, and how the newest alert went."""

from datetime import timedelta

import pytest

from tldops_bot.store import pulse
from tldops_bot.store.database import Database, Session
from tldops_bot.store.pulse import Queue
from tldops_bot.store.tables import (
    Alert,
    CertificateRow,
    CopiesToCome,
    Delivery,
    IanaTld,
    InboxRow,
    JobRun,
    Message,
    Person,
)

from .conftest import NOW

MINUTE = timedelta(minutes=1)


def mail(state: str, ago: timedelta, **more: object) -> InboxRow:
    at = NOW - ago
    return InboxRow(received_at=at, mail_from="", rcpt_tos=[], state=state, next_attempt_at=at, **more)


def message(session: Session, kind: str, made_at: object = NOW, alert_id: str | None = None) -> Message:
    made = Message(kind=kind, priority=4, subject="x", headers={}, made_at=made_at, alert_id=alert_id)
    session.add(made)
    session.flush()
    return made


def copy(session: Session, of: Message, state: str, **more: object) -> None:
    row = {"rcpt_to": "x@example.net", "entitled_as": "address", "next_attempt_at": NOW, "priority": 4}
    session.add(Delivery(message_id=of.id, state=state, **(row | more)))


def alert(session: Session, number: str, received_at: object, posted_at: object) -> Alert:
    person = Person(name="Ann Example", email=f"{number}@nic.example", email_key=number, created_at=NOW)
    session.add(person)
    session.flush()
    made = Alert(
        id=number, state="posted", person_id=person.id, fingerprint="A" * 40, for_tlds=["nl"], title="x"
    )
    made.tlp, made.severity, made.scope, made.original, made.original_form = "AMBER", "high", {}, b"", "mime"
    made.signed_at = made.received_at = received_at
    made.posted_at, made.inbox_id = posted_at, 1
    session.add(made)
    return made


def test_of_an_empty_store_nothing_is_known(database: Database) -> None:
    with database.read() as session:
        found = pulse.read(session, NOW)
    assert (found.inbox, found.outbox, found.jobs, found.stuck) == ({}, [], {}, 0)
    assert (found.inbox_oldest_at, found.iana_newest_at, found.fan_out) == (None, None, None)
    assert found.member_keys_end_at == []


def test_what_is_done_is_not_counted(database: Database) -> None:
    with database.write() as session:
        session.add_all([mail("done", 9 * MINUTE), mail("waiting", 5 * MINUTE), mail("waiting", 3 * MINUTE)])
        session.add(mail("stuck", 99 * MINUTE))
        session.add(mail("waiting", 600 * MINUTE, bound_at=NOW))  # waited for a token until now
    with database.read() as session:
        found = pulse.read(session, NOW)
    assert found.inbox == {"stuck": 1, "waiting": 3}
    assert found.stuck == 1
    assert found.inbox_oldest_at == NOW - 5 * MINUTE


def test_of_copies_only_those_that_were_never_tried_grow_old(database: Database) -> None:
    with database.write() as session:
        old, new = message(session, "notice", NOW - 60 * MINUTE), message(session, "notice", NOW - MINUTE)
        copy(session, old, "waiting", attempts=3)
        copy(session, new, "waiting")
        copy(session, old, "held")
        copy(session, old, "held", last_status="smarthost-fails")
        copy(session, old, "taken", attempts=1)
    with database.read() as session:
        found = pulse.read(session, NOW)
    assert found.outbox == [
        Queue("notice", "held", 1, None),
        Queue("notice", "stuck", 1, None),
        Queue("notice", "waiting", 2, NOW - MINUTE),
    ]
    assert found.stuck_copies == 1


def test_copies_that_are_still_to_be_written_wait(database: Database) -> None:
    with database.write() as session:
        news = message(session, "alert", NOW - MINUTE)
        copy(session, news, "waiting", attempts=1)
        session.add(CopiesToCome(message_id=news.id, priority=1, reply_to="", persons=[1, 2, 3]))
    with database.read() as session:
        found = pulse.read(session, NOW)
    assert found.outbox == [Queue("alert", "waiting", 1, None), Queue("alert", "waiting", 3, NOW - MINUTE)]


def test_jobs_and_iana_and_keys(database: Database) -> None:
    with database.write() as session:
        session.add(JobRun(name="forget_old", started_at=NOW, finished_at=NOW - MINUTE))
        session.add(JobRun(name="send_roster", started_at=NOW, finished_at=None))
        for tld, ago in (("nl", 5), ("be", 50)):
            row = IanaTld(tld=tld, u_label=tld, is_assigned=True, fetched_at=NOW - ago * MINUTE)
            session.add(row)
        for letter, ends in (("A", NOW + 9 * MINUTE), ("B", NOW - MINUTE), ("C", None)):
            person = Person(
                name=letter, email=letter, email_key=letter, created_at=NOW, fingerprint=letter * 40
            )
            session.add(person)
            key = CertificateRow(fingerprint=letter * 40, blob=b"", created_at=NOW, held_since=NOW)
            key.expires_at = ends
            session.add(key)
    with database.read() as session:
        found = pulse.read(session, NOW)
    assert found.jobs == {"forget_old": NOW - MINUTE}
    assert found.iana_newest_at == NOW - 5 * MINUTE
    assert found.member_keys_end_at == [NOW + 9 * MINUTE]


@pytest.mark.parametrize(
    ("posted_after", "began_after"),
    [(timedelta(seconds=1), timedelta()), (20 * MINUTE, 20 * MINUTE)],
    ids=["at once", "released by a second member"],
)
def test_the_newest_alert_is_followed_to_its_last_copy(
    database: Database, posted_after: timedelta, began_after: timedelta
) -> None:
    came, posted = NOW - 60 * MINUTE, NOW - 60 * MINUTE + posted_after
    with database.write() as session:
        alert(session, "A-1", NOW - 600 * MINUTE, NOW - 600 * MINUTE)
        copy(session, message(session, "alert", NOW - 600 * MINUTE, "A-1"), "waiting")
        alert(session, "A-2", came, posted)
        alert(session, "A-3", NOW, NOW)  # held: nothing of it has gone
        own = message(session, "alert", posted, "A-2")
        copy(session, own, "taken", finished_at=posted + timedelta(seconds=2), attempts=1)
        copy(session, own, "taken", finished_at=posted + timedelta(seconds=4), attempts=1)
        copy(session, own, "waiting")
        copy(session, own, "held")
        copy(session, message(session, "notice", posted, "A-2"), "waiting")
        update = message(session, "alert", NOW, "A-2")  # what was said of it later is its own
        copy(session, update, "taken", finished_at=NOW, attempts=1)
    with database.read() as session:
        found = pulse.read(session, NOW).fan_out
    assert found is not None
    assert (found.taken, found.waiting) == (2, 1)
    assert found.began_at == came + began_after
    assert found.last_taken_at == posted + timedelta(seconds=4)
