"""REMOVE: a colleague by signature, or an IANA contact by its mailbox; at once, and the committee can still say no."""

from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, answer, outcome, rows, states, templates
from tldops_bot.store.tables import Entry, Person, Request

ADMIN = "admin@registry.example"


def test_colleague_suspends_at_once_and_everybody_concerned_is_told(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl", "be")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    assert outcome(desk.say_bound(bob, f"REMOVE .nl <{ann.address}>")) == "suspended"
    assert (states(desk, "nl")[ann.address], states(desk, "be")[ann.address]) == ("suspended", "listed")
    for address in (ann.address, bob.address, ADMIN):
        assert "letters/removed" in templates(desk, address)
    assert templates(desk, carol.address) == ["letters/decide_objection"]
    assert [(one.kind, one.state) for one in all_of(desk, Request)] == [("objection", "committee")]
    entry = next(one for one in all_of(desk, Entry) if one.state == "suspended")
    assert entry.final_at == desk.now + timedelta(days=7)


def test_iana_contact_removes_by_a_token_to_its_mailbox(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    assert outcome(desk.write(ADMIN, f"REMOVE nl {ann.address}")) == "mailbox"
    assert states(desk, "nl") == {ann.address: "listed"}
    desk.write("x@elsewhere.example", f"CONFIRM {desk.token_for(ADMIN)}")
    assert states(desk, "nl") == {ann.address: "suspended"}


def test_the_mailbox_of_iana_is_asked_itself_also_where_it_is_a_members_second_one(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    """Else that member alone takes off whomever they like."""
    desk.member(ann, "nl")
    number = desk.member(bob, "be")
    with desk.app.database.write() as session:
        session.get_one(Person, number).emergency_email = ADMIN
        session.get_one(Person, number).emergency_proven_at = desk.now
    desk.iana("nl", ADMIN)
    assert outcome(desk.write(ADMIN, f"REMOVE nl {ann.address}")) == "mailbox"
    assert (templates(desk, bob.address), templates(desk, ADMIN)) == ([], ["letters/held_mailbox"])
    answer(desk, ADMIN)
    assert states(desk, "nl") == {ann.address: "suspended"}


def test_iana_contact_of_another_tld_removes_nobody_here(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("be", ADMIN)
    assert outcome(desk.write(ADMIN, f"REMOVE nl {ann.address}")) == "mailbox"
    answer(desk, ADMIN)
    assert states(desk, "nl") == {ann.address: "listed"}


MANY = ("at", "be", "ch", "cz", "de", "dk", "ee", "fi", "fr", "it", "nl")


@pytest.mark.parametrize("by", ["key", "mailbox"])
def test_whoever_stole_one_key_or_mailbox_for_many_tlds_does_not_empty_the_roster(
    desk: Desk, ann: KeyPair, bob: KeyPair, by: str
) -> None:
    desk.member(ann, *MANY, keyless=True)
    desk.member(bob, *MANY)
    for tld in MANY:
        desk.iana(tld, ADMIN)

    def gone_after(*tlds: str) -> int:
        desk.later(seconds=1)
        text = "\n".join(f"REMOVE {tld} {ann.address}" for tld in tlds)
        if by == "key":
            desk.say_bound(bob, text)
        else:
            desk.write(ADMIN, text)
            answer(desk, ADMIN)
        return sum(states(desk, tld)[ann.address] == "suspended" for tld in MANY)

    assert gone_after(*MANY[:-1]) == 10
    assert gone_after(MANY[-1]) == 10
    assert "10 entries within 24 hours" in desk.text(desk.last(ADMIN if by == "mailbox" else bob.address))
    desk.later(days=1)
    assert gone_after(MANY[-1]) == 11


def test_unsigned_wish_of_anybody_else_is_refused(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN)
    before = rows(desk)
    assert outcome(desk.write("mallory@other.example", f"REMOVE nl {ann.address}")) == "unsigned"
    assert outcome(desk.write(bob.address, f"REMOVE nl {ann.address}")) == "unsigned"
    assert rows(desk) == before


@pytest.mark.parametrize("attached", [True, False])
def test_stranger_who_signs_with_an_iana_address_in_from_removes_nobody(
    desk: Desk, ann: KeyPair, bob: KeyPair, attached: bool
) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    keys = [bob.key_attachment()] if attached else []
    handled = desk.say_bound(bob, f"REMOVE nl {ann.address}", headers={"From": ADMIN}, attachments=keys)
    assert outcome(handled) in ("not_contact_of", "not_a_contact", "unknown_key")
    assert states(desk, "nl") == {ann.address: "listed"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("nl", "bad_arguments"),
        ("nl ann@nic.example now", "bad_arguments"),
        ("zz ann@nic.example", "unknown_tld"),
        ("be ann@nic.example", "not_contact_of"),
        ("nl nobody@nic.example", "nobody_there"),
        ("nl bob.sample@registry.example", "use_unsubscribe"),
    ],
)
def test_bad_arguments_change_nothing(
    desk: Desk, ann: KeyPair, bob: KeyPair, words: str, reason: str
) -> None:
    desk.member(ann, "nl", "be")
    desk.member(bob, "nl")
    before = rows(desk)
    assert outcome(desk.say_bound(bob, f"REMOVE {words}")) == reason
    assert rows(desk) == before


def test_suspended_contact_removes_nobody_and_is_not_removed_twice(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    assert outcome(desk.say_bound(ann, f"REMOVE nl {bob.address}")) == "not_contact_of"
    desk.later(seconds=1)
    assert outcome(desk.say_bound(bob, f"REMOVE nl {ann.address}")) == "nobody_there"


def test_an_address_that_iana_lists_only_since_yesterday_removes_nobody(desk: Desk, ann: KeyPair) -> None:
    """Whoever forges an answer of whois.iana.org must gain nothing by it."""
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    desk.later(days=1)
    desk.iana("nl", "evil@evil.example")
    desk.later(days=13, hours=23)
    desk.write("evil@evil.example", f"REMOVE nl {ann.address}")
    answer(desk, "evil@evil.example")
    assert states(desk, "nl") == {ann.address: "listed"}
    assert "less than 14 days" in desk.text(desk.last("evil@evil.example")).replace("\n", " ")
    desk.later(hours=2)
    desk.write("evil@evil.example", f"REMOVE nl {ann.address}")
    answer(desk, "evil@evil.example")
    assert states(desk, "nl") == {ann.address: "suspended"}
