"""EXERCISE: announced a week ahead, marked in every mail, begun by the clock, called off by one line."""

from datetime import timedelta

import pytest

from tests.commands.test_alert import files_in, verified
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome, rows, templates
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store.tables import Alert

TEXT = "This is an exercise. Answer with ACK.\n"


@pytest.fixture
def hall(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.member(carol, office="committee")
    desk.member(person("Dora Example", "dora@nic.example"), "lu", keyless=True)
    return desk


def number(desk: Desk) -> str:
    return all_of(desk, Alert)[0].id


def ask(desk: Desk, who: KeyPair, fields: str = "", text: str = TEXT):
    desk.later(seconds=1)
    return desk.say_bound(who, f"EXERCISE\n{fields}\n{text}")


def clock(desk: Desk) -> list[Letter]:
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        return list(JOBS["start_exercises"].run(context))


def test_it_is_announced_to_everybody_and_begins_by_itself_a_week_later(
    hall: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    assert outcome(ask(hall, carol)) == "announced"
    for address in (ann.address, "dora@nic.example", carol.address):
        assert "letters/exercise_announced" in templates(hall, address)
    assert "EXERCISE" in hall.text(hall.last(ann.address)).split("\n")[0]
    hall.later(days=6, hours=23)
    assert clock(hall) == []
    hall.later(hours=1)
    letters = clock(hall)
    assert [one.template for one in letters] == ["letters/alert", "jobs/alert_waiting"]
    assert "EXERCISE" in hall.text(letters[0]).split("\n")[0]
    assert f"VALIDSIG {carol.fingerprint}" in verified(dict(files_in(letters[0])))
    (alert,) = all_of(hall, Alert)
    assert (alert.state, alert.is_exercise, alert.posted_at, alert.received_at) == (
        "posted",
        True,
        hall.now,
        hall.now,
    )
    assert clock(hall) == []


def test_begins_at_once_when_it_says_so(hall: Desk, carol: KeyPair) -> None:
    assert outcome(ask(hall, carol, "When: now\nScope: tld be\n")) == "started"
    assert "letters/alert" in [one.template for one in hall.letters]


def test_begins_when_it_says(hall: Desk, carol: KeyPair) -> None:
    when = hall.now + timedelta(days=2)
    assert outcome(ask(hall, carol, f"When: {when:%Y-%m-%d %H:%M} UTC\n")) == "announced"
    assert all_of(hall, Alert)[0].posted_at == when.replace(second=0)


@pytest.mark.parametrize("when", ["tomorrow", "2020-01-01 10:00", "2099-01-01T10:00Z", ""])
def test_no_other_moment(hall: Desk, carol: KeyPair, when: str) -> None:
    before = rows(hall)
    assert outcome(ask(hall, carol, f"When: {when}\n")) == "bad_when"
    assert rows(hall) == before


@pytest.mark.parametrize(
    ("fields", "text", "reason"),
    [
        ("Scope: tld zz\n", TEXT, "bad_scope"),
        ("Title: x\n", "", "alert_empty"),
        ("Wehn: now\n", TEXT, "unknown_field"),
    ],
)
def test_what_can_not_be_resolved_stops_it(
    hall: Desk, carol: KeyPair, fields: str, text: str, reason: str
) -> None:
    before = rows(hall)
    assert outcome(ask(hall, carol, fields, text)) == reason
    assert rows(hall) == before


def test_too_large_is_refused(carol: KeyPair) -> None:
    with open_desk("[alerts]\nmax_bytes = 5000") as desk:
        desk.member(carol, office="committee")
        assert outcome(ask(desk, carol, text="word " * 2000)) == "alert_too_large"


def test_draft_announces_nothing(hall: Desk, carol: KeyPair) -> None:
    before = rows(hall)
    assert outcome(ask(hall, carol, "Draft: yes\n")) == "draft"
    assert rows(hall) == before


def test_only_the_committee(hall: Desk, ann: KeyPair) -> None:
    assert outcome(ask(hall, ann)) == "not_committee"


def test_announced_exercise_is_called_off_and_everybody_hears_it(
    hall: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    ask(hall, carol)
    assert outcome(hall.say_bound(ann, f"CANCEL {number(hall)}")) == "no_such_alert"
    assert outcome(hall.say_bound(carol, f"CLOSE {number(hall)}")) == "alert_not_out"
    assert outcome(hall.say_bound(carol, f"CANCEL {number(hall)}")) == "cancelled"
    assert templates(hall, ann.address)[-1] == "letters/exercise_called_off"
    hall.later(days=8)
    assert clock(hall) == []


def test_announced_exercise_does_not_use_up_the_hour_of_real_alerts(hall: Desk, carol: KeyPair) -> None:
    for _ in range(4):
        assert outcome(ask(hall, carol)) == "announced"
    assert outcome(hall.say_bound(carol, "ALERT\n\nLook out")) == "posted"


def test_how_quick_a_tld_was_is_for_that_tld_and_the_committee(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    ask(hall, carol, "When: now\n")
    hall.later(minutes=7)
    hall.say(bob, f"ACK {number(hall)}")
    shown = {}
    for who in (ann, carol):
        hall.later(seconds=1)
        values = hall.say(who, f"STATUS {number(hall)}").decision.parts[0].outcome.values
        shown[who.name] = [one["tld"] for one in values["tlds"]]
        assert values["response"] == {"tlds": 3, "never": 2, "median": None, "ninety": None}
    assert shown == {ann.name: ["nl"], carol.name: ["be", "lu", "nl"]}
