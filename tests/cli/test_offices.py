from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair, gpg
from tldops_bot.store import people
from tldops_bot.store.tables import CertificateRow


def test_the_first_committee_is_founded_by_name_address_and_key(cli: Cli, carol: KeyPair) -> None:
    done = cli("committee", "add", "--key", cli.key_file(carol), carol.name, carol.address)
    assert carol.fingerprint in done.stdout
    with cli.desk.look() as session:
        person = people.by_fingerprint(session, carol.fingerprint)
        standing = people.standing(session, person, cli.desk.now)
    assert standing.is_committee
    assert standing.has_key
    assert cli.actions() == ["seated"]
    [(_, to, text)] = cli.mails()
    assert to == {carol.address}
    assert "Is it you? Send the word HELP in a signed mail" in text, "the new one learns where to begin"


def test_a_committee_member_s_signature_counts_from_then_on(cli: Cli, committee: KeyPair) -> None:
    handled = cli.desk.say_bound(committee, "PENDING")
    assert handled.decision.kind == "answered"
    assert not handled.decision.parts[0].failed


def test_once_there_is_a_committee_a_reason_is_needed_and_it_is_told(
    cli: Cli, committee: KeyPair, ann: KeyPair
) -> None:
    words = ("add", "--key", cli.key_file(ann), ann.name, ann.address)
    for role in ("committee", "secretariat"):
        assert "--because" in cli.refused(role, *words)
        assert "--because" in cli.refused(role, *words, "--because", "  ")
    assert cli.json("secretariat", "list") == []
    cli("secretariat", *words, "--because", "she answers the phone")
    subject, to, text = cli.mails()[-1]
    assert subject == "The operator gave somebody an office"
    assert to == {committee.address, ann.address}
    assert "Ann Example, secretariat" in text
    assert "> she answers the phone" in text
    assert ann.address not in text


def test_a_contact_who_is_known_keeps_the_record_and_gets_the_seat(cli: Cli, ann: KeyPair) -> None:
    held = cli.desk.member(ann, "nl")
    cli("committee", "add", "--key", cli.key_file(ann), "Someone Else", ann.address)
    rows = cli.json("committee", "list")
    assert [(one["id"], one["name"], one["fingerprint"]) for one in rows] == [
        (held, ann.name, ann.fingerprint)
    ]


def test_a_key_must_name_the_address_and_be_nobody_else_s(
    cli: Cli, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    cli.desk.member(ann, "nl")
    key = cli.key_file(ann)
    assert "names other addresses" in cli.refused(
        "committee", "add", "--key", key, "Bob Example", bob.address
    )
    assert "another key" in _with_other_key(cli, ann)
    assert cli.json("committee", "list") == []


def _with_other_key(cli: Cli, ann: KeyPair) -> str:
    other = KeyPair.make(ann.name, ann.address)
    return cli.refused("committee", "add", "--key", cli.key_file(other), ann.name, ann.address)


def test_a_key_registered_for_somebody_else_seats_nobody(cli: Cli, ann: KeyPair) -> None:
    shared = KeyPair.make(ann.name, ann.address, also=["Mallory Example <mallory@nic.example>"])
    cli.desk.member(shared, "nl")
    words = ("--key", cli.key_file(shared), "Mallory Example", "mallory@nic.example")
    assert "somebody else" in cli.refused("committee", "add", *words)


def test_a_key_that_can_t_serve_is_refused_in_words(cli: Cli) -> None:
    signs_only = KeyPair.make("Sol Example", "sol@nic.example", algorithm="ed25519")
    assert cli.refused(
        "committee", "add", "--key", cli.key_file(signs_only), "Sol Example", "sol@nic.example"
    )
    assert cli.actions() == []


def test_an_old_copy_does_not_bring_a_revoked_key_back(cli: Cli) -> None:
    gone = KeyPair.make("Gil Example", "gil@nic.example")
    before = cli.key_file(gone)
    cli.desk.member(gone, "nl")
    with cli.desk.app.database.write() as session:
        row = session.get_one(CertificateRow, gone.fingerprint)
        row.blob, row.is_revoked = gone.revoked(), True
    assert "revoked" in cli.refused("committee", "add", "--key", before, gone.name, gone.address)


@pytest.mark.parametrize(
    "octets", [b"", b"not a key\n", b"\x99\x00", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"]
)
def test_what_is_no_key_is_refused(cli: Cli, octets: bytes) -> None:
    file = cli.folder / "key.asc"
    file.write_bytes(octets)
    assert "public key" in cli.refused(
        "committee", "add", "--key", str(file), "Ann Example", "ann@nic.example"
    )


def test_a_secret_key_is_refused(cli: Cli, ann: KeyPair) -> None:
    file = cli.folder / "secret.asc"
    file.write_bytes(gpg(ann.home, "--armor", "--export-secret-keys", ann.fingerprint))
    assert "public key" in cli.refused("committee", "add", "--key", str(file), ann.name, ann.address)


def test_a_file_that_is_not_there_or_no_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    assert "no such file" in cli.refused(
        "committee", "add", "--key", "/nowhere/key", "Ann Example", "a@nic.example"
    )
    assert "not a file" in cli.refused(
        "committee", "add", "--key", str(tmp_path), "Ann Example", "a@nic.example"
    )


@pytest.mark.parametrize(("name", "email"), [("A", "ann@nic.example"), ("Ann Example", "ann at nic")])
def test_a_name_or_address_that_is_none_is_refused(cli: Cli, ann: KeyPair, name: str, email: str) -> None:
    field = "Name" if len(name) < 2 else "Email"
    assert f'"{field}:"' in cli.refused("committee", "add", "--key", cli.key_file(ann), name, email)
    assert cli.json("committee", "list") == []


def test_a_seat_ends_for_a_reason_and_the_last_one_stays(cli: Cli, committee: KeyPair, ann: KeyPair) -> None:
    why = ("--because", "left")
    assert "last" in cli.refused("committee", "remove", committee.address, *why)
    cli("committee", "add", "--key", cli.key_file(ann), ann.name, ann.address, *why)
    assert "--because" in cli.refused("committee", "remove", ann.address)
    assert "does not sit" in cli.refused("secretariat", "remove", ann.address, *why)
    cli("committee", "remove", ann.address, *why)
    assert [one["name"] for one in cli.json("committee", "list")] == [committee.name]
    assert cli.mails()[-1][:2] == (
        "The operator took an office from somebody",
        {committee.address, ann.address},
    )


def test_twice_is_refused(cli: Cli, committee: KeyPair) -> None:
    words = ("--key", cli.key_file(committee), committee.name, committee.address, "--because", "again")
    assert "already" in cli.refused("committee", "add", *words)
