"""STOP: the committee halts what has not gone yet, in the middle of a fan-out."""

import pytest
from sqlalchemy import update as change

from tests.commands.test_update_alert import number, town
from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows, templates
from tldops_bot.store.tables import Alert, Delivery

__all__ = ["town"]


@pytest.fixture
def hall(town: Desk, carol: KeyPair) -> Desk:
    town.member(carol, office="committee")
    return town


def test_copies_not_yet_sent_stay_and_the_others_are_counted(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    with hall.app.database.write() as session:
        session.execute(change(Delivery).where(Delivery.rcpt_to == bob.address).values(state="taken"))
    handled = hall.say_bound(carol, f"STOP {number(hall)} looks forged")
    assert outcome(handled) == "stopped"
    assert handled.decision.parts[0].outcome.values == {
        "id": number(hall),
        "stopped": 1,
        "gone": 1,
        "was_held": False,
    }
    assert [one.state for one in all_of(hall, Alert)] == ["stopped"]
    for told in (ann, carol):
        assert "letters/alert_stopped" in templates(hall, told.address)
    assert "letters/alert_stopped" not in templates(hall, bob.address)


def test_waiting_alert_is_stopped_and_can_not_be_released(ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    with open_desk('[alerts]\nrelease = "second-member"') as desk:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        desk.member(carol, office="committee")
        desk.say_bound(ann, "ALERT\n\nLook out")
        assert outcome(desk.say_bound(carol, f"STOP {number(desk)}")) == "stopped"
        assert "nobody has got it" in desk.text(desk.last(ann.address)).lower().replace("\n", " ")
        assert outcome(desk.say_bound(bob, f"RELEASE {number(desk)}")) == "alert_not_waiting"
        assert outcome(desk.say_bound(ann, f"RETRACT {number(desk)} which I say to all")) == "alert_not_out"
        assert templates(desk, bob.address) == ["reply"], "nobody hears of what never went out"


def test_only_the_committee_and_only_once(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    before = rows(hall)
    assert outcome(hall.say_bound(ann, f"STOP {number(hall)}")) == "not_committee"
    assert outcome(hall.say_bound(carol, "STOP")) == "no_such_alert"
    assert outcome(hall.say_bound(carol, "STOP A-2020-0001")) == "no_such_alert"
    assert rows(hall) == before
    hall.say_bound(carol, f"STOP {number(hall)}")
    hall.later(seconds=1)
    assert outcome(hall.say_bound(carol, f"STOP {number(hall)}")) == "alert_not_open"
    assert outcome(hall.say_bound(ann, f"RETRACT {number(hall)} forged")) == "retracted"
