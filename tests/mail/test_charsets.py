"""From octets to text, and never into a codec that is no charset."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.mail.charsets import decode_charset, decode_transfer, unflow


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"abc", "", "abc"),
        ("рф".encode(), "us-ascii", "рф"),
        ("рф".encode("koi8-r"), "KOI8-R", "рф"),
        ("é".encode("latin-1"), "ISO-8859-1", "é"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        (b"\x80", "windows-1252", "€"),
        (b"\xe9", "utf-8", None),
        (b"\xe9", "", None),
        (b"6162", "hex", None),
        (b"\\u0041", "unicode_escape", None),
        (b"abc", "x-unknown", None),
        (b"abc", "../../etc", None),
        (b"abc", "a\0b", None),
        (b"abc", "x" * 100, None),
    ],
)
def test_known_charsets_are_read_strictly(octets: bytes, charset: str, text: str | None) -> None:
    assert decode_charset(octets, charset) == text


@pytest.mark.parametrize(
    ("octets", "encoding", "decoded"),
    [
        (b"a", "", b"a"),
        (b"a", " 8BIT ", b"a"),
        (b"a=3D=\r\nb", "quoted-printable", b"a=b"),
        (b"aGVs\r\nbG8=\r\n", "Base64", b"hello"),
        (b"aGVsbG8=\r\n-- \r\nfooter", "base64", None),
        (b"a", "base64", None),
        (b"a", "uuencode", None),
    ],
)
def test_transfer_encodings(octets: bytes, encoding: str, decoded: bytes | None) -> None:
    assert decode_transfer(octets, encoding) == decoded


@pytest.mark.parametrize(
    ("flowed", "text"),
    [
        ("QUERY \nnl\n", "QUERY nl\n"),
        ("a\nb", "a\nb"),
        (" From me\n > no quote", "From me\n> no quote"),
        ("-- \nAnn", "-- \nAnn"),
        ("words \n-- \nAnn", "words \n-- \nAnn"),
        ("> quoted \n> words\n>> deep", "> quoted words\n>> deep"),
        ("> quoted \nmine", "> quoted \nmine"),
        ("", ""),
    ],
)
def test_flowed_lines_are_joined(flowed: str, text: str) -> None:
    assert unflow(flowed, delete_space=False) == text


def test_delsp_takes_the_blank_before_a_soft_break() -> None:
    assert unflow("xn--p1 \nai\n", delete_space=True) == "xn--p1ai\n"


@given(st.binary(max_size=100), st.text(max_size=20))
def test_no_charset_or_encoding_raises(octets: bytes, name: str) -> None:
    decode_charset(octets, name)
    decode_charset(octets, name, errors="replace")
    decode_transfer(octets, name)
    decode_transfer(octets, "base64")
