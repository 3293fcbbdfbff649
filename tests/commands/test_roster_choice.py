"""`Roster:` in UPDATE: which files come with a member's roster."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome
from tldops_bot.store.tables import Person


def kept(desk: Desk) -> str:
    with desk.look() as session:
        return session.query(Person).one().roster_files


def test_a_member_chooses_the_files_and_goes_back_to_all(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert kept(desk) == ""
    for written, stored in (("pdf, VCF", "vcf pdf"), ("none", "none"), ("all", "")):
        assert outcome(desk.say_bound(ann, f"UPDATE\nRoster: {written}")) == "updated"
        assert kept(desk) == stored
    desk.say_bound(ann, "UPDATE\nRoster: -")
    assert kept(desk) == ""


def test_the_word_roster_at_the_start_of_a_line_of_its_own_is_still_the_command(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl")
    done = desk.say_bound(ann, "UPDATE\nRoster: none\nROSTER")
    assert [one.request.verb for one in done.decision.parts] == ["UPDATE", "ROSTER"]
    assert desk.last(ann.address).attachments == ()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("Roster: doc", "bad_field"),
        ("Roster: vcf, none", "bad_field"),
        ("Roster: vcf\nRoster: pdf", "field_twice"),
    ],
)
def test_what_is_no_file_of_ours_changes_nothing(desk: Desk, ann: KeyPair, lines: str, reason: str) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(ann, f"UPDATE\nOrganisation: Example\n{lines}")) == reason
    assert kept(desk) == ""


def test_own_record_shows_the_choice(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "SHOW")
    assert "Roster files" not in desk.text(desk.last(ann.address))
    desk.say_bound(ann, "UPDATE\nRoster: pdf, keys")
    desk.later(seconds=1)  # the same words at the same time would be the same mail
    desk.say(ann, "SHOW")
    assert "Roster files      pdf, keys" in desk.text(desk.last(ann.address))


def test_what_the_secretariat_enters_is_shown_to_the_member_who_has_the_last_word(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, office="secretariat")
    desk.say_bound(bob, f"UPDATE {ann.address}\nRoster: none")
    letter = desk.last(ann.address)
    assert "none" in dict(letter.values["changes"])["Roster"]
    assert "Roster: none" in desk.text(letter)
