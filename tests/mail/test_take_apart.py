"""The one message of a mail is found or refused, whatever its octets; what it does not cover is named."""

import base64
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.keys import KeyPair, crlf, key_entity, list_key, mail, multipart, person, text_entity
from tldops_bot.domain.automatic import is_automatic
from tldops_bot.mail.attached_keys import MAX_KEYS, keys_in
from tldops_bot.mail.bodies import (
    Body,
    InlineEncrypted,
    InlineSigned,
    PgpMimeEncrypted,
    PgpMimeSigned,
    PlainText,
    Unreadable,
)
from tldops_bot.mail.charsets import MAX_TEXT_BYTES
from tldops_bot.mail.find_body import find_inside
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, dearmor
from tldops_bot.mail.take_apart import IncomingMail, take_apart

FOOTER = text_entity("_______\nlist footer\n")
HTML = b"Content-Type: text/html\r\n\r\n<p>hello</p>"


def wrapped(ann: KeyPair, subtype: str, *parts: bytes) -> IncomingMail:
    return take_apart(mail(ann.headers(), multipart(subtype, *parts)))


# --- headers


def test_what_a_reply_needs_is_taken_from_the_headers(ann: KeyPair) -> None:
    headers = {
        "Message-ID": "<1@client.example>",
        "Subject": "=?utf-8?q?Z=C3=BCrich?=",
        "References": "<a@lists.example> <0@lists.example>",
    }
    taken = take_apart(ann.plain("HELP\n", headers))
    assert (taken.message_id, taken.subject) == ("<1@client.example>", "Zürich")
    assert taken.author == "ann@nic.example"
    assert taken.references == ("<a@lists.example>", "<0@lists.example>")


def test_an_empty_mail_is_no_breakage() -> None:
    taken = take_apart(b"")
    assert (taken.message_id, taken.author) == ("", None)
    assert taken.body == PlainText("")


def test_marks_of_machines_are_collected(ann: KeyPair) -> None:
    headers = {
        "Auto-Submitted": "auto-replied",
        "Precedence": "bulk",
        "List-Id": "<x.lists.example>",
        "X-Autorespond": "yes",
        "X-Loop": "TLD-OPS@lists.example",
        "Received": "from a by b",
    }
    marks = take_apart(ann.plain("x", headers), own_loop="tld-ops@lists.example").marks
    assert (marks.auto_submitted, marks.precedence, marks.list_id) == (
        "auto-replied",
        "bulk",
        "<x.lists.example>",
    )
    assert (marks.x_autoreply, marks.x_loop, marks.received_count) == ("yes", "TLD-OPS@lists.example", 1)
    assert take_apart(ann.plain("x", headers)).marks.x_loop == ""


def test_what_services_write_into_the_mails_of_people_is_no_mark_of_a_machine(ann: KeyPair) -> None:
    of_proton = {"Feedback-ID": "1234567:user:proton", "X-Pm-Message-ID": "0123abcd"}
    of_outlook = {"X-Auto-Response-Suppress": "All", "X-MS-Has-Attach": ""}
    for headers in (of_proton, of_outlook):
        assert is_automatic(take_apart(ann.plain("HELP\n", headers)).marks, ann.address) == ""


def test_a_delivery_report_is_seen_as_one(ann: KeyPair) -> None:
    report = multipart('report; report-type="delivery-status"', text_entity("failed"))
    marks = take_apart(mail(ann.headers(), report)).marks
    assert is_automatic(marks, "ann@nic.example") == "delivery_report"


# --- PGP/MIME signed


def test_the_signed_octets_are_a_slice_of_the_mail(ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed("QUERY nl\n", attachments=[HTML])
    body = take_apart(raw).body
    assert isinstance(body, PgpMimeSigned)
    assert body.signed_octets in raw
    assert body.signature.startswith(b"-----BEGIN PGP SIGNATURE-----")


def test_line_ends_of_a_saved_mail_are_canonicalised(ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed("QUERY nl\n")
    sent, saved = take_apart(raw).body, take_apart(raw.replace(b"\r\n", b"\n")).body
    assert isinstance(sent, PgpMimeSigned)
    assert isinstance(saved, PgpMimeSigned)
    assert saved.signed_octets == sent.signed_octets


def test_a_footer_round_the_signed_part_is_ignored_and_named(ann: KeyPair) -> None:
    signed = ann.signed_entity(text_entity("QUERY nl\n"))
    taken = wrapped(ann, "mixed", signed, FOOTER)
    assert isinstance(taken.body, PgpMimeSigned)
    assert taken.ignored == ("text/plain",)


def test_unsigned_text_before_a_signed_attachment_is_not_the_message(ann: KeyPair) -> None:
    signed = ann.signed_entity(text_entity("QUERY nl\n"))
    taken = wrapped(ann, "mixed", text_entity("ALERT\n"), signed)
    assert isinstance(taken.body, PgpMimeSigned)
    assert b"ALERT" not in taken.body.signed_octets
    assert taken.ignored == ("text/plain",)


@pytest.mark.parametrize("subtype", ["alternative", "related"])
def test_a_signed_part_shown_instead_of_something_else_is_misplaced(ann: KeyPair, subtype: str) -> None:
    signed = ann.signed_entity(text_entity("QUERY nl\n"))
    assert wrapped(ann, subtype, HTML, signed).body == Unreadable("signature_misplaced")
    nested = multipart(subtype, HTML, multipart("mixed", signed))
    assert wrapped(ann, "mixed", nested).body == Unreadable("signature_misplaced")


def test_a_signed_part_that_is_only_attached_is_misplaced(ann: KeyPair) -> None:
    attached = b"Content-Disposition: attachment; filename=signature.asc\r\n"
    signed = attached + ann.signed_entity(text_entity("QUERY nl\n"))
    assert wrapped(ann, "mixed", text_entity("ALERT\n"), signed).body == Unreadable("signature_misplaced")


def test_an_inline_block_that_is_shown_only_where_html_asks_for_it_is_misplaced(ann: KeyPair) -> None:
    block = text_entity(ann.clearsigned("QUERY nl\n").decode(), {"Content-ID": "<target>"})
    assert wrapped(ann, "related", HTML, block).body == Unreadable("signature_misplaced")
    nested = wrapped(ann, "related", HTML, multipart("mixed", block))
    assert nested.body == Unreadable("signature_misplaced")
    picture = b"Content-Type: image/png\r\n\r\nx"
    assert isinstance(wrapped(ann, "related", block, picture).body, InlineSigned)


def test_what_is_signed_with_smime_too_is_found_in_it(ann: KeyPair) -> None:
    smime = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nabc"
    kind = "signed; protocol=application/pkcs7-signature"
    signed = ann.signed_entity(text_entity("QUERY nl\n"))
    taken = wrapped(ann, kind, signed, smime)
    assert isinstance(taken.body, PgpMimeSigned)
    assert taken.body.signed_octets == text_entity("QUERY nl\n")
    assert taken.ignored == ('application/pkcs7-signature "smime.p7s"',)


def test_two_signed_parts_are_refused(ann: KeyPair) -> None:
    one, two = ann.signed_entity(text_entity("QUERY nl\n")), ann.signed_entity(text_entity("QUERY be\n"))
    assert wrapped(ann, "mixed", one, two).body == Unreadable("several_signatures")


def test_a_signature_round_a_signature_is_refused(ann: KeyPair) -> None:
    inner = ann.signed_entity(text_entity("QUERY nl\n"))
    assert take_apart(ann.sign_entity(inner)).body == Unreadable("several_signatures")


def test_a_signature_round_encryption_is_refused(ann: KeyPair) -> None:
    refused = Unreadable("signature_around_encryption")
    assert take_apart(ann.encrypted_then_signed("QUERY nl\n", list_key())).body == refused
    block = ann.encrypted(b"QUERY nl\n", list_key()).decode()
    assert take_apart(ann.pgp_mime_signed(block)).body == refused
    assert take_apart(ann.pgp_mime_signed("\n \n" + block)).body == refused


def test_a_forwarded_mail_is_never_the_message(ann: KeyPair) -> None:
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + ann.pgp_mime_signed("ALERT\n")
    taken = wrapped(ann, "mixed", text_entity("see below\n"), forwarded)
    assert taken.body == PlainText("see below\n")
    assert taken.ignored == ("message/rfc822",)


def test_a_forwarded_mail_within_the_signed_part_is_signed_content(ann: KeyPair) -> None:
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + ann.pgp_mime_signed("old\n")
    raw = ann.pgp_mime_signed("ALERT\n", attachments=[forwarded])
    assert isinstance(take_apart(raw).body, PgpMimeSigned)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'; protocol="application/pgp-signature"', b""),
        lambda raw: raw.replace(b'; protocol="application/pgp-signature"', b"; protocol=x"),
        lambda raw: raw.replace(b"edge--", b"edg"),
        lambda raw: raw.replace(b"Content-Type: application/pgp-signature", b"Content-Type: text/plain"),
        lambda raw: raw.replace(b"boundary=", b"border="),
        lambda raw: raw.replace(b"MIME-Version: 1.0", b"Content-Type: text/plain"),
        lambda raw: raw.replace(b"7bit", b"7bit\r\nContent-Transfer-Encoding: base64"),
        lambda raw: raw.replace(b"text/plain; charset=utf-8", b"text/plain; charset=utf-8; charset=koi8-r"),
    ],
)
def test_a_malformed_signed_mail_is_refused(ann: KeyPair, change: object) -> None:
    assert callable(change)
    raw = ann.pgp_mime_signed("QUERY nl\n")
    changed = change(raw)
    assert changed != raw
    assert take_apart(changed).body == Unreadable("malformed_mail")


def test_a_signature_part_in_an_unknown_encoding_is_refused(ann: KeyPair) -> None:
    name = b"Content-Type: application/pgp-signature"
    raw = ann.pgp_mime_signed("QUERY nl\n").replace(name, b"Content-Transfer-Encoding: x\r\n" + name)
    assert take_apart(raw).body == Unreadable("malformed_block")


def test_a_smime_signature_is_an_ordinary_attachment(ann: KeyPair) -> None:
    smime = b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nabc"
    taken = wrapped(ann, "signed; protocol=application/pkcs7-signature", text_entity("CONFIRM x\n"), smime)
    assert taken.body == PlainText("CONFIRM x\n")
    assert taken.body.detail == "smime"
    assert taken.ignored == ('application/pkcs7-signature "smime.p7s"',)
    opaque = take_apart(
        mail(ann.headers(), b"Content-Type: application/x-pkcs7-mime; name=smime.p7m\r\n\r\nabc")
    )
    assert isinstance(opaque.body, Unreadable)
    assert (opaque.body.reason, opaque.body.detail) == ("no_plain_text", "smime")


# --- encrypted


def test_pgp_mime_encrypted_is_found_also_in_a_list_wrapper(ann: KeyPair) -> None:
    raw = ann.pgp_mime_encrypted("QUERY nl\n", list_key())
    body = take_apart(raw).body
    assert isinstance(body, PgpMimeEncrypted)
    assert body.ciphertext.startswith(b"-----BEGIN PGP MESSAGE-----")
    entity = raw[raw.index(b"Content-Type: multipart/encrypted") :]
    taken = wrapped(ann, "mixed", entity, FOOTER)
    assert (taken.body, taken.ignored) == (body, ("text/plain",))


def test_encryption_that_exchange_has_turned_into_attachments_is_found(ann: KeyPair) -> None:
    raw = ann.pgp_mime_encrypted("QUERY nl\n", list_key())
    broken = raw.replace(b'multipart/encrypted; protocol="application/pgp-encrypted"', b"multipart/mixed")
    assert take_apart(broken).body == take_apart(raw).body


def test_encryption_with_other_parts_is_refused(ann: KeyPair) -> None:
    raw = ann.pgp_mime_encrypted("QUERY nl\n", list_key())
    assert take_apart(raw.replace(b"octet-stream", b"pdf")).body == Unreadable("malformed_mail")
    name = b"Content-Type: application/octet-stream"
    encoded = raw.replace(name, b"Content-Transfer-Encoding: x\r\n" + name)
    assert take_apart(encoded).body == Unreadable("malformed_block")


def test_signed_and_encrypted_side_by_side_are_refused(ann: KeyPair) -> None:
    signed = ann.signed_entity(text_entity("QUERY nl\n"))
    raw = ann.pgp_mime_encrypted("QUERY nl\n", list_key())
    entity = raw[raw.index(b"Content-Type: multipart/encrypted") :]
    assert wrapped(ann, "mixed", signed, entity).body == Unreadable("several_signatures")


