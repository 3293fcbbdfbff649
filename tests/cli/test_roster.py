import stat
from datetime import timedelta

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tldops_bot.store.tables import Entry, Person, RosterSend

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
    assert set(files) == {"roster.txt", "roster.vcf", "roster.pdf", "roster.csv", "roster.json"}
    assert all(stat.S_IMODE(one.stat().st_mode) == 0o600 for one in folder.iterdir())
    for octets in files.values():
        for secret in (ann.address, PHONE, "447700900123"):
            assert secret.encode() not in octets
    # a key holds its owner's address in its user ID
    assert b"KEY;PREF=1" not in files["roster.vcf"]
    assert b"data:" not in files["roster.vcf"]


def test_confidential_shows_what_members_get_and_tells_the_committee(
    cli: Cli, nl: tuple[int, int], ann: KeyPair, committee: KeyPair
) -> None:
    folder = cli.folder / "all"
    cli("roster", "preview", "--out", str(folder), "--confidential")
    for name in ("roster.txt", "roster.vcf", "roster.csv", "roster.json"):
        assert ann.address.encode() in (folder / name).read_bytes()
    assert cli.mails()[-1][:2] == ("The operator looked at phones and addresses", {committee.address})


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
