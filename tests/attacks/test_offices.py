"""One rogue in the committee, and one mailbox behind all that IANA shows for a TLD: what each gets, who hears of it."""

from datetime import timedelta

from tests.attacks.actors import ann, bob, carol, mallory, rogue
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, prove, states, stored, subscribe, templates

ADMIN = "admin@registry.example"


def committee(desk: Desk) -> None:
    desk.member(rogue, office="committee")
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN, "tech@registry.example", at=desk.now - timedelta(days=90))


def test_a_rogue_of_the_committee_alone_rekeys_and_removes_nobody(desk: Desk) -> None:
    """With one vote to decide: the rogue's own suspension is not the rogue's to decide, nor is a new key that waits."""
    committee(desk)
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(rogue, f"SUSPEND {ann.address} nl I say so")) == "suspended"
    assert outcome(desk.say_bound(rogue, "REJECT R-1 gone")) == "entered_by_yourself"
    assert states(desk, "nl") == {ann.address: "suspended"}
    assert outcome(desk.say_bound(carol, f"RESTORE {ann.address}")) == "restored"
    new = KeyPair.make("Ann Example", ann.address)
    desk.say(new, "KEY", attachments=[new.key_attachment()])
    assert outcome(desk.say_bound(rogue, "APPROVE R-2 I know her")) == "not_proven_yet"
    prove(desk, new)
    desk.later(seconds=1)
    assert outcome(desk.say_bound(rogue, "APPROVE R-2 I know her")) == "not_yet_yours"
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


def test_a_rogue_of_the_committee_alone_lists_nobody_whom_iana_contacts_are_asked_about(desk: Desk) -> None:
    committee(desk)
    subscribe(desk, mallory)
    prove(desk, mallory)
    assert outcome(desk.say_bound(rogue, "APPROVE R-1 my friend")) == "not_yet_yours"
    assert states(desk, "nl") == {}


def test_what_a_rogue_decides_is_told_to_the_rest_of_the_committee(desk: Desk) -> None:
    """A grey case is the committee's, with as many votes as configured; nobody decides unseen."""
    desk.member(rogue, office="committee")
    desk.member(carol, office="committee")
    subscribe(desk, mallory)
    prove(desk, mallory)
    assert outcome(desk.say_bound(rogue, "APPROVE R-1 my friend")) == "approved"
    assert templates(desk, carol.address)[-1] == "letters/decided"


def test_a_word_of_the_only_iana_address_makes_a_member_and_the_committee_hears_of_it(desk: Desk) -> None:
    """The design opens the roster when every IANA address has agreed; here every one is one."""
    desk.member(carol, office="committee")
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN, at=desk.now - timedelta(days=90))
    subscribe(desk, mallory)
    prove(desk, mallory)
    answer(desk, ADMIN)
    assert outcome(desk.say(mallory, "QUERY nl")) == "contacts"
    (told,) = [one for one in desk.to(carol.address) if one.template == "letters/one_voice"]
    assert told.is_confidential
    assert "letters/told" in templates(desk, bob.address)
    line = next(one for one in desk.text(told).split("\n") if one.startswith("SUSPEND "))
    assert outcome(desk.say_bound(carol, line.replace("nobody at", "nl nobody at"))) == "suspended"
    desk.later(seconds=1)
    assert outcome(desk.say(mallory, "QUERY nl")) == "not_member"


def test_the_only_iana_address_that_lists_its_own_owner_is_told_to_the_committee_as_well(desk: Desk) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", mallory.address, at=desk.now - timedelta(days=90))
    subscribe(desk, mallory)
    prove(desk, mallory)
    assert states(desk, "nl") == {mallory.address: "listed"}
    assert "letters/one_voice" in templates(desk, carol.address)


def test_with_a_second_iana_address_or_without_a_key_there_is_nothing_to_warn_of(desk: Desk) -> None:
    committee(desk)
    desk.iana("be", ADMIN, at=desk.now - timedelta(days=90))
    subscribe(desk, mallory)
    prove(desk, mallory)
    answer(desk, ADMIN)
    desk.write(bob.address, "SUBSCRIBE be\nName: Bob Example\nMobile: +44 20 7946 0123")
    answer(desk, bob.address)
    answer(desk, ADMIN)
    assert (states(desk, "nl"), states(desk, "be")) == ({mallory.address: "listed"}, {bob.address: "listed"})
    assert "letters/one_voice" not in templates(desk, carol.address)


def test_without_a_committee_nobody_is_warned_and_everything_else_is_as_before(desk: Desk) -> None:
    desk.iana("nl", ADMIN, at=desk.now - timedelta(days=90))
    subscribe(desk, mallory)
    prove(desk, mallory)
    answer(desk, ADMIN)
    assert states(desk, "nl") == {mallory.address: "listed"}
