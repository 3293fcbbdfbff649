import email
import stat
from dataclasses import replace
from datetime import timedelta
from email.policy import SMTP
from functools import partial
from typing import NoReturn

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tests.roster_files import quick_files
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.roster_press import RosterPress
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store.tables import Entry, Person, RosterSend


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are made here, and quickly; gpg signs them as always."""
    monkeypatch.setattr(
        "tldops_bot.adapters.roster_press.RosterPress", partial(RosterPress, make=quick_files)
    )


PHONE = "+44 7700 900123"


@pytest.fixture
def nl(cli: Cli, ann: KeyPair, bob: KeyPair) -> tuple[int, int]:
    """Two contacts of nl: Ann, a member, and Bob, who has no key."""
    return cli.desk.member(ann, "nl"), cli.desk.member(bob, "nl", keyless=True)


def test_a_preview_shows_the_text_with_phones_and_addresses_masked(
    cli: Cli, nl: tuple[int, int], ann: KeyPair, bob: KeyPair
) -> None:
    result = cli("roster", "preview")
    assert result.stdout.startswith("Subject: TLD-OPS roster ")
    assert "\n.nl" in result.stdout
    assert "Ann Example" in result.stdout
    assert "a…@nic.example" in result.stdout
    for secret in (ann.address, bob.address, PHONE, "900123"):
        assert secret not in result.stdout
    assert "masked" in result.stderr
    assert cli.actions() == []


def test_out_writes_text_and_files_that_only_the_operator_can_read(
    cli: Cli, nl: tuple[int, int], ann: KeyPair
) -> None:
    folder = cli.folder / "made" / "here"
    cli("roster", "preview", "--out", str(folder))
    files = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert set(files) == {
        "roster.txt",
        "roster.vcf",
        "roster.pdf",
        "roster.csv",
        "roster.json",
    }  # none signed
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in folder.iterdir())
    for octets in files.values():
        for secret in (ann.address, PHONE, "447700900123"):
            assert secret.encode() not in octets
    # a key holds its owner's address in its user ID
    assert b"KEY;" not in files["roster.vcf"]


def test_confidential_shows_what_members_get_and_tells_the_committee(
    cli: Cli, nl: tuple[int, int], ann: KeyPair, committee: KeyPair
) -> None:
    folder = cli.folder / "all"
    cli("roster", "preview", "--out", str(folder), "--confidential")
    for name in ("roster.txt", "roster.vcf", "roster.csv", "roster.json"):
        assert ann.address.encode() in (folder / name).read_bytes()
    assert cli.mails()[-1][:2] == ("The operator looked at phones and addresses", {committee.address})


def test_for_a_member_it_writes_exactly_what_they_are_then_sent(
    cli: Cli, nl: tuple[int, int], ann: KeyPair
) -> None:
    with cli.desk.app.database.write() as session:
        session.get_one(Person, nl[0]).roster_files = "vcf keys"
    folder = cli.folder / "hers"
    cli("roster", "preview", "--for", ann.address, "--out", str(folder), "--confidential")
    cli("roster", "send")
    [(subject, to, entity)] = cli.mails("roster")
    sent = email.message_from_string(entity, policy=SMTP)
    files = {str(one.get_filename()): one.get_payload(decode=True) for one in sent.iter_attachments()}
    wanted = {"roster.vcf", "roster.vcf.asc", "roster-keys.pgp", "roster-keys.pgp.asc"}
    assert set(files) == wanted
    written = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert set(written) == wanted | {"roster.txt"}
    assert {name: written[name] for name in wanted} == files
    text = sent.get_body()
    assert text is not None
    assert written["roster.txt"].decode() == text.get_content().replace("\r\n", "\n")
    assert to == {ann.address}
    assert subject.startswith("TLD-OPS roster ")


def test_for_a_member_it_is_in_their_language(cli: Cli, nl: tuple[int, int], ann: KeyPair) -> None:
    with cli.desk.app.database.write() as session:
        session.get_one(Person, nl[0]).language = "fr"
    assert "première liste de contacts" in cli("roster", "preview", "--for", ann.address).stdout
    assert "première" not in cli("roster", "preview").stdout


def test_for_a_member_it_says_what_is_new_to_them(cli: Cli, nl: tuple[int, int], ann: KeyPair) -> None:
    assert "This is your first roster" in cli("roster", "preview", "--for", ann.address).stdout
    cli("roster", "send", "--now")
    assert "None.\n" in cli("roster", "preview", "--for", ann.address).stdout
    with cli.desk.app.database.write() as session:
        session.query(Entry).filter_by(person_id=nl[1]).one().state = "left"
    assert "A contact left" in cli("roster", "preview", "--for", ann.address).stdout


def test_for_somebody_who_gets_none_it_is_refused(cli: Cli, nl: tuple[int, int], bob: KeyPair) -> None:
    assert "gets no roster" in cli.refused("roster", "preview", "--for", bob.address)
    assert "there is nobody" in cli.refused("roster", "preview", "--for", "nobody@nic.example")


def test_a_folder_that_can_t_be_written_is_refused(cli: Cli, nl: tuple[int, int]) -> None:
    taken = cli.folder / "file"
    taken.write_text("in the way")
    assert "cannot be written" in cli.refused("roster", "preview", "--out", str(taken))


def test_send_sends_what_is_due_once(cli: Cli, nl: tuple[int, int], ann: KeyPair) -> None:
    assert cli("roster", "send").stdout == "1 copy for 1 members in the outbox\n"
    assert [to for _, to, _ in cli.mails("roster")] == [{ann.address}]
    assert "nothing is due before" in cli("roster", "send").stdout
    assert len(cli.mails("roster")) == 1


def test_now_sends_out_of_turn_is_audited_and_leaves_the_period_due(cli: Cli, nl: tuple[int, int]) -> None:
    assert cli("roster", "send", "--now").stdout == "1 copy for 1 members in the outbox\n"
    assert cli.actions() == ["roster_sent"]
    assert "1 copy" in cli("roster", "send").stdout
    with cli.desk.look() as session:
        assert session.query(RosterSend).count() == 2


def test_who_is_on_probation_gets_none(cli: Cli, nl: tuple[int, int]) -> None:
    with cli.desk.app.database.write() as session:
        for entry in session.query(Entry):
            entry.probation_until = cli.desk.now + timedelta(days=2)
    assert cli("roster", "send", "--now").stdout == "0 copies for 0 members in the outbox\n"


def test_a_proven_emergency_address_gets_a_copy_too(cli: Cli, nl: tuple[int, int], ann: KeyPair) -> None:
    with cli.desk.app.database.write() as session:
        person = session.get_one(Person, nl[0])
        person.emergency_email, person.emergency_proven_at = "ann@elsewhere.example", cli.desk.now
    assert "2 copies for 1 members" in cli("roster", "send", "--now").stdout


def test_send_goes_on_where_it_was_stopped(
    cli: Cli, nl: tuple[int, int], ann: KeyPair, carol: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.desk.member(carol, "be")
    with cli.desk.app.database.write() as session:
        session.get_one(Person, nl[0]).roster_files = "none"  # so that her mail is another than Carol's
    runs = []

    def stopped(ctx: JobContext) -> object:
        runs.append(ctx.now)
        if len(runs) == 2:
            raise KeyboardInterrupt
        return run(ctx)

    run = JOBS["send_roster"].run
    monkeypatch.setitem(JOBS, "send_roster", replace(JOBS["send_roster"], run=stopped))
    result = cli("roster", "send", code=1)
    assert "so far 1 copy for 1 members" in result.stderr
    assert "stopped: 1 copy for 1 members in the outbox" in result.stderr
    assert len(cli.mails("roster")) == 1
    assert cli("roster", "send").stdout == "1 copy for 1 members in the outbox\n"
    assert sorted(to for _, to, _ in cli.mails("roster")) == sorted([{ann.address}, {carol.address}])
    assert "nothing is due before" in cli("roster", "send").stdout


def test_out_of_turn_it_goes_to_everybody_once_in_as_many_batches_as_it_takes(
    cli: Cli, nl: tuple[int, int], ann: KeyPair, carol: KeyPair
) -> None:
    cli.desk.member(carol, "be")
    with cli.desk.app.database.write() as session:
        session.get_one(Person, nl[0]).roster_files = "none"
    result = cli("roster", "send", "--now")
    assert "so far 1 copy for 1 members" in result.stderr
    assert result.stdout == "2 copies for 2 members in the outbox\n"
    assert len(cli.mails("roster")) == 2
    with cli.desk.look() as session:
        assert len({one.period_at for one in session.query(RosterSend)}) == 1


def test_nothing_goes_while_the_files_can_t_be_made(
    cli: Cli, nl: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> NoReturn:
        raise GpgUnavailable("away")

    monkeypatch.setattr(RosterPress, "_edition", away)
    assert "could not be made" in cli.refused("roster", "send")
    assert "could not be made" in cli.refused("roster", "send", "--now")
    assert cli.mails("roster") == []
    assert "could not be made" in cli("roster", "preview", "--confidential").stderr
