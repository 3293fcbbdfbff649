"""Shapes seen in the corpora of others: what a verdict is called when a mail is neither good nor simply forged."""

import re

import pytest

from tests.desk import Desk
from tests.keys import KeyPair, crlf, gpg, mail, multipart, person, text_entity
from tests.outcomes import outcome, prove, rows, subscribe
from tldops_bot.domain.verdict import SignatureStanding
from tldops_bot.mail.openpgp_armor import MESSAGE, SIGNATURE, dearmor, encode

TEXT = text_entity("QUERY nl\n")
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>QUERY nl</p>\r\n"


@pytest.fixture
def ann(desk: Desk) -> KeyPair:
    found = person("Ann Example", "ann@nic.example")
    desk.member(found, "nl")
    return found


def signed_with(ann: KeyPair, signature: bytes) -> bytes:
    """A PGP/MIME mail with these octets in the place of its signature."""
    part = b"Content-Type: application/pgp-signature\r\n\r\n" + crlf(signature)
    return mail(ann.headers(), multipart('signed; protocol="application/pgp-signature"', TEXT, part))


def newer_version(desk: Desk, ann: KeyPair) -> bytes:
    """A signature of version 6, as RFC 9580 has them and gpg does not read them."""
    signature = dearmor(ann.detached(TEXT, at=desk.now), SIGNATURE)
    return encode(signature.replace(b"\x04\x00", b"\x06\x00", 1), SIGNATURE)


def judged(desk: Desk, raw: bytes) -> tuple[str, str]:
    before = rows(desk)
    verdict = desk.receive(raw, "ann@nic.example").judged.verdict
    assert rows(desk) == before
    return verdict.standing.value, verdict.reason


def test_two_signatures_of_one_member_are_called_several(desk: Desk, ann: KeyPair) -> None:
    twice = encode(dearmor(ann.detached(TEXT, at=desk.now), SIGNATURE) * 2, SIGNATURE)
    assert judged(desk, signed_with(ann, twice)) == ("bad", "several_signatures")


def test_what_is_no_signature_is_called_damaged_not_unknown(desk: Desk, ann: KeyPair) -> None:
    nothing = b"-----BEGIN PGP SIGNATURE-----\n\nno signature\n-----END PGP SIGNATURE-----\n"
    assert judged(desk, signed_with(ann, nothing)) == ("bad", "malformed_block")
    block = ann.clearsigned("QUERY nl\n", at=desk.now)
    inline = block[: block.index(b"-----BEGIN PGP SIGNATURE")] + nothing
    assert judged(desk, mail(ann.headers(), text_entity(inline.decode()))) == ("bad", "malformed_block")


def test_a_signature_of_a_version_to_come_is_called_unsupported(desk: Desk, ann: KeyPair) -> None:
    raw = signed_with(ann, newer_version(desk, ann))
    assert judged(desk, raw) == ("bad", "unsupported_signature")


def test_a_mail_that_has_no_signature_is_none_also_when_it_can_not_be_read(desk: Desk, ann: KeyPair) -> None:
    html = mail(ann.headers(), HTML)
    assert judged(desk, html) == ("none", "no_plain_text")
    nonsense = mail(ann.headers(), text_entity("x", {"Content-Type": "text/plain; charset=nonsense"}))
    assert judged(desk, nonsense) == ("none", "undecodable_text")
    assert judged(desk, ann.plain("x" * 2_000_001)) == ("none", "too_large")


def test_a_signed_mail_without_plain_text_is_bad(desk: Desk, ann: KeyPair) -> None:
    assert judged(desk, ann.sign_entity(HTML, at=desk.now)) == ("bad", "no_plain_text")


def test_what_a_member_signed_with_smime_too_is_carried_out(desk: Desk, ann: KeyPair) -> None:
    smime = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nabc"
    both = multipart(
        "signed; protocol=application/pkcs7-signature", ann.signed_entity(TEXT, at=desk.now), smime
    )
    handled = desk.receive(mail(ann.headers(), both), ann.address)
    assert handled.judged.verdict.standing is SignatureStanding.GOOD
    assert outcome(handled) == "contacts"


