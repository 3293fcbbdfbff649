"""ROSTER: everybody's contacts, now, with the files to keep, in confidence."""

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome
from tldops_bot.store.tables import Entry, Person, PrintedRoster


def test_roster_comes_with_its_files_in_confidence(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert outcome(desk.say(ann, "ROSTER")) == "roster"
    letter = desk.last(ann.address)
    assert letter.is_confidential
    assert {"roster.vcf", "roster.pdf", "roster.csv", "roster.json"} <= {
        one.name for one in letter.attachments
    }
    assert bob.address in desk.text(letter)


def test_departed_contacts_are_not_in_it(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    with desk.app.database.write() as session:
        session.query(Entry).filter_by(tld="be").one().state = "left"
    desk.say(ann, "ROSTER")
    assert bob.address not in desk.text(desk.last(ann.address))
    assert not any(bob.address.encode() in one.octets for one in desk.last(ann.address).attachments)


def test_arguments_are_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "ROSTER nl")) == "bad_arguments"


def test_the_printed_roster_is_made_once_for_all_who_ask(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.say(ann, "ROSTER")
    desk.later(hours=5)
    desk.say(bob, "ROSTER")
    assert printed(desk, bob) == printed(desk, ann)
    desk.later(hours=20)  # a day after it was made: its date is printed on it
    desk.say(bob, "ROSTER")
    assert printed(desk, bob) != printed(desk, ann)
    assert len(all_of(desk, PrintedRoster)) == 1


def test_when_somebody_changes_it_is_printed_anew(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.say(ann, "ROSTER")
    before = printed(desk, ann)
    with desk.app.database.write() as session:
        session.query(Person).filter_by(email=bob.address).one().mobile = "+44 7700 900999"
    desk.later(hours=1)
    desk.say(ann, "ROSTER")
    assert printed(desk, ann) != before
    assert len(all_of(desk, PrintedRoster)) == 1


def printed(desk: Desk, who: KeyPair) -> bytes:
    return next(one.octets for one in desk.last(who.address).attachments if one.name == "roster.pdf")
