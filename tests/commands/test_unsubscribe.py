"""UNSUBSCRIBE: key and mailbox say so, or a week passes; those who stay are told, nobody's last contact goes silently."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, outcome, rows, states, stored, templates
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import people
from tldops_bot.store.tables import Entry, Token

ADMIN = "admin@registry.example"
SPARE = "ann@elsewhere.example"


def leave(desk: Desk, who: KeyPair, words: str = "ALL") -> str:
    """By the key, and then by the mailbox."""
    assert outcome(desk.say_bound(who, f"UNSUBSCRIBE {words}")) == "asked"
    return outcome(answer(desk, who.address))


def leave_by_mailbox(desk: Desk, who: KeyPair, text: str = "UNSUBSCRIBE ALL") -> None:
    assert outcome(desk.write(who.address, text)) == "mailbox"
    answer(desk, who.address)


def a_week_later(desk: Desk) -> dict[str, str]:
    desk.later(days=7, seconds=1)
    desk.app.job_runner().run(JOBS["finish_removals"])
    return states(desk, "nl")


def with_emergency_address(desk: Desk, who: KeyPair) -> None:
    with desk.app.database.write() as session:
        person = people.by_address(session, who.address)
        assert person is not None
        person.emergency_email, person.emergency_proven_at = SPARE, desk.now


def test_leaving_one_tld_keeps_the_others(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    desk.member(bob, "nl")
    assert leave(desk, ann, ".NL") == "left"
    assert states(desk, "nl") == {ann.address: "left", bob.address: "listed"}
    assert states(desk, "be") == {ann.address: "listed"}
    assert templates(desk, bob.address) == ["letters/someone_left"]
    assert desk.last(bob.address).values["remaining"] == 1


@pytest.mark.parametrize("words", ["ALL", "all", "nl be", "nl, be"])
def test_leaving_all(desk: Desk, ann: KeyPair, words: str) -> None:
    desk.member(ann, "nl", "be")
    assert leave(desk, ann, words) == "left"
    assert states(desk, "nl") == states(desk, "be") == {ann.address: "left"}


def test_last_contact_goes_but_the_committee_and_iana_hear_of_it(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", "admin@registry.example")
    leave(desk, ann, "nl")
    for address in (carol.address, "admin@registry.example"):
        assert templates(desk, address) == ["letters/someone_left"]
        assert desk.last(address).values["remaining"] == 0


def test_without_a_committee_the_operator_hears_of_the_last_contact(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    leave(desk, ann, "nl")
    assert templates(desk, "root@lists.example") == ["letters/someone_left"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("be", "not_contact_of"),
        ("nl be", "not_contact_of"),
        ("zz", "unknown_tld"),
        ("", "no_tld"),
        ("ALL nl", "unknown_tld"),
    ],
)
def test_bad_arguments_change_nothing(desk: Desk, ann: KeyPair, words: str, reason: str) -> None:
    desk.member(ann, "nl")
    before = rows(desk)
    assert outcome(desk.say_bound(ann, f"UNSUBSCRIBE {words}")) == reason
    assert rows(desk) == before


def test_suspended_entry_may_be_left_too(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    assert leave(desk, ann) == "left"
    assert states(desk, "nl")[ann.address] == "left"


def test_stranger_and_office_holder_have_nothing_to_leave(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    assert (
        outcome(desk.say_bound(ann, "UNSUBSCRIBE ALL", attachments=[ann.key_attachment()])) == "not_a_contact"
    )
    assert outcome(desk.say_bound(carol, "UNSUBSCRIBE ALL")) == "not_a_contact"


def test_keyless_contact_leaves_by_a_token_to_the_stored_mailbox(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    assert outcome(desk.write(ann.address, "UNSUBSCRIBE nl")) == "mailbox"
    assert templates(desk, ann.address) == ["letters/held_mailbox"]
    assert states(desk, "nl") == {ann.address: "listed"}
    desk.write("anybody@elsewhere.example", f"CONFIRM {desk.token_for(ann.address)}")
    assert states(desk, "nl") == {ann.address: "suspended"}
    assert templates(desk, ann.address)[-1] == "letters/stay"
    assert a_week_later(desk) == {ann.address: "left"}


def test_unsigned_wish_of_somebody_with_a_key_is_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    before = rows(desk)
    assert outcome(desk.write(ann.address, "UNSUBSCRIBE nl")) == "unsigned"
    assert rows(desk) == before


def test_left_contact_is_no_member_any_more(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    leave(desk, ann)
    assert outcome(desk.say(ann, "QUERY nl")) == "not_member"
    assert "no longer, a contact of any TLD" in " ".join(desk.text(desk.letters[-1]).split())


# --- one proof alone is not enough to be gone for good


def test_a_key_alone_takes_its_owner_off_nothing(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    assert desk.say_bound(ann, "UNSUBSCRIBE ALL").decision.status.value == "WAITING"
    assert states(desk, "nl")[ann.address] == "listed"
    assert sorted(templates(desk, ann.address)) == ["letters/leave", "reply"]
    assert templates(desk, bob.address) == []
    assert a_week_later(desk)[ann.address] == "listed"
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"


def test_the_mailboxs_no_keeps_the_entry_and_says_how_to_block_the_key(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    with_emergency_address(desk, ann)
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    assert outcome(answer(desk, SPARE, "DECLINE")) == "dropped"
    assert "KEY STOLEN" in desk.text(desk.letters[-1])
    assert outcome(answer(desk, ann.address)) == "token_void"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_any_stored_mailbox_may_say_yes_and_the_others_question_ends(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    with_emergency_address(desk, ann)
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    assert outcome(answer(desk, SPARE)) == "left"
    assert states(desk, "nl") == {ann.address: "left"}
    assert "letters/left" in templates(desk, ann.address)
    assert outcome(answer(desk, ann.address)) == "token_void"


def test_a_blocked_keys_wish_to_leave_is_void(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    wish = desk.token_for(ann.address)
    desk.write(ann.address, "KEY STOLEN")
    answer(desk, ann.address)
    assert outcome(desk.write(ann.address, f"CONFIRM {wish}")) == "token_void"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_who_has_left_meanwhile_or_is_forgotten_leaves_once(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    desk.say_bound(ann, "UNSUBSCRIBE nl")
    wish = desk.token_for(ann.address)
    with desk.app.database.write() as session:
        person = people.by_address(session, ann.address)
        assert person is not None
        entry = people.entry_of(session, person, "nl")
        assert entry is not None
        entry.state = people.LEFT
    assert outcome(desk.write(ann.address, f"CONFIRM {wish}")) == "token_void"


def test_a_thief_of_the_key_fills_no_mailbox_with_questions(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be", "lu", "fr")
    for words in ("ALL", "all", "nl", "be", "lu", "fr", "nl be"):
        desk.later(minutes=1)
        assert outcome(desk.say_bound(ann, f"UNSUBSCRIBE {words}")) == "asked"
    assert templates(desk, ann.address).count("letters/leave") == 3
    desk.later(days=1)
    desk.say_bound(ann, "UNSUBSCRIBE fr")
    assert templates(desk, ann.address).count("letters/leave") == 4


def test_a_mailbox_alone_suspends_tells_all_and_a_no_from_any_stored_mailbox_brings_all_back(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    with_emergency_address(desk, ann)
    leave_by_mailbox(desk, ann)
    assert states(desk, "nl")[ann.address] == "suspended"
    assert templates(desk, SPARE) == ["letters/stay"]
    assert (templates(desk, bob.address), templates(desk, ADMIN)) == (
        ["letters/removed"],
        ["letters/removed"],
    )
    assert templates(desk, carol.address) == ["letters/decide_objection"]
    assert outcome(answer(desk, SPARE, "DECLINE")) == "stays"
    assert states(desk, "nl")[ann.address] == "listed"
    assert "own mailbox" in desk.text(desk.last(bob.address))
    assert outcome(answer(desk, ann.address, "DECLINE")) == "token_void"
    assert a_week_later(desk)[ann.address] == "listed"


def test_a_mailbox_alone_says_yes_twice_and_it_is_still_one_proof(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    leave_by_mailbox(desk, ann)
    assert outcome(answer(desk, ann.address)) == "token_other_answer"
    assert states(desk, "nl") == {ann.address: "suspended"}


def test_the_committee_may_bring_back_whom_a_mailbox_took_off(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(carol, office="committee")
    leave_by_mailbox(desk, ann, "FORGET")
    desk.say_bound(carol, f"RESTORE {ann.address}")
    assert outcome(answer(desk, ann.address, "DECLINE")) == "token_void"
    assert a_week_later(desk) == {ann.address: "listed"}


def test_a_thief_of_a_members_mailbox_who_has_the_key_blocked_first_takes_nobody_off_for_good(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="committee")
    desk.write(ann.address, "KEY LOST")
    answer(desk, ann.address)
    leave_by_mailbox(desk, ann)
    assert states(desk, "nl") == {ann.address: "suspended"}
    desk.say_bound(carol, f"RESTORE {ann.address} nl")
    assert a_week_later(desk) == {ann.address: "listed"}


def test_who_is_suspended_already_may_leave_by_mailbox_and_change_the_mind(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl", "be", keyless=True)
    desk.member(bob, "nl")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    with desk.app.database.write() as session:
        for entry in session.query(Entry).filter_by(tld="be", state="listed"):
            entry.state, entry.final_at = people.SUSPENDED, None
    before = {one.tld: one.final_at for one in all_of(desk, Entry) if one.state == "suspended"}
    desk.later(days=2)
    leave_by_mailbox(desk, ann)
    meant = {one.tld: one.final_at for one in all_of(desk, Entry) if one.state == "suspended"}
    assert (meant["nl"], meant["be"] is None) == (before["nl"], False)
    assert outcome(answer(desk, ann.address, "DECLINE")) == "stays"
    after = {one.tld: one.final_at for one in all_of(desk, Entry) if one.state == "suspended"}
    assert after == before


@pytest.mark.parametrize(
    ("purpose", "verb"), [("leave", "CONFIRM"), ("stay", "DECLINE"), ("undo", "DECLINE")]
)
def test_a_token_of_nobody_is_void(desk: Desk, ann: KeyPair, purpose: str, verb: str) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    with desk.app.database.write() as session:
        for token in session.query(Token):
            token.purpose, token.person_id, token.details = purpose, None, {}
    assert outcome(answer(desk, ann.address, verb)) == "token_void"


@pytest.mark.parametrize(
    ("purpose", "verb"),
    [("leave", "CONFIRM"), ("stay", "DECLINE"), ("undo", "DECLINE"), ("emergency", "CONFIRM")],
)
def test_what_was_emptied_as_another_with_the_same_mailbox_was_forgotten_changes_nothing(
    desk: Desk, ann: KeyPair, purpose: str, verb: str
) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    with desk.app.database.write() as session:
        for token in session.query(Token):
            token.purpose, token.address, token.details = purpose, "", {}
    assert outcome(answer(desk, ann.address, verb)) == "token_void"
    assert stored(desk, ann.address).emergency_proven_at is None
    assert [one.state for one in all_of(desk, Entry)] == ["listed"]


def test_a_no_to_a_question_about_nobody_harms_nobody(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    with desk.app.database.write() as session:
        session.query(Token).one().person_id = None
    assert outcome(answer(desk, ann.address, "DECLINE")) == "dropped"
