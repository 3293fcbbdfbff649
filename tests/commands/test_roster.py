"""ROSTER: everybody's contacts, now, with the files to keep, in confidence."""

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome


def test_roster_comes_with_its_files_in_confidence(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert outcome(desk.say(ann, "ROSTER")) == "roster"
    letter = desk.last(ann.address)
    assert letter.is_confidential
    assert {"roster.vcf", "roster.csv", "roster.json"} <= {one.name for one in letter.attachments}
    assert bob.address in desk.text(letter)


def test_departed_contacts_are_not_in_it(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.say_bound(bob, "UNSUBSCRIBE ALL")
    desk.say(ann, "ROSTER")
    assert bob.address not in desk.text(desk.last(ann.address))
    assert not any(bob.address.encode() in one.octets for one in desk.last(ann.address).attachments)


def test_arguments_are_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "ROSTER nl")) == "bad_arguments"
