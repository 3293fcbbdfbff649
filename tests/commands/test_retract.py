"""RETRACT: it was wrong; everybody hears it before everything else, and no copy goes any more."""

import pytest
from sqlalchemy import select

from tests.commands.test_update_alert import number, town, update
from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, answer, outcome, rows, templates
from tldops_bot.store.tables import Alert, Delivery, Message

__all__ = ["town"]


def test_it_overtakes_everything_and_stops_copies_that_wait(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    handled = town.say_bound(ann, f"RETRACT {number(town)} false alarm, a test, of ours")
    assert outcome(handled) == "retracted"
    assert handled.decision.parts[0].outcome.values["stopped"] == 2
    assert [one.state for one in all_of(town, Alert)] == ["retracted"]
    with town.look() as session:
        first = session.execute(
            select(Message.priority, Delivery.state)
            .join(Delivery)
            .where(Delivery.state == "waiting")
            .order_by(Delivery.priority)
        ).first()
        dropped = select(Delivery.last_status).where(Delivery.state == "dropped")
        assert set(session.scalars(dropped)) == {"retracted"}
    assert first is not None
    assert first.priority < 0
    assert "> false alarm, a test, of ours" in town.text(town.last(bob.address))


def test_updates_that_wait_are_stopped_as_well(town: Desk, ann: KeyPair) -> None:
    update(town, ann)
    handled = town.say_bound(ann, f"RETRACT {number(town)} false alarm")
    assert handled.decision.parts[0].outcome.values["stopped"] == 4


def test_who_only_knew_that_an_alert_waits_hears_that_it_does_not(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    dora = person("Dora Example", "dora@nic.example")
    desk.member(dora, "be", keyless=True)
    desk.say_bound(ann, "ALERT\n\nLook out")
    desk.say_bound(ann, f"RETRACT {number(desk)} It was Mallory")
    assert templates(desk, dora.address)[-2:] == ["letters/alert_retracted", "letters/alert_withdrawn"]
    assert "Mallory" not in desk.text(desk.last(dora.address))


@pytest.mark.parametrize(
    ("words", "reason"),
    [("", "no_such_alert"), ("{id}", "bad_arguments"), ("A-2020-0001 x", "no_such_alert")],
)
def test_it_needs_a_reason(town: Desk, ann: KeyPair, words: str, reason: str) -> None:
    before = rows(town)
    assert outcome(town.say_bound(ann, f"RETRACT {words.format(id=number(town))}")) == reason
    assert rows(town) == before


def test_closed_alert_can_be_taken_back_but_only_once(town: Desk, ann: KeyPair) -> None:
    town.say_bound(ann, f"CLOSE {number(town)}")
    assert outcome(town.say_bound(ann, f"RETRACT {number(town)} was wrong")) == "retracted"
    town.later(seconds=1)
    assert outcome(town.say_bound(ann, f"RETRACT {number(town)} was wrong")) == "alert_not_open"


def test_alert_of_a_stolen_key_is_taken_back_by_another_contact_of_its_tld(town: Desk, ann: KeyPair) -> None:
    dora = person("Dora Example", "dora.sample@nic.example")
    town.member(dora, "nl")
    assert outcome(town.say_bound(dora, f"KEY STOLEN {ann.address}")) == "blocked"
    assert outcome(town.say_bound(dora, f"RETRACT {number(town)} posted with a stolen key")) == "retracted"


def test_poster_and_recipients_forgotten_since_are_in_nobodys_way(
    town: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    dora = person("Dora Example", "dora.sample@nic.example")
    town.member(dora, "nl", "be")
    for who in (ann, bob):
        town.say_bound(who, "FORGET")
        assert outcome(answer(town, who.address)) == "left"
    assert outcome(town.say_bound(dora, f"RETRACT {number(town)} was wrong")) == "retracted"
    (told,) = [one for one in town.letters if one.template == "letters/alert_retracted"]
    assert town.addresses(told) == [dora.address]


def test_others_may_not(town: Desk, bob: KeyPair) -> None:
    assert outcome(town.say_bound(bob, f"RETRACT {number(town)} hide it")) == "no_such_alert"
