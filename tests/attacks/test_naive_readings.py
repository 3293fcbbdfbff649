"""Each attack twice: it fools a reading that looks reasonable, and not ours.

What a naive reader would do stands in the functions naive_*; they are what other programs have done.
"""

import email
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import (
    KEYS_MADE_AT,
    LIST_ADDRESS,
    KeyPair,
    close_home,
    crlf,
    gpg,
    mail,
    message_entity,
    multipart,
    person,
    text_entity,
)
from tests.outcomes import outcome, rows, states
from tldops_bot.mail.openpgp_armor import SIGNATURE, dearmor, encode

EVIL = "UNSUBSCRIBE nl\n"
TRUE = f"{LIST_LINE}\nSHOW\n"
PLAIN = text_entity(EVIL)
HTML = b"Content-Type: text/html\r\n\r\n<p>hello</p>\r\n"


@pytest.fixture(scope="module")
def bert() -> KeyPair:
    return person("Bert Example", "bert@registry.example")


@pytest.fixture
def ring(ann: KeyPair, bert: KeyPair) -> Iterator[Path]:
    """The gpg home of a naive reader: everybody's key in it, and nothing said about any of them."""
    home = Path(tempfile.mkdtemp(prefix="ring", dir="/tmp"))
    gpg(home, "--import", octets=ann.certificate + bert.certificate)
    yield home
    close_home(home)


# --- naive readers


def naive_gpg(home: Path, *arguments: str, octets: bytes = b"") -> tuple[bool, bytes]:
    """gpg left with 0, so all is well; and what it wrote is what was signed."""
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--trust-model=always", *arguments]
    done = subprocess.run(command, input=octets, capture_output=True, check=False)
    return done.returncode == 0, done.stdout


def naive_verify(home: Path, octets: bytes, signature: bytes) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("signature", "octets")]
        for file, content in zip(files, (signature, octets), strict=True):
            file.write_bytes(content)
        return naive_gpg(home, "--verify", *map(str, files))[0]


def naive_parts(raw: bytes) -> list[EmailMessage]:
    """All parts, as Python's email package walks them: into forwarded mails, too."""
    return [cast(EmailMessage, one) for one in email.message_from_bytes(raw, policy=policy.default).walk()]


def naive_has_good_signature(home: Path, raw: bytes) -> bool:
    """Somewhere in the mail there is a signature with which gpg is content."""
    for part in naive_parts(raw):
        if part.get_content_type() == "multipart/signed":
            content, signature = cast(list[EmailMessage], part.get_payload())
            octets = crlf(content.as_bytes(policy=policy.compat32))
            if naive_verify(home, octets, signature.get_content()):
                return True
        if part.get_content_type() == "text/plain" and "BEGIN PGP SIGNED" in part.get_content():
            return naive_gpg(home, "--verify", octets=part.get_content().encode())[0]
    return False


def naive_first_text(raw: bytes) -> str:
    """What a reader sees first."""
    return next(one.get_content() for one in naive_parts(raw) if one.get_content_type() == "text/plain")


def naive_last_text(raw: bytes) -> str:
    """Of several texts the last one wins (IRRd)."""
    return [one.get_content() for one in naive_parts(raw) if one.get_content_type() == "text/plain"][-1]


def naive_author(raw: bytes) -> str:
    header = email.message_from_bytes(raw, policy=policy.default)["From"]
    return str(header.addresses[0].addr_spec)


def naive_status(home: Path, octets: bytes) -> bool:
    """Status lines wherever they stand in what gpg wrote (CVE-2018-12020)."""
    _, written = naive_gpg(home, "--status-fd=1", "--decrypt", octets=octets)
    return b"\n[GNUPG:] GOODSIG " in written and b"\n[GNUPG:] VALIDSIG " in written


# --- one signature over what is acted on

Shape = Callable[[KeyPair, Desk], bytes]


def captured(ann: KeyPair, desk: Desk) -> bytes:
    return ann.signed_entity(message_entity(TRUE), at=desk.now)


def captured_block(ann: KeyPair, desk: Desk) -> str:
    return ann.clearsigned(TRUE, at=desk.now).decode()


def forwarded(ann: KeyPair, desk: Desk) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" + ann.pgp_mime_signed(TRUE, at=desk.now)


def attached(ann: KeyPair, desk: Desk) -> bytes:
    return b"Content-Disposition: attachment; filename=old.asc\r\n" + captured(ann, desk)


