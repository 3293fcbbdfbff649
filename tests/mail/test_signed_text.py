"""What was said under a signature: the text, protected headers, keys, attachments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys import KeyPair, message_entity, multipart, person, text_entity
from tldops_bot.mail.bodies import Unreadable
from tldops_bot.mail.charsets import MAX_TEXT_BYTES
from tldops_bot.mail.signed_text import SignedText, inline_text, text_of

HTML = b"Content-Type: text/html\r\n\r\n<p>hello</p>"
PDF = b'Content-Type: application/pdf; name="a b.pdf"\r\nContent-Disposition: attachment\r\n\r\n%PDF'


def test_a_text_part_is_the_text() -> None:
    assert text_of(text_entity("QUERY рф\n")) == SignedText("QUERY рф\n")


def test_the_first_text_of_the_containers_is_the_text() -> None:
    alternative = multipart("alternative", text_entity("ALERT\n"), HTML)
    read = text_of(multipart("mixed", alternative, PDF))
    assert read == SignedText("ALERT\n", attachments=('application/pdf "a b.pdf"',))


def test_an_attached_text_is_not_the_text() -> None:
    attached = text_entity("STOP\n", {"Content-Disposition": "attachment; filename=log.txt"})
    read = text_of(multipart("mixed", attached, text_entity("ALERT\n")))
    assert read == SignedText("ALERT\n", attachments=('text/plain "log.txt"',))


@pytest.mark.parametrize(
    ("headers", "octets", "text"),
    [
        ({"Content-Transfer-Encoding": "quoted-printable"}, "Z=C3=BCrich=\n!\n", "Zürich!\n"),
        ({"Content-Transfer-Encoding": "base64"}, "SEVMUAo=\n", "HELP\n"),
        ({"Content-Type": "text/plain; format=flowed"}, "QUERY \nnl\n", "QUERY nl\n"),
        ({"Content-Type": "text/plain; format=flowed; delsp=yes"}, "QUE \nRY nl\n", "QUERY nl\n"),
        ({"Content-Type": "text/plain; charset=us-ascii"}, "a\rb", "a\nb"),
    ],
)
def test_encodings_and_flowed_lines_are_undone(headers: dict[str, str], octets: str, text: str) -> None:
    assert text_of(text_entity(octets, headers)) == SignedText(text)


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        (HTML, "no_plain_text"),
        (multipart("mixed", HTML), "no_plain_text"),
        (multipart("digest", text_entity("x")), "no_plain_text"),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nSTOP", "no_plain_text"),
        (multipart("mixed", text_entity("x"), multipart("signed", text_entity("y"))), "several_signatures"),
        (text_entity("x", {"Content-Type": "text/plain; charset=nonsense"}), "undecodable_text"),
        (text_entity("\0"), "undecodable_text"),
        (text_entity("!", {"Content-Transfer-Encoding": "base64"}), "undecodable_text"),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff", "undecodable_text"),
        (b"Content-Type: multipart/mixed\r\n\r\nx", "malformed_mail"),
        (text_entity("x" * (MAX_TEXT_BYTES + 1)), "too_large"),
    ],
)
def test_what_cannot_be_read_for_certain_is_refused(entity: bytes, reason: str) -> None:
    assert text_of(entity) == Unreadable(reason)


PROTECTED = {
    "To": "<tld-ops@lists.example>",
    "Cc": "Bert <bert@registry.example>",
}


@pytest.mark.parametrize("mark", [b'; protected-headers="v1"', b'; hp="clear"', b""])
def test_protected_headers_are_read_whatever_marks_them(mark: bytes) -> None:
    older = message_entity("ALERT\n", protected=PROTECTED)
    read = text_of(older.replace(b'; protected-headers="v1"', mark))
    assert isinstance(read, SignedText)
    assert (read.protected_to, read.protected_cc) == (("tld-ops@lists.example",), ("bert@registry.example",))
    assert read.attachments == ()


def test_the_old_display_copy_of_the_headers_is_not_the_text() -> None:
    for copy in (
        b'Content-Type: text/rfc822-headers; protected-headers="v1"\r\n\r\nSubject: STOP\r\n',
        text_entity("Subject: STOP\n", {"Content-Type": 'text/plain; protected-headers="v1"'}),
    ):
        assert text_of(multipart("mixed", copy, text_entity("ALERT\n"))) == SignedText("ALERT\n")


def test_the_new_display_copy_of_the_headers_is_cut_off() -> None:
    entity = text_entity(
        "Subject: STOP\nTo: x\n\nALERT\n", {"Content-Type": 'text/plain; hp-legacy-display="1"; hp="cipher"'}
    )
    assert text_of(entity) == SignedText("ALERT\n")


def test_signed_keys_are_found_and_cut_out_of_the_text(ann: KeyPair) -> None:
    bert = person("Bert Example", "bert@registry.example")
    entity = multipart("mixed", text_entity("KEY\n" + ann.armored.decode() + "END\n"), bert.key_attachment())
    read = text_of(entity)
    assert isinstance(read, SignedText)
    assert (read.text, read.keys) == ("KEY\nEND\n", (ann.certificate, bert.certificate))


def test_an_inline_text_loses_the_blanks_nobody_signed() -> None:
    assert inline_text(b"QUERY nl  \t\r\nTLP: RED \n", "") == SignedText("QUERY nl\nTLP: RED\n")


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        ("é".encode("latin-1"), "iso-8859-1", "é"),
        ("é".encode(), "x-unknown", "é"),
        ("рф".encode(), "us-ascii", "рф"),
    ],
)
def test_an_inline_text_is_read_in_its_charset_or_utf8(octets: bytes, charset: str, text: str) -> None:
    assert inline_text(octets, charset) == SignedText(text)


@pytest.mark.parametrize("octets", [b"\xff", b"a\0b"])
def test_an_inline_text_that_is_no_text_is_refused(octets: bytes) -> None:
    assert inline_text(octets, "utf-8") == Unreadable("undecodable_text")


def test_an_inline_text_may_carry_a_key(ann: KeyPair) -> None:
    assert inline_text(b"KEY\n" + ann.armored, "") == SignedText("KEY\n", keys=(ann.certificate,))


@given(st.binary(max_size=300))
def test_no_octets_make_it_raise(octets: bytes) -> None:
    head = b"Content-Type: multipart/mixed; boundary=a; hp=clear\r\n\r\n--a\r\n"
    for read in (text_of(octets), text_of(head + octets), inline_text(octets, "utf-8")):
        assert isinstance(read, Unreadable) or "\r\n" not in read.text


def test_an_inline_text_that_nobody_writes_is_too_large() -> None:
    assert inline_text(b"x" * (MAX_TEXT_BYTES + 1), "utf-8") == Unreadable("too_large")
