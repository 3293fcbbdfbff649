"""UPDATE with an address: the secretariat enters what it heard, and the person concerned has the last word."""

import pytest
from sqlalchemy import delete

from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import answer, outcome, prove, rows, stored, templates
from tldops_bot.store import audit
from tldops_bot.store.tables import Office, Person, Token

NEW = "Phone: +44 20 7946 0999"


@pytest.fixture
def office(desk: Desk, ann: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(carol, office="secretariat")
    return desk


@pytest.fixture(scope="module")
def dora() -> KeyPair:
    return person("Dora Example", "dora@nic.example")


def enter(desk: Desk, who: KeyPair, whose: str, fields: str = NEW) -> str:
    return outcome(desk.say_bound(who, f"UPDATE {whose}\n{fields}"))


def test_nothing_changes_before_the_person_says_so_with_their_own_key(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    before = stored(office, ann.address).phone
    assert enter(office, carol, f"<{ann.address}>") == "proposed"
    letter = office.last(ann.address)
    assert (letter.template, letter.is_confidential) == ("letters/update", True)
    assert letter.to[0].fingerprint == ann.fingerprint
    assert "Phone: +44 20 7946 0999" in office.text(letter)
    assert stored(office, ann.address).phone == before
    assert outcome(answer(office, ann.address)) == "token_needs_signature"
    assert outcome(prove(office, ann)) == "updated"
    assert stored(office, ann.address).phone_e164 == "+442079460999"
    told = office.last(carol.address)
    assert (told.template, told.values["is_yes"]) == ("letters/update_answered", True)
    with office.look() as session:
        entry = next(one for one in audit.history(session) if one.action == "updated")
        assert (entry.actor, "secretariat" in entry.details) == (ann.fingerprint, True)


def test_change_can_be_taken_back_like_any_other(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    enter(office, carol, ann.address, "Mobile: +44 20 7946 0999")
    prove(office, ann)
    assert outcome(answer(office, ann.address, "DECLINE")) == "undone"
    assert stored(office, ann.address).mobile_e164 == "+447700900123"


def test_without_a_key_the_stored_mailbox_answers_and_reads_no_number(
    office: Desk, dora: KeyPair, carol: KeyPair
) -> None:
    office.member(dora, "nl", keyless=True)
    enter(office, carol, dora.address, f"{NEW}\nFax: -\nTimezone: Europe/London")
    letter = office.last(dora.address)
    assert not letter.is_confidential
    text = office.text(letter)
    assert "0999" not in text
    assert "Fax: (to be emptied)" in text
    assert "Timezone: Europe/London" in text
    assert outcome(answer(office, dora.address)) == "updated"
    assert stored(office, dora.address).timezone == "Europe/London"


def test_no_changes_nothing_and_its_reason_is_told(office: Desk, dora: KeyPair, carol: KeyPair) -> None:
    office.member(dora, "nl", keyless=True)
    enter(office, carol, dora.address)
    assert outcome(answer(office, dora.address, "DECLINE", "not my number")) == "dropped"
    told = office.last(carol.address)
    assert (told.values["is_yes"], told.values["because"]) == (False, "not my number")
    assert stored(office, dora.address).phone == ""


def test_new_address_still_asks_the_old_one_and_the_new_one(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    enter(office, carol, ann.address, "Email: ann@new.example\nEmergency-Email: ann@home.example")
    prove(office, ann)
    assert templates(office, "ann@new.example") == ["letters/new_address"]
    assert "letters/new_address" in templates(office, ann.address)
    assert templates(office, "ann@home.example") == ["letters/emergency"]
    assert stored(office, ann.address).email == ann.address


def test_newest_proposal_stands(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    enter(office, carol, ann.address)
    first = office.token_for(ann.address)
    enter(office, carol, ann.address, "Timezone: Europe/London")
    assert outcome(office.say(ann, f"CONFIRM {first}")) == "token_void"
    assert outcome(prove(office, ann)) == "updated"


def test_where_the_mailbox_is_dead_the_proven_second_one_is_asked(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    with office.app.database.write() as session:
        row = session.query(Person).filter_by(email=ann.address).one()
        row.emergency_email, row.emergency_proven_at = "ann@home.example", office.now
        row.mailbox_failed_at = office.now
    enter(office, carol, ann.address)
    assert templates(office, "ann@home.example")[-1] == "letters/update"


def test_person_whose_key_is_blocked_is_not_led_elsewhere_by_a_mailbox(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    with office.app.database.write() as session:
        session.query(Person).filter_by(email=ann.address).one().key_blocked_at = office.now
    assert enter(office, carol, ann.address, "Email: ann@evil.example") == "key_first"
    assert enter(office, carol, ann.address) == "proposed"
    assert outcome(answer(office, ann.address)) == "updated"


def test_what_no_longer_fits_when_the_answer_comes_is_refused(
    office: Desk, ann: KeyPair, dora: KeyPair, carol: KeyPair
) -> None:
    enter(office, carol, ann.address, f"Email: {dora.address}")
    office.member(dora, "be", keyless=True)
    assert outcome(prove(office, ann)) == "address_in_use"


@pytest.mark.parametrize("verb", ["CONFIRM", "DECLINE"])
def test_answer_of_somebody_forgotten_meanwhile_is_void(
    office: Desk, dora: KeyPair, carol: KeyPair, verb: str
) -> None:
    office.member(dora, "nl", keyless=True)
    enter(office, carol, dora.address)
    token = office.token_for(dora.address)
    with office.app.database.write() as session:
        held = session.query(Token).filter_by(purpose="update").one()
        held.person_id = None
    assert outcome(office.write(dora.address, f"{verb} {token}")) == "token_void"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("UPDATE ann@nic.example", "bad_arguments"),
        (f"UPDATE ann@nic.example now\n{NEW}", "bad_arguments"),
        (f"UPDATE nobody@nic.example\n{NEW}", "nobody_to_update"),
        (f"UPDATE carol.sample@committee.example\n{NEW}", "nobody_to_update"),
        ("UPDATE ann@nic.example\nPhone: 12", "bad_phone"),
        ("UPDATE ann@nic.example\nName: -", "field_missing"),
        ("UPDATE ann@nic.example\nMobile: -", "field_missing"),
        ("UPDATE ann@nic.example\nEmail: carol.sample@committee.example", "address_in_use"),
    ],
)
def test_bad_input_changes_nothing(office: Desk, carol: KeyPair, text: str, reason: str) -> None:
    before = rows(office)
    assert outcome(office.say_bound(carol, text)) == reason
    assert rows(office) == before


def test_committee_may_and_members_may_not(office: Desk, ann: KeyPair, bob: KeyPair) -> None:
    office.member(bob, office="committee")
    assert enter(office, bob, ann.address) == "proposed"
    assert "committee" in office.text(office.last(ann.address))
    assert outcome(office.say(ann, f"DECLINE {office.token_for(ann.address)}")) == "dropped"
    assert office.last(bob.address).template == "letters/update_answered"
    assert enter(office, ann, bob.address) == "bad_arguments"


def test_answer_is_carried_out_when_nobody_of_the_office_is_left_to_hear_it(
    office: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    enter(office, carol, ann.address)
    with office.app.database.write() as session:
        session.execute(delete(Office))
    assert outcome(prove(office, ann)) == "updated"
    assert "letters/update_answered" not in templates(office, carol.address)


def test_plain_mail_in_the_name_of_the_secretariat_changes_nothing(
    office: Desk, ann: KeyPair, dora: KeyPair
) -> None:
    office.member(dora, office="secretariat", keyless=True)
    assert outcome(office.write(dora.address, f"UPDATE {ann.address}\n{NEW}")) == "mailbox"
    office.write(dora.address, f"CONFIRM {office.token_for(dora.address)}")
    assert "letters/update" not in templates(office, ann.address)
