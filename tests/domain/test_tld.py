"""What a TLD and a region are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.labels import fold, to_a_label, to_u_label
from tldops_bot.domain.tld import REGIONS, Tld, parse_region, parse_tld

NL = Tld("nl", "nl")
RF = Tld("xn--p1ai", "рф")


@pytest.mark.parametrize(
    "text", ["nl", ".nl", "NL", "Nl", " nl ", "nl.", "\tnl", "\u3002nl", "\u200enl\u200e"]
)
def test_a_plain_tld_is_read_in_every_spelling(text: str) -> None:
    assert parse_tld(text) == NL


@pytest.mark.parametrize("text", ["рф", "РФ", ".рф", "Рф", "xn--p1ai", "XN--P1AI", ".xn--p1ai", "\u200f.рф"])
def test_an_idn_tld_is_read_in_every_spelling(text: str) -> None:
    assert parse_tld(text) == RF


def test_right_to_left_marks_around_a_copied_name_do_not_count() -> None:
    assert parse_tld("\u200fسورية\u200f") == Tld("xn--ogbpf8fl", "سورية")
    assert parse_tld(".\u200fسورية\u200e") == Tld("xn--ogbpf8fl", "سورية")


def test_composed_and_decomposed_spellings_are_one_name() -> None:
    assert parse_tld("e\u0301t\u00e9") == parse_tld("\u00e9te\u0301") == Tld("xn--t-9fab", "\u00e9t\u00e9")


def test_an_idn_is_never_shown_without_its_a_label() -> None:
    assert NL.shown == "nl"
    assert RF.shown == "рф (xn--p1ai)"


def test_labels_of_several_scripts_are_read_but_keep_their_own_a_label() -> None:
    lookalike = parse_tld("рa")  # Cyrillic er, Latin a
    assert lookalike is not None
    assert lookalike.a_label.startswith("xn--")
    assert lookalike.a_label != "pa"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "..",
        "..nl",
        "nl..",
        "n",  # no TLD has one letter
        "n1",  # RFC 1123 section 2.1: a TLD is alphabetic
        "12",
        "n-l",
        "-nl",
        "nl-",
        "co.uk",
        "nl be",
        "nl,be",
        "nl\n",
        "nl\x00",
        "n\u202el",
        "nl@example",
        "nl;rm",
        "n\u200bl",
        "a" * 64,
        "я" * 62,  # more than 63 octets once encoded
        "я" * 100_000,
        "x" * 100_000,
        "\u0301я",  # begins with a combining mark
        "-я",
        "я-",
        "яя--я",
        "я\u200dя",  # an invisible joiner where no script needs one
        "я·я",
        "☃",
        "😀",
        "\ud800",
        "xn--",
        "xn--nl-",  # decodes to plain ASCII: another spelling of nl
        "xn--p1ai-",
        "xn--\u0440\u0444",
        "xn--99999999999",
        "xn--a",
        "xn--P1АI",  # a Cyrillic A inside
        "xn--" + "a" * 60,
        "XN--" + "\u0440\u0424".encode("punycode").decode(),  # decodes to capitals
        "xn--" + "e\u0301я".encode("punycode").decode(),  # decodes to something that is not NFC
        "xn--" + "\u200f\u0440".encode("punycode").decode(),
        "xn--" + "☃".encode("punycode").decode(),
        "xn--n3h",
    ],
)
def test_what_can_not_be_a_tld_is_none(text: str) -> None:
    assert parse_tld(text) is None


def test_a_joiner_stands_where_its_script_needs_it() -> None:
    assert to_a_label("ශ්\u200dරී") == "xn--10cl1a0b660p"
    assert to_a_label("\u200dශ") is None


def test_the_catalan_dot_stands_between_two_l() -> None:
    assert to_a_label("col·lega") == "xn--collega-xma"
    assert to_a_label("co·lega") is None
    assert to_a_label("·lega") is None
    assert to_a_label("legal·") is None


def test_a_label_with_a_sharp_s_keeps_it() -> None:
    assert to_a_label("straße") == "xn--strae-oqa"
    assert to_u_label("xn--strae-oqa") == "straße"


def test_a_u_label_asked_of_what_is_no_label_is_none() -> None:
    assert to_u_label("a_b") is None
    assert to_u_label("a" * 64) is None
    assert to_u_label("nic") == "nic"


@given(st.text(max_size=80))
def test_every_tld_read_is_its_own_only_spelling(text: str) -> None:
    tld = parse_tld(text)
    if tld is not None:
        assert parse_tld(tld.a_label) == parse_tld(tld.u_label) == tld
        assert len(tld.a_label) <= 63
        assert tld.a_label.isascii()
        assert fold(tld.u_label) == tld.u_label


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-", max_size=59))
def test_no_a_label_breaks_the_reader(rest: str) -> None:
    tld = parse_tld("xn--" + rest)
    assert tld is None or tld.a_label == "xn--" + rest


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AF", "AF"),
        ("af", "AF"),
        ("AP", "AP"),
        ("AS", "AP"),
        ("EU", "EU"),
        ("eur", "EU"),
        ("LAC", "LAC"),
        ("LA", "LAC"),
        ("NA", "NA"),
        (" na ", "NA"),
        ("Africa", "AF"),
        ("Europe", "EU"),
        ("Asia", "AP"),
        ("Asia/Pacific", "AP"),
        ("Asia, Australia and Pacific", "AP"),
        ("Asia/Australia/Pacific", "AP"),
        ("Latin America", "LAC"),
        ("Latin America and the Caribbean", "LAC"),
        ("Latin America/Caribbean", "LAC"),
        ("north america", "NA"),
    ],
)
def test_regions_are_read_by_code_and_by_name(text: str, code: str) -> None:
    assert parse_region(text) == code


@pytest.mark.parametrize("text", ["", "XX", "nl", "EUROPA", "1", "A F", "all", "E" * 1000])
def test_other_words_are_no_region(text: str) -> None:
    assert parse_region(text) is None


def test_the_name_of_each_region_is_read() -> None:
    assert {code: parse_region(name) for code, name in REGIONS.items()} == {code: code for code in REGIONS}
