"""A number that leads nowhere is marked, its owner is asked once, and UPDATE takes the mark away."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome, stored, templates
from tldops_bot.cli._acting import context_of
from tldops_bot.commands import _wrong_numbers
from tldops_bot.domain.outgoing import Letter
from tldops_bot.roster.text import marks
from tldops_bot.store import audit, people
from tldops_bot.store.roster_rows import load_roster

PHONE, MOBILE = "+442079460123", "+447700900123"


@pytest.fixture
def listed(desk: Desk, ann: KeyPair) -> Desk:
    """Ann is listed with a phone and a mobile."""
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nPhone: +44 20 7946 0123")
    return desk


def report(desk: Desk, who: KeyPair, number: str = "") -> tuple[tuple[str, ...], list[Letter]]:
    with desk.app.database.write() as session:
        ctx = context_of(desk.app, session)
        person = people.by_address(session, who.address)
        assert person is not None
        marked = _wrong_numbers.report(ctx, person, number)
    desk.letters += ctx.letters
    return marked, ctx.letters


@pytest.mark.parametrize(
    ("number", "marked"),
    [(PHONE, ("Phone",)), (MOBILE, ("Mobile",)), ("", ("Phone", "Mobile")), ("+4420794600", ())],
)
def test_number_that_was_dialled_is_marked(
    listed: Desk, ann: KeyPair, number: str, marked: tuple[str, ...]
) -> None:
    assert report(listed, ann, number)[0] == marked
    person = stored(listed, ann.address)
    assert (person.phone_wrong_at is not None, person.mobile_wrong_at is not None) == (
        "Phone" in marked,
        "Mobile" in marked,
    )


def test_owner_is_asked_once_and_shown_a_part_of_the_number(listed: Desk, ann: KeyPair) -> None:
    for _ in range(3):
        report(listed, ann, PHONE)
    assert templates(listed, ann.address).count("letters/number_wrong") == 1
    text = listed.text(listed.last(ann.address))
    assert PHONE not in text
    assert "+44…23" in text


@pytest.mark.parametrize(
    ("words", "owners"),
    [
        ("+44 20 7946 0123 is a bakery", ("Ann Example",)),
        ("rang (+44 20 7946-0123) and +44 (7700) 900.123 twice", ("Ann Example",)),
        ("+44 20 7946 0124 did not answer", ()),
        ("nobody answered", ()),
        ("+" + "1" * 500, ()),
    ],
)
def test_number_that_a_caller_wrote_out_is_found_among_the_tlds_contacts(
    listed: Desk, words: str, owners: tuple[str, ...]
) -> None:
    with listed.app.database.write() as session:
        ctx = context_of(listed.app, session)
        assert _wrong_numbers.report_named(ctx, "nl", words) == owners
        assert _wrong_numbers.report_named(ctx, "be", words) == ()
        assert len(ctx.letters) == ("20 7946" in words and bool(owners)) + ("7700" in words)


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
    report(listed, ann)
    listed.later(seconds=1)
    assert outcome(listed.say_bound(ann, f"UPDATE\n{update}")) == "updated"
    person = stored(listed, ann.address)
    assert (person.phone_wrong_at is not None, person.mobile_wrong_at is not None) == still


def test_those_who_would_call_see_the_mark_in_query_and_roster(
    listed: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    listed.member(bob, "be")
    mark = "PHONE may be wrong: a caller reached nobody there"
    for is_marked in (False, True):
        if is_marked:
            report(listed, ann, PHONE)
        listed.later(seconds=1)
        answer = listed.say(bob, "QUERY nl").letters[-1]
        assert (mark in listed.text(answer)) is is_marked
        with listed.look() as session:
            roster = load_roster(session, listed.now, listed.app.tlds)
        assert [mark in marks(one) for one in roster.contacts if one.name == ann.name] == [is_marked]