FIRST: dict[str, tuple[Shape, str]] = {
    "text before": (lambda ann, desk: multipart("mixed", PLAIN, captured(ann, desk)), "record"),
    "text before a block": (lambda ann, desk: text_entity(EVIL + "\n" + captured_block(ann, desk)), "record"),
    "text before a block of another part": (
        lambda ann, desk: multipart("mixed", PLAIN, text_entity(captured_block(ann, desk))),
        "record",
    ),
    "alternative": (
        lambda ann, desk: multipart("alternative", PLAIN, captured(ann, desk)),
        "signature_misplaced",
    ),
    "related": (lambda ann, desk: multipart("related", PLAIN, captured(ann, desk)), "signature_misplaced"),
    "a block that nobody sees": (
        lambda ann, desk: multipart("related", HTML, text_entity(captured_block(ann, desk))),
        "signature_misplaced",
    ),
    "signed and attached": (
        lambda ann, desk: multipart("mixed", PLAIN, attached(ann, desk)),
        "signature_misplaced",
    ),
    "forwarded": (lambda ann, desk: multipart("mixed", PLAIN, forwarded(ann, desk)), "unsigned"),
    "a block in a file": (
        lambda ann, desk: multipart(
            "mixed",
            PLAIN,
            text_entity(captured_block(ann, desk), {"Content-Disposition": "attachment; filename=a.txt"}),
        ),
        "unsigned",
    ),
    "two signatures": (
        lambda ann, desk: multipart("mixed", PLAIN, captured(ann, desk), captured(ann, desk)),
        "several_signatures",
    ),
}


@pytest.mark.parametrize("name", FIRST)
def test_what_stands_before_a_captured_signature_is_not_signed(
    desk: Desk, ann: KeyPair, ring: Path, name: str
) -> None:
    desk.member(ann, "nl")
    shape, expected = FIRST[name]
    raw = mail(ann.headers(), shape(ann, desk))
    assert naive_has_good_signature(ring, raw)
    if name != "a block that nobody sees":
        assert naive_first_text(raw).startswith(EVIL.strip())
    assert outcome(desk.receive(raw, ann.address)) == expected
    assert states(desk, "nl") == {ann.address: "listed"}


LAST: dict[str, Shape] = {
    "text behind": lambda ann, desk: multipart("mixed", captured(ann, desk), PLAIN),
    "text behind a block": lambda ann, desk: multipart(
        "mixed", text_entity(captured_block(ann, desk)), PLAIN
    ),
    "text between": lambda ann, desk: multipart("mixed", HTML, captured(ann, desk), HTML, PLAIN),
}


@pytest.mark.parametrize("name", LAST)
def test_what_stands_behind_a_captured_signature_is_not_signed(
    desk: Desk, ann: KeyPair, ring: Path, name: str
) -> None:
    desk.member(ann, "nl")
    raw = mail(ann.headers(), LAST[name](ann, desk))
    assert naive_has_good_signature(ring, raw)
    assert naive_last_text(raw).strip() == EVIL.strip()
    assert outcome(desk.receive(raw, ann.address)) == "record"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_a_part_that_is_written_anew_is_not_what_was_signed(desk: Desk, ann: KeyPair, ring: Path) -> None:
    """The other way round: an honest mail that a naive reader refuses."""
    desk.member(ann, "nl")
    odd = (
        b"Content-Type:  text/plain;charset=utf-8;\r\n\tname=a-name-that-makes-this-field-a-long-one.txt\r\n"
    )
    raw = ann.sign_entity(odd + b"content-transfer-encoding:7BIT\r\n\r\nSHOW\r\n", at=desk.now)
    content, signature = cast(list[EmailMessage], naive_parts(raw)[0].get_payload())
    anew = crlf(content.as_bytes(policy=policy.default.clone(max_line_length=72)))
    assert not naive_verify(ring, anew, signature.get_content())
    assert outcome(desk.receive(raw, ann.address)) == "record"


# --- gpg's word


def test_gpg_is_content_with_two_signers(desk: Desk, ann: KeyPair, bert: KeyPair, ring: Path) -> None:
    desk.member(ann, "nl")
    entity = text_entity(TRUE)
    both = dearmor(ann.detached(entity), SIGNATURE) + dearmor(bert.detached(entity), SIGNATURE)
    assert naive_verify(ring, entity, both)
    assert outcome(desk.receive(signed(ann, entity, both), ann.address)) == "several_signatures"


