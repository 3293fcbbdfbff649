"""UPDATE: a contact's own record; a new address is proven by the old one and the new one."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, rows, stored, templates

NEW = "ann.new@nic.example"
SPARE = "ann@elsewhere.example"


def update(desk: Desk, who: KeyPair, fields: str):
    return desk.say_bound(who, f"UPDATE\n{fields}")


def test_fields_are_changed_at_once_and_count_as_fresh(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.later(days=100)
    assert (
        outcome(
            update(desk, ann, "Name: Ann B. Example\nPhone: +44 20 7946 0999\nTimezone: Europe/Amsterdam")
        )
        == "updated"
    )
    person = stored(desk, ann.address)
    assert (person.name, person.phone_e164, person.timezone) == (
        "Ann B. Example",
        "+442079460999",
        "Europe/Amsterdam",
    )
    assert person.confirmed_at == desk.now


@pytest.mark.parametrize("dash", ["-", "none", "None", ""])
def test_dash_empties_a_field(desk: Desk, ann: KeyPair, dash: str) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Organisation: {dash}\nPhone: +44 20 7946 0999\nMobile: {dash}")
    person = stored(desk, ann.address)
    assert (person.organisation, person.mobile, person.mobile_e164) == ("", "", "")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("Name: -", "field_missing"),
        ("Email: none", "field_missing"),
        ("Mobile: -", "field_missing"),
        ("Phone: 12", "bad_phone"),
        ("Phone: call me", "bad_phone"),
        ("Email: not an address", "bad_field"),
        ("Email: ann@", "bad_field"),
        ("Name: 77", "bad_field"),
        ("Name: A", "bad_field"),
        ("Name: \u202eelpmaxE nnA", "bad_field"),
        ("Organisation: " + "x" * 201, "bad_field"),
        ("Timezone: Mars/Olympus", "bad_field"),
        ("Timezone: ../../etc/passwd", "bad_field"),
        ("Timezone: Europe", "bad_field"),
        ("Name: Ann One\nName: Ann Two", "field_twice"),
        ("Nmae: Ann", "unknown_field"),
        ("Replaces: bob@nic.example", "unknown_field"),
        ("", "bad_arguments"),
    ],
)
def test_bad_field_changes_nothing(desk: Desk, ann: KeyPair, fields: str, reason: str) -> None:
    desk.member(ann, "nl")
    before = rows(desk)
    handled = update(desk, ann, f"Postal: 1 Example Street\n{fields}" if fields else "")
    assert outcome(handled) == reason
    assert rows(desk) == before


def test_arguments_are_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(ann, "UPDATE nl\nName: Ann Example")) == "bad_arguments"


@pytest.mark.parametrize("first", ["old", "new"])
def test_new_address_counts_when_both_addresses_have_answered(desk: Desk, ann: KeyPair, first: str) -> None:
    desk.member(ann, "nl")
    handled = update(desk, ann, f"Email: {NEW}")
    assert handled.decision.status.value == "WAITING"
    one, other = (ann.address, NEW) if first == "old" else (NEW, ann.address)
    assert outcome(answer(desk, one)) == "address_half"
    assert stored(desk, ann.address).email == ann.address
    assert outcome(answer(desk, other)) == "address_changed"
    assert stored(desk, NEW).name == ann.name
    assert "letters/address_changed" in templates(desk, ann.address)


def test_one_addresss_no_keeps_the_old_one_for_good(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Email: {NEW}")
    assert outcome(answer(desk, ann.address, "DECLINE")) == "dropped"
    assert outcome(answer(desk, NEW)) == "address_half"
    assert stored(desk, ann.address).email == ann.address


def test_tokens_of_two_wishes_do_not_make_one_pair(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, "Email: first.wish@nic.example")
    old_for_first = desk.token_for(ann.address)
    update(desk, ann, f"Email: {NEW}")
    desk.write(ann.address, f"CONFIRM {old_for_first}")
    assert outcome(answer(desk, NEW)) == "address_half"
    assert stored(desk, ann.address).email == ann.address


def test_address_of_somebody_else_is_refused_also_when_taken_meanwhile(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Email: {bob.address}")
    answer(desk, ann.address)
    desk.member(bob, "be")
    assert outcome(answer(desk, bob.address)) == "token_void"
    assert outcome(update(desk, ann, f"Email: {bob.address.upper()}")) == "address_in_use"


def test_same_address_in_another_spelling_asks_nobody(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert update(desk, ann, f"Email: {ann.address.upper()}").decision.status.value == "SUCCESS"


def test_emergency_address_serves_once_its_token_came_back(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert update(desk, ann, f"Emergency-Email: {SPARE}").decision.status.value == "WAITING"
    assert stored(desk, ann.address).emergency_proven_at is None
    assert templates(desk, SPARE) == ["letters/emergency"]
    assert outcome(answer(desk, SPARE)) == "address_half"
    assert stored(desk, ann.address).emergency_proven_at is None
    assert outcome(answer(desk, ann.address)) == "emergency_proven"
    assert stored(desk, ann.address).emergency_proven_at == desk.now
    desk.say(ann, "SHOW", {"From": "Ann <ann@unknown.example>"})
    assert {to.address for to in desk.letters[-1].to} == {ann.address, SPARE}


def test_token_of_a_replaced_emergency_address_is_void(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Emergency-Email: {SPARE}")
    update(desk, ann, "Emergency-Email: other@elsewhere.example")
    assert outcome(answer(desk, SPARE)) == "token_void"
    assert stored(desk, ann.address).emergency_proven_at is None


def test_proven_emergency_address_named_again_stays_proven(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Emergency-Email: {SPARE}")
    answer(desk, SPARE)
    answer(desk, ann.address)
    assert update(desk, ann, f"Emergency-Email: {SPARE}").decision.status.value == "SUCCESS"
    assert stored(desk, ann.address).emergency_proven_at is not None


def test_emptied_emergency_address_serves_no_more(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Emergency-Email: {SPARE}")
    answer(desk, SPARE)
    answer(desk, ann.address)
    update(desk, ann, "Emergency-Email: -")
    person = stored(desk, ann.address)
    assert (person.emergency_email, person.emergency_proven_at) == ("", None)


def test_national_number_is_read_with_the_tlds_country(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "uk")
    update(desk, ann, "Phone: 020 7946 0123")
    assert stored(desk, ann.address).phone_e164 == "+442079460123"


def test_keyless_contact_updates_by_a_token(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.write(ann.address, "UPDATE\nName: Ann B. Example")
    assert stored(desk, ann.address).name == ann.name
    answer(desk, ann.address)
    assert stored(desk, ann.address).name == "Ann B. Example"


def test_stranger_has_no_record(desk: Desk, ann: KeyPair) -> None:
    handled = desk.say_bound(ann, "UPDATE\nName: Ann Example", attachments=[ann.key_attachment()])
    assert outcome(handled) == "not_a_contact"
