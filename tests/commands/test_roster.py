"""ROSTER: everybody's contacts, now, with the files to keep, in confidence."""

import subprocess
from pathlib import Path

from tests.desk import Desk
from tests.keys import KeyPair, gpg
from tests.letterbox import OneKeyHome
from tests.outcomes import all_of, outcome
from tldops_bot.domain.outgoing import Letter
from tldops_bot.store import roster_sends
from tldops_bot.store.tables import Entry, Person, PrintedRoster, RosterSend

WITH_SIGNATURES = {
    f"roster{name}{end}" for name in (".vcf", ".pdf", ".csv", ".json", "-keys.pgp") for end in ("", ".asc")
}


def names(letter: Letter) -> list[str]:
    return [one.name for one in letter.attachments]


def test_roster_comes_with_its_files_each_signed_in_confidence(
    desk: Desk, ann: KeyPair, bob: KeyPair, tmp_path: Path
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert outcome(desk.say(ann, "ROSTER")) == "roster"
    letter = desk.last(ann.address)
    assert letter.is_confidential
    assert set(names(letter)) == WITH_SIGNATURES
    text = desk.text(letter)
    assert bob.address in text
    for one in letter.attachments:
        (tmp_path / one.name).write_bytes(one.octets)
    for name in WITH_SIGNATURES:
        assert name.endswith(".asc") or digest_of(tmp_path / name) in text
    with OneKeyHome(desk.app.gnupg.keyring.export()) as home:
        for name in names(letter)[::2]:
            status = gpg(home, "--status-fd", "1", "--verify", f"{tmp_path / name}.asc", str(tmp_path / name))
            assert b"VALIDSIG" in status
    with OneKeyHome((tmp_path / "roster-keys.pgp").read_bytes()) as home:
        listing = gpg(home, "--with-colons", "--list-keys").decode()
    assert ann.fingerprint in listing
    assert bob.fingerprint in listing


def digest_of(file: Path) -> str:
    return subprocess.run(["sha256sum", file], capture_output=True, check=True).stdout.decode().split()[0]


def test_departed_contacts_are_not_in_it(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    with desk.app.database.write() as session:
        session.query(Entry).filter_by(tld="be").one().state = "left"
    desk.say(ann, "ROSTER")
    assert bob.address not in desk.text(desk.last(ann.address))
    assert not any(bob.address.encode() in one.octets for one in desk.last(ann.address).attachments)


def test_what_is_no_file_of_ours_is_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "ROSTER nl")) == "bad_arguments"


def test_with_words_behind_it_these_files_come_and_no_others(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "ROSTER pdf")
    assert names(desk.last(ann.address)) == ["roster.pdf", "roster.pdf.asc"]
    desk.say(ann, "ROSTER none")
    assert names(desk.last(ann.address)) == []
    assert "Ann Example" in desk.text(desk.last(ann.address))


def test_the_files_a_member_chose_come_with_it(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nRoster: vcf")
    desk.say(ann, "ROSTER")
    assert names(desk.last(ann.address)) == ["roster.vcf", "roster.vcf.asc"]
    assert "the files you asked for: vcf." in desk.text(desk.last(ann.address))


def test_the_files_are_made_and_signed_once_for_all_who_ask(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.say(ann, "ROSTER")
    desk.later(hours=5)
    desk.say(bob, "ROSTER")
    assert printed(desk, bob) == printed(desk, ann)
    assert serial(desk, bob) == serial(desk, ann)  # the text has the date of its files
    desk.later(hours=20)  # a day after it was made: its date is printed on it
    desk.say(bob, "ROSTER")
    assert printed(desk, bob) != printed(desk, ann)
    assert len({one.digest for one in all_of(desk, PrintedRoster)}) == 1


def test_when_somebody_changes_they_are_made_anew(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    desk.say(ann, "ROSTER")
    before = printed(desk, ann)
    with desk.app.database.write() as session:
        session.query(Person).filter_by(email=bob.address).one().mobile = "+44 7700 900999"
    desk.later(hours=1)
    desk.say(ann, "ROSTER")
    assert printed(desk, ann) != before
    assert len({one.digest for one in all_of(desk, PrintedRoster)}) == 1


def test_where_they_can_t_be_made_the_contacts_come_without_them(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.app.intake = desk.app.intake.__class__(
        desk.app.database, desk.app.gnupg, desk.app.renderer, desk.app.surroundings
    )
    desk.say(ann, "ROSTER")
    letter = desk.last(ann.address)
    assert names(letter) == []
    assert "Ann Example" in desk.text(letter)
    assert "could not be made just now" in desk.text(letter)
    desk.say(ann, "ROSTER pdf")
    assert "could not be made just now" in desk.text(desk.last(ann.address))
    desk.say(ann, "ROSTER none")
    assert "could not be made just now" not in desk.text(desk.last(ann.address))


def test_what_is_new_is_told_since_the_one_they_asked_for(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "ROSTER")
    assert "This is your first roster" in desk.text(desk.last(ann.address))
    desk.later(days=1)
    desk.member(bob, "be")
    desk.say(ann, "ROSTER")
    assert "New contacts:\n  .be: Bob Example" in desk.text(desk.last(ann.address))
    desk.later(days=1)
    desk.say(ann, "ROSTER")
    assert "\nNone.\n" in desk.text(desk.last(ann.address))


def test_one_that_was_asked_for_leaves_the_period_due(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "ROSTER")
    with desk.look() as session:
        assert session.query(RosterSend).count() == 1
        assert not roster_sends.period_is_sent(session, desk.now)


def printed(desk: Desk, who: KeyPair) -> bytes:
    return next(one.octets for one in desk.last(who.address).attachments if one.name == "roster.pdf")


def serial(desk: Desk, who: KeyPair) -> str:
    return next(line for line in desk.text(desk.last(who.address)).splitlines() if "Roster 2" in line)
