"""NOTE: the secretariat's memory; for its own eyes, the committee's, and nobody else's."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows
from tldops_bot.store import audit
from tldops_bot.store.tables import Note

ASK = "SUBSCRIBE be\nName: Carl Example\nEmail: carl@nic.example\nPhone: +44 20 7946 0456"


@pytest.fixture
def office(desk: Desk, carol: KeyPair) -> Desk:
    desk.member(carol, office="secretariat")
    desk.write("x@nic.example", ASK)
    return desk


def test_note_is_kept_as_written_and_shown_beside_its_request(office: Desk, carol: KeyPair) -> None:
    handled = office.say_bound(carol, "NOTE r-1 Called; he answers, on Monday.")
    assert outcome(handled) == "noted"
    (shown,) = handled.decision.parts[0].outcome.values["notes"]
    assert (shown["by"], shown["text"]) == (carol.name, "Called; he answers, on Monday.")
    (other,) = office.say(carol, "PENDING").decision.parts[0].outcome.values["others"]
    assert [one["text"] for one in other["notes"]] == ["Called; he answers, on Monday."]
    with office.look() as session:
        entry = audit.history(session, "be")[-1]
        assert (entry.actor, entry.action) == (carol.fingerprint, "noted")
        assert "Monday" not in entry.details


def test_note_about_a_tld_stands_in_pending(office: Desk, carol: KeyPair) -> None:
    assert outcome(office.say_bound(carol, "NOTE .рф New registry from May on")) == "noted"
    (about,) = office.say(carol, "PENDING").decision.parts[0].outcome.values["tld_notes"]
    assert (about["tld"], [one["text"] for one in about["notes"]]) == (
        "рф (xn--p1ai)",
        ["New registry from May on"],
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("R-1", "bad_arguments"),
        ("R-99 called", "no_such_request"),
        ("zz called", "unknown_tld"),
        (f"R-1 {'x' * 501}", "bad_note"),
        ("R-1 see https://evil.example", "bad_note"),
        ("R-1 turned \u202eback", "bad_note"),
    ],
)
def test_bad_notes_change_nothing(office: Desk, carol: KeyPair, words: str, reason: str) -> None:
    before = rows(office)
    assert outcome(office.say_bound(carol, f"NOTE {words}")) == reason
    assert rows(office) == before


def test_members_and_strangers_note_nothing(office: Desk, ann: KeyPair) -> None:
    office.member(ann, "nl")
    assert outcome(office.say_bound(ann, "NOTE nl hello")) == "not_secretariat"
    assert outcome(office.write(ann.address, "NOTE nl hello")) == "unsigned"


def test_notes_about_whoever_is_forgotten_go_too(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    office.member(ann, keyless=True)
    office.write(
        "x@nic.example", f"SUBSCRIBE be\nName: Ann Example\nEmail: {ann.address}\nMobile: +44 7700 900123"
    )
    office.say_bound(carol, "NOTE R-2 is Ann's own wish")
    office.say_bound(carol, "NOTE R-1 is not hers")
    office.write(ann.address, "FORGET")
    office.write(ann.address, f"CONFIRM {office.token_for(ann.address)}")
    assert [one.about for one in all_of(office, Note)] == ["R-1"]
