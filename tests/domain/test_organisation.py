"""Organisations without a TLD: the label follows from the name, and from nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.organisation import (
    KINDS,
    MAX_OCTETS,
    kind_of,
    kind_of_word,
    organisation,
    parse_organisation,
    parse_seat,
)
from tldops_bot.domain.roster import is_idn, place
from tldops_bot.domain.tld import Tld, dotted, parse_tld


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Example CERT", "cert:example-cert"),
        ("  EXAMPLE   cert ", "cert:example-cert"),
        ("Example-CERT (Registry)", "cert:example-cert-registry"),
        ("Ｅｘａｍｐｌｅ CERT", "cert:example-cert"),
        ("CERT.example", "cert:cert-example"),
        ("例え CERT", "cert:xn---cert-653dw88r"),
        ("xn--p1ai", "cert:xn-p1ai"),
        ("Équipe", "cert:xn--quipe-9ra"),
    ],
)
def test_the_label_follows_from_the_name(name: str, label: str) -> None:
    found = organisation("cert", name)
    assert found is not None
    assert found.a_label == label


def test_names_written_alike_are_one_organisation_and_lookalikes_are_not() -> None:
    latin, cyrillic = organisation("cert", "Example CERT"), organisation("cert", "Exаmple CERT")
    assert latin is not None
    assert cyrillic is not None
    assert latin.a_label != cyrillic.a_label
    assert cyrillic.a_label.startswith("cert:xn--")
    assert organisation("regional", "Example CERT") != latin


@pytest.mark.parametrize("name", ["", "  ", "!!! --", "\u0301\u0301"])
def test_a_name_without_a_letter_names_nothing(name: str) -> None:
    assert organisation("cert", name) is None


@pytest.mark.parametrize("tail", ["one", "two"])
def test_what_is_too_long_ends_in_a_hash_of_the_whole(tail: str) -> None:
    same = "An organisation with a name that goes on and on and on "
    one = organisation("cert", same + tail)
    other = organisation("cert", same + "three")
    assert one is not None
    assert other is not None
    assert one.a_label != other.a_label
    assert len(one.a_label.partition(":")[2]) <= MAX_OCTETS


def test_of_a_name_without_end_only_the_beginning_counts() -> None:
    assert organisation("cert", "a\u0301" * 100_000) is not None
    one, other = organisation("cert", "a" * 300), organisation("cert", "a" * 400)
    assert one is not None
    assert other is not None
    assert one.a_label == other.a_label


def test_what_no_a_label_can_hold_is_a_hash() -> None:
    found = organisation("regional", "例" * 100)
    assert found is not None
    assert found.a_label.startswith("regional:x-")
    assert organisation("regional", "例" * 99) != found
    assert parse_organisation(found.a_label) == Tld(found.a_label, found.a_label)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("cert:example-cert", "cert:example-cert"),
        ("CERT:Example-CERT,", "cert:example-cert"),
        ("csirt:example", "cert:example"),
        ("regional:example", "regional:example"),
        ("cert:xn--quipe-9ra", "cert:xn--quipe-9ra"),
        ("cert:équipe", "cert:xn--quipe-9ra"),
        ("cert:a--b", "cert:a-b"),
    ],
)
def test_a_label_is_read_in_every_spelling(text: str, label: str) -> None:
    found = parse_organisation(text)
    assert found is not None
    assert found.a_label == label


@pytest.mark.parametrize(
    "text", ["cert:", "tld:nl", ":nl", "cert:--", "cert:xn--zzzz-", "cert:" + "a" * 300, "nl"]
)
def test_what_is_no_label_is_none(text: str) -> None:
    assert parse_organisation(text) is None


def test_an_organisation_in_another_script_is_shown_with_both_labels() -> None:
    found = parse_organisation("cert:xn--quipe-9ra")
    assert found is not None
    assert found.shown == "équipe (cert:xn--quipe-9ra)"


@given(st.sampled_from(KINDS), st.text(max_size=120))
def test_every_label_is_short_and_reads_back_as_itself(kind: str, name: str) -> None:
    found = organisation(kind, name)
    if found is None:
        return
    slug = found.a_label.partition(":")[2]
    assert 0 < len(slug) <= MAX_OCTETS
    assert slug.isascii()
    again = parse_organisation(found.a_label)
    assert again is not None
    assert again.a_label == found.a_label
    assert kind_of(found.a_label) == kind


def test_a_seat_is_a_tld_or_an_organisation() -> None:
    assert parse_seat(".nl") == parse_tld("nl")
    assert parse_seat("cert:example") == Tld("cert:example", "cert:example")
    assert parse_seat("nonsense:example") is None


def test_the_kind_is_told_by_label_and_by_word() -> None:
    assert [kind_of(label) for label in ("nl", "cert:a", "regional:a", "other:a", "cert")] == [
        "",
        "cert",
        "regional",
        "",
        "",
    ]
    assert [kind_of_word(word) for word in ("cert", "CSIRT,", "Regional", "nl", "cert:a")] == [
        "cert",
        "cert",
        "regional",
        "",
        "",
    ]


def test_organisations_come_after_all_tlds_and_are_no_idn() -> None:
    nl, idn = Tld("nl", "nl"), Tld("xn--p1ai", "рф")
    cert = Tld("cert:example-cert", "Example CERT")
    assert sorted([cert, idn, nl], key=place) == [nl, idn, cert]
    assert not is_idn(cert)
    assert (cert.dotted, nl.dotted, idn.dotted) == (
        "Example CERT (cert:example-cert)",
        ".nl",
        ".рф (xn--p1ai)",
    )
    assert dotted("cert:example") == "cert:example"