def test_what_was_signed_then_encrypted_is_found_inside(ann: KeyPair) -> None:
    raw = ann.signed_then_encrypted("QUERY nl\n", list_key())
    outer = take_apart(raw).body
    assert isinstance(outer, PgpMimeEncrypted)
    inner = find_inside(outer, list_key().decrypt(outer.ciphertext)).body
    assert isinstance(inner, PgpMimeSigned)
    assert b"QUERY nl" in inner.signed_octets


def test_inside_encryption_only_something_signed_is_of_use(ann: KeyPair) -> None:
    outer: Body = PgpMimeEncrypted(b"")
    refused = Unreadable("no_signature_inside")
    assert find_inside(outer, text_entity("QUERY nl\n")).body == refused
    again = ann.pgp_mime_encrypted("QUERY nl\n", list_key())
    assert find_inside(outer, again).body == refused
    inline: Body = InlineEncrypted(b"", "utf-8")
    assert find_inside(inline, b"QUERY nl\n").body == refused
    assert find_inside(inline, ann.encrypted(b"x", list_key())).body == refused
    assert isinstance(find_inside(inline, ann.clearsigned("QUERY nl\n")).body, InlineSigned)


# --- inline


def test_an_inline_block_is_cut_out_of_its_text(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n")
    taken = take_apart(ann.plain("Hi,\n" + block.decode() + "-- \nsent by a gateway\n"))
    assert taken.body == InlineSigned(crlf(block), "utf-8")
    assert taken.ignored == ("text outside the OpenPGP block",)


def test_only_in_a_flowed_text_a_block_may_be_stuffed(ann: KeyPair) -> None:
    flowed = {"Content-Type": "text/plain; charset=utf-8; format=Flowed"}
    for text, headers, may_be in (
        ("QUERY nl\n", flowed, False),
        ("QUERY nl\n indented\n", flowed, True),
        ("QUERY nl\n indented\n", {}, False),
    ):
        entity = text_entity(ann.clearsigned(text).decode(), headers)
        body = take_apart(mail(ann.headers(), entity)).body
        assert isinstance(body, InlineSigned)
        assert body.may_be_stuffed is may_be


def test_an_inline_block_alone_ignores_nothing(ann: KeyPair) -> None:
    taken = take_apart(ann.inline_signed("QUERY nl\n"))
    assert isinstance(taken.body, InlineSigned)
    assert taken.ignored == ()


def test_an_inline_block_in_an_alternative_is_found_and_html_named(ann: KeyPair) -> None:
    taken = wrapped(ann, "alternative", text_entity(ann.clearsigned("QUERY nl\n").decode()), HTML)
    assert isinstance(taken.body, InlineSigned)
    assert taken.ignored == ("text/html",)


def test_an_inline_encrypted_block_is_found(ann: KeyPair) -> None:
    assert isinstance(take_apart(ann.inline_encrypted("QUERY nl\n", list_key())).body, InlineEncrypted)


def test_an_inline_block_is_read_through_its_transfer_encoding(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n")
    part = b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(
        block
    )
    assert take_apart(mail(ann.headers(), part)).body == InlineSigned(block, "")


def test_two_inline_blocks_are_refused(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n").decode()
    assert take_apart(ann.plain(block + block)).body == Unreadable("several_signatures")
    assert wrapped(ann, "mixed", text_entity(block), text_entity(block)).body == Unreadable(
        "several_signatures"
    )


def test_a_cut_off_inline_block_is_refused(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n").decode()
    assert take_apart(ann.plain(block[:-40])).body == Unreadable("malformed_block")


def test_a_quoted_block_is_no_block(ann: KeyPair) -> None:
    quoted = "".join(f"> {line}\n" for line in ann.clearsigned("ALERT\n").decode().splitlines())
    assert take_apart(ann.plain("CONFIRM x\n" + quoted)).body == PlainText("CONFIRM x\n" + quoted)


def test_a_block_in_an_attached_file_is_no_message(ann: KeyPair) -> None:
    part = text_entity(
        ann.clearsigned("ALERT\n").decode(), {"Content-Disposition": "attachment; filename=old.txt"}
    )
    taken = wrapped(ann, "mixed", text_entity("HELP\n"), part)
    assert (taken.body, taken.ignored) == (PlainText("HELP\n"), ('text/plain "old.txt"',))


# --- plain


def test_the_first_text_of_an_unsigned_mail_is_read(ann: KeyPair) -> None:
    flowed = text_entity("CONFIRM \n7F3K\n", {"Content-Type": "text/plain; charset=utf-8; format=flowed"})
    taken = wrapped(ann, "alternative", flowed, HTML)
    assert taken.body == PlainText("CONFIRM 7F3K\n")


def test_a_mail_without_text_says_so(ann: KeyPair) -> None:
    assert take_apart(mail(ann.headers(), HTML)).body == Unreadable("no_plain_text")


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain; charset=x-klingon"},
        {"Content-Transfer-Encoding": "base64"},
        {"Content-Transfer-Encoding": "x-own"},
    ],
)
def test_a_text_that_cannot_be_decoded_says_so(ann: KeyPair, headers: dict[str, str]) -> None:
    assert take_apart(mail(ann.headers(), text_entity("!", headers))).body == Unreadable("undecodable_text")


def test_a_text_that_nobody_writes_is_too_large(ann: KeyPair) -> None:
    assert take_apart(ann.plain("x" * MAX_TEXT_BYTES)).body == PlainText("x" * MAX_TEXT_BYTES)
    assert take_apart(ann.plain("x" * (MAX_TEXT_BYTES + 1))).body == Unreadable("too_large")


def test_wrong_octets_in_an_unsigned_text_are_replaced(ann: KeyPair) -> None:
    raw = mail(ann.headers(), text_entity("CONFIRM x")).replace(b"CONFIRM x", b"CONFIRM \xff\0")
    assert take_apart(raw).body == PlainText("CONFIRM ��")


# --- keys


def test_keys_come_from_attachments_files_and_text(ann: KeyPair) -> None:
    bert, cees = person("Bert Example", "bert@registry.example"), person("Cees Example", "cees@nic.example")
    file = b"Content-Type: application/octet-stream; name=0x1.asc\r\n\r\n" + crlf(bert.armored)
    text = text_entity("SUBSCRIBE nl\n" + cees.armored.decode())
    taken = wrapped(ann, "mixed", text, ann.key_attachment(), file)
    assert taken.keys == (cees.certificate, ann.certificate, bert.certificate)
    assert taken.body == PlainText("SUBSCRIBE nl\n")
    assert taken.ignored == ()


def test_signed_keys_come_before_unsigned_ones(ann: KeyPair) -> None:
    bert = person("Bert Example", "bert@registry.example")
    signed = ann.signed_entity(multipart("mixed", text_entity("KEY\n"), ann.key_attachment()))
    taken = wrapped(ann, "mixed", bert.key_attachment(), signed)
    assert taken.keys == (ann.certificate, bert.certificate)


def test_a_binary_key_file_is_read(ann: KeyPair) -> None:
    top = b"Content-Type: application/pgp-keys\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    taken = wrapped(ann, "mixed", text_entity("KEY\n"), top + base64.encodebytes(ann.certificate))
    assert (taken.keys, taken.ignored) == ((ann.certificate,), ())


def test_a_revocation_certificate_counts_as_a_key(ann: KeyPair) -> None:
    taken = wrapped(ann, "mixed", text_entity("KEY STOLEN\n"), key_entity(ann.revocation()))
    assert taken.keys == (dearmor(ann.revocation(), PUBLIC_KEY),)


def test_a_heap_of_armor_is_no_key(ann: KeyPair) -> None:
    heap = b"".join([b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n", b"QUFB" * 800_000, b"\n"])
    heap += b"-----END PGP PUBLIC KEY BLOCK-----\n"
    assert list(keys_in(heap + ann.armored)) == [dearmor(ann.armored, PUBLIC_KEY)]


def test_keys_are_limited_and_broken_ones_passed_over(ann: KeyPair) -> None:
    block = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n%s\n-----END PGP PUBLIC KEY BLOCK-----\n"
    many = b"".join(block % (b"AAA" + bytes([65 + number])) for number in range(20))
    assert len(take_apart(ann.plain(many.decode())).keys) == MAX_KEYS
    assert take_apart(ann.plain((block % b"!!").decode())).keys == ()
    after_a_block = ann.clearsigned("x\n") + ann.armored
    assert take_apart(ann.plain(after_a_block.decode())).keys == (ann.certificate,)
    assert list(keys_in(after_a_block)) == [ann.certificate]
    assert take_apart(ann.plain((block % (b"AAAA" * 50_000)).decode())).keys == ()


# --- hostile


def test_depth_and_number_of_parts_are_limited(ann: KeyPair) -> None:
    deep = text_entity("HELP\n")
    for _ in range(8):
        deep = multipart("mixed", deep)
    assert take_apart(mail(ann.headers(), deep)).body == PlainText("HELP\n")
    assert take_apart(mail(ann.headers(), multipart("mixed", deep))).body == Unreadable("too_complex")
    assert wrapped(ann, "mixed", *[FOOTER] * 30).body == Unreadable("too_complex")
    wide = [multipart("mixed", *[FOOTER] * 9) for _ in range(3)]
    assert wrapped(ann, "mixed", *wide).body == Unreadable("too_complex")


def test_a_long_boundary_is_refused(ann: KeyPair) -> None:
    raw = mail(ann.headers(), b"Content-Type: multipart/mixed; boundary=" + b"b" * 71 + b"\r\n\r\nx")
    assert take_apart(raw).body == Unreadable("malformed_mail")


def test_a_boundary_that_starts_another_one_is_not_mistaken_for_it(ann: KeyPair) -> None:
    raw = b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--ab\r\n\r\nno\r\n--a\r\n\r\nyes\r\n--a--\r\n'
    assert take_apart(raw).body == PlainText("yes")


def test_an_unclosed_multipart_of_an_unsigned_mail_is_still_read() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="a"\r\n\r\n--a\r\n\r\nyes'
    assert take_apart(raw).body == PlainText("yes")


def test_a_multipart_without_parts_has_no_text() -> None:
    raw = b'Content-Type: multipart/mixed; boundary="a"\r\n\r\nnothing'
    assert take_apart(raw).body == Unreadable("no_plain_text")


@pytest.mark.parametrize(
    "octets",
    [
        b"From: " + b"a" * 100_000 + b"\r\n\r\nx",
        b"Subject: " + b"=?utf-8?q?" * 20_000 + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 200_000,
        b"\r\n" + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n" * 100_000,
        b"From: " + b"(" * 15_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain; " + b'a="' * 5_000 + b"\r\n\r\nx",
        b"Content-Type: text/plain" + b" " * 16_000 + b"x\r\n\r\nx",
        b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * 300_000,
        b"a: b\r\n" * 100_000,
        b"\0" * 100_000,
    ],
    ids=[
        "from",
        "words",
        "boundaries",
        "blocks",
        "comments",
        "parameters",
        "blanks",
        "flowed",
        "fields",
        "nul",
    ],
)
def test_hostile_mails_cost_little_time(octets: bytes) -> None:
    started = time.process_time()
    take_apart(octets)
    assert time.process_time() - started < 5  # of computing, traced for coverage on a busy machine too


PIECES = [
    b"Content-Type: multipart/signed; protocol=application/pgp-signature; boundary=a\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n",
    b"Content-Type: application/pgp-signature\r\n\r\n",
    b"Content-Type: text/plain; format=flowed; charset=",
    b"Content-Transfer-Encoding: base64\r\n",
    b"From: =?utf-8?b?",
    b"--a\r\n",
    b"--a--",
    b"\r\n\r\n",
    b"-----BEGIN PGP SIGNED MESSAGE-----\r\n",
    b"-----BEGIN PGP SIGNATURE-----\r\n",
    b"-----END PGP SIGNATURE-----\r\n",
    b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=30)), max_size=15).map(b"".join))
@example(b"Content-Type: text/plain; charset=\0\r\n\r\n\xff")
@example(b"From: \xff@\xff\r\nDate: \xff\r\n")
def test_no_octets_make_it_raise(octets: bytes) -> None:
    assert isinstance(take_apart(octets), IncomingMail)
