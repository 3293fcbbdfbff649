"""CONFIRM: a token answers once, in time, from whoever holds it; and a signed one without a token says "still right"."""

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair
from tests.outcomes import FIELDS, answer, outcome, prove, rows, states, stored, subscribe, templates
from tldops_bot.store import people, tokens
from tldops_bot.store.tables import Token

ADMIN, TECH = "admin@registry.example", "tech@registry.example"


def asked_voucher(desk: Desk, ann: KeyPair) -> str:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    return desk.token_for(ADMIN)


@pytest.mark.parametrize("verb", ["CONFIRM", "DECLINE", "OBJECT"])
@pytest.mark.parametrize("words", ["", "nl", "7F3K-9QWX-2M4T-B8RD", "7F3K"])
def test_unknown_token_changes_nothing(desk: Desk, ann: KeyPair, verb: str, words: str) -> None:
    asked_voucher(desk, ann)
    before = rows(desk)
    assert outcome(desk.write(ADMIN, f"{verb} {words}")) == "token_unknown"
    assert rows(desk) == before


@pytest.mark.parametrize("verb", ["CONFIRM", "DECLINE"])
def test_token_answers_once(desk: Desk, ann: KeyPair, verb: str) -> None:
    token = asked_voucher(desk, ann)
    desk.write(ADMIN, f"{verb} {token}")
    before = rows(desk)
    for again in ("CONFIRM", "DECLINE", "OBJECT"):
        assert outcome(desk.write(f"{again.lower()}@registry.example", f"{again} {token}")) == "token_used"
    assert rows(desk) == before


def test_vouchers_token_ends_two_months_after_its_time(desk: Desk, ann: KeyPair) -> None:
    token = asked_voucher(desk, ann)
    desk.later(days=74)
    assert outcome(desk.write(ADMIN, f"CONFIRM {token}")) == "token_expired"
    assert states(desk, "nl") == {}