def test_who_signs_with_smime_alone_is_told_that_it_is_another_thing(desk: Desk, ann: KeyPair) -> None:
    smime = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nabc"
    clear = mail(ann.headers(), multipart("signed; protocol=application/pkcs7-signature", TEXT, smime))
    opaque = mail(ann.headers(), b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nabc")
    for raw, reason in ((clear, "unsigned"), (opaque, "no_plain_text")):
        handled = desk.receive(raw, ann.address)
        assert (outcome(handled), handled.judged.verdict.standing.value) == (reason, "none")
        assert "S/MIME" in desk.text(handled.letters[-1])


def test_a_text_signed_in_one_with_its_signature_is_read_and_nothing_beside_it(
    desk: Desk, ann: KeyPair
) -> None:
    block = ann.opaque(b"QUERY nl\n", at=desk.now).decode()
    handled = desk.receive(mail(ann.headers(), text_entity(f"QUERY be\n\n{block}\nQUERY fr\n")), ann.address)
    assert (outcome(handled), handled.judged.text) == ("contacts", "QUERY nl\n")
    assert not handled.judged.was_encrypted


def test_a_text_signed_in_one_is_judged_as_any_other(desk: Desk, ann: KeyPair) -> None:
    def sent(octets: bytes) -> bytes:
        return mail(ann.headers(), text_entity(encode(octets, MESSAGE).decode()))

    genuine = dearmor(ann.opaque(b"QUERY nl\n", "--compress-algo=none", at=desk.now), MESSAGE)
    assert judged(desk, sent(genuine.replace(b"QUERY nl", b"QUERY be"))) == ("bad", "bad_signature")
    stranger = person("Eve Example", "eve@elsewhere.example")
    assert judged(desk, sent(dearmor(stranger.opaque(b"SHOW\n", at=desk.now), MESSAGE))) == (
        "bad",
        "unknown_key",
    )
    assert judged(desk, sent(gpg(ann.home, "--store", octets=b"SHOW\n"))) == ("bad", "malformed_block")
    bomb = dearmor(ann.opaque(b"\0" * 30_000_000, at=desk.now), MESSAGE)
    assert judged(desk, sent(bomb)) == ("bad", "malformed_block")
    broken = "-----BEGIN PGP MESSAGE-----\n\n!\n-----END PGP MESSAGE-----\n"
    assert judged(desk, mail(ann.headers(), text_entity(broken))) == ("bad", "malformed_block")


def test_an_iana_contact_says_yes_also_under_a_signature_we_can_not_read(desk: Desk, ann: KeyPair) -> None:
    bert, voucher = person("Bert Example", "bert@nic.example"), "admin@registry.example"
    desk.iana("be", voucher)
    subscribe(desk, bert, "be")
    prove(desk, bert)
    part = b"Content-Type: application/pgp-signature\r\n\r\n" + crlf(newer_version(desk, ann))
    answer = text_entity(f"CONFIRM {desk.token_for(voucher)}\n")
    entity = multipart('signed; protocol="application/pgp-signature"', answer, part)
    handled = desk.receive(mail(ann.headers({"From": voucher}), entity), voucher)
    assert handled.judged.verdict.reason == "unsupported_signature"
    assert outcome(handled) == "vouched"


# --- inline blocks as other programs write them


def sent_flowed(ann: KeyPair, block: bytes) -> bytes:
    """As a mail program sends it that marks all text as flowed, and so puts a blank before what starts with one."""
    stuffed = re.sub(rb"(?m)^(?= |>|From )", b" ", block)
    return mail(
        ann.headers(),
        text_entity(stuffed.decode(), {"Content-Type": "text/plain; charset=utf-8; format=flowed"}),
    )


def test_a_block_without_hash_is_read_as_rfc_9580_says(desk: Desk, ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n", at=desk.now).replace(b"Hash: SHA512\n", b"")
    assert b"Hash" not in block
    handled = desk.receive(mail(ann.headers(), text_entity(block.decode())), ann.address)
    assert (outcome(handled), handled.judged.text) == ("contacts", "QUERY nl\n")


def test_a_block_without_hash_is_no_way_round_what_is_weak_or_changed(desk: Desk, ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n", at=desk.now).replace(b"Hash: SHA512\n", b"")
    changed = block.replace(b"QUERY nl", b"QUERY be").decode()
    assert judged(desk, mail(ann.headers(), text_entity(changed))) == ("bad", "bad_signature")
    stood_in_front = block.replace(b"\n\n", b"\nQUERY be\n\n", 1).decode()
    assert judged(desk, mail(ann.headers(), text_entity(stood_in_front))) == ("bad", "malformed_block")
    weak = ann.clearsigned("QUERY nl\n", "--digest-algo=SHA1", at=desk.now).replace(b"Hash: SHA1\n", b"")
    assert b"Hash" not in weak
    assert judged(desk, mail(ann.headers(), text_entity(weak.decode())))[0] == "bad"


def test_a_flowed_block_is_verified_as_it_was_before_it_was_stuffed(desk: Desk, ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n# words\n  # more\n", at=desk.now)
    handled = desk.receive(sent_flowed(ann, block), ann.address)
    assert (outcome(handled), handled.judged.text) == ("contacts", "QUERY nl\n# words\n  # more\n")


def test_a_flowed_block_whose_blanks_are_signed_is_verified_as_it_came(desk: Desk, ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n # words\n", at=desk.now)
    flowed = {"Content-Type": "text/plain; charset=utf-8; format=flowed"}
    handled = desk.receive(mail(ann.headers(), text_entity(block.decode(), flowed)), ann.address)
    assert (outcome(handled), handled.judged.text) == ("contacts", "QUERY nl\n # words\n")


def test_a_flowed_block_that_was_changed_is_refused_whichever_way_it_is_read(
    desk: Desk, ann: KeyPair
) -> None:
    block = ann.clearsigned("QUERY nl\n # words\n", at=desk.now)
    assert judged(desk, sent_flowed(ann, block.replace(b"nl", b"be"))) == ("bad", "bad_signature")
    once_more = sent_flowed(ann, block.replace(b"\n # ", b"\n  # "))
    assert judged(desk, once_more) == ("bad", "bad_signature")


def test_a_mail_with_picture_and_file_sent_on_by_a_list_is_six_deep_and_read(
    desk: Desk, ann: KeyPair
) -> None:
    picture = multipart("related", HTML, b"Content-Type: image/png\r\n\r\nx")
    body = multipart(
        "mixed", multipart("alternative", TEXT, picture), b"Content-Type: application/pdf\r\n\r\nx"
    )
    signed = ann.signed_entity(multipart("mixed", body), at=desk.now)
    handled = desk.receive(
        mail(ann.headers(), multipart("mixed", signed, text_entity("footer\n"))), ann.address
    )
    assert outcome(handled) == "contacts"


def test_a_boundary_in_pieces_and_a_comment_hide_nothing_from_the_signature(desk: Desk, ann: KeyPair) -> None:
    entity = text_entity("QUERY nl\n", {"Content-Type": "text/plain; charset=utf-8 (words)"})
    raw = ann.sign_entity(entity, at=desk.now)
    in_pieces = re.sub(rb'boundary="(....)([^"]+)"', rb'boundary*0="\1"; boundary*1="\2"', raw, count=1)
    assert in_pieces != raw
    both = re.sub(rb'boundary="([^"]+)"', rb'boundary="\1"; boundary*0=b', raw, count=1)
    assert judged(desk, both) == ("bad", "malformed_mail")
    assert outcome(desk.receive(in_pieces, ann.address)) == "contacts"
