"""UPDATE: a contact's own record; a new address is proven by the old one and the new one."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, outcomes, rows, stored, templates
from tldops_bot.store.tables import Person

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
        ("Fax: call me", "bad_phone"),
        ("Email: not an address", "bad_field"),
        ("Email: ann@", "bad_field"),
        ("Name: 77", "bad_field"),
        ("Name: A", "bad_field"),
        ("Name: \u202eelpmaxE nnA", "bad_field"),
        ("Organisation: " + "x" * 201, "bad_field"),
        ("Organisation: www.nic.example", "bad_field"),
        ("Timezone: Mars/Olympus", "bad_field"),
        ("Language: Klingon", "unknown_language"),
        ("Timezone: ../../etc/passwd", "bad_field"),
        ("Timezone: Europe", "bad_field"),
        ("Name: Ann One\nName: Ann Two", "field_twice"),
        ("Nmae: Ann", "unknown_field"),
        ("Replaces: bob@nic.example", "unknown_field"),
        ("", "field_missing"),
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
    assert "letters/record_changed" in templates(desk, ann.address)


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


def test_nobody_makes_us_write_to_strangers_all_day(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    six = ["Email: victim@elsewhere.example", "Emergency-Email: victim@elsewhere.example"] * 3
    assert set(outcomes(desk.say_bound(ann, "\n".join(f"UPDATE\n{one}" for one in six)))) == {"updated"}
    assert len(desk.to("victim@elsewhere.example")) == 6
    for one in six[:2]:
        assert outcome(desk.say_bound(ann, f"UPDATE\n{one}")) == "address_often"
    assert outcome(desk.say_bound(ann, f"UPDATE\nEmail: {ann.address}\nFax: -")) == "updated"
    desk.later(hours=24)
    assert outcome(desk.say_bound(ann, f"UPDATE\n{six[0]}")) == "updated"


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
    update(desk, ann, "Phone: 020 7946 0123\nFax: 020 7946 0999")
    person = stored(desk, ann.address)
    assert (person.phone, person.phone_e164) == ("020 7946 0123", "+442079460123")
    assert (person.fax, person.fax_e164) == ("020 7946 0999", "+442079460999")
    update(desk, ann, "Fax: -")
    assert (stored(desk, ann.address).fax, stored(desk, ann.address).fax_e164) == ("", "")


def test_keyless_contact_updates_by_a_token(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.write(ann.address, "UPDATE\nName: Ann B. Example")
    assert stored(desk, ann.address).name == ann.name
    answer(desk, ann.address)
    assert stored(desk, ann.address).name == "Ann B. Example"


def test_stranger_has_no_record(desk: Desk, ann: KeyPair) -> None:
    handled = desk.say_bound(ann, "UPDATE\nName: Ann Example", attachments=[ann.key_attachment()])
    assert outcome(handled) == "not_a_contact"


# --- what a stolen key, or a stolen mailbox, changes can be put back


def told(desk: Desk, address: str) -> list[str]:
    return [one for one in templates(desk, address) if one != "reply"]


def test_a_changed_number_is_told_to_the_owner_and_to_who_would_call_and_one_line_puts_it_back(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, "be")
    update(desk, ann, "Mobile: +44 20 7946 0999\nPostal: 1 Example Street")
    assert stored(desk, ann.address).mobile_e164 == "+442079460999"
    assert (told(desk, ann.address), told(desk, bob.address)) == (
        ["letters/record_changed"],
        ["letters/colleague_changed"],
    )
    assert told(desk, carol.address) == []
    (letter,) = [one for one in desk.letters if one.template == "letters/record_changed"]
    words = desk.text(letter)
    assert "7946" not in words
    assert "+44…23" in words
    assert "7946" not in desk.text(desk.last(bob.address))
    assert outcome(desk.write(ann.address, f"CONFIRM {letter.values['token']}")) == "token_other_answer"
    assert outcome(desk.write(ann.address, f"DECLINE {letter.values['token']}")) == "undone"
    person = stored(desk, ann.address)
    assert (person.mobile, person.mobile_e164, person.postal) == ("+44 7700 900123", "+447700900123", "")
    assert "put back" in desk.text(desk.last(bob.address))


def test_undoing_works_after_the_key_was_blocked(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, "Phone: +44 20 7946 0999")
    undo = desk.token_for(ann.address)
    desk.write(ann.address, "KEY STOLEN")
    answer(desk, ann.address)
    assert outcome(desk.write(ann.address, f"DECLINE {undo}")) == "undone"
    assert stored(desk, ann.address).phone == ""


def test_undoing_leaves_alone_what_was_changed_since(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, "Fax: +44 20 7946 0001\nPostal: 1 Example Street")
    undo = desk.token_for(ann.address)
    update(desk, ann, "Fax: +44 20 7946 0002")
    second = desk.token_for(ann.address)
    assert outcome(desk.write(ann.address, f"DECLINE {undo}")) == "undone"
    assert (stored(desk, ann.address).fax, stored(desk, ann.address).postal) == ("+44 20 7946 0002", "")
    update(desk, ann, "Fax: +44 20 7946 0003")
    assert outcome(desk.write(ann.address, f"DECLINE {second}")) == "nothing_to_undo"


def test_undoing_ends_after_two_weeks(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, "Fax: +44 20 7946 0001")
    desk.later(days=15)
    assert outcome(answer(desk, ann.address, "DECLINE")) == "token_expired"


def test_nothing_changed_nothing_told(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Name: {ann.name}")
    assert told(desk, ann.address) == []


def test_a_proven_emergency_address_taken_away_hears_of_it_and_puts_itself_back(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Emergency-Email: {SPARE}")
    answer(desk, SPARE)
    answer(desk, ann.address)
    assert "letters/record_changed" not in templates(desk, ann.address)
    proven = stored(desk, ann.address).emergency_proven_at
    update(desk, ann, "Emergency-Email: -")
    assert templates(desk, SPARE)[-1] == "letters/record_changed"
    assert outcome(answer(desk, SPARE, "DECLINE")) == "undone"
    person = stored(desk, ann.address)
    assert (person.emergency_email, person.emergency_proven_at) == (SPARE, proven)
    update(desk, ann, "Emergency-Email: mallory@elsewhere.example")
    assert outcome(answer(desk, SPARE, "DECLINE")) == "undone"
    assert stored(desk, ann.address).emergency_email == SPARE


def test_a_new_address_is_told_to_the_old_ones_and_they_can_undo_it(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(bob, "nl")
    desk.write(ann.address, f"UPDATE\nEmail: {NEW}")
    answer(desk, ann.address)
    answer(desk, ann.address)
    assert outcome(answer(desk, NEW)) == "address_changed"
    assert templates(desk, ann.address)[-1] == "letters/record_changed"
    assert templates(desk, bob.address)[-1] == "letters/colleague_changed"
    assert outcome(answer(desk, ann.address, "DECLINE")) == "undone"
    assert stored(desk, ann.address).email == ann.address


def test_an_old_address_that_somebody_else_has_by_now_is_not_put_back(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    update(desk, ann, f"Email: {NEW}")
    answer(desk, ann.address)
    answer(desk, NEW)
    with desk.app.database.write() as session:
        session.add(Person(name=bob.name, email=ann.address, email_key=ann.address, created_at=desk.now))
    assert outcome(answer(desk, ann.address, "DECLINE")) == "nothing_to_undo"
    assert stored(desk, NEW).name == ann.name


@pytest.mark.parametrize("fields", [f"Email: {NEW}", f"Emergency-Email: {SPARE}", "Emergency-Email: -"])
def test_a_thief_of_a_members_mailbox_who_has_the_key_blocked_first_leads_no_mail_elsewhere(
    desk: Desk, ann: KeyPair, fields: str
) -> None:
    desk.member(ann, "nl")
    desk.write(ann.address, "KEY LOST")
    answer(desk, ann.address)
    desk.write(ann.address, f"UPDATE\n{fields}")
    answer(desk, ann.address)
    assert "protected by your key" in desk.text(desk.last(ann.address))
    assert told(desk, NEW) == told(desk, SPARE) == []


def test_who_lost_the_key_may_still_correct_a_number(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.write(ann.address, "KEY LOST")
    answer(desk, ann.address)
    desk.write(ann.address, "UPDATE\nPhone: +44 20 7946 0999")
    answer(desk, ann.address)
    assert stored(desk, ann.address).phone_e164 == "+442079460999"
