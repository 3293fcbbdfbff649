"""Whole stories: mail in over SMTP, mail out over SMTP, the real service in between, people with real gpg."""

import re
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from tests.desk import LIST_LINE
from tests.keys import KeyPair, gpg, key_entity, person
from tests.letterbox import Got, OneKeyHome, gpg_verify, halves, parse, verified
from tests.service import Town, reconfigure, town, wait_until
from tldops_bot.store.tables import Delivery, InboxRow, RosterSend

FIELDS = "Name: {name}\nPhone: +44 20 7946 0123\n"
ROLE = "admin@registry.example"
ALERT = f"ALERT\n{LIST_LINE}\nTitle: Zone transfers from nowhere\nTLP: RED\n\nBlock 192.0.2.7 – now.\n"


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as one:
        yield one


@pytest.fixture
def members(place: Town, ann: KeyPair, bob: KeyPair) -> Town:
    """A town with two members: Ann for nl, Bob for be."""
    place.desk.member(ann, "nl")
    place.desk.member(bob, "be")
    place.roster_is_sent()
    return place


def is_sealed(place: Town, got: Got) -> bool:
    """Encrypted to its reader, and what was inside is signed by the list."""
    return got.was_encrypted and is_from_the_list(place, got)


def is_from_the_list(place: Town, got: Got) -> bool:
    return got.signed_by == place.list_key.fingerprint


def on_one_line(got: Got) -> str:
    return " ".join(got.text.split())


# --- joining


def test_a_key_and_the_word_of_an_iana_contact_make_a_member(place: Town, ann: KeyPair) -> None:
    place.desk.iana("nl", ROLE, technical="tech@registry.example")
    with place.serving():
        text = f"SUBSCRIBE nl\n{FIELDS.format(name=ann.name)}"
        place.say(ann, text, attachments=[ann.key_attachment()])
        place.next_to(ann, "WAITING: a question")
        proof = place.next_to(ann, "Is this you")
        assert is_sealed(place, proof)
        assert place.unread(ROLE) == []  # nobody is asked before the address and key are proven
        place.answer(proof, ann)
        asked = place.next_to(ROLE)
        assert not asked.was_encrypted
        assert is_from_the_list(place, asked)
        assert ann.fingerprint in asked.text.replace(" ", "")
        place.answer(asked, ROLE)
        welcome = place.next_to(ann, "Welcome")
        assert is_sealed(place, welcome)
        place.say(ann, "QUERY nl")
        place.next_to(ann, "FAILED")
        place.answer(place.next_to("tech@registry.example", "Yes or no"), "tech@registry.example")
        place.next_to("tech@registry.example", "SUCCESS")
        place.say(ann, "# now?\nQUERY nl", headers={"Subject": "now that all have agreed"})
        assert ann.name in place.next_to(ann, "SUCCESS: now that all").text


def test_without_a_key_one_is_listed_and_a_key_later_makes_a_member(place: Town) -> None:
    carl = person("Carl Example", "carl@nic.example")
    place.desk.iana("nl", ROLE)
    with place.serving():
        place.write(carl.address, f"SUBSCRIBE nl\n{FIELDS.format(name=carl.name)}")
        place.answer(place.next_to(carl, "Is this you"), carl.address)
        place.answer(place.next_to(ROLE, "Yes or no"), ROLE)
        welcome = place.next_to(carl, "Welcome")
        assert not welcome.was_encrypted
        assert is_from_the_list(place, welcome)
        assert "You have no OpenPGP key with us" in on_one_line(welcome)
        place.say(carl, f"KEY\n{LIST_LINE}", attachments=[carl.key_attachment()])
        place.answer(place.next_to(carl, "Is this you"), carl)
        asked = place.next_to(ROLE, "new key")
        assert carl.fingerprint in asked.text.replace(" ", "")
        place.answer(asked, ROLE)
        place.next_to(ROLE, "SUCCESS")
        place.say(carl, "QUERY nl", headers={"Subject": "and now?"})
        assert is_sealed(place, place.next_to(carl, "SUCCESS: and now?"))


# --- asking


def test_an_answer_to_query_opens_with_the_members_key_and_no_other(
    members: Town, ann: KeyPair, bob: KeyPair
) -> None:
    with members.serving():
        members.say(ann, "QUERY be", headers={"Subject": "who is be?"})
        got = members.next_to(ann, "SUCCESS: who is be?")
    assert is_sealed(members, got)
    assert bob.name in got.text
    assert "+447700900123" in got.text
    sent = got.octets
    assert b"900123" not in sent
    assert bob.name.encode() not in sent
    assert len(readers_of(sent)) == 1
    assert readers_of(sent) <= key_ids(ann)


