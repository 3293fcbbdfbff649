"""From octets to text, and never into a codec that is no charset."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.mail.charsets import _BY_LABEL, KNOWN, decode_charset, decode_transfer, unflow


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"abc", "", "abc"),
        ("рф".encode(), "us-ascii", "рф"),
        ("рф".encode("koi8-r"), "KOI8-R", "рф"),
        ("é".encode("latin-1"), "ISO-8859-1", "é"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        (b"\x80", "windows-1252", "€"),
        ("é".encode("mac-roman"), "macintosh", "é"),
        ("שלום".encode("iso8859-8"), "ISO-8859-8-I", "שלום"),
        ("рф".encode("cp866"), "ibm866", "рф"),
        ("髙".encode("cp932"), "windows-31j", "髙"),
        ("똠".encode("cp949"), "ks_c_5601-1987", "똠"),
        ("é".encode(), "unknown-8bit", "é"),
        (b"\xe9", "unknown-8bit", None),
        (b"a\0b\0", "utf-16le", None),
        (b"+AGE-", "utf-7", None),
        (b"~{VPND~}", "hz-gb-2312", None),
        (b"\xe9", "utf-8", None),
        (b"\xe9", "", None),
        (b"6162", "hex", None),
        (b"\\u0041", "unicode_escape", None),
        (b"abc", "x-klingon", None),
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


def test_every_other_name_of_a_charset_names_one_that_is_read() -> None:
    for label, codec in _BY_LABEL.items():
        assert codecs.lookup(codec).name in KNOWN, codec
        assert decode_charset(b"QUERY nl", label) == "QUERY nl"


@pytest.mark.parametrize("codec", sorted(KNOWN - {"iso2022_jp"}))
def test_no_charset_hides_a_command_in_what_is_no_ascii(codec: str) -> None:
    """What a reader without the charset sees as plain words is just that; ISO-2022-JP alone shifts in ASCII."""
    printable = bytes(range(32, 127))
    assert (decode_charset(printable, codec) or "").replace("¥", "\\").replace("‾", "~") == printable.decode()


@given(st.binary(max_size=100), st.text(max_size=20))
def test_no_charset_or_encoding_raises(octets: bytes, name: str) -> None:
    decode_charset(octets, name)
    decode_charset(octets, name, errors="replace")
    decode_transfer(octets, name)
    decode_transfer(octets, "base64")
