"""The list's own address: which recipients are ours, and what tag they carry."""

import pytest

from tldops_bot.domain.list_address import ListAddress

LIST = ListAddress.parse("tld-ops@lists.example")


@pytest.mark.parametrize(
    ("rcpt", "tag"),
    [
        ("tld-ops@lists.example", ""),
        ("TLD-OPS@Lists.Example", ""),
        ("tld-ops+t.route1@lists.example", "t.route1"),
        ("TLD-Ops+B.12.ABC@LISTS.example", "b.12.abc"),
        ("tld-ops+a+b@lists.example", "a+b"),
    ],
)
def test_the_list_and_its_sub_addresses_are_ours_in_any_case(rcpt: str, tag: str) -> None:
    assert LIST.owns(rcpt)
    assert LIST.tag(rcpt) == tag


@pytest.mark.parametrize(
    "rcpt",
    [
        "",
        "tld-ops",
        "postmaster@lists.example",
        "tld-ops@evil.example",
        "tld-ops@lists.example.evil.example",
        "tld-ops@sub.lists.example",
        "tld-ops-request@lists.example",
        "tld-opsx@lists.example",
        "tld-ops+@lists.example",
        "x+tld-ops@lists.example",
        "tld-ops@lists.example@evil.example",
        "tld-op\u017f@lists.example",
        "tld-ops+\u212a@lists.example",
        "tld-ops@li\u017fts.example",
        "tld-ops+" + "x" * 57 + "@lists.example",
    ],
)
def test_anything_else_is_not_ours_and_has_no_tag(rcpt: str) -> None:
    assert not LIST.owns(rcpt)
    assert LIST.tag(rcpt) == ""


def test_a_delimiter_may_also_stand_in_the_lists_own_name() -> None:
    dashed = ListAddress.parse("tld-ops@lists.example", "-")
    assert dashed.tag("tld-ops-b.1.x@lists.example") == "b.1.x"
    assert dashed.owns("tld-ops@lists.example")
    assert not dashed.owns("tld-other@lists.example")


def test_a_tag_put_on_comes_off_again() -> None:
    assert LIST.address == "tld-ops@lists.example"
    assert LIST.with_tag("b.12.abc") == "tld-ops+b.12.abc@lists.example"
    assert LIST.tag(LIST.with_tag("b.12.abc")) == "b.12.abc"


def test_a_sub_address_ends_at_64_octets_before_the_at() -> None:
    assert len(LIST.with_tag("x" * 56).partition("@")[0]) == 64
    with pytest.raises(ValueError, match="64 octets"):
        LIST.with_tag("x" * 57)


@pytest.mark.parametrize("tag", ["", "a b", "a@b", "a>b", "a\r\nRCPT", "\u00e9", "a\x00b", 'a"b'])
def test_a_tag_that_would_break_an_address_is_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="not a tag"):
        LIST.with_tag(tag)


@pytest.mark.parametrize(
    "address", ["tld-ops", "@lists.example", "a@", "a@b@c", "t\u00e9@lists.example", "x" * 65 + "@a"]
)
def test_what_is_no_list_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="list address"):
        ListAddress.parse(address)


def test_the_delimiter_is_one_character() -> None:
    with pytest.raises(ValueError, match="delimiter"):
        ListAddress.parse("tld-ops@lists.example", "")
