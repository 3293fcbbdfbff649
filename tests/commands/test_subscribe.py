"""SUBSCRIBE: from the first mail to a listed contact, and everything that may go wrong on the way."""

from sqlalchemy import select

from tests.desk import Desk
from tests.keys import KeyPair
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Entry, Person, Request

FIELDS = "Name: Ann Example\nPhone: +44 20 7946 0123\n"


def subscribe(desk: Desk, who: KeyPair, tlds: str = "nl", fields: str = FIELDS):
    return desk.say(who, f"SUBSCRIBE {tlds}\n{fields}", attachments=[who.key_attachment()])


def outcome(handled) -> str:
    part = handled.decision.parts[0]
    return getattr(part.outcome, "reason", "") or part.outcome.outcome


def test_key_and_iana_contact_make_a_member(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    assert outcome(subscribe(desk, ann)) == "waiting"
    proof = desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    assert outcome(proof) == "proven"
    voucher = desk.write("admin@registry.example", f"CONFIRM {desk.token_for('admin@registry.example')}\n> quoted")
    assert outcome(voucher) == "vouched"
    with desk.look() as session:
        person = session.scalars(select(Person)).one()
        assert [entry.state for entry in person.entries] == [people.LISTED]
        assert person.fingerprint == ann.fingerprint
        assert people.standing(session, person, desk.now).is_member
    assert "letters/welcome" in [one.template for one in desk.to(ann.address)]
    assert "letters/told" in [one.template for one in desk.to("admin@registry.example")]


def test_proof_must_be_signed_by_the_key_that_joins(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    token = desk.token_for(ann.address)
    assert outcome(desk.write(ann.address, f"CONFIRM {token}")) == "token_needs_signature"
    stranger = desk.say(bob, f"CONFIRM {token}", attachments=[bob.key_attachment()])
    assert outcome(stranger) == "token_needs_signature"
    with desk.look() as session:
        assert session.scalars(select(Request)).one().state == requests.PROVING


def test_iana_contact_is_not_asked_before_the_candidate_has_proven_the_address(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    assert desk.to("admin@registry.example") == []


def test_without_a_key_one_is_listed_but_no_member(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    desk.write("carl@nic.example", "SUBSCRIBE nl\nName: Carl Example\nMobile: +44 20 7946 0456\n")
    desk.write("carl@nic.example", f"CONFIRM {desk.token_for('carl@nic.example')}")
    desk.write("admin@registry.example", f"CONFIRM {desk.token_for('admin@registry.example')}")
    with desk.look() as session:
        person = session.scalars(select(Person)).one()
        standing = people.standing(session, person, desk.now)
    assert standing.is_listed
    assert not standing.is_member


def test_declining_voucher_sends_the_request_to_the_committee(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    desk.write("admin@registry.example", f"DECLINE {desk.token_for('admin@registry.example')} we do not know her")
    with desk.look() as session:
        assert session.scalars(select(Request)).one().state == requests.COMMITTEE
        assert session.scalars(select(Entry)).all() == []
