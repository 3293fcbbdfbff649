"""The one grammar for mail addresses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tldops_bot.domain.address import (
    address_key,
    domain_of,
    mask_address,
    mask_phone,
    parse_address,
    same_address,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ann@nic.example", "ann@nic.example"),
        (" ann@nic.example\t", "ann@nic.example"),
        ("Ann.Example@NIC.Example", "Ann.Example@nic.example"),
        ("ann+tld-ops@nic.example", "ann+tld-ops@nic.example"),
        ("o'brien_{x}~!#$%&*/=?^`|@nic.example", "o'brien_{x}~!#$%&*/=?^`|@nic.example"),
        ("ann@пример.рф", "ann@xn--e1afmkfd.xn--p1ai"),
        ("ann@ПРИМЕР.РФ", "ann@xn--e1afmkfd.xn--p1ai"),
        ("ann@XN--E1AFMKFD.XN--P1AI", "ann@xn--e1afmkfd.xn--p1ai"),
        ("ann@1-2.3.example", "ann@1-2.3.example"),
        ("a" * 64 + "@nic.example", "a" * 64 + "@nic.example"),
    ],
)
def test_an_address_keeps_its_local_part_and_gets_a_domain_in_a_labels(text: str, address: str) -> None:
    assert parse_address(text) == address
    assert parse_address(address) == address


@example("a@" + "b" * 64 + ".example")
@example("a@xn--e1afmkfd.example")
@example("a@xn--b.example")
@given(st.from_regex(r"[aB1_+.-]{1,8}@[aB1.-]{1,8}[.][ax-]{1,8}", fullmatch=True))
def test_the_quick_look_at_an_address_sees_what_the_grammar_does(text: str) -> None:
    assert parse_address(text) == parse_address(" " + text)  # the blank keeps the quick look from matching


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@nic.example",
        "ann@",
        "ann@example",  # no dot: never a person's address outside one host
        "ann@nic..example",
        "ann@.example",
        "ann@nic.example.",
        "ann@@nic.example",
        "ann@evil.example@nic.example",
        "ann@nic.example,bob@nic.example",
        "ann@nic.example bob@nic.example",
        "Ann <ann@nic.example>",
        "<ann@nic.example>",
        "ann(comment)@nic.example",
        '"ann"@nic.example',
        "a nn@nic.example",
        ".ann@nic.example",
        "ann.@nic.example",
        "a..n@nic.example",
        "ann@nic.example\n",
        "ann@nic.example\r\nBcc: bob@nic.example",
        "ann\x00@nic.example",
        "ann@nic.exam\u200bple",
        "änn@nic.example",
        "ann@[192.0.2.1]",
        "ann@192.0.2.1",
        "ann@nic.example1",
        "ann@-nic.example",
        "ann@nic-.example",
        "ann@n_ic.example",
        "ann@xn--.example",
        "ann@xn--nic-.example",
        "a" * 65 + "@nic.example",
        "ann@" + "a" * 64 + ".example",
        "ann@" + ".".join(["a" * 60] * 4) + ".example",
        "ann@" + "a." * 100_000 + "example",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    assert parse_address(text) is None


@given(st.text(max_size=300))
def test_nothing_that_could_break_a_header_or_envelope_gets_through(text: str) -> None:
    for candidate in (text, f"{text}@nic.example", f"ann@{text}.example"):
        address = parse_address(candidate)
        assert address is None or (address.isascii() and not set(address) & set(' \t\r\n\0<>(),;:\\"[]'))
        assert address is None or (address.count("@") == 1 and len(address) <= 254)


def test_two_spellings_of_one_mailbox_are_the_same() -> None:
    assert same_address("Ann@NIC.example", "ann@nic.example")
    assert same_address("ann@пример.рф", "ANN@xn--e1afmkfd.xn--p1ai")
    assert address_key("Ann@пример.рф") == "ann@xn--e1afmkfd.xn--p1ai"


def test_a_look_alike_or_longer_address_is_another() -> None:
    assert not same_address("ann@nic.example", "ann@nic.example.net")
    assert not same_address("ann@nic.example", "ann@niс.example")  # Cyrillic es
    assert not same_address("ann+x@nic.example", "ann@nic.example")


def test_what_is_no_address_is_not_even_the_same_as_itself() -> None:
    assert not same_address("nobody", "nobody")
    assert address_key("NoBody") == "nobody"


def test_the_domain_is_in_a_labels_or_empty() -> None:
    assert domain_of("ann@Пример.рф") == "xn--e1afmkfd.xn--p1ai"
    assert domain_of("ann") == ""


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("ann@nic.example", "a…@nic.example"),
        ("x", "…"),
        ("", "…"),
        ("Ann <ann@nic.example>", "…"),
        ("a b@c", "…"),
    ],
)
def test_a_masked_address_can_not_be_written_to(address: str, masked: str) -> None:
    assert mask_address(address) == masked
    assert parse_address(mask_address(address)) is None


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+44 20 7946 0123", "+44…23"),
        ("(+99) 12345678", "+99…78"),
        ("12345", "…"),
        ("", "…"),
        ("call Ann", "…"),
    ],
)
def test_a_masked_phone_can_not_be_called(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked
