"""The press: the files of a roster, made and signed outside of any transaction, once for all."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from tests.clockwork import context, tick
from tests.desk import Desk
from tests.keys import LIST_ADDRESS, KeyPair, gpg
from tests.letterbox import OneKeyHome, gpg_verify
from tests.roster_files import quick_files
from tldops_bot.adapters.child_process import give_way
from tldops_bot.adapters.child_worker import WorkerGone, WorkerNotStarted
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.roster_press import MOST_TRIES, RosterPress, make_aside, make_files
from tldops_bot.commands._roster_files import Ready, manuscript
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.outgoing import Kind
from tldops_bot.domain.roster import Roster
from tldops_bot.domain.roster_edition import Edition, RosterFile
from tldops_bot.intake import Handled
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import Unfinished
from tldops_bot.store import inbox, outbox, printed_rosters
from tldops_bot.store.tables import Person


@pytest.fixture
def press(desk: Desk, ann: KeyPair) -> RosterPress:
    desk.member(ann, "nl")
    return desk.app.roster_press


def held(desk: Desk) -> Edition | None:
    with desk.look() as session:
        digest = manuscript(session, desk.app.config, desk.app.tlds, desk.now).digest
        return printed_rosters.held(session, digest, desk.now)


class Deadly:
    """Whoever unpickles it is gone."""

    def __reduce__(self) -> tuple[Callable[[int], object], tuple[int]]:
        return os._exit, (1,)


def test_a_process_that_dies_over_a_roster_is_not_waited_for(desk: Desk, press: RosterPress) -> None:
    """Not even if it has not read all of it: the table of TLDs alone is more than a pipe holds."""

    def making(roster: Roster, config: Config, tlds: TldTable, _: object) -> tuple[RosterFile, ...]:
        deadly: Any = (Deadly(), b"x" * 1_000_000)
        return make_aside(roster, config, tlds, deadly)

    assert replace(press, make=making).prepare().edition is None


def test_a_system_that_lets_nobody_give_way_gets_its_files_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In many a sandbox nobody may change a priority, not even to a lower one."""
    asked = Mock(side_effect=PermissionError)
    monkeypatch.setattr("os.nice", asked)
    give_way()
    assert asked.called


def test_every_file_is_signed_by_the_list_and_gpg_alone_says_so(desk: Desk, ann: KeyPair) -> None:
    """With the real files, made in a process of their own."""
    desk.member(ann, "nl")
    edition = replace(desk.app.roster_press, make=make_aside).prepare().edition
    assert edition == held(desk)
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
    first = counted.prepare()
    assert counted.prepare() == first
    assert len(made) == 1
    desk.member(bob, "be")
    assert held(desk) is None
    assert counted.prepare() != first
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

    ready = replace(press, make=slow).prepare()
    assert made == [1, 2]
    assert len(ready.roster.contacts) == 2
    assert ready.edition == held(desk) is not None


def test_where_something_always_changes_the_last_files_made_go_with_the_text_of_their_moment(
    desk: Desk, press: RosterPress
) -> None:
    made: list[Roster] = []

    def restless(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        made.append(roster)
        with desk.app.database.write() as session:
            session.query(Person).one().mobile = f"+44 7700 90000{len(made)}"
        return quick_files(roster, config, tlds, history)

    ready = replace(press, make=restless).prepare()
    assert len(made) == MOST_TRIES
    assert ready.roster == made[-1]
    assert ready.edition is not None


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
        other.join(60)

    def making(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        elsewhere()
        return quick_files(roster, config, tlds, history)

    class Signing:
        def sign_detached(self, octets: bytes) -> bytes:
            elsewhere()
            return b"signature"

    assert replace(press, make=making, signer=Signing()).prepare().edition
    assert len(written) == 6


def test_two_who_ask_at_the_same_moment_get_the_same_files_and_nobody_is_held_up(
    desk: Desk, press: RosterPress, bob: KeyPair, ann: KeyPair
) -> None:
    """Bob's mail comes while Ann's files are made. It waits for them, but keeps no worker waiting."""
    made: list[list[Handled]] = []

    def making(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        made.append(meanwhile())
        return quick_files(roster, config, tlds, history)

    def meanwhile() -> list[Handled]:
        envelope = Envelope(bob.address, (LIST_ADDRESS,), "192.0.2.1", "", False, "")
        with desk.app.database.write() as session:
            inbox.accept(session, [(bob.pgp_mime_signed("ROSTER", at=desk.now), envelope, desk.now)])
        return desk.work()

    desk.member(bob, "be")
    desk.app.roster_press = replace(press, make=making)
    desk.say(ann, "ROSTER")
    assert made == [[]]
    assert desk.to(bob.address) == []
    desk.later(seconds=4)
    desk.work()
    assert desk.last(bob.address).attachments == desk.last(ann.address).attachments
    assert len(made) == 1


def test_the_clock_waits_for_files_that_somebody_asked_for(desk: Desk, press: RosterPress) -> None:
    made: list[Future[Ready]] = []

    def making(
        roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
    ) -> tuple[RosterFile, ...]:
        made.append(clock.submit(busy.prepare))
        assert not made[0].done()
        return quick_files(roster, config, tlds, history)

    busy = replace(press, make=making)
    with ThreadPoolExecutor(1) as clock:
        first = busy.prepare()
        assert made[0].result(60) == first
    assert len(made) == 1


def figures_of_the_day(desk: Desk) -> None:
    desk.app.job_runner().run(JOBS["note_figures"])


def another_number(desk: Desk) -> None:
    with desk.app.database.write() as session:
        session.query(Person).one().mobile = "+44 7700 900999"


@pytest.mark.parametrize("change", [figures_of_the_day, another_number])
@pytest.mark.parametrize("asked", [True, False])
def test_what_changes_after_they_were_made_comes_with_the_next(
    desk: Desk, press: RosterPress, ann: KeyPair, change: Callable[[Desk], None], asked: bool
) -> None:
    desk.app.roster_press = overtaken = Mock(wraps=press)
    overtaken.prepare.side_effect = lambda **more: then(press.prepare(**more))
    overtaken.prepare_what_is_due.side_effect = lambda: then(press.prepare_what_is_due())

    def then(ready: Ready | None) -> Ready | None:
        change(desk)
        return ready

    if asked:
        desk.say(ann, "ROSTER")
    else:
        runner = replace(desk.app.job_runner(), post=lambda _, letters, __: desk.letters.extend(letters))
        runner.run(JOBS["send_roster"])
    letter = desk.last(ann.address)
    assert "+44 7700 900123" in desk.text(letter)
    assert [one.name for one in letter.attachments][:2] == ["roster.vcf", "roster.vcf.asc"]


def test_the_figures_of_another_day_are_no_reason_to_make_them_anew(desk: Desk, press: RosterPress) -> None:
    before = press.prepare()
    desk.later(hours=1)
    figures_of_the_day(desk)
    assert press.prepare() == before


def test_in_a_mail_that_changes_something_the_text_says_so_already(
    desk: Desk, press: RosterPress, ann: KeyPair
) -> None:
    desk.say_bound(ann, "UPDATE\nPhone: +44 20 7946 0123\nROSTER")
    [letter] = [one for one in desk.to(ann.address) if one.template == "reply"]
    assert "Phone      +44 20 7946 0123" in desk.text(letter)
    assert letter.attachments == ()


@pytest.mark.parametrize("problem", [GpgUnavailable("away"), WorkerGone(), WorkerNotStarted()])
def test_what_fails_fails_for_this_time_only(desk: Desk, press: RosterPress, problem: Exception) -> None:
    def making(*_: object) -> tuple[RosterFile, ...]:
        raise problem

    ready = replace(press, make=making).prepare()
    assert (ready.edition, len(ready.roster.contacts)) == (None, 1)
    assert held(desk) is None
    assert press.prepare().edition


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
