"""UNSUBSCRIBE: leaving one TLD or all; those who stay are told, and nobody's last contact goes silently."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome, rows, states, templates


def test_leaving_one_tld_keeps_the_others(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    desk.member(bob, "nl")
    assert outcome(desk.say_bound(ann, "UNSUBSCRIBE .NL")) == "left"
    assert states(desk, "nl") == {ann.address: "left", bob.address: "listed"}
    assert states(desk, "be") == {ann.address: "listed"}
    assert templates(desk, bob.address) == ["letters/someone_left"]
    assert desk.last(bob.address).values["remaining"] == 1


@pytest.mark.parametrize("words", ["ALL", "all", "nl be", "nl, be"])
def test_leaving_all(desk: Desk, ann: KeyPair, words: str) -> None:
    desk.member(ann, "nl", "be")
    assert outcome(desk.say_bound(ann, f"UNSUBSCRIBE {words}")) == "left"
    assert states(desk, "nl") == states(desk, "be") == {ann.address: "left"}


def test_last_contact_goes_but_the_committee_and_iana_hear_of_it(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", "admin@registry.example")
    desk.say_bound(ann, "UNSUBSCRIBE nl")
    for address in (carol.address, "admin@registry.example"):
        assert templates(desk, address) == ["letters/someone_left"]
        assert desk.last(address).values["remaining"] == 0


def test_without_a_committee_the_operator_hears_of_the_last_contact(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE nl")
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
    assert outcome(desk.say_bound(ann, "UNSUBSCRIBE ALL")) == "left"
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
    assert states(desk, "nl") == {ann.address: "left"}
    assert "letters/left" in templates(desk, ann.address)


def test_unsigned_wish_of_somebody_with_a_key_is_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    before = rows(desk)
    assert outcome(desk.write(ann.address, "UNSUBSCRIBE nl")) == "unsigned"
    assert rows(desk) == before


def test_left_contact_is_no_member_any_more(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    assert outcome(desk.say(ann, "QUERY nl")) == "not_member"
