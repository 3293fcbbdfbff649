"""STATUS and QUERY ALERT(S): whom an alert has reached, for those it was meant for."""

import pytest
from sqlalchemy import update

from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import answer, number, outcome
from tldops_bot.store.tables import Delivery, Person


@pytest.fixture
def alerted(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.member(carol, office="committee")
    desk.member(person("Dora Example", "dora@nic.example"), "lu")
    desk.member(person("Emil Example", "emil@nic.example"), "be", "fr", keyless=True)
    desk.member(person("Fred Example", "fred@nic.example"), "at")
    desk.say_bound(ann, "ALERT\nScope: tld be fr at\n\nLook out")
    return desk


def status(desk: Desk, who: KeyPair) -> dict:
    desk.later(seconds=1)
    handled = desk.say(who, f"STATUS {number(desk)}")
    assert outcome(handled) == "reach"
    return handled.decision.parts[0].outcome.values


def states(desk: Desk, who: KeyPair) -> dict[str, str]:
    return {str(one["tld"]): str(one["state"]) for one in status(desk, who)["tlds"]}


def delivered(desk: Desk, address: str, **values: object) -> None:
    with desk.app.database.write() as session:
        session.execute(update(Delivery).where(Delivery.rcpt_to == address).values(**values))


def test_per_tld_the_best_that_any_of_its_contacts_got(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    tlds = {one["tld"]: (one["state"], one["why"]) for one in status(alerted, ann)["tlds"]}
    assert tlds == {
        "at": ("waiting", ""),
        "be": ("waiting", ""),
        "fr": ("failed", "no usable key"),
        "nl": ("waiting", ""),
    }
    delivered(alerted, bob.address, state="taken")
    delivered(alerted, "fred@nic.example", state="refused", last_status="5.1.1")
    tlds = {one["tld"]: (one["state"], one["why"]) for one in status(alerted, ann)["tlds"]}
    assert tlds["be"] == ("reached", "")
    assert tlds["at"] == ("failed", "mailbox refused or bounced")
    alerted.say(bob, f"ACK {number(alerted)} we block it")
    values = status(alerted, ann)
    assert {one["tld"]: one["state"] for one in values["tlds"]}["be"] == "seen"
    assert values["words"] == [(bob.name, "we block it", True)]
    assert values["counts"]["seen"] == 1


def test_copy_that_came_back_did_not_reach_anybody(alerted: Desk, ann: KeyPair, bob: KeyPair) -> None:
    delivered(alerted, bob.address, state="taken", bounced_at=alerted.now)
    assert states(alerted, ann)["be"] == "failed"


def test_others_do_not_learn_of_it_but_the_committee_does(alerted: Desk, carol: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    for text in (f"STATUS {number(alerted)}", f"QUERY ALERT {number(alerted)}", "STATUS", "STATUS x y"):
        assert outcome(alerted.say(dora, text)) == "no_such_alert"
    assert alerted.say(dora, "QUERY ALERTS").decision.parts[0].outcome.values["alerts"] == []
    assert status(alerted, carol)["id"] == number(alerted)


def test_alert_can_be_had_again_with_its_original(alerted: Desk, bob: KeyPair) -> None:
    handled = alerted.say(bob, "QUERY ALERTS")
    (row,) = handled.decision.parts[0].outcome.values["alerts"]
    assert row[0] == number(alerted)
    handled = alerted.say(bob, f"QUERY ALERT {number(alerted)}")
    assert outcome(handled) == "alert"
    assert "original.sig" in {one.name for one in alerted.last(bob.address).attachments}
    assert alerted.last(bob.address).is_confidential


def test_closed_alert_is_handed_out_with_no_file_for_the_word_that_closed_it(
    alerted: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    assert outcome(alerted.say_bound(ann, f"CLOSE {number(alerted)} all is well")) == "closed"
    assert outcome(alerted.say(bob, f"QUERY ALERT {number(alerted)}")) == "alert"
    files = {one.name for one in alerted.last(bob.address).attachments}
    assert files == {"", "original.bin", "original.sig"}


def test_red_alert_is_not_handed_out_again(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "ALERT\nTLP: RED\n\nFor these eyes only")
    assert outcome(desk.say(ann, f"QUERY ALERT {number(desk)}")) == "alert_is_red"


def test_forgotten_recipient_is_counted_but_belongs_to_no_tld(
    alerted: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    alerted.say_bound(bob, "FORGET")
    assert outcome(answer(alerted, bob.address)) == "left"
    with alerted.app.database.write() as session:
        assert session.query(Person).filter(Person.forgotten_at.is_not(None)).count() == 1
    assert {one["tld"] for one in status(alerted, ann)["tlds"]} == {"at", "be", "fr", "nl"}