def readers_of(octets: bytes) -> set[str]:
    """The key IDs an encrypted mail says it is encrypted to."""
    status = gpg(*_listing(octets), octets=ciphertext_of(octets)).decode()
    return set(re.findall(r"ENC_TO ([0-9A-F]{16})", status))


def _listing(octets: bytes) -> tuple[Path, str, str, str, str]:
    return (
        person("Ann Example", "ann@nic.example").home,
        "--status-fd=1",
        "--output=-",
        "--list-only",
        "--decrypt",
    )


def ciphertext_of(octets: bytes) -> bytes:
    part = parse(octets).get_payload(1)
    content = part.get_content()  # type: ignore[union-attr]
    return content if isinstance(content, bytes) else content.encode()


def key_ids(who: KeyPair) -> set[str]:
    listing = gpg(who.home, "--with-colons", "--list-keys", who.fingerprint).decode()
    rows = [line.split(":") for line in listing.splitlines()]
    return {row[4] for row in rows if row[0] in ("pub", "sub")}


# --- warning

Form = Callable[[KeyPair, KeyPair], bytes]
FORMS: dict[str, Form] = {
    "PGP/MIME signed": lambda ann, _list: ann.pgp_mime_signed(ALERT),
    "PGP/MIME signed, with an attachment": lambda ann, _list: ann.pgp_mime_signed(
        ALERT, attachments=[ann.key_attachment()]
    ),
    "PGP/MIME encrypted, signature inside": lambda ann, bot: ann.pgp_mime_encrypted(ALERT, bot),
    "PGP/MIME signed, then encrypted": lambda ann, bot: ann.signed_then_encrypted(ALERT, bot),
    "inline signed": lambda ann, _list: ann.inline_signed(ALERT),
    "inline encrypted, signature inside": lambda ann, bot: ann.inline_encrypted(ALERT, bot),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_alert_reaches_members_with_the_posters_own_signature(
    members: Town, ann: KeyPair, bob: KeyPair, form: str
) -> None:
    members.desk.member(person("Dina Example", "dina@nic.example"), "de", keyless=True)
    with members.serving():
        members.send(FORMS[form](ann, members.list_key), ann.address)
        got = members.next_to(bob, "[TLP:RED] A-")
        waiting = members.next_to("dina@nic.example", "An alert waits for you")
        assert "members" in members.next_to(ann, "SUCCESS").text
    assert is_sealed(members, got)
    assert got.reply_to == ann.address
    assert ann.fingerprint in got.text.replace(" ", "")
    assert "Zone transfers" not in got.subject
    assert "192.0.2.7" not in waiting.text
    assert "Zone transfers" not in waiting.text
    with OneKeyHome(ann.certificate) as home:  # the poster's key, and gpg, and nothing else
        found = originals(got, home)
        assert len(found) == (1 if form.startswith("inline") else 2)  # as two files, and as a signed entity
        for words in found:
            assert "Block 192.0.2.7 – now." in words
            assert "Title: Zone transfers from nowhere" in words


def test_a_phone_without_openpgp_says_seen_by_the_word_in_the_subject(
    members: Town, ann: KeyPair, bob: KeyPair
) -> None:
    """The word stands outside the signed part, in that one copy; the headers inside are the same for all."""
    with members.serving():
        members.say(ann, ALERT)
        got = members.next_to(bob, "[TLP:RED]")
        found = re.fullmatch(r"\[TLP:RED\] (A-\d{4}-0001) \(ACK ([\w-]{19})\)", got.subject)
        assert found
        assert found[2].encode() not in got.signed_octets
        assert str(got.inner["Subject"]) == f"[TLP:RED] {found[1]}"
        assert got.reply_to == ann.address
        own = members.next_to(ann, "[TLP:RED]")
        assert found[2] not in own.subject
        members.write("bob@phone.example", f"ACK {found[2]}\n\nSent from my phone")
        members.say(ann, f"# later\nSTATUS {found[1]}", headers={"Subject": "later"})
        assert (
            "1  people have seen it (said ACK), 1 of them unsigned"
            in members.next_to(ann, "SUCCESS: later").text
        )
        members.say_bound(ann, f"RETRACT {found[1]} false alarm", headers={"Subject": "wrong"})
        assert members.next_to(bob, "[TLP:RED]").subject == f"[TLP:RED] {found[1]} IS TAKEN BACK"


def originals(got: Got, home: Path) -> list[str]:
    """What the poster wrote, as often as it came; each verified with gpg alone, as the mail says how."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        for name, octets in got.files.items():
            Path(folder, name).write_bytes(octets)
        command = re.search(r"^gpg --verify ([\w. ]+)$", got.text, re.MULTILINE)
        assert command, got.text
        files = [Path(folder, name) for name in command[1].split()]
        assert gpg_verify(home, *map(str, files)), command[0]
        found = [files[-1].read_text(encoding="utf-8")]
    return found + [halves_verified(part, home) for part in signed_entities(got.signed_octets)]


def signed_entities(octets: bytes) -> list[bytes]:
    """The multipart/signed entities among the parts of a mail, octet for octet."""
    boundary = parse(octets).get_boundary()
    assert boundary
    parts = octets.split(b"\r\n--" + boundary.encode())[1:-1]
    bare = [part.removeprefix(b"\r\n") for part in parts]
    return [part for part in bare if parse(part).get_content_type() == "multipart/signed"]


def halves_verified(entity: bytes, home: Path) -> str:
    signed, signature = halves(entity)
    assert verified(signed, signature, home)
    return signed.decode()


def test_who_has_left_gets_no_alert(members: Town, ann: KeyPair, bob: KeyPair) -> None:
    with members.serving():
        members.say_bound(bob, "UNSUBSCRIBE be")
        members.next_to(bob, "WAITING")
        members.answer(members.next_to(bob, "Do you want to leave"), bob.address)
        members.next_to(bob, "You have left")
        members.send(ann.pgp_mime_signed(ALERT), ann.address)
        members.next_to(ann, "[TLP:RED]")
        members.quiet()
    assert members.unread(bob) == []


# --- the roster


def test_the_roster_comes_once_to_each_member_with_its_files(place: Town, ann: KeyPair, bob: KeyPair) -> None:
    place.desk.member(ann, "nl")
    place.desk.member(bob, "be")
    place.desk.member(person("Dina Example", "dina@nic.example"), "de", keyless=True)
    with place.serving():
        for who in (ann, bob):
            got = place.next_to(who)
            assert is_sealed(place, got)
            assert {"roster.vcf", "roster.csv", "roster.json"} <= set(got.files)
            assert "Dina Example" in got.text
            assert b"FN:Bob Example" in got.files["roster.vcf"]
    with place.serving():
        place.quiet()
    assert place.unread(ann) == place.unread(bob) == place.unread("dina@nic.example") == []
    with place.desk.look() as session:
        assert session.scalar(select(func.count()).select_from(RosterSend)) == 2


@pytest.mark.parametrize("name", ["Al", "Ali", "Alix"])
def test_gpg_reads_every_key_that_comes_with_an_alert(place: Town, name: str) -> None:
    """Of certificates of three lengths, each with another end of its armor."""
    poster = person(f"{name} Example", "al@nic.example")
    place.desk.member(poster, "nl")
    with place.serving():
        place.send(poster.pgp_mime_signed(ALERT), poster.address)
        got = place.next_to(poster, "[TLP:RED]")
    assert keys_in(got.files["poster-key.asc"]) == {poster.fingerprint}


def test_gpg_reads_the_key_that_comes_with_help(place: Town) -> None:
    with place.serving():
        place.write("eve@client.example", "HELP")
        got = place.next_to("eve@client.example", "SUCCESS")
    assert keys_in(got.files["tld-ops-list-key.asc"]) == {place.list_key.fingerprint}


def keys_in(armored: bytes) -> set[str]:
    with OneKeyHome(armored) as home:
        listing = gpg(home, "--with-colons", "--list-keys").decode()
    rows = [line.split(":") for line in listing.splitlines()]
    return {after[9] for row, after in pairwise(rows) if row[0] == "pub"}


# --- attacks


def test_from_proves_nothing_and_a_strangers_signature_nothing_either(
    members: Town, ann: KeyPair, bob: KeyPair
) -> None:
    mallory = KeyPair.make("Ann Example", "ann@nic.example")
    assert mallory.fingerprint != ann.fingerprint
    with members.serving():
        members.write(ann.address, f"UNSUBSCRIBE ALL\n{LIST_LINE}", Subject="unsigned")
        assert "192.0.2.7" not in members.next_to(ann, "FAILED: unsigned").text
        members.send(mallory.pgp_mime_signed(ALERT, {"Subject": "key unknown"}), "mallory@client.example")
        members.next_to(ann, "FAILED: key unknown")
        attached = {"headers": {"Subject": "key attached"}, "attachments": [key_entity(mallory.armored)]}
        members.say(mallory, ALERT, **attached)
        members.next_to(ann, "FAILED: key attached")
        tampered = ann.pgp_mime_signed(ALERT, {"Subject": "tampered"}).replace(b"192.0.2.7", b"192.0.2.8")
        members.send(tampered, ann.address)
        members.next_to(ann, "FAILED: tampered")
        members.quiet()
        members.say(ann, "SHOW", headers={"Subject": "still there?"})
        members.next_to(ann, "SUCCESS: still there?")
    assert members.unread(bob) == []


def test_a_captured_mail_does_nothing_a_second_time_and_tells_its_sender_nothing(
    members: Town, ann: KeyPair, bob: KeyPair
) -> None:
    with members.serving():
        captured = members.say(ann, ALERT)
        members.next_to(bob, "[TLP:RED]")
        members.next_to(ann, "SUCCESS")
        elsewhere = captured.replace(b"<ann@nic.example>", b"<mallory@client.example>", 1)
        members.send(elsewhere, "mallory@client.example")
        again = members.next_to(ann)
        members.quiet()
    assert members.unread("mallory@client.example") == []
    assert members.unread(bob) == []
    assert "192.0.2.7" not in again.text


def test_a_signed_mail_written_for_another_list_waits_for_its_signer(members: Town, ann: KeyPair) -> None:
    with members.serving():
        members.say(ann, "UPDATE\nOrganisation: Another Registry\n", headers={"Subject": "new name"})
        held = members.next_to(ann, "WAITING: new name")
        assert is_sealed(members, held)
        members.say(ann, "SHOW", headers={"Subject": "before"})
        assert "Another Registry" not in members.next_to(ann, "SUCCESS: before").text
        members.answer(held, ann)
        members.next_to(ann, "SUCCESS: new name")
        members.say(ann, "# after\nSHOW", headers={"Subject": "after"})
        assert "Another Registry" in members.next_to(ann, "SUCCESS: after").text


# --- interruptions


def test_what_was_answered_250_survives_a_stop_before_anybody_worked_on_it(
    members: Town, ann: KeyPair, bob: KeyPair
) -> None:
    with members.serving(idle=True):
        members.send(ann.pgp_mime_signed(ALERT), ann.address)
        members.say(bob, "SHOW")
    assert members.sink.taken == 0
    with members.serving():
        members.next_to(bob, "[TLP:RED]")
        members.next_to(bob, "SUCCESS")
        members.next_to(ann, "SUCCESS")
        members.quiet()
    assert len([one for one in members.all_to(bob) if "TLP:RED" in one.subject]) == 1


def test_what_the_smarthost_did_not_take_is_delivered_after_a_restart(
    members: Town, ann: KeyPair, bob: KeyPair
) -> None:
    members.sink.answer("MAIL", "451 4.3.0 Not now")
    with members.serving():
        members.send(ann.pgp_mime_signed(ALERT), ann.address)
        wait_until(lambda: unworked(members) == 0 and members.sink.sink.connections > 0)
    members.sink.behave()
    make_due(members)
    with members.serving():
        members.next_to(bob, "[TLP:RED]")
        members.next_to(ann, "[TLP:RED]")
        members.next_to(ann, "SUCCESS")
        members.quiet()
    assert len(members.all_to(bob)) == 1


def make_due(place: Town) -> None:
    """As if the wait for the next attempt were over."""
    with place.desk.app.database.write() as session:
        session.execute(update(Delivery).values(next_attempt_at=place.desk.now))


def unworked(place: Town) -> int:
    with place.desk.look() as session:
        return session.scalar(select(func.count()).where(InboxRow.state != "done")) or 0


# --- the other protocol


def test_the_same_story_reconfigure(members: Town, ann: KeyPair) -> None:
    reconfigure(members, "listener", 'protocol = "lmtp"')
    with members.serving():
        members.say(ann, "QUERY be", headers={"Subject": "over LMTP"})
        assert "Bob Example" in members.next_to(ann, "SUCCESS: over LMTP").text
