"""HISTORY: what changed at a TLD, when and by which key; for its contacts and the committee."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import join, outcome, subscribe
from tldops_bot.store import audit
from tldops_bot.store.tables import Entry

ADMIN = "admin@registry.example"
Line = dict[str, str]


@pytest.fixture
def nl(desk: Desk, ann: KeyPair) -> Desk:
    desk.iana("nl", ADMIN)
    join(desk, ann)
    return desk


def lines(desk: Desk, who: KeyPair, tld: str = "nl") -> list[Line]:
    desk.later(seconds=1)
    handled = desk.say(who, f"HISTORY {tld}")
    assert outcome(handled) == "history"
    assert desk.last(who.address).is_confidential
    return list(handled.decision.parts[0].outcome.values["entries"])


def of(found: list[Line], action: str) -> Line:
    return next(one for one in found if one["action"] == action)


def test_contact_reads_how_they_came_and_by_whose_word(nl: Desk, ann: KeyPair) -> None:
    found = lines(nl, ann)
    assert [one["action"] for one in found] == ["requested", "proven", "listed"]
    assert [one["at"] for one in found] == sorted(one["at"] for one in found)
    listed = of(found, "listed")
    assert (listed["who"], listed["key"], listed["by"]) == (
        ann.name,
        ann.fingerprint,
        "IANA administrative contact",
    )
    assert (of(found, "requested")["fingerprint"], of(found, "requested")["number"]) == (
        ann.fingerprint,
        "R-1",
    )


def test_each_change_names_the_key_and_whose_it_is(
    nl: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    nl.member(bob, "nl")
    nl.member(carol, office="committee")
    nl.say_bound(ann, "UPDATE\nTimezone: Europe/London")
    nl.say_bound(ann, f"REMOVE nl {bob.address}")
    nl.say_bound(carol, f"RESTORE {bob.address}")
    found = lines(nl, ann)
    updated, removed, restored = of(found, "updated"), of(found, "suspended"), of(found, "restored")
    assert (updated["by"], updated["fingerprint"], updated["words"]) == ("own", ann.fingerprint, ["Timezone"])
    assert (removed["who"], removed["by"], removed["fingerprint"]) == (bob.name, ann.name, ann.fingerprint)
    assert (restored["by"], restored["fingerprint"]) == ("the committee", "")
    voted = of(found, "voted")
    assert (voted["by"], voted["fingerprint"], voted["words"]) == ("committee", carol.fingerprint, ["yes"])


def test_what_the_operator_did_is_marked_as_the_operators(nl: Desk, ann: KeyPair) -> None:
    with nl.app.database.write() as session:
        audit.record(session, nl.now, "operator", "approved", "nl", 1, request="R-1")
        audit.record(session, nl.now, "the operator", "restored", "nl", 1)
    marked = [one for one in lines(nl, ann) if one["by"] == "operator"]
    assert [one["action"] for one in marked] == ["approved", "restored"]
    assert "THE OPERATOR" in nl.text(nl.last(ann.address))


def test_secretariat_is_named_as_such_and_an_unknown_key_as_none(
    nl: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    nl.member(carol, office="secretariat")
    nl.say_bound(carol, "NOTE nl a word")
    with nl.app.database.write() as session:
        audit.record(session, nl.now, "0" * 40, "restored", "nl", 1)
    found = lines(nl, ann)
    assert (of(found, "noted")["by"], of(found, "noted")["fingerprint"]) == ("secretariat", carol.fingerprint)
    assert (of(found, "restored")["by"], of(found, "restored")["fingerprint"]) == ("", "0" * 40)


def test_person_without_a_seat_any_more_is_called_none(nl: Desk, ann: KeyPair, bob: KeyPair) -> None:
    nl.member(bob)
    with nl.app.database.write() as session:
        audit.record(session, nl.now, bob.fingerprint, "restored", "nl", 1)
    assert of(lines(nl, ann), "restored")["by"] == ""


def test_own_record_counts_only_while_the_person_was_a_contact(nl: Desk, ann: KeyPair, bob: KeyPair) -> None:
    person = nl.member(bob, "nl", "be")
    with nl.app.database.write() as session:
        entry = session.query(Entry).filter_by(tld="nl", person_id=person).one()
        entry.state, entry.left_at = "left", nl.now
        audit.record(session, nl.now, bob.fingerprint, "address_changed", "", person)
    nl.later(days=1)
    nl.say_bound(bob, "UPDATE\nTimezone: Europe/London")
    actions = [one["action"] for one in lines(nl, ann)]
    assert "address_changed" in actions
    assert "updated" not in actions


def test_notes_and_the_names_of_those_who_never_joined_are_the_committees(
    nl: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    nl.member(carol, office="committee")
    subscribe(nl, bob, "nl", "Name: Bob Example\nMobile: +44 20 7946 0123\n")
    nl.say_bound(carol, "NOTE nl somebody else asks too")
    assert bob.name not in nl.text(nl.last(ann.address))
    theirs = lines(nl, ann)
    assert [one["who"] for one in theirs if one["number"] == "R-2"] == [""]
    text = nl.text(nl.last(ann.address))
    assert bob.name not in text
    assert "somebody else asks too" not in text
    ours = lines(nl, carol)
    assert [one["who"] for one in ours if one["number"] == "R-2"] == [bob.name]
    assert "somebody else asks too" in nl.text(nl.last(carol.address))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("nl be", "bad_arguments"),
        ("be", "not_contact_of"),
        ("n_l", "unknown_tld"),
    ],
)
def test_others_and_bad_arguments_are_refused(nl: Desk, ann: KeyPair, words: str, reason: str) -> None:
    assert outcome(nl.say(ann, f"HISTORY {words}")) == reason


def test_strangers_and_the_secretariat_read_none(nl: Desk, bob: KeyPair, carol: KeyPair) -> None:
    nl.member(carol, office="secretariat")
    assert outcome(nl.say(carol, "HISTORY nl")) == "not_contact_of"
    assert outcome(nl.say(bob, "HISTORY nl", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert outcome(nl.write(ADMIN, "HISTORY nl")) == "unsigned"


def test_retired_tld_keeps_its_history_and_one_that_never_was_has_none(nl: Desk, bob: KeyPair) -> None:
    nl.member(bob, office="committee")
    with nl.app.database.write() as session:
        for one in session.query(Entry):
            one.tld = "zz"
    assert lines(nl, bob, "zz") == []
    assert outcome(nl.say(bob, "HISTORY yy")) == "unknown_tld"
    assert lines(nl, bob, "be") == []


def test_long_history_is_cut_and_says_so(nl: Desk, ann: KeyPair) -> None:
    with nl.app.database.write() as session:
        for _ in range(200):
            audit.record(session, nl.now, "mailbox", "reminded", "nl")
    assert {one["action"] for one in lines(nl, ann)} == {"reminded"}
    assert "The newest only" in nl.text(nl.last(ann.address))