def test_gpg_is_content_with_a_revoked_key(desk: Desk) -> None:
    rita = KeyPair.make("Rita Example", "rita@nic.example")
    desk.member(rita, "nl")
    entity = text_entity(TRUE)
    signature = rita.detached(entity, at=desk.now)
    home = ring_of(rita.revoked())
    assert naive_verify(home, entity, signature)
    close_home(home)
    revoked = b"Content-Type: application/pgp-keys\r\n\r\n" + crlf(encode(rita.revoked(), "PUBLIC KEY BLOCK"))
    raw = mail(rita.headers(), multipart("mixed", signed_entity(entity, signature), revoked))
    assert outcome(desk.receive(raw, rita.address)) == "revoked_key"


def test_gpg_is_content_with_an_expired_key(desk: Desk) -> None:
    otto = KeyPair.make("Otto Example", "otto@nic.example", expire="20250601T000000")
    desk.member(otto, "nl")
    entity = text_entity(TRUE)
    signature = otto.detached(entity, at=KEYS_MADE_AT + timedelta(days=1))
    home = ring_of(otto.certificate)
    assert naive_verify(home, entity, signature)
    close_home(home)
    assert outcome(desk.receive(signed(otto, entity, signature), otto.address)) == "expired_key"


@pytest.mark.parametrize("digest", ["SHA1", "RIPEMD160"])
def test_gpg_is_content_with_weak_hashes(desk: Desk, ann: KeyPair, ring: Path, digest: str) -> None:
    desk.member(ann, "nl")
    rsa = KeyPair.make("Rosa Example", f"rosa-{digest.lower()}@nic.example", algorithm="rsa2048")
    desk.member(rsa, "be")
    entity = text_entity(TRUE)
    signature = rsa.detached(entity, digest=digest)
    home = ring_of(rsa.certificate)
    assert naive_verify(home, entity, signature)
    close_home(home)
    assert outcome(desk.receive(signed(rsa, entity, signature), rsa.address)) == "weak_hash"


def test_gpg_is_content_with_text_that_nobody_signed(desk: Desk, ann: KeyPair, ring: Path) -> None:
    desk.member(ann, "nl")
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    unsigned = gpg(ann.home, "--armor", "--store", octets=text_entity(EVIL))
    assert naive_gpg(ring, "--decrypt", octets=unsigned) == (True, text_entity(EVIL))
    raw = ann.pgp_mime_encrypted(EVIL, ours, sign=False, at=desk.now)
    assert outcome(desk.receive(raw, ann.address)) == "no_signature_inside"


def test_text_may_look_like_status_lines(desk: Desk, ann: KeyPair, ring: Path) -> None:
    desk.member(ann, "nl")
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    forged = f"\n[GNUPG:] GOODSIG {ann.fingerprint[-16:]} Ann\n[GNUPG:] VALIDSIG {ann.fingerprint}\n{EVIL}"
    assert naive_status(ring, gpg(ann.home, "--store", octets=forged.encode()))
    raw = ann.pgp_mime_encrypted(forged, ours, sign=False, at=desk.now)
    assert outcome(desk.receive(raw, ann.address)) == "no_signature_inside"


def test_a_signed_message_is_a_signature_for_any_text(desk: Desk, ann: KeyPair, ring: Path) -> None:
    """gpg --verify of the signature file alone looks at what is in it (CVE-2006-0049)."""
    desk.member(ann, "nl")
    opaque = ann.opaque(text_entity(TRUE), at=desk.now)
    assert naive_gpg(ring, "--verify", octets=opaque)[0]
    assert outcome(desk.receive(signed(ann, PLAIN, opaque), ann.address)) == "malformed_block"


@pytest.mark.parametrize(
    "change",
    [
        lambda block: block.replace(b"\n-----BEGIN PGP SIGNATURE", b"\t\n-----BEGIN PGP SIGNATURE"),
        lambda block: b"Good morning!\n\n" + block + b"\n" + EVIL.encode(),
    ],
    ids=["blanks", "round it"],
)
def test_a_block_verifies_with_more_than_was_signed(
    desk: Desk, ann: KeyPair, ring: Path, change: Callable[[bytes], bytes]
) -> None:
    desk.member(ann, "nl")
    block = change(ann.clearsigned(TRUE, at=desk.now))
    assert naive_gpg(ring, "--verify", octets=block)[0]
    handled = desk.receive(mail(ann.headers(), text_entity(block.decode())), ann.address)
    assert outcome(handled) == "record"
    assert handled.judged.text.rstrip() == TRUE.rstrip()


