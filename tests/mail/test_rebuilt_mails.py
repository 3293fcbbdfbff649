"""Signed mails whose parts a server has put together anew: what is still one message, and what became of the rest."""

import pytest

from tests import relay_changes as relay
from tests.keys import KeyPair, crlf, list_key, mail, multipart, text_entity
from tldops_bot.mail.bodies import PgpMimeEncrypted, PgpMimeSigned, PlainText, Unreadable
from tldops_bot.mail.find_body import find_inside
from tldops_bot.mail.take_apart import take_apart
from tldops_bot.mail.text_repairs import line_variants

TEXT = text_entity("QUERY nl\n")


def signature_part(ann: KeyPair) -> bytes:
    return b"Content-Type: application/pgp-signature\r\n\r\n" + crlf(ann.detached(TEXT))


def test_a_signature_beside_its_text_is_to_be_verified_over_what_is_there(ann: KeyPair) -> None:
    body = take_apart(mail(ann.headers(), multipart("mixed", TEXT, signature_part(ann)))).body
    assert isinstance(body, PgpMimeSigned)
    assert body.signed_octets == TEXT
    assert body.otherwise == PlainText("QUERY nl\n")


def test_what_stands_before_and_after_the_pair_is_ignored_and_named(ann: KeyPair) -> None:
    image = b"Content-Type: image/png\r\n\r\nx"
    taken = take_apart(
        mail(ann.headers(), multipart("mixed", image, TEXT, signature_part(ann), relay.FOOTER))
    )
    assert isinstance(taken.body, PgpMimeSigned)
    assert taken.body.signed_octets == TEXT
    assert taken.ignored == ("image/png", "text/plain")


@pytest.mark.parametrize("subtype", ["alternative", "related"])
def test_a_loose_signature_elsewhere_is_an_attachment(ann: KeyPair, subtype: str) -> None:
    taken = take_apart(mail(ann.headers(), multipart(subtype, TEXT, signature_part(ann))))
    assert taken.body == PlainText("QUERY nl\n")


def test_several_loose_signatures_are_attachments(ann: KeyPair) -> None:
    one = signature_part(ann)
    taken = take_apart(mail(ann.headers(), multipart("mixed", TEXT, one, text_entity("HELP\n"), one)))
    assert taken.body == PlainText("QUERY nl\n")


def test_a_signature_of_a_file_is_an_attachment(ann: KeyPair) -> None:
    file = b"Content-Type: application/gzip; name=x.tar.gz\r\n\r\nabc"
    taken = take_apart(mail(ann.headers(), multipart("mixed", TEXT, file, signature_part(ann))))
    assert taken.body == PlainText("QUERY nl\n")


def test_a_loose_signature_that_can_not_be_decoded_is_an_attachment(ann: KeyPair) -> None:
    broken = b"Content-Transfer-Encoding: x\r\n" + signature_part(ann)
    assert take_apart(mail(ann.headers(), multipart("mixed", TEXT, broken))).body == PlainText("QUERY nl\n")


def test_inside_encryption_a_loose_signature_leaves_no_way_back_to_unsigned(ann: KeyPair) -> None:
    inside = find_inside(PgpMimeEncrypted(b""), multipart("mixed", TEXT, signature_part(ann))).body
    assert isinstance(inside, PgpMimeSigned)
    assert inside.otherwise is None


def test_a_loose_signature_beside_an_inline_block_does_not_speak(ann: KeyPair) -> None:
    block = text_entity(ann.clearsigned("QUERY be\n").decode())
    body = take_apart(mail(ann.headers(), multipart("mixed", block, signature_part(ann)))).body
    assert not isinstance(body, PgpMimeSigned | PlainText)


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        (relay.part_added, "part_added"),
        (relay.signature_removed, "signature_removed"),
        (relay.signature_retyped, "signature_retyped"),
        (lambda raw: raw[: raw.rindex(b"\r\n--")], "cut_off"),
        (lambda raw: raw.replace(b"protocol=", b"x="), ""),
        (relay.cut_off, "cut_off"),
    ],
)
def test_what_happened_to_a_malformed_mail_is_told(ann: KeyPair, change: relay.Change, detail: str) -> None:
    body = take_apart(change(ann.pgp_mime_signed("QUERY nl\n"))).body
    assert body == Unreadable("malformed_mail")
    assert isinstance(body, Unreadable)
    assert body.detail == detail


def test_a_cut_off_block_is_told(ann: KeyPair) -> None:
    body = take_apart(relay.cut_off(ann.inline_signed("QUERY nl\n"))).body
    assert isinstance(body, Unreadable)
    assert (body.reason, body.detail) == ("malformed_block", "cut_off")


def test_encrypted_parts_of_a_list_key_are_no_loose_signature(ann: KeyPair) -> None:
    raw = relay.exchange_encrypted(ann.pgp_mime_encrypted("QUERY nl\n", list_key()))
    assert isinstance(take_apart(raw).body, PgpMimeEncrypted)


# --- repairs of lines


def test_lines_are_joined_only_where_the_next_word_would_not_have_fitted() -> None:
    long = b"a line of many words that somebody has folded in two because it was rather long"
    cut = long.rindex(b" ", 0, 76)
    folded = long[:cut] + b"\r\n" + long[cut + 1 :] + b"\r\nshort\r\n"
    variants = [text for name, text in line_variants(folded) if name == "wrapped"]
    assert long + b"\r\nshort\r\n" in variants
    assert all(b"\r\nshort" in text for text in variants)
