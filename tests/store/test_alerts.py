"""Alerts: numbers, whom they are for, and what became of each copy in our own words."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from tests.rows import ANN, a_person
from tldops_bot.store import alert_targets, alerts, people
from tldops_bot.store.alert_targets import Reached
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Alert, AlertRecipient, Delivery, Message, Office, Person

NUMBER = "A-2026-0001"


def an_alert(session: Session, poster: Person, now: datetime, number: str = NUMBER) -> Alert:
    made = Alert(
        id=number,
        state="posted",
        person_id=poster.id,
        fingerprint="A" * 40,
        for_tlds=["nl"],
        title="x",
        tlp="RED",
        severity="high",
        scope={},
        original=b"x",
        original_form="mime",
        signed_at=now,
        received_at=now,
        posted_at=now,
        inbox_id=1,
    )
    session.add(made)
    session.flush()
    return made


def test_numbers_count_through_one_year(database: Database, now: datetime) -> None:
    with database.write() as session:
        assert alerts.next_id(session, now) == NUMBER
        an_alert(session, a_person(session), now)
        assert alerts.next_id(session, now) == "A-2026-0002"
        assert alerts.next_id(session, now + timedelta(days=90)) == "A-2027-0001"


def test_a_hundred_alerts_of_others_hide_no_exercise_and_no_alert(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann, bob = a_person(session), a_person(session, "bob@nic.example")
        an_alert(session, ann, now).is_exercise = True
        an_alert(session, bob, now, "A-2026-0002")
        session.add(AlertRecipient(alert_id="A-2026-0002", person_id=ann.id, got="alert"))
        for number in range(3, 105):
            an_alert(session, bob, now + timedelta(minutes=number), f"A-2026-{number:04d}")
        assert alerts.exercises_since(session, now - timedelta(days=365), ann.id) == 1
        assert alerts.exercises_since(session, now, ann.id) == 0
        assert {one.id for one in alerts.readable_by(session, ann.id)} == {NUMBER, "A-2026-0002"}
        alerts.by_id(session, NUMBER).original = b""
        assert [one.id for one in alerts.readable_by(session, ann.id)] == ["A-2026-0002"]
        session.expire_all()
        (kept,) = alerts.readable_by(session, ann.id)
        assert "original" in inspect(kept).unloaded, "the words of every alert would fill the memory"


@pytest.mark.parametrize("typed", ["A-2026-0001", " a-2026-0001.", "[A-2026-0001]"])
def test_alert_is_found_however_it_is_typed(database: Database, now: datetime, typed: str) -> None:
    with database.write() as session:
        made = an_alert(session, a_person(session), now)
        assert alerts.by_id(session, typed) is made
        assert alerts.by_id(session, "A-2026-0002") is None


def test_counts_are_by_member_and_in_all(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann, bob = a_person(session), a_person(session, "bob@nic.example")
        an_alert(session, ann, now)
        an_alert(session, bob, now + timedelta(minutes=5), "A-2026-0002")
        hour_ago = now - timedelta(hours=1)
        assert (alerts.posted_since(session, hour_ago), alerts.posted_since(session, hour_ago, ann.id)) == (
            2,
            1,
        )
        assert alerts.posted_since(session, now) == 1
        assert [one.id for one in alerts.listing(session)] == ["A-2026-0002", NUMBER]


@pytest.mark.parametrize(
    ("got", "copies", "seen", "state"),
    [
        ("alert", [("waiting", "")], False, ("waiting", "")),
        ("alert", [("taken", "")], False, ("reached", "")),
        ("alert", [("refused", "5.1.1"), ("taken", "")], False, ("reached", "")),
        ("alert", [("refused", "5.1.1"), ("waiting", "")], False, ("waiting", "")),
        ("alert", [("refused", "5.1.1")], False, ("failed", "mailbox refused or bounced")),
        ("alert", [("held", "no-key")], False, ("failed", "no usable key")),
        ("alert", [("dropped", "no-key")], False, ("failed", "no usable key")),
        ("notice", [("taken-but-notice", "")], False, ("failed", "no usable key")),
        ("notice", [], True, ("seen", "signed")),
        ("alert", [], False, ("failed", "mailbox refused or bounced")),
    ],
)
def test_reach_says_the_best_of_a_persons_copies(
    database: Database, now: datetime, got: str, copies: list, seen: bool, state: tuple
) -> None:
    with database.write() as session:
        ann = a_person(session)
        an_alert(session, ann, now)
        seen_at = now if seen else None
        session.add(
            AlertRecipient(alert_id=NUMBER, person_id=ann.id, got=got, seen_at=seen_at, seen_how="signed")
        )
        message = Message(kind="alert", priority=0, subject="", headers={}, made_at=now, alert_id=NUMBER)
        session.add(message)
        session.flush()
        for word, status in copies:
            session.add(
                Delivery(
                    message_id=message.id,
                    priority=0,
                    rcpt_to="ann@nic.example",
                    person_id=ann.id,
                    last_status=status,
                    entitled_as="member",
                    next_attempt_at=now,
                    state=word,
                )
            )
        session.flush()
        (reach,) = alerts.reach(session, session.get_one(Alert, NUMBER))
        assert (reach.state, reach.why) == state
        assert alerts.recipient(session, NUMBER, ann.id) is not None
        assert alerts.recipient(session, NUMBER, 99) is None


def test_targets_are_those_served_with_a_key_first(database: Database, now: datetime) -> None:
    with database.write() as session:
        keyless = a_person(session, "keyless@nic.example", "nl")
        ann = a_person(
            session, "ann@nic.example", "nl", emergency_email="a@spare.example", emergency_proven_at=now
        )
        people.register_key(session, ann, ANN, now)
        a_person(session, "nobody@nic.example")
        carol = a_person(session, "carol@nic.example", organisation="100% Registry")
        session.add(Office(person_id=carol.id, role="secretariat", since_at=now))
        session.flush()
        found = alert_targets.targets(session, Reached(True), ann.id, now)
        assert [(one.person_id, one.has_key) for one in found] == [
            (ann.id, True),
            (keyless.id, False),
            (carol.id, False),
        ]
        assert found[0].addresses == ("ann@nic.example", "a@spare.example")
        only_be = alert_targets.targets(session, Reached(False, ["be"]), ann.id, now)
        assert [one.person_id for one in only_be] == [ann.id]
        percent = alert_targets.targets(session, Reached(False, [], ["%"]), ann.id, now)
        assert [one.person_id for one in percent] == [ann.id]


def test_nobody_to_note_is_no_mistake(database: Database) -> None:
    with database.write() as session:
        alert_targets.note_targets(session, NUMBER, [])
        assert session.query(AlertRecipient).count() == 0


def test_after_the_time_it_is_kept_only_that_there_was_an_alert_stays(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        ann = a_person(session)
        old, new = (
            an_alert(session, ann, now - timedelta(days=800)),
            an_alert(session, ann, now, "A-2026-0002"),
        )
        for one in (old, new):
            session.add(AlertRecipient(alert_id=one.id, person_id=ann.id, got="alert"))
            message = Message(
                kind="alert", priority=0, subject="x", headers={}, entity=b"x", alert_id=one.id, made_at=now
            )
            session.add(message)
            session.flush()
            session.add(
                Delivery(
                    message_id=message.id,
                    priority=0,
                    rcpt_to="ann@nic.example",
                    person_id=ann.id,
                    entitled_as="member",
                    state="held",
                    next_attempt_at=now,
                )
            )
            alerts.note_call(session, one.id, "nl", ann.id, True, "they know", now)
        session.flush()
        alerts.forget_before(session, now - timedelta(days=730))
        session.expire_all()
        assert (old.original, old.title) == (b"", "")
        assert new.original != b""
        assert alerts.calls_of(session, old.id) == []
        assert len(alerts.calls_of(session, new.id)) == 1
        assert alerts.recipient(session, old.id, ann.id) is None
        assert session.query(Delivery).count() == session.query(Message).count() == 1
        assert alerts.next_id(session, now).startswith(f"A-{now.year}-")
