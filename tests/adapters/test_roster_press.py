"""The press: the files of a roster, made and signed outside of any transaction, once for all."""

import threading
from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import pytest

from tests.clockwork import context, tick
from tests.desk import Desk
from tests.keys import KeyPair, gpg
from tests.letterbox import OneKeyHome, gpg_verify
from tests.roster_files import quick_files
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.roster_press import RosterPress, make_aside, make_files
from tldops_bot.commands._roster_files import manuscript
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.outgoing import Kind
from tldops_bot.domain.roster import Roster
from tldops_bot.domain.roster_edition import Edition, RosterFile
from tldops_bot.jobs import JOBS
from tldops_bot.jobs._job import Unfinished
from tldops_bot.store import outbox, printed_rosters
from tldops_bot.store.tables import Person


@pytest.fixture
def press(desk: Desk, ann: KeyPair) -> RosterPress:
    desk.member(ann, "nl")
    return desk.app.roster_press


def held(desk: Desk) -> Edition | None:
    with desk.look() as session:
        digest = manuscript(session, desk.app.config, desk.app.tlds, desk.now).digest
        return printed_rosters.held(session, digest, desk.now)


def test_every_file_is_signed_by_the_list_and_gpg_alone_says_so(desk: Desk, ann: KeyPair) -> None:
    """With the real files, made in a process of their own."""
    desk.member(ann, "nl")
    assert replace(desk.app.roster_press, make=make_aside).prepare()
    edition = held(desk)
    assert edition is not None
    assert [one.kind for one in edition.files] == ["vcf", "pdf", "csv", "json", "keys"]
    with OneKeyHome(desk.app.gnupg.keyring.export()) as home:
        for one in edition.files:
            (home / one.name).write_bytes(one.octets)
            (home / f"{one.name}.asc").write_bytes(one.signature)
            assert gpg_verify(home, f"{home / one.name}.asc", str(home / one.name))
            (home / one.name).write_bytes(one.octets + b"x")
            assert not gpg_verify(home, f"{home / one.name}.asc", str(home / one.name))


