"""Everybody is asked in time, not on one day; silence is marked, asked about, shown to the committee, never ended."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests.clockwork import DAY, context, days, tick, token_of
from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import outcome, rows, states, stored, templates
from tldops_bot.domain.outgoing import Entitled, Letter
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import Unfinished
from tldops_bot.jobs.ask_still_right import BATCH
from tldops_bot.store.tables import AuditEntry, Entry, Person, Token

JOB = "ask_still_right"
ADMIN = "admin@registry.example"
MINE, OTHERS, SILENT = "letters/still_right", "letters/still_there", "letters/silent"


@dataclass(frozen=True)
class Keyless:
    """A name and a mailbox."""

    name: str
    address: str


DORA = Keyless("Dora Example", "dora.sample@nic.example")


def asked(letters: list[Letter]) -> list[tuple[str, str]]:
    """Template and addressee of each letter."""
    return [(one.template, to.address) for one in letters for to in one.to]


def age(desk: Desk, who: KeyPair | Keyless, number: float) -> None:
    """As if somebody had confirmed so many days ago."""
    with desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == who.address)).one()
        person.confirmed_at = desk.now - number * DAY


def silence(desk: Desk, who: KeyPair | Keyless) -> None:
    """Somebody was asked and reminded in vain, and is marked now."""
    age(desk, who, 181)
    tick(desk, JOB)
    days(desk, 28, JOB)
    assert stored(desk, who.address).stale_at == desk.now


# --- the question


def test_a_member_gets_the_whole_record_encrypted_once(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    age(desk, ann, 181)
    (letter,) = tick(desk, JOB)
    assert (letter.template, letter.is_confidential) == (MINE, True)
    assert [(to.address, to.entitled) for to in letter.to] == [(ann.address, Entitled.PERSON)]
    text = desk.text(letter)
    assert ".be, .nl" in text
    assert "+44 7700 900123" in text
    assert tick(desk, JOB) == []


def test_without_a_key_the_question_goes_in_clear_with_the_numbers_masked(desk: Desk) -> None:
    desk.member(DORA, "nl", keyless=True)
    age(desk, DORA, 181)
    (letter,) = tick(desk, JOB)
    assert not letter.is_confidential
    text = desk.text(letter)
    assert "900123" not in text
    assert "+44…23" in text
    assert "Example Registry" in text


def test_the_question_comes_in_the_last_sixth_of_the_period(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    age(desk, ann, 150)
    assert tick(desk, JOB) == []
    days(desk, 30, JOB)
    assert templates(desk, ann.address) == [MINE] * len(templates(desk, ann.address))
    assert templates(desk, ann.address)


def test_who_is_not_listed_is_not_asked(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    age(desk, ann, 400)
    age(desk, carol, 400)
    with desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == ann.address)).one()
        person.entries[0].state = "suspended"
    assert tick(desk, JOB) == []


def test_who_never_confirmed_is_asked_by_the_time_they_came(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    with desk.app.database.write() as session:
        session.scalars(select(Person)).one().confirmed_at = None
    assert tick(desk, JOB) == []
    desk.later(days=181)
    assert [one.template for one in tick(desk, JOB)] == [MINE]
    text = desk.text(desk.last(ann.address))
    assert "Last confirmed" not in text


def test_after_a_long_stop_not_everybody_is_asked_at_once(desk: Desk) -> None:
    for number in range(40):
        desk.member(Keyless("Dora Example", f"dora.{number}@nic.example"), "nl", keyless=True)
    desk.later(days=500)
    assert len(tick(desk, JOB)) == 25
    assert tick(desk, JOB) == []
    desk.later(hours=23)
    assert tick(desk, JOB) == []
    desk.later(hours=2)
    assert len(tick(desk, JOB)) == 15


def test_no_transaction_holds_more_than_a_few_letters(desk: Desk) -> None:
    for number in range(23):
        desk.member(Keyless("Dora Example", f"dora.{number}@nic.example"), "nl", keyless=True)
    desk.later(days=200)
    with desk.app.database.write() as session:
        found = JOBS[JOB].run(context(desk, session))
        assert isinstance(found, Unfinished)
        assert len(found.letters) == BATCH
    assert len(tick(desk, JOB)) == 3


# --- yes, and no


def test_one_unsigned_line_confirms(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    silence(desk, ann)
    assert outcome(desk.write(ann.address, f"CONFIRM {token_of(desk, ann.address, MINE)}")) == "still_right"
    person = stored(desk, ann.address)
    assert (person.confirmed_at, person.stale_at) == (desk.now, None)
    before = len(desk.letters)
    days(desk, 149, JOB)
    assert len(desk.letters) == before
    with desk.look() as session:
        assert "confirmed" in set(session.scalars(select(AuditEntry.action)))


@pytest.mark.parametrize("text", ["CONFIRM", "UPDATE\nFax: +44 20 7946 0999"])
def test_a_signed_word_confirms_too(desk: Desk, ann: KeyPair, text: str) -> None:
    desk.member(ann, "nl")
    silence(desk, ann)
    desk.say_bound(ann, text)
    assert stored(desk, ann.address).stale_at is None
    before = len(desk.letters)
    days(desk, 100, JOB)
    assert len(desk.letters) == before


def test_a_signed_mail_is_a_sign_of_life_and_no_confirmation(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    silence(desk, ann)
    desk.say(ann, "QUERY nl")
    person = stored(desk, ann.address)
    assert (person.seen_at, person.stale_at is None) == (desk.now, False)


def test_who_says_no_is_told_what_to_do_and_asked_on(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    age(desk, ann, 181)
    tick(desk, JOB)
    assert outcome(desk.write(ann.address, f"DECLINE {token_of(desk, ann.address, MINE)}")) == "noted"
    assert [one.template for one in days(desk, 7, JOB)] == [MINE]


def test_an_old_reminder_can_still_be_answered(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    age(desk, ann, 181)
    tick(desk, JOB)
    first = token_of(desk, ann.address, MINE)
    days(desk, 80, JOB)
    assert outcome(desk.write(ann.address, f"CONFIRM {first}")) == "still_right"


# --- silence


def test_silence_is_reminded_three_times_then_marked(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    age(desk, ann, 181)
    found = [(0, len(tick(desk, JOB)))]
    found += [(day, len(days(desk, 1, JOB))) for day in range(1, 29)]
    assert [day for day, count in found if count] == [0, 7, 14, 21, 28]
    assert stored(desk, ann.address).stale_at == desk.now
    assert "STALE" in desk.text(desk.last(ann.address))
    assert [one.template for one in days(desk, 31, JOB) if one.to[0].address == ann.address] == [MINE]


def test_after_a_long_stop_nobody_is_marked_without_the_reminders(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    age(desk, ann, 181)
    tick(desk, JOB)
    desk.later(days=90)
    for _ in range(3):
        assert [one.template for one in tick(desk, JOB)] == [MINE]
        assert stored(desk, ann.address).stale_at is None
        desk.later(days=7)
    tick(desk, JOB)
    assert stored(desk, ann.address).stale_at == desk.now


def test_late_questions_go_to_the_second_address_as_well(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    age(desk, ann, 181)
    with desk.app.database.write() as session:
        person = session.scalars(select(Person)).one()
        person.emergency_email, person.emergency_proven_at = "ann@home.example", desk.now
    tick(desk, JOB)
    days(desk, 20, JOB)
    assert desk.to("ann@home.example") == []
    days(desk, 1, JOB)
    assert templates(desk, "ann@home.example") == [MINE]
    token = token_of(desk, "ann@home.example", MINE)
    assert outcome(desk.write("ann@home.example", f"CONFIRM {token}")) == "still_right"


def test_colleagues_and_iana_contacts_are_asked_once_each(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", ADMIN, "tech@registry.example")
    desk.iana("be", ADMIN)
    desk.iana("lu", "admin@lu.example")
    desk.member(ann, "nl", "be", "lu")
    desk.member(bob, "nl")
    with desk.app.database.write() as session:
        session.scalars(select(Entry).where(Entry.tld == "lu")).one().state = "left"
    silence(desk, ann)
    age(desk, bob, 0)
    questions = [one for one in desk.letters if one.template == OTHERS]
    assert sorted(asked(questions)) == [
        (OTHERS, one) for one in (ADMIN, bob.address, "tech@registry.example")
    ]
    assert {one.to[0].address: one.values["tlds"] for one in questions}[ADMIN] == ["be", "nl"]
    for one in questions:
        assert ann.address not in desk.text(one)
        assert "a…@nic.example" in desk.text(one)
    before = len(questions)
    days(desk, 60, JOB)
    assert len([one for one in desk.letters if one.template == OTHERS]) == before


def test_who_is_iana_contact_and_person_at_once_is_not_asked_about_themselves(
    desk: Desk, ann: KeyPair
) -> None:
    desk.iana("nl", ann.address.upper())
    desk.member(ann, "nl")
    silence(desk, ann)
    assert not [one for one in desk.letters if one.template == OTHERS]


def test_one_mailbox_is_asked_about_three_people_a_day_at_most(desk: Desk) -> None:
    desk.iana("nl", ADMIN)
    people = [Keyless("Dora Example", f"dora.{number}@nic.example") for number in range(5)]
    for one in people:
        desk.member(one, "nl", keyless=True)
    with desk.app.database.write() as session:
        for person in session.scalars(select(Person)):
            person.confirmed_at = desk.now - 300 * DAY
            person.asked_at, person.asked, person.stale_at = desk.now, 5, desk.now
    assert len([one for one in tick(desk, JOB) if one.to[0].address == ADMIN]) == 3
    assert [one for one in tick(desk, JOB) if one.to[0].address == ADMIN] == []
    desk.later(days=1)
    assert len([one for one in tick(desk, JOB) if one.to[0].address == ADMIN]) == 2


@pytest.mark.parametrize(
    ("answer", "word"),
    [("CONFIRM {}", "still_there"), ("DECLINE {}", "gone"), ("DECLINE {} ann@elsewhere.example", "gone")],
)
def test_whoever_answers_for_a_person_only_reports(desk: Desk, ann: KeyPair, answer: str, word: str) -> None:
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    silence(desk, ann)
    before = rows(desk)["persons"]
    assert outcome(desk.write(ADMIN, answer.format(token_of(desk, ADMIN, OTHERS)))) == word
    assert rows(desk)["persons"] == before
    assert states(desk, "nl") == {ann.address: "listed"}
    assert desk.to("ann@elsewhere.example") == []


def test_an_answer_for_who_has_confirmed_meanwhile_is_thanked(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    silence(desk, ann)
    desk.write(ann.address, f"CONFIRM {token_of(desk, ann.address, MINE)}")
    for address, verb in ((ADMIN, "CONFIRM"), (bob.address, "DECLINE")):
        assert outcome(desk.write(address, f"{verb} {token_of(desk, address, OTHERS)}")) == "settled"


@pytest.mark.parametrize("verb", ["CONFIRM", "DECLINE"])
def test_an_answer_for_who_has_left_is_void(desk: Desk, ann: KeyPair, verb: str) -> None:
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    silence(desk, ann)
    with desk.app.database.write() as session:
        session.scalars(select(Person)).one().entries[0].state = "left"
    assert outcome(desk.write(ADMIN, f"{verb} {token_of(desk, ADMIN, OTHERS)}")) == "token_void"


def test_a_question_about_nobody_is_void(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    silence(desk, ann)
    with desk.app.database.write() as session:
        for token in session.scalars(select(Token).where(Token.purpose == "colleague")):
            token.person_id = None
    assert outcome(desk.write(ADMIN, f"CONFIRM {token_of(desk, ADMIN, OTHERS)}")) == "token_void"


# --- the committee


def test_the_committee_hears_once_of_all_who_are_silent(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    age(desk, bob, 181)
    silence(desk, ann)
    days(desk, 13, JOB)
    assert desk.to(carol.address) == []
    days(desk, 1, JOB)
    (letter,) = desk.to(carol.address)
    assert (letter.template, letter.is_confidential) == (SILENT, True)
    assert [(one["email"], one["alone"]) for one in letter.values["people"]] == [
        (ann.address, ["nl"]),
        (bob.address, ["nl"]),
    ]
    assert "NOBODY ELSE" in desk.text(letter)
    assert "+44 7700 900123" in desk.text(letter), "a phone call helps"
    days(desk, 89, JOB)
    assert len(desk.to(carol.address)) == 1
    days(desk, 1, JOB)
    assert len(desk.to(carol.address)) == 2


def test_a_no_reaches_the_committee_within_the_hour_with_its_words(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.iana("nl", ADMIN)
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    silence(desk, ann)
    age(desk, bob, 0)
    assert outcome(desk.write(bob.address, f"CONFIRM {token_of(desk, bob.address, OTHERS)}")) == "still_there"
    assert tick(desk, JOB) == []
    handled = desk.write(
        ADMIN, f"DECLINE {token_of(desk, ADMIN, OTHERS)} left in May, ask bob@elsewhere.example"
    )
    assert outcome(handled) == "gone"
    desk.later(hours=1)
    (letter,) = tick(desk, JOB)
    assert [to.address for to in letter.to] == [carol.address]
    text = desk.text(letter)
    assert "> left in May, ask bob@elsewhere.example" in text
    assert text.index("still there") < text.index("gone, or elsewhere")
    assert f"{ADMIN} (IANA)" in text
    assert f"{bob.address} (contact)" in text
    assert tick(desk, JOB) == []


def test_without_a_committee_the_operator_hears_and_no_name_is_told(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    silence(desk, ann)
    days(desk, 14, JOB)
    (letter,) = desk.to("root@lists.example")
    assert letter.template == "letters/silent_operator"
    assert "Ann" not in desk.text(letter)


def test_a_new_silence_is_told_anew(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="secretariat")
    desk.member(ann, "nl")
    for told in (1, 2):
        desk.later(days=181)
        tick(desk, JOB)
        days(desk, 28 + 14, JOB)
        assert len(desk.to(carol.address)) == told
        desk.write(ann.address, f"CONFIRM {token_of(desk, ann.address, MINE)}")


def test_what_was_said_of_an_earlier_silence_is_not_told_again(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.iana("nl", ADMIN)
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    silence(desk, ann)
    desk.write(ADMIN, f"DECLINE {token_of(desk, ADMIN, OTHERS)}")
    tick(desk, JOB)
    desk.write(ann.address, f"CONFIRM {token_of(desk, ann.address, MINE)}")
    desk.later(days=181)
    tick(desk, JOB)
    days(desk, 28 + 13, JOB)
    assert templates(desk, carol.address) == [SILENT]
    days(desk, 1, JOB)
    assert templates(desk, carol.address) == [SILENT, SILENT]


def test_the_period_is_configured(ann: KeyPair) -> None:
    with open_desk('[membership]\nconfirm_every = "30d"') as desk:
        desk.member(ann, "nl")
        assert tick(desk, JOB) == []
        desk.later(days=30)
        assert [one.template for one in tick(desk, JOB)] == [MINE]