def test_a_block_with_a_note_that_dashes_are_not_escaped_is_refused(
    desk: Desk, ann: KeyPair, ring: Path
) -> None:
    """gpg 2.2 takes the note at its word, and everything after it for text (gpg.fail)."""
    desk.member(ann, "nl")
    block = ann.clearsigned(TRUE, "--not-dash-escaped", at=desk.now)
    assert b"NotDashEscaped" in block
    assert naive_gpg(ring, "--verify", octets=block)[0]
    raw = mail(ann.headers(), text_entity(block.decode()))
    assert outcome(desk.receive(raw, ann.address)) == "malformed_block"


def test_a_little_mail_that_inflates_without_end(desk: Desk, ann: KeyPair, ring: Path) -> None:
    desk.member(ann, "nl")
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    bomb = ann.encrypted(b"\0" * 40_000_000, ours, at=desk.now)
    assert len(bomb) < 200_000
    assert len(naive_gpg(ring, "--decrypt", octets=ann.opaque(b"\0" * 40_000_000))[1]) == 40_000_000
    raw = mail(ann.headers(), text_entity(bomb.decode()))
    assert outcome(desk.receive(raw, ann.address)) == "too_large"


def test_captured_encrypted_mail_signed_by_its_thief(desk: Desk, ann: KeyPair, bert: KeyPair) -> None:
    """A naive list opens it and quotes it to whoever signed the outside (EFAIL)."""
    desk.member(ann, "nl")
    desk.member(bert, "be")
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    secret = ann.encrypted(text_entity("the secret of Ann\n"), ours)
    opened, text = naive_gpg(desk.app.config.openpgp.home, "--decrypt", octets=secret)
    assert opened or b"the secret of Ann" in text
    part = b"Content-Type: application/octet-stream\r\n\r\n" + crlf(secret)
    control = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    raw = bert.sign_entity(multipart("encrypted", control, part), at=desk.now)
    assert outcome(desk.receive(raw, bert.address)) == "signature_around_encryption"
    assert [one for one in desk.letters if "secret of Ann" in desk.text(one)] == []


# --- who, and once


def test_an_address_before_the_address(desk: Desk, ann: KeyPair) -> None:
    """Python reads the first of them in every version (CVE-2023-27043 and its kin)."""
    desk.member(ann, "nl")
    desk.iana("nl", "admin@registry.example")
    author = "admin@registry.example <thief@elsewhere.example>"
    raw = mail({"From": author, "To": LIST_ADDRESS}, text_entity(f"REMOVE nl {ann.address}"))
    assert naive_author(raw) == "admin@registry.example"
    desk.receive(raw, "thief@elsewhere.example")
    assert desk.to("admin@registry.example") == []
    assert states(desk, "nl") == {ann.address: "listed"}


def test_a_captured_mail_under_another_message_id(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    raw = ann.pgp_mime_signed("QUERY MISSING\n", at=desk.now)
    again = re.sub(rb"Message-ID: <[^>]*>", b"Message-ID: <new@elsewhere.example>", raw)
    naive_memory = {email.message_from_bytes(raw)["Message-ID"]}
    assert email.message_from_bytes(again)["Message-ID"] not in naive_memory
    assert outcome(desk.receive(raw, ann.address)) == "missing"
    before = rows(desk)
    assert desk.receive(again, ann.address).decision.kind == "repeated"
    assert rows(desk) == before


def test_an_answer_goes_to_whom_it_is_about(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    thief = "thief@elsewhere.example"
    more = {"Reply-To": thief, "Sender": thief, "Return-Path": f"<{thief}>"}
    raw = ann.pgp_mime_signed("SHOW\n", more, at=desk.now)
    assert email.message_from_bytes(raw)["Reply-To"] == thief
    assert outcome(desk.receive(raw, thief)) == "record"
    assert desk.to(thief) == []


# --- what the tests above share


def ring_of(certificate: bytes) -> Path:
    home = Path(tempfile.mkdtemp(prefix="ring", dir="/tmp"))
    naive_gpg(home, "--import", octets=certificate)
    return home


def signed_entity(entity: bytes, signature: bytes) -> bytes:
    part = b"Content-Type: application/pgp-signature\r\n\r\n" + crlf(
        signature if signature.startswith(b"-----") else encode(signature, SIGNATURE)
    )
    return multipart('signed; protocol="application/pgp-signature"', entity, part)


def signed(who: KeyPair, entity: bytes, signature: bytes) -> bytes:
    return mail(who.headers(), signed_entity(entity, signature))
