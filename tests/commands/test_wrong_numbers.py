"""A number that leads nowhere is marked, its owner is asked once, and UPDATE takes the mark away."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome, stored, templates
from tldops_bot.cli._acting import context_of
from tldops_bot.commands import _wrong_numbers
from tldops_bot.domain.outgoing import Letter
from tldops_bot.roster.text import marks
from tldops_bot.store import audit
from tldops_bot.store.roster_rows import load_roster

PHONE, MOBILE = "+442079460123", "+447700900123"


@pytest.fixture
def listed(desk: Desk, ann: KeyPair) -> Desk:
    """Ann is listed with a phone and a mobile."""
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nPhone: +44 20 7946 0123")
    return desk


def report(desk: Desk, words: str, tld: str = "nl") -> list[Letter]:
    with desk.app.database.write() as session:
        ctx = context_of(desk.app, session)
        _wrong_numbers.report(ctx, tld, words)
    desk.letters += ctx.letters
    return ctx.letters


def marked(desk: Desk, who: KeyPair) -> tuple[bool, bool]:
    person = stored(desk, who.address)
    return person.phone_wrong_at is not None, person.mobile_wrong_at is not None


def test_owner_is_asked_once_and_shown_a_part_of_the_number(listed: Desk, ann: KeyPair) -> None:
    for _ in range(3):
        report(listed, PHONE)
    assert templates(listed, ann.address).count("letters/number_wrong") == 1
    text = listed.text(listed.last(ann.address))
    assert PHONE not in text
    assert "+44…23" in text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("+44 20 7946 0123 is a bakery", (True, False)),
        (f"{MOBILE}: not in service", (False, True)),
        ("rang (+44 20 7946-0123) and +44 (7700) 900.123 twice", (True, True)),
        ("+44 20 7946 0124 did not answer", (False, False)),
        ("+44 20 7946 012", (False, False)),
        ("nobody answered", (False, False)),
        ("+" + "1" * 500, (False, False)),
    ],
)
def test_number_that_a_caller_wrote_out_is_found_among_the_tlds_contacts(
    listed: Desk, ann: KeyPair, words: str, found: tuple[bool, bool]
) -> None:
    assert report(listed, words, tld="be") == []
    assert len(report(listed, words)) == any(found)
    assert marked(listed, ann) == found


def test_nobody_calls_the_whole_roster_wrong(listed: Desk, bob: KeyPair) -> None:
    listed.member(bob, "be")
    listed.say_bound(bob, "ALERT\n\nFire")
    called = f"NOTREACHED A-{listed.now.year}-0001 nl: +44 20 7946 0123"
    with listed.app.database.write() as session:
        for _ in range(_wrong_numbers.MARKED_A_DAY):
            audit.record(session, listed.now, bob.fingerprint, "number_wrong", "", 2)
    assert outcome(listed.say_bound(bob, f"{called} is wrong")) == "noted"
    assert stored(listed, "ann@nic.example").phone_wrong_at is None
    listed.later(days=1)
    assert outcome(listed.say_bound(bob, f"{called} is a bakery")) == "noted"
    assert stored(listed, "ann@nic.example").phone_wrong_at == listed.now


@pytest.mark.parametrize(
    ("update", "still"),
    [
        ("Phone: +44 20 7946 0999", (False, True)),
        ("Phone: +44 20 7946 0123", (False, True)),
        ("Phone: -", (False, True)),
        ("Mobile: +44 20 7946 0456", (True, False)),
        ("Organisation: Example Registry", (True, True)),
    ],
)
def test_owners_update_takes_the_mark_away(
    listed: Desk, ann: KeyPair, update: str, still: tuple[bool, bool]
) -> None:
    report(listed, f"{PHONE} {MOBILE}")
    listed.later(seconds=1)
    assert outcome(listed.say_bound(ann, f"UPDATE\n{update}")) == "updated"
    assert marked(listed, ann) == still


def test_those_who_would_call_see_the_mark_in_query_and_roster(
    listed: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    listed.member(bob, "be")
    mark = "PHONE may be wrong: a caller reached nobody there"
    for is_marked in (False, True):
        if is_marked:
            report(listed, PHONE)
        listed.later(seconds=1)
        answer = listed.say(bob, "QUERY nl").letters[-1]
        assert (mark in listed.text(answer)) is is_marked
        with listed.look() as session:
            roster = load_roster(session, listed.now, listed.app.tlds)
        assert [mark in marks(one) for one in roster.contacts if one.name == ann.name] == [is_marked]
