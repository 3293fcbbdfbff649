"""Wake-up calls: durable, claimed by one, tried three times, never more than so many in a minute, and then emptied."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.rows import a_person
from tldops_bot.domain.wake import LATEST, NO_ANSWER, REFUSED, TOO_LATE, Wake
from tldops_bot.store import wakes
from tldops_bot.store.database import Database
from tldops_bot.store.tables import Alert, AlertRecipient, Person, WakeChannel, WakeSend

LEASE = timedelta(minutes=2)
GATES = ("sms", "ntfy")


def an_alert(
    session: Session, poster: Person, now: datetime, severity: str = "high", **more: object
) -> Alert:
    number = session.query(Alert).count() + 1
    values = {
        "id": f"A-2026-{number:04d}",
        "state": "posted",
        "person_id": poster.id,
        "fingerprint": "A" * 40,
        "for_tlds": [],
        "title": "Look out",
        "tlp": "AMBER",
        "severity": severity,
        "scope": {},
        "original": b"",
        "original_form": "inline",
        "signed_at": now,
        "received_at": now,
        "posted_at": now,
        "inbox_id": 1,
    }
    alert = Alert(**(values | more))
    session.add(alert)
    session.flush()
    for person in session.scalars(select(Person)).all():
        session.add(AlertRecipient(alert_id=alert.id, person_id=person.id, got="alert"))
    session.flush()
    return alert


def people_to_wake(session: Session, now: datetime, number: int = 3, severity: str = "high") -> list[Person]:
    """The first posts; all of them have a way, on two gateways in turn."""
    found = [a_person(session, f"p{nth}@nic.example") for nth in range(number)]
    for nth, person in enumerate(found):
        wakes.keep_way(session, person.id, Wake(GATES[nth % 2], f"p{nth}", severity), now)
    session.flush()
    return found


def claimed(
    session: Session, gateway: str, now: datetime, most: int = 8, per_minute: int = 60
) -> list[wakes.Call]:
    return wakes.claim(session, gateway, now, most, now + LEASE, "claim-1", per_minute)


def rows(session: Session) -> list[WakeSend]:
    session.flush()
    session.expire_all()
    return list(session.scalars(select(WakeSend).order_by(WakeSend.id)))


def test_everybody_who_asked_for_it_is_woken_but_the_poster(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, ann, bob = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, GATES, now)
        assert [(one.person_id, one.gateway, one.target, one.kind) for one in rows(session)] == [
            (ann.id, "ntfy", "p1", "alert"),
            (bob.id, "sms", "p2", "alert"),
        ]
        assert wakes.counts(session, alert.id) == {"woken": 0, "waiting": 2, "failed": 0}


def test_thousands_are_noted_at_once(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now, 50)
        wakes.wake_for(session, an_alert(session, poster, now, is_exercise=True), GATES, now)
        found = rows(session)
        assert len(found) == 49
        assert {(one.kind, one.state, one.attempts, one.words) for one in found} == {
            ("exercise", "waiting", 0, "")
        }


@pytest.mark.parametrize(("severity", "number"), [("low", 0), ("medium", 0), ("high", 2), ("critical", 2)])
def test_an_alert_below_the_chosen_severity_wakes_nobody(
    database: Database, now: datetime, severity: str, number: int
) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        wakes.wake_for(session, an_alert(session, poster, now, severity), GATES, now)
        assert len(rows(session)) == number


def test_a_more_severe_update_wakes_those_who_were_let_sleep_and_nobody_twice(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        poster, ann, bob = people_to_wake(session, now)
        session.get_one(WakeChannel, bob.id).severity = "critical"
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, GATES, now)
        assert [one.person_id for one in rows(session)] == [ann.id]
        wakes.wake_for(session, alert, GATES, now, "high")
        assert [one.person_id for one in rows(session)] == [ann.id]
        wakes.wake_for(session, alert, GATES, now, "critical")
        assert [one.person_id for one in rows(session)] == [ann.id, bob.id]


def test_a_gateway_that_is_not_there_any_more_wakes_nobody(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        wakes.wake_for(session, an_alert(session, poster, now), ("sms",), now)
        assert [one.gateway for one in rows(session)] == ["sms"]


def test_a_call_is_claimed_once_until_its_lease_ends(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        wakes.wake_for(session, an_alert(session, poster, now), GATES, now)
        assert wakes.is_anything_due(session, "sms", now)
        (call,) = claimed(session, "sms", now)
        assert (call.target, call.attempts, call.alert_id) == ("p2", 1, "A-2026-0001")
        assert not wakes.is_anything_due(session, "sms", now)
        assert claimed(session, "sms", now) == []
        assert wakes.is_anything_due(session, "ntfy", now)
        (again,) = claimed(session, "sms", now + LEASE)  # whoever had it was killed
        assert again.attempts == 2


def test_what_was_taken_is_emptied_and_only_by_whoever_holds_it(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, _, bob = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, ("sms",), now)
        (call,) = claimed(session, "sms", now)
        assert wakes.mark(session, call, "", now) == "taken"
        assert wakes.mark(session, call, REFUSED, now) == ""
        (row,) = rows(session)
        assert (row.state, row.target, row.words, row.finished_at) == ("taken", "", "", now)
        assert wakes.counts(session, alert.id) == {"woken": 1, "waiting": 0, "failed": 0}
        assert wakes.calls_for(session, alert.id) == {bob.id: ("sms", "taken", now)}


def test_three_tries_and_then_it_has_failed(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, ("sms",), now)
        moment, states = now, []
        for wait in (1, 4, 0):
            (call,) = claimed(session, "sms", moment)
            states.append(wakes.mark(session, call, REFUSED, moment))
            assert claimed(session, "sms", moment) == []
            moment += timedelta(minutes=wait)
        assert states == ["waiting", "waiting", "failed"]
        (row,) = rows(session)
        assert (row.result, row.target) == (REFUSED, "")
        assert moment - now < timedelta(minutes=10)
        assert wakes.counts(session, alert.id) == {"woken": 0, "waiting": 0, "failed": 1}


def test_whoever_is_killed_three_times_over_a_call_does_not_make_it_again(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        wakes.wake_for(session, an_alert(session, poster, now), ("sms",), now)
        made = [len(claimed(session, "sms", now + nth * LEASE)) for nth in range(4)]
        assert made == [1, 1, 1, 0]
        assert [(one.state, one.result) for one in rows(session)] == [("failed", NO_ANSWER)]


def test_no_more_in_a_minute_than_the_operator_allows(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now, 9)
        wakes.wake_for(session, an_alert(session, poster, now), GATES, now)
        made = [len(claimed(session, gate, now, most=2, per_minute=3)) for gate in ("sms", "ntfy", "sms")]
        assert made == [2, 1, 0]
        assert len(claimed(session, "sms", now + timedelta(minutes=1), most=2, per_minute=3)) == 2


def test_alerts_go_before_words_that_prove(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, ann, _ = people_to_wake(session, now)
        wakes.send_word(session, ann.id, Wake("sms", "ann"), "OLD", now - LEASE)
        wakes.send_word(session, ann.id, Wake("sms", "ann"), "7F3K", now - LEASE)
        wakes.wake_for(session, an_alert(session, poster, now), ("sms",), now)
        assert [(one.kind, one.words) for one in claimed(session, "sms", now)] == [
            ("alert", ""),
            ("token", "7F3K"),
        ]
        assert rows(session)[0].state == "dropped"  # the newest word counts


@pytest.mark.parametrize("state", ["retracted", "stopped", "cancelled"])
def test_nobody_is_woken_for_an_alert_that_was_taken_back(
    database: Database, now: datetime, state: str
) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, GATES, now)
        alert.state = state
        session.flush()
        assert claimed(session, "sms", now) == []
        assert [one.state for one in rows(session)] == ["waiting", "dropped"]


def test_who_has_seen_it_meanwhile_is_not_woken(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, _, bob = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, GATES, now)
        session.get_one(AlertRecipient, (alert.id, bob.id)).seen_at = now
        session.flush()
        assert claimed(session, "sms", now) == []
        assert len(claimed(session, "ntfy", now)) == 1


def test_hours_later_nobody_is_woken_any_more(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, *_ = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, GATES, now)
        assert claimed(session, "sms", now + LATEST) == []
        assert {(one.state, one.result, one.target) for one in rows(session)} == {("failed", TOO_LATE, "")}
        assert wakes.counts(session, alert.id)["failed"] == 2


def test_who_is_forgotten_leaves_neither_number_nor_word(database: Database, now: datetime) -> None:
    with database.write() as session:
        poster, ann, bob = people_to_wake(session, now)
        alert = an_alert(session, poster, now)
        wakes.wake_for(session, alert, GATES, now)
        wakes.send_word(session, bob.id, Wake("sms", "p2"), "7F3K", now)
        wakes.forget_person(session, bob.id, now)
        assert wakes.way_of(session, bob.id) is None
        assert wakes.way_of(session, ann.id) is not None
        theirs = [one for one in rows(session) if one.person_id == bob.id]
        assert {(one.state, one.target, one.words) for one in theirs} == {("dropped", "", "")}
        assert claimed(session, "sms", now) == []
        assert wakes.calls_for(session, alert.id)[ann.id] == ("ntfy", "waiting", None)


def test_words_that_were_sent_are_dropped_in_time_and_calls_stay_with_their_alerts(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        poster, ann, _ = people_to_wake(session, now)
        wakes.wake_for(session, an_alert(session, poster, now), ("sms",), now)
        wakes.send_word(session, ann.id, Wake("sms", "ann"), "7F3K", now)
        for call in claimed(session, "sms", now):
            wakes.mark(session, call, "", now)
        wakes.forget_before(session, now)
        assert len(rows(session)) == 2
        wakes.forget_before(session, now + LEASE)
        assert [one.kind for one in rows(session)] == ["alert"]
