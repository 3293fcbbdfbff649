"""Alerts: numbers, whom they are for, and what became of each copy in our own words."""

from datetime import datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from tests.rows import ANN, a_person
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.store import alert_targets, alerts, people, people_keys
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Alert, AlertRecipient, CertificateRow, Delivery, Message, Office, Person

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


def test_those_served_are_reached_with_or_without_a_key(database: Database, now: datetime) -> None:
    with database.write() as session:
        keyless = a_person(session, "keyless@nic.example", "nl")
        ann = a_person(
            session, "ann@nic.example", "nl", emergency_email="a@spare.example", emergency_proven_at=now
        )
        people_keys.register_key(session, ann, ANN, now)
        a_person(session, "nobody@nic.example")
        carol = a_person(session, "carol@nic.example", organisation="100% Registry")
        session.add(Office(person_id=carol.id, role="secretariat", since_at=now))
        session.flush()
        everybody = Audience(Reached(True), ann.id)
        assert alert_targets.persons(session, everybody) == [keyless, ann, carol]
        assert alert_targets.addresses(session, everybody) == [
            "keyless@nic.example",
            "ann@nic.example",
            "a@spare.example",
            "carol@nic.example",
        ]
        found = alert_targets.survey(session, everybody, now)
        assert found.keyless_addresses == ["keyless@nic.example", "carol@nic.example"]
        assert (found.people, found.counts) == (3, {"members": 1, "notices": 2})
        assert (found.audience.first, found.out_of_reach) == ((ann.id,), [])
        for reached in (Reached(False, ["be"]), Reached(False, [], ["%"])):
            assert alert_targets.persons(session, Audience(reached, ann.id)) == [ann]


def test_who_is_keyless_is_whoever_has_no_usable_key(database: Database, now: datetime) -> None:
    with database.write() as session:
        for number, (ends_in, is_revoked, is_blocked) in enumerate(
            product((None, timedelta(0), timedelta(seconds=1)), (False, True), (False, True))
        ):
            person = a_person(session, f"a{number}@nic.example", "nl")
            key = CertificateRow(fingerprint=f"{number:040}", blob=b"", created_at=now, held_since=now)
            key.expires_at, key.is_revoked = ends_in if ends_in is None else now + ends_in, is_revoked
            session.add(key)
            person.fingerprint, person.key_blocked_at = key.fingerprint, now if is_blocked else None
        session.flush()
        with_keys = select(Person.id).join(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
        usable = set(session.scalars(with_keys.where(people.key_is_usable(now))))
        found = alert_targets.survey(session, Audience(Reached(True), 0), now)
        assert (found.people, len(usable)) == (12, 2)
        others = set(session.scalars(select(Person.email).where(Person.id.not_in(usable))))
        assert set(found.keyless_addresses) == others


def test_nobody_to_note_is_no_mistake(database: Database, now: datetime) -> None:
    with database.write() as session:
        nobody = Audience(Reached(True), 0)
        alert_targets.note(session, NUMBER, nobody, now)
        assert session.query(AlertRecipient).count() == 0
        assert alert_targets.survey(session, nobody, now).people == 0


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
