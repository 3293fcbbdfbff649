"""UPDATE-ALERT: more is known; it goes to the same people, in the same thread, with its history on top."""

import pytest

from tests.commands.test_alert import files_in, verified
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, number, outcome, rows, templates
from tldops_bot.domain.outgoing import FIRST, Letter
from tldops_bot.store import outbox
from tldops_bot.store.tables import AlertNews, AlertRecipient, Entry

MORE = "Two more registrars are called\n\nSame caller, other numbers.\n"


@pytest.fixture
def town(desk: Desk, ann: KeyPair, bob: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert outcome(desk.say_bound(ann, "ALERT\nTLP: GREEN\nScope: tld be\n\nLook out")) == "posted"
    desk.later(minutes=5)
    return desk


def update(desk: Desk, who: KeyPair, fields: str = "", text: str = MORE):
    desk.later(seconds=1)
    return desk.say_bound(who, f"UPDATE-ALERT {number(desk)}\n{fields}\n{text}")


def letter(desk: Desk) -> Letter:
    return [one for one in desk.letters if one.template == "letters/alert_update"][-1]


def test_update_goes_to_the_same_people_in_the_same_thread(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    assert outcome(update(town, ann)) == "sent"
    sent, first = letter(town), next(one for one in town.letters if one.template == "letters/alert")
    assert set(town.addresses(sent)) == set(town.addresses(first)) == {ann.address, bob.address}
    assert sent.references == first.references != ()
    assert sent.alert_id == number(town)
    assert sent.reply_to == ann.address
    words = town.text(sent)
    assert words.startswith(f"Subject: [TLP:GREEN] {number(town)} update 1\n")
    assert words.index("> Look out") < words.index("Title:")


def test_history_grows_and_does_not_tell_of_itself(town: Desk, ann: KeyPair) -> None:
    update(town, ann, "Title: First\n")
    update(town, ann, "Title: Second\nTLP: AMBER\nSeverity: critical\n")
    values = letter(town).values
    assert [(one["kind"], one["title"]) for one in values["history"]] == [
        ("alert", "Look out"),
        ("update", "First"),
    ]
    assert (values["number"], values["tlp"], values["severity"]) == (2, "AMBER", "critical")


def test_its_original_verifies_by_gpg_alone(town: Desk, ann: KeyPair) -> None:
    update(town, ann)
    assert f"VALIDSIG {ann.fingerprint}" in verified(dict(files_in(letter(town))))


def test_who_came_into_its_scope_since_gets_it_too(town: Desk, ann: KeyPair) -> None:
    dora = person("Dora Example", "dora.sample@nic.example")
    town.member(dora, "be")
    update(town, ann)
    assert dora.address in set(town.addresses(letter(town)))
    assert len(all_of(town, AlertRecipient)) == 3


def test_who_left_its_scope_since_still_gets_it(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    with town.app.database.write() as session:
        for row in session.query(AlertRecipient).filter_by(person_id=2):
            assert row.got == "alert"
    town.member(person("Eve Sample", "eve@nic.example"), "lu")
    with town.app.database.write() as session:
        session.query(Entry).filter_by(tld="be").update({"tld": "lu"})
    update(town, ann)
    assert set(town.addresses(letter(town))) == {ann.address, bob.address}


def test_contacts_of_its_tld_and_the_committee_may_others_not(
    town: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    before = rows(town)
    assert outcome(update(town, bob)) == "no_such_alert"
    assert rows(town) == before
    town.member(carol, office="committee")
    assert outcome(update(town, carol)) == "sent"
    dora = person("Dora Example", "dora.sample@nic.example")
    town.member(dora, "nl")
    assert outcome(update(town, dora)) == "sent"
    assert letter(town).reply_to == dora.address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("UPDATE-ALERT\n\nmore", "no_such_alert"),
        ("UPDATE-ALERT A-2020-0001\n\nmore", "no_such_alert"),
        ("UPDATE-ALERT {id}\nTitle: x\n", "alert_empty"),
    ],
)
def test_nothing_is_guessed(town: Desk, ann: KeyPair, text: str, reason: str) -> None:
    before = rows(town)
    assert outcome(town.say_bound(ann, text.format(id=number(town)))) == reason
    assert rows(town) == before


def test_bad_values_take_what_the_alert_had_or_the_safer_one(town: Desk, ann: KeyPair) -> None:
    handled = update(town, ann, "TLP: purple\n")
    assert handled.decision.parts[0].outcome.values["safer"][0].instead == "AMBER+STRICT"


def test_draft_sends_and_keeps_nothing(town: Desk, ann: KeyPair) -> None:
    before = rows(town)
    handled = update(town, ann, "Draft: yes\n")
    assert outcome(handled) == "draft"
    assert handled.decision.parts[0].outcome.values["members"] == 2
    assert rows(town) == before


def test_oversized_update_is_refused(ann: KeyPair) -> None:
    with open_desk("[alerts]\nmax_bytes = 5000") as desk:
        desk.member(ann, "nl")
        assert outcome(desk.say_bound(ann, "ALERT\n\nLook out")) == "posted"
        assert outcome(update(desk, ann, text="word " * 2000)) == "alert_too_large"


def test_closed_alert_takes_no_update(town: Desk, ann: KeyPair) -> None:
    town.say_bound(ann, f"CLOSE {number(town)}")
    assert outcome(update(town, ann)) == "alert_not_open"


def test_updates_count_as_alerts_do_and_wait_for_a_second_member(
    town: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    town.member(carol, office="committee")
    assert [outcome(update(town, ann)) for _ in range(3)] == ["sent", "sent", "held"]
    assert templates(town, carol.address)[-1] == "letters/release"
    assert [one.state for one in all_of(town, AlertNews)] == ["posted", "posted", "held"]
    assert outcome(town.say_bound(ann, f"RELEASE {number(town)}")) == "on_oneself"
    town.later(seconds=1)
    assert outcome(town.say_bound(bob, f"RELEASE {number(town)}")) == "released"
    assert letter(town).values["number"] == 3
    town.later(seconds=1)
    assert outcome(town.say_bound(bob, f"RELEASE {number(town)}")) == "alert_not_waiting"


def test_held_update_can_be_taken_back_and_leaves_the_alert(ann: KeyPair, bob: KeyPair) -> None:
    with open_desk('[alerts]\nrelease = "second-member"') as desk:
        desk.member(ann, "nl")
        desk.member(bob, "be")
        desk.say_bound(ann, "ALERT\n\nLook out")
        assert outcome(update(desk, ann)) == "alert_not_out"
        assert outcome(desk.say_bound(bob, f"RELEASE {number(desk)}")) == "released"
        assert outcome(update(desk, ann)) == "held"
        handled = desk.say_bound(ann, f"CANCEL {number(desk)}")
        assert outcome(handled) == "cancelled"
        assert handled.decision.parts[0].outcome.values["is_update"]
        assert "letters/alert_update" not in [one.template for one in desk.letters]
        desk.later(seconds=1)
        assert outcome(desk.say_bound(ann, f"CANCEL {number(desk)}")) == "alert_not_waiting"


def test_cancelled_alert_can_not_be_updated(ann: KeyPair) -> None:
    with open_desk('[alerts]\nrelease = "second-member"') as desk:
        desk.member(ann, "nl")
        desk.say_bound(ann, "ALERT\n\nLook out")
        desk.say_bound(ann, f"CANCEL {number(desk)}")
        assert outcome(update(desk, ann)) == "alert_not_out"


def test_who_has_no_key_gets_the_update_with_the_alert_once_there_is_one(town: Desk, ann: KeyPair) -> None:
    dora = person("Dora Example", "dora@nic.example")
    town.member(dora, "be", keyless=True)
    update(town, ann)
    assert town.copies()[dora.address] == "held"
    with town.look() as session:
        assert outbox.most_urgent_due(session, town.now) != FIRST