def test_token_is_taken_from_any_address_since_role_mailboxes_cannot_send(desk: Desk, ann: KeyPair) -> None:
    token = asked_voucher(desk, ann)
    assert outcome(desk.write("a.person@registry.example", f"confirm {token.lower()}")) == "vouched"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_token_of_a_request_decided_meanwhile_is_void(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    token = asked_voucher(desk, ann)
    assert outcome(desk.say_bound(carol, "REJECT R-1 not known")) == "rejected"
    assert outcome(desk.write(ADMIN, f"CONFIRM {token}")) == "token_void"


def test_address_iana_lists_no_longer_cannot_vouch(desk: Desk, ann: KeyPair) -> None:
    token = asked_voucher(desk, ann)
    desk.iana("nl", "new@registry.example")
    assert outcome(desk.write(ADMIN, f"CONFIRM {token}")) == "no_longer_iana_contact"
    assert states(desk, "nl") == {}


def test_iana_contact_changed_meanwhile_cannot_suspend_by_a_late_no(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN, TECH)
    subscribe(desk, ann)
    prove(desk, ann)
    late = desk.token_for(TECH)
    answer(desk, ADMIN)
    desk.iana("nl", ADMIN, "other@registry.example")
    desk.write(TECH, f"DECLINE {late}")
    assert states(desk, "nl") == {ann.address: "listed"}


def test_new_contact_objection_token_does_not_confirm(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(bob, "nl")
    asked_voucher(desk, ann)
    answer(desk, ADMIN)
    assert outcome(desk.say(bob, f"CONFIRM {desk.token_for(bob.address)}")) == "token_other_answer"
    assert outcome(desk.say(bob, f"DECLINE {desk.token_for(bob.address)}")) == "token_other_answer"


def test_signed_confirm_without_a_token_says_still_right(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.later(days=100)
    assert outcome(desk.say(ann, "CONFIRM")) == "still_right"
    assert stored(desk, ann.address).confirmed_at == desk.now


def test_unsigned_confirm_without_a_token_says_nothing(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    confirmed_at = stored(desk, ann.address).confirmed_at
    desk.later(days=100)
    assert outcome(desk.write(ann.address, "CONFIRM")) == "token_unknown"
    assert stored(desk, ann.address).confirmed_at == confirmed_at


@pytest.mark.parametrize(
    ("verb", "word", "is_fresh"), [("CONFIRM", "still_right", True), ("DECLINE", "noted", False)]
)
def test_still_right_question_is_answered_by_its_token(
    desk: Desk, ann: KeyPair, verb: str, word: str, is_fresh: bool
) -> None:
    person_id = desk.member(ann, "nl", keyless=True)
    desk.later(days=200)
    with desk.app.database.write() as session:
        minted = tokens.mint(
            session,
            bytes,
            "still_right",
            ann.address,
            desk.now,
            desk.now.replace(year=2099),
            person_id=person_id,
        )
        people.by_address(session, ann.address).stale_at = desk.now
    assert outcome(desk.write(ann.address, f"{verb} {minted.words}")) == word
    person = stored(desk, ann.address)
    assert (person.confirmed_at == desk.now, person.stale_at is None) == (is_fresh, is_fresh)


@pytest.mark.parametrize(
    "purpose", ["still_right", "emergency", "new_address", "key_new", "prove", "carry_out"]
)
def test_token_about_somebody_who_is_gone_is_void(desk: Desk, purpose: str) -> None:
    with desk.app.database.write() as session:
        until = desk.now.replace(year=2099)
        minted = tokens.mint(session, bytes, purpose, "x@nic.example", desk.now, until)
    assert outcome(desk.write("x@nic.example", f"CONFIRM {minted.words}")) == "token_void"


def test_token_for_nothing_open_is_already_decided(desk: Desk) -> None:
    with desk.app.database.write() as session:
        minted = tokens.mint(session, bytes, "vouch", ADMIN, desk.now, desk.now.replace(year=2099))
    assert outcome(desk.write(ADMIN, f"CONFIRM {minted.words}")) == "already_decided"


def test_technical_contact_never_counts_where_the_configuration_says_so(ann: KeyPair) -> None:
    with open_desk('[membership]\ntechnical_after = "never"') as desk:
        desk.iana("nl", "", TECH)
        subscribe(desk, ann)
        prove(desk, ann)
        desk.later(days=10)
        handled = answer(desk, TECH)
        assert handled.decision.status.value == "WAITING"
        assert states(desk, "nl") == {}


def test_only_digests_of_tokens_are_kept(desk: Desk, ann: KeyPair) -> None:
    token = asked_voucher(desk, ann)
    with desk.look() as session:
        held = repr(
            [
                [getattr(one, column.name) for column in Token.__table__.columns]
                for one in session.query(Token)
            ]
        )
    assert token not in held
    assert token.replace("-", "") not in held


# --- the answers people really send


@pytest.mark.parametrize(
    "text",
    [
        "No!\n\nCONFIRM {token}\nDECLINE {token}",
        "I am out of office.\n\nCONFIRM {token}",
        "We have received your request.\n\n----- write your answer above this line -----\nCONFIRM {token}",
        "Who is this?\nCONFIRM {token}",
        "CONFIRM {token} no",
        "Hi,\n\nCONFIRM {token}",
    ],
)
@pytest.mark.parametrize("to", ["tld-ops@lists.example", "tld-ops+t.abcdefghijklm@lists.example"])
def test_anything_but_the_first_line_is_no_answer(desk: Desk, ann: KeyPair, text: str, to: str) -> None:
    token = asked_voucher(desk, ann)
    before = rows(desk)
    raw = KeyPair.plain(ann, text.format(token=token), {"From": ADMIN})
    handled = desk.receive(raw, ADMIN, rcpt_tos=[to])
    assert outcome(handled) in ("unclear_answer", "no_command")
    assert rows(desk) == before


def test_unclear_answer_is_told_how_to_be_clear(desk: Desk, ann: KeyPair) -> None:
    token = asked_voucher(desk, ann)
    assert outcome(desk.write(ADMIN, f"No!\n\nCONFIRM {token}")) == "unclear_answer"
    assert templates(desk, ADMIN)[-1] == "reply"


def test_candidate_for_several_tlds_proves_once(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.iana("be", ann.address)
    subscribe(desk, ann, "nl be", FIELDS)
    handled = prove(desk, ann)
    assert handled.decision.status.value == "WAITING"
    assert (states(desk, "nl"), states(desk, "be")) == ({}, {ann.address: "listed"})