def test_the_keys_are_imported_by_one_command_without_photographs(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    photograph = bytes([0xC0 | 17, 0xFF]) + (9000).to_bytes(4) + b"a picture" * 1000
    with desk.look() as session:
        roster = manuscript(session, desk.app.config, desk.app.tlds, desk.now).roster
    pictured = [replace(one, key_blob=(one.key_blob or b"") + photograph) for one in roster.contacts]
    made = make_files(replace(roster, contacts=tuple(pictured)), desk.app.config, desk.app.tlds, ())
    [keys] = [one.octets for one in made if one.kind == "keys"]
    assert b"a picture" not in keys
    with OneKeyHome(keys) as home:
        listing = gpg(home, "--with-colons", "--list-keys").decode()
    assert {ann.fingerprint, bob.fingerprint} <= set(listing.replace(":", " ").split())


def test_no_key_in_it_names_another_contact_or_the_list(desk: Desk, ann: KeyPair) -> None:
    """Who imports the file would encrypt to Mallory what is for Ann."""
    named = [f"Ann Example <{ann.address}>", "TLD-OPS <tld-ops@lists.example>", "X <root@other.example>"]
    mallory = KeyPair.make("Mallory Example", "mallory@be.example", also=named)
    desk.member(ann, "nl")
    desk.member(mallory, "be")
    with desk.look() as session:
        roster = manuscript(session, desk.app.config, desk.app.tlds, desk.now).roster
    moved = [
        replace(one, email="m@new.example") if one.name == mallory.name else one for one in roster.contacts
    ]
    for contacts, kept in ((roster.contacts, 1), (tuple(moved), 2)):
        made = make_files(replace(roster, contacts=contacts), desk.app.config, desk.app.tlds, ())
        [keys] = [one.octets for one in made if one.kind == "keys"]
        with OneKeyHome(keys) as home:
            listing = gpg(home, "--with-colons", "--list-keys").decode()
        assert listing.count(ann.address) == 1
        assert "tld-ops@lists.example" not in listing
        assert listing.count("uid:") == 1 + kept


def test_a_key_that_is_of_no_use_is_not_among_them(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    number = desk.member(bob, "be")
    with desk.app.database.write() as session:
        session.get_one(Person, number).key_blocked_at = desk.now
    with desk.look() as session:
        roster = manuscript(session, desk.app.config, desk.app.tlds, desk.now).roster
    [keys] = [
        one.octets for one in quick_files(roster, desk.app.config, desk.app.tlds, ()) if one.kind == "keys"
    ]
    with OneKeyHome(keys) as home:
        assert bob.fingerprint not in gpg(home, "--with-colons", "--list-keys").decode()


def test_what_is_there_is_not_made_again(desk: Desk, press: RosterPress, bob: KeyPair) -> None:
    made = []

    def counting(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        made.append(roster)
        return quick_files(roster, config, tlds, history)

    counted = replace(press, make=counting)
    assert counted.prepare()
    assert counted.prepare()
    assert len(made) == 1
    desk.member(bob, "be")
    assert held(desk) is None
    assert counted.prepare()
    assert len(made) == 2
    assert held(desk) is not None


def test_who_joins_while_it_prints_is_in_the_files(desk: Desk, press: RosterPress, bob: KeyPair) -> None:
    made: list[int] = []

    def slow(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        if not made:
            desk.member(bob, "be")
        made.append(len(roster.contacts))
        return quick_files(roster, config, tlds, history)

    assert replace(press, make=slow).prepare()
    assert made == [1, 2]
    assert held(desk) is not None


def test_while_it_prints_and_signs_others_write_to_the_store(desk: Desk, press: RosterPress) -> None:
    """An alert that comes in meanwhile waits for nothing: no transaction is open over either."""
    written = []

    def note() -> None:
        with desk.app.database.write() as session:
            session.query(Person).one().seen_at = desk.now
        written.append(True)

    def elsewhere() -> None:
        other = threading.Thread(target=note)
        other.start()
        other.join(10)

    def making(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        elsewhere()
        return quick_files(roster, config, tlds, history)

    class Signing:
        def sign_detached(self, octets: bytes) -> bytes:
            elsewhere()
            return b"signature"

    assert replace(press, make=making, signer=Signing()).prepare()
    assert len(written) == 6


def test_who_comes_while_it_is_at_work_is_not_held_up(press: RosterPress) -> None:
    answers = []

    def making(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        answers.append(busy.prepare())
        return quick_files(roster, config, tlds, history)

    busy = replace(press, make=making)
    assert busy.prepare()
    assert answers == [False]


@pytest.mark.parametrize("problem", [GpgUnavailable("away"), BrokenProcessPool("killed")])
def test_what_fails_fails_for_this_time_only(desk: Desk, press: RosterPress, problem: Exception) -> None:
    def making(*_: object) -> tuple[RosterFile, ...]:
        raise problem

    assert not replace(press, make=making).prepare()
    assert held(desk) is None
    assert press.prepare()


def test_a_roster_that_is_due_waits_for_its_files_and_is_then_sent(desk: Desk, press: RosterPress) -> None:
    assert tick(desk, "send_roster") == []
    press.prepare_what_is_due()
    [letter] = tick(desk, "send_roster")
    assert [one.name for one in letter.attachments][:2] == ["roster.vcf", "roster.vcf.asc"]


def test_nothing_is_printed_while_nothing_is_due(desk: Desk, press: RosterPress, bob: KeyPair) -> None:
    press.prepare_what_is_due()
    tick(desk, "send_roster")
    desk.member(bob, "be")
    press.prepare_what_is_due()
    assert held(desk) is None


def test_the_job_has_its_files_made_before_its_transaction(desk: Desk, press: RosterPress) -> None:
    assert desk.app.job_runner().run(JOBS["send_roster"]) == 1
    assert desk.app.job_runner().run(JOBS["send_roster"]) == 0


def test_an_alert_overtakes_a_roster_that_is_on_its_way(
    desk: Desk, press: RosterPress, bob: KeyPair, carol: KeyPair
) -> None:
    """Between two batches, and among what waits to go out."""
    desk.member(bob, "be")
    desk.member(carol, "de")
    with desk.app.database.write() as session:
        session.query(Person).filter_by(email=bob.address).one().roster_files = "none"
    press.prepare()
    with desk.app.database.write() as session:
        found = JOBS["send_roster"].run(context(desk, session))
        assert isinstance(found, Unfinished)
        desk.app.intake.post(session, found.letters, desk.now)
    desk.say_bound(carol, "ALERT\n\nSomething is wrong.")
    with desk.app.database.write() as session:
        claimed = outbox.claim(session, desk.now, 100, desk.now, "mine")
        kinds = [outbox.load(session, [one.message_id])[one.message_id].kind for one in claimed]
    assert kinds[0] is Kind.ALERT
    assert kinds[-1] is Kind.ROSTER
    assert kinds == sorted(kinds, key=lambda kind: kind.priority)


def test_only_a_registered_key_makes_it_work(
    desk: Desk, press: RosterPress, bob: KeyPair, ann: KeyPair
) -> None:
    desk.say(bob, "ROSTER")
    desk.write(ann.address, "ROSTER")
    desk.say(ann, "QUERY nl")
    desk.say(ann, "HELP\nEND\nROSTER")
    assert held(desk) is None
    desk.say(ann, "ROSTER")
    assert held(desk) is not None
