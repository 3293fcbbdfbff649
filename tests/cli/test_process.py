"""`process`: one saved mail as intake would take it, and whose keys are believed meanwhile."""

import json
import os
import threading
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.keys import KeyPair
from tests.outcomes import rows
from tldops_bot.store import people

NAMES = {"verdict", "reason", "fingerprint", "person", "text", "commands", "decisions", "replies"}


@pytest.fixture(scope="module")
def two_names() -> KeyPair:
    return KeyPair.make("Ida Example", "ida@nic.example", also=["Ida <ida@home.example> (at home)"])


def saved(cli: Cli, raw: bytes) -> str:
    file = cli.folder / "mail.eml"
    file.write_bytes(raw)
    return str(file)


def key_file(cli: Cli, name: str, octets: bytes) -> str:
    file = cli.folder / name
    file.write_bytes(octets)
    return str(file)


def signed(cli: Cli, who: KeyPair, text: str = "QUERY MISSING\n", **more: Any) -> str:
    return saved(cli, who.pgp_mime_signed(text, at=cli.desk.now, **more))


def tried(cli: Cli, mail: str, *keys: str) -> tuple[dict[str, Any], str]:
    """What would come of it, and what was noted beside it on stderr."""
    given = [word for key in keys for word in ("--key", key)]
    words = ("process", mail, "--dry-run", "--at", cli.desk.now.isoformat(), *given)
    done = cli(*words, "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == NAMES
    return answer, done.stderr


def test_a_dry_run_says_what_would_happen_and_keeps_nothing(cli: Cli, ann: KeyPair) -> None:
    before = rows(cli.desk)
    answer, notes = tried(cli, signed(cli, ann), cli.key_file(ann))
    assert rows(cli.desk) == before
    assert (answer["verdict"], answer["reason"], answer["fingerprint"]) == ("good", "", ann.fingerprint)
    assert (answer["person"], answer["text"]) == (ann.address, "QUERY MISSING\n")
    assert answer["commands"] == ["QUERY MISSING"]
    assert [one["line"] for one in answer["decisions"]] == ["QUERY MISSING"]
    assert [one["to"] for one in answer["replies"]] == [[ann.address]]
    assert not notes


def test_text_is_what_was_signed_and_nothing_else(cli: Cli, ann: KeyPair) -> None:
    unsigned, _ = tried(cli, saved(cli, ann.plain("Johnny, you are fired\n")), cli.key_file(ann))
    changed = ann.pgp_mime_signed("QUERY nl\n", at=cli.desk.now).replace(b"QUERY nl", b"QUERY be")
    broken, _ = tried(cli, saved(cli, changed), cli.key_file(ann))
    assert [(one["verdict"], one["text"]) for one in (unsigned, broken)] == [("none", ""), ("bad", "")]


def test_nothing_in_a_mail_acts_on_the_operators_terminal(cli: Cli, ann: KeyPair) -> None:
    """Signed by anybody, with a key that is given or came along."""
    text = "\x1b]0;owned\x07\x1b[2J\u009b31mHi \u202eevil\u2028x\nQUERY \x1b[31mnl [bold]\n"
    mail = signed(cli, ann, text, headers={"Subject": "\x1b[2J"})
    words = ("process", mail, "--dry-run", "--at", cli.desk.now.isoformat(), "--key", cli.key_file(ann))
    said = cli(*words).stdout
    assert "  | QUERY  [31mnl [bold]" in said
    for shown in (said, cli(*words, "--json").stdout):
        assert all(char == "\n" or unicodedata.category(char)[0] not in "CZ" or char == " " for char in shown)
    assert json.loads(cli(*words, "--json").stdout)["text"] == text


def test_two_keys_of_one_person_may_both_speak(cli: Cli, ann: KeyPair) -> None:
    second = KeyPair.make("Ann Example", ann.address)
    files = [cli.key_file(ann), cli.key_file(second)]
    for who in (ann, second):
        for order in (files, files[::-1]):
            answer, _ = tried(cli, signed(cli, who), *order)
            assert (answer["reason"], answer["fingerprint"]) == ("", who.fingerprint)
            assert answer["person"] == ann.address


def test_a_pattern_of_the_shell_may_name_the_keys(cli: Cli, ann: KeyPair, two_names: KeyPair) -> None:
    mail = signed(cli, two_names)
    words = ("process", mail, "--dry-run", "--key", cli.key_file(ann), cli.key_file(two_names))
    assert cli.json(*words)["verdict"] == "good"


def test_two_copies_of_a_key_are_taken_together(cli: Cli) -> None:
    ends = KeyPair.make(
        "Ann Example", "ann@nic.example", expire=f"{cli.desk.now + timedelta(days=1):%Y-%m-%d}"
    )
    before, mail = key_file(cli, "before.asc", ends.armored), signed(cli, ends)
    after = key_file(cli, "after.gpg", ends.extended("never", at=cli.desk.now))
    cli.desk.later(days=2)
    assert tried(cli, mail, before)[0]["reason"] == "expired_key"
    for order in ((before, after), (after, before)):
        assert tried(cli, mail, *order)[0]["verdict"] == "good"


@pytest.mark.parametrize("name", ["binary", "binary, and a broken one", "armored, and a broken one"])
def test_every_key_of_a_ring_is_believed_and_a_broken_one_takes_none_along(
    cli: Cli, ann: KeyPair, two_names: KeyPair, name: str
) -> None:
    ring = {
        "binary": two_names.certificate + ann.certificate,
        "binary, and a broken one": two_names.certificate + b"\x99\x00\x01\x04" + ann.certificate,
        "armored, and a broken one": b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"
        + two_names.armored
        + ann.armored,
    }[name]
    for who in (ann, two_names):
        answer, notes = tried(cli, signed(cli, who), key_file(cli, "ring", ring))
        assert (answer["verdict"], answer["person"], notes) == ("good", who.address, "")


def test_the_person_is_known_by_the_address_she_wrote_from(cli: Cli, two_names: KeyPair) -> None:
    mail = signed(cli, two_names, headers={"From": "Ida <ida@home.example>"})
    answer, _ = tried(cli, mail, cli.key_file(two_names))
    assert answer["person"] == "ida@home.example"


def test_a_members_key_that_names_another_address_stays_hers(cli: Cli, ann: KeyPair) -> None:
    moved = KeyPair.make("Ann Example", "ann@elsewhere.example")
    cli.desk.member(moved, "nl")
    with cli.desk.app.database.write() as session:
        holder = people.by_fingerprint(session, moved.fingerprint)
        assert holder is not None
        holder.email = holder.email_key = ann.address
    answer, _ = tried(cli, signed(cli, moved), cli.key_file(moved))
    assert (answer["verdict"], answer["person"]) == ("good", ann.address)


def test_a_key_that_is_of_no_use_is_named_and_the_rest_goes_on(cli: Cli, ann: KeyPair) -> None:
    nameless = KeyPair.make("", "Nobody At All")
    to_come = KeyPair.make("Eve", "eve@nic.example", made_at=cli.desk.now + timedelta(days=9))
    words = key_file(cli, "words.asc", b"no key\n")
    files = (cli.key_file(nameless), cli.key_file(to_come), words, cli.key_file(ann))
    answer, notes = tried(cli, signed(cli, ann), *files)
    assert answer["verdict"] == "good"
    lines = notes.splitlines()
    assert [Path(line.split(": ")[1]).name for line in lines] == [Path(file).name for file in files[:-1]]
    assert all("names no address that was good" in line for line in lines[:2])
    assert "holds no OpenPGP public key" in lines[2]


def test_why_a_given_key_is_called_unknown_is_said(cli: Cli, ann: KeyPair) -> None:
    forged = ann.pgp_mime_signed("QUERY nl\n", at=cli.desk.now, headers={"From": "eve@nic.example"})
    mail = saved(cli, forged.replace(b"QUERY nl", b"QUERY be"))
    answer, notes = tried(cli, mail, cli.key_file(ann))
    assert answer["reason"] == "unknown_key"
    assert "From is not an address of that key" in notes
    assert not tried(cli, mail)[1]


def test_a_signature_that_may_not_speak_any_more_is_somebodys(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    mail = signed(cli, ann)
    cli.desk.later(days=4)
    answer, _ = tried(cli, mail)
    assert (answer["verdict"], answer["reason"]) == ("good", "signature_too_old")
    assert answer["person"] == ann.address


def test_mail_and_keys_may_come_through_pipes(cli: Cli, ann: KeyPair) -> None:
    raw, words = (
        Path(signed(cli, ann)).read_bytes(),
        ("--dry-run", "--json", "--at", cli.desk.now.isoformat()),
    )
    pipe = cli.folder / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(ann.armored,))
    writer.start()
    answer = json.loads(cli("process", "-", *words, "--key", str(pipe), given=raw).stdout)
    writer.join()
    assert (answer["verdict"], answer["fingerprint"]) == ("good", ann.fingerprint)


def test_a_time_may_be_written_in_small_letters_as_rfc_3339_allows(cli: Cli, ann: KeyPair) -> None:
    mail, key = signed(cli, ann), cli.key_file(ann)
    at = cli.desk.now.isoformat().replace("+00:00", "Z").lower()
    assert cli.json("process", mail, "--dry-run", "--key", key, "--at", at)["verdict"] == "good"


def test_what_can_not_be_done_is_refused_in_a_line(cli: Cli, ann: KeyPair) -> None:
    mail, key = signed(cli, ann), cli.key_file(ann)
    assert "--dry-run" in cli.refused("process", mail, "--key", key)
    assert "one mail at a time" in cli("process", mail, mail, "--dry-run", code=2).stderr
    assert "not a time" in cli.refused("process", mail, "--at", "yesterday")
    assert "no such file" in cli.refused("process", "/nowhere.eml")
    assert "no such file" in cli.refused("process", mail, "--dry-run", "--key", "/nowhere.asc")
    assert "not a file" in cli.refused("process", str(cli.folder), "--dry-run")
    before = rows(cli.desk)
    for head in (b"", b"Subject: HELP\r\n", b"From: nobody in particular\r\n", b"Return-Path:\r\nFrom:\r\n"):
        assert "who sent it" in cli.refused("process", saved(cli, head + b"\r\nHELP\r\n"))
        assert json.loads(cli("process", mail, "--dry-run", "--json").stdout)["verdict"] == "none"
    assert rows(cli.desk) == before
    saved(cli, b"Return-Path: <>\r\n\r\nHELP\r\n")
    assert json.loads(cli("process", mail, "--dry-run", "--json").stdout)["replies"] == []
    vast = saved(cli, b"\n" * (cli.desk.app.config.listener.max_message_bytes + 1))
    assert "larger than" in cli.refused("process", vast, "--dry-run")
