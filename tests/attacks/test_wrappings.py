"""One signature in other wrappings: what it means, and that it was used, depend on the octets it covers alone.

An OpenPGP signature does not say how what it covers was packed: a detached one, a cleartext-signed block and a
signed message can be made of each other by anybody. In text mode, blanks and CRs at line ends are not covered.
"""

from collections.abc import Callable

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair, crlf, mail, multipart, person, text_entity
from tests.outcomes import rows
from tldops_bot.intake import Handled
from tldops_bot.mail.openpgp_armor import MESSAGE, SIGNATURE, dearmor, encode
from tldops_bot.mail.openpgp_packets import signature_packets

ALERT = f"Hi all,\n\n{LIST_LINE}\nALERT\nScope: tld be\n\nOur registry is under attack.\nMore to come.\n"
LOG = "KEY STOLEN\nUNSUBSCRIBE nl\nEND\n"  # in a file that somebody has sent to Ann

Wrap = Callable[[KeyPair, bytes, bytes], bytes]


@pytest.fixture
def ann(desk: Desk) -> KeyPair:
    found = person("Ann Example", "ann@nic.example")
    desk.member(found, "nl")
    desk.member(person("Bob Example", "bob@registry.example"), "be")
    desk.member(person("Carol Example", "carol@cert.example"), "fr")
    return found


def as_pgp_mime(who: KeyPair, octets: bytes, signature: bytes) -> bytes:
    part = b"Content-Type: application/pgp-signature\r\n\r\n" + crlf(signature)
    return mail(who.headers(), multipart('signed; protocol="application/pgp-signature"', octets, part))


def as_block(who: KeyPair, octets: bytes, signature: bytes) -> bytes:
    """Its last line end is not covered, so the text gets one more."""
    lines = [b"- " + line if line[:1] == b"-" else line for line in octets.split(b"\r\n")]
    top = b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n"
    return mail(who.headers(), text_entity((top + b"\r\n".join(lines) + b"\r\n" + signature).decode()))


def as_message(who: KeyPair, octets: bytes, signature: bytes, format_: bytes = b"b") -> bytes:
    """One-pass signature, literal and signature; the head of the literal is covered by nothing."""
    covered = dearmor(signature, SIGNATURE)
    _, kind, algorithm, digest = signature_packets(covered)[0].body[:4]
    first = bytes([3, kind, digest, algorithm]) + bytes.fromhex(who.fingerprint[-16:]) + b"\1"
    literal = format_ + bytes(5) + octets
    packets = _packet(4, first) + _packet(11, literal) + covered
    return mail(who.headers(), text_entity(encode(packets, MESSAGE).decode()))


def as_old_text(who: KeyPair, octets: bytes, signature: bytes) -> bytes:
    """As text: gpg takes the CRs away when it gives it back."""
    return as_message(who, octets, signature, b"t")


def _packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4) + body


def signature_in(block: bytes) -> bytes:
    return block[block.index(b"-----BEGIN PGP SIGNATURE") :]


def say(desk: Desk, raw: bytes) -> Handled:
    return desk.receive(raw, "ann@nic.example")


@pytest.mark.parametrize("first", [as_pgp_mime, as_block])
def test_what_was_carried_out_is_used_up_in_every_other_wrapping(
    desk: Desk, ann: KeyPair, first: Wrap
) -> None:
    entity = text_entity(ALERT)
    signature = ann.detached(entity, "--textmode", at=desk.now)
    assert say(desk, first(ann, entity, signature)).decision.summary == "SUCCESS: ALERT posted"
    before = rows(desk)
    for again in (as_pgp_mime, as_block, as_message, as_old_text):
        assert say(desk, again(ann, entity, signature)).decision.reason == "repeated", again.__name__
    assert rows(desk) == before


def test_a_block_that_was_carried_out_is_no_new_mail_as_pgp_mime(desk: Desk, ann: KeyPair) -> None:
    block = ann.clearsigned(ALERT, at=desk.now)
    assert say(desk, mail(ann.headers(), text_entity(block.decode()))).decision.summary.endswith("posted")
    raw = as_pgp_mime(ann, crlf(ALERT.encode()).removesuffix(b"\r\n"), signature_in(block))
    assert say(desk, raw).decision.reason == "repeated"


def test_an_attached_file_is_no_text_of_who_signed_it_in_no_wrapping(desk: Desk, ann: KeyPair) -> None:
    file = b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=log.txt\r\n\r\n"
    words = text_entity("Thank you, I have looked at the log you sent.\n")
    entity = multipart("mixed", words, file + crlf(f"{LIST_LINE}\n{LOG}".encode()))
    before = rows(desk)
    for wrap in (as_pgp_mime, as_block, as_message, as_old_text):
        desk.later(hours=2)  # a mail that was refused is answered once an hour
        signed = say(desk, wrap(ann, entity, ann.detached(entity, "--textmode", at=desk.now)))
        assert (signed.judged.verdict.is_good, signed.decision.reason) == (True, "no_command")
        assert signed.judged.text.strip() == "Thank you, I have looked at the log you sent."
    assert rows(desk) == before


def test_a_test_in_a_block_is_a_test_as_pgp_mime_too(desk: Desk, ann: KeyPair) -> None:
    """Its first lines are no head of an entity, which would be skipped."""
    text = f"TEST\n\n{LIST_LINE}\nKEY STOLEN\n"
    signature = signature_in(ann.clearsigned(text, at=desk.now))
    before = rows(desk)
    handled = say(desk, as_pgp_mime(ann, crlf(text.encode()).removesuffix(b"\r\n"), signature))
    assert handled.decision.commands is not None
    assert handled.decision.commands.is_test
    assert rows(desk) == before


def test_what_text_mode_does_not_cover_changes_nothing_of_the_text(desk: Desk, ann: KeyPair) -> None:
    """A CR would be an empty line, after which fields are words: an alert for one TLD would go to all."""
    entity = text_entity(ALERT)
    signature = ann.detached(entity, "--textmode", at=desk.now)
    for more in (b"\r", b"\r\r", b"\r" * 19_990 + b"KEY STOLEN"):
        changed = entity.replace(b"ALERT\r\n", b"ALERT" + more + b"\r\n")
        verdict = say(desk, as_pgp_mime(ann, changed, signature)).judged.verdict
        assert (verdict.standing.value, verdict.reason) == ("bad", "bad_signature"), more[:3]
    assert say(desk, as_pgp_mime(ann, entity + b"\r", signature)).judged.verdict.reason == "bad_signature"
    assert say(desk, as_pgp_mime(ann, entity, signature)).decision.summary == "SUCCESS: ALERT posted"
