"""Header fields: one author without doubt, or none; anything else is read as well as it can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.address import parse_address
from tldops_bot.mail.headers import (
    Headers,
    addresses_of,
    author_of,
    decode_words,
    file_name,
    message_ids,
    parse_content_type,
    split_entity,
)


def of(name: str, *values: str) -> Headers:
    return Headers(tuple((name, value) for value in values))


def test_fields_are_cut_and_unfolded() -> None:
    headers, body = split_entity(b"A: 1\r\nB: 2\r\n\tmore \r\nnonsense\r\na : 3\r\n\r\nbody\r\n\r\nrest")
    assert headers.fields == (("a", "1"), ("b", "2\tmore"), ("a", "3"))
    assert (headers.all("A"), headers.first("b"), headers.first("c")) == (("1", "3"), "2\tmore", "")
    assert body == b"body\r\n\r\nrest"


@pytest.mark.parametrize("raw", [b"\r\nbody", b"\nbody"])
def test_an_entity_may_have_no_fields(raw: bytes) -> None:
    assert split_entity(raw) == (Headers(), b"body")


def test_an_endless_header_is_not_read_to_its_end() -> None:
    headers, body = split_entity(b"A: 1\r\nB: " + b"x" * 262_144 + b"\r\n\r\nbody")
    assert (headers.first("a"), body) == ("1", b"")


@pytest.mark.parametrize(
    "value",
    [
        "ann@nic.example",
        "<ann@nic.example>",
        "Ann Example <ann@NIC.example>",
        "Dr. Ann Example <ann@nic.example>",
        '"Example, Ann" <ann@nic.example>',
        '"bert@registry.example" <ann@nic.example>',
        "=?utf-8?q?J=C3=BCrgen?= <ann@nic.example>",
        "ann@nic.example (Ann (at work), Example)",
        '"Ann \\" Example" <ann@nic.example>',
    ],
)
def test_one_author_is_known(value: str) -> None:
    assert author_of(of("from", value)) == "ann@nic.example"


@pytest.mark.parametrize(
    "values",
    [
        (),
        ("ann@nic.example", "bert@registry.example"),
        ("ann@nic.example, bert@registry.example",),
        ("alice@iana.example <bob@evil.example>",),
        ("ann@nic.example <",),
        ("<ann@nic.example> bert@registry.example",),
        ("<ann@nic.example><bert@registry.example>",),
        ("Group: ann@nic.example;",),
        ("undisclosed-recipients:;",),
        ("ann@nic@example",),
        ('"a b"@nic.example',),
        ("",),
        ("(only a comment)",),
        ("a" * 70_000,),
    ],
)
def test_any_doubt_about_the_author_is_a_problem(values: tuple[str, ...]) -> None:
    assert author_of(of("from", *values)) is None


def test_address_lists_give_what_is_certain() -> None:
    values = ('"x, y" <tld-ops@lists.example>, bad, ann@nic.example', "ANN@other.example, ann@nic.example")
    assert addresses_of(values) == ("tld-ops@lists.example", "ann@nic.example", "ANN@other.example")


def test_a_display_name_is_no_address() -> None:
    assert addresses_of(('"tld-ops@lists.example" <other@lists.example>',)) == ("other@lists.example",)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?UTF-8?Q?Z=C3=BCrich_?= =?utf-8*de?B?w6nDqA?=", "Zürich éè"),
        ("=?iso-8859-1?q?caf=e9?= now", "café now"),
        ("=?x-klingon?q?abc?=", "=?x-klingon?q?abc?="),
        ("=?hex?q?6162?=", "=?hex?q?6162?="),
        ("=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("a=?utf-8?q?=0D=0ABcc:_x?=", "a Bcc: x"),
        ("a\u202eb\x00c\x85d", "a b c d"),
        ("x" * 1000, "x" * 500),
    ],
)
def test_encoded_words_become_one_printable_line(value: str, text: str) -> None:
    assert decode_words(value) == text


FLOWED = {"charset": "utf-8", "format": "flowed"}


@pytest.mark.parametrize(
    ("value", "media_type", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/Plain; charset=UTF-8;", "text/plain", {"charset": "UTF-8"}),
        ('multipart/mixed; boundary="a;b\\"c"', "multipart/mixed", {"boundary": 'a;b"c'}),
        ("multipart/mixed;boundary==_b=1", "multipart/mixed", {"boundary": "=_b=1"}),
        ('text/plain; charset="us-ascii" (Plain text)', "text/plain", {"charset": "us-ascii"}),
        ("text/plain (words); charset=utf-8 (RFC 3629); format=flowed", "text/plain", FLOWED),
        ('text/plain; charset="utf-8", format="flowed"', "text/plain", FLOWED),
    ],
)
def test_content_types_are_read(value: str, media_type: str, parameters: dict[str, str]) -> None:
    read = parse_content_type(of("content-type", value))
    assert (read.media_type, dict(read.parameters), read.is_sound) == (media_type, parameters, True)


def test_without_content_type_it_is_plain_text() -> None:
    assert parse_content_type(Headers()).media_type == "text/plain"


@pytest.mark.parametrize(
    "values",
    [
        ("text/plain", "text/html"),
        ("nonsense",),
        ("text/plain; a=1; a=2",),
        ("multipart/mixed; boundary=a b",),
        ("multipart/mixed; boundary=a (b)",),
        ("multipart/mixed (b); boundary=a",),
        ("multipart/mixed; boundary=a; boundary*0=b",),
        ("multipart/mixed; boundary*0=b; boundary=a",),
        ('multipart/mixed; boundary="a", x="b"',),
        ('text/plain; charset="utf-8", charset="koi8-r"',),
        ('text/plain; charset="a\\", format="b"',),
        ("multipart/mixed; boundary*1=b; boundary*2=a",),
        ("multipart/mixed; boundary*0=b; boundary*00=a",),
        ("multipart/mixed; boundary*=utf-8''b",),
        ("multipart/mixed; boundary*0*=utf-8''b",),
        ("text/plain; charset=utf-8; charset*=us-ascii''koi8-r",),
        ("text/plain; charset=utf-8 (a; charset=koi8-r)",),
        ("text/plain; charset=utf-8 (a (b))",),
        ('text/plain; charset=utf-8 (a "b)',),
        ("text/plain; charset=utf-8 (a",),
        ("",),
    ],
)
def test_what_two_readers_may_read_differently_is_unsound(values: tuple[str, ...]) -> None:
    assert not parse_content_type(of("content-type", *values)).is_sound


def test_a_boundary_in_pieces_is_put_together() -> None:
    read = parse_content_type(of("content-type", 'multipart/mixed; boundary*1="d e"; BOUNDARY*0=abc; x*0=y'))
    assert (read.parameter("boundary"), read.is_sound) == ("abcd e", True)


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("content-disposition", 'attachment; filename="a b.pdf"', "a b.pdf"),
        ("content-disposition", "attachment; filename*=utf-8''na%C3%AFve.txt", "naïve.txt"),
        ("content-disposition", "attachment; filename*0*=utf-8''na%C3%AF; filename*1*=ve.txt", "naïve.txt"),
        ("content-disposition", "attachment; filename*=nonsense%41", "nonsenseA"),
        ("content-disposition", "attachment; filename*=x-none''a", ""),
        ("content-type", "application/pdf; name==?utf-8?q?=C3=A9?=", "é"),
        ("content-disposition", 'attachment; filename="a\x00\x1b[2Jb"', "a [2Jb"),
        ("content-disposition", "inline", ""),
    ],
)
def test_file_names_are_made_fit_for_people(field: str, value: str, name: str) -> None:
    assert file_name(of(field, value)) == name


def test_of_a_long_field_the_beginning_is_read_and_of_many_addresses_a_hundred() -> None:
    headers, _ = split_entity(b"Subject: " + b"x" * 20_000 + b"\r\n\r\n")
    assert len(headers.first("subject")) < 16_384
    assert len(addresses_of((", ".join(f"a{number}@nic.example" for number in range(150)),))) == 100


def test_message_ids_are_the_last_twenty() -> None:
    assert message_ids("<a@x> junk <b@x>\r\n<c d@x>") == ("<a@x>", "<b@x>")
    assert len(message_ids(" ".join(f"<{number}@x>" for number in range(50)))) == 20


@given(st.text(max_size=300))
def test_no_text_makes_a_reader_raise_or_say_what_is_none(value: str) -> None:
    for name in ("from", "content-type", "content-disposition"):
        headers = of(name, value)
        author = author_of(headers)
        assert author is None or parse_address(author) == author
        assert parse_content_type(headers).media_type.count("/") <= 1
        assert len(file_name(headers)) <= 80
    assert all(parse_address(one) == one for one in addresses_of((value,)))
    assert len(decode_words(value).splitlines()) <= 1
    assert all(one in value for one in message_ids(value))
