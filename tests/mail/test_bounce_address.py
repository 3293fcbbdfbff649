"""Bounce addresses: nobody but us can make one, and they survive what relays do to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.list_address import ListAddress
from tldops_bot.mail import bounce_address

HOME = ListAddress("tld-ops", "lists.example")
OLD, NEW = b"old key", b"new key"


def test_it_has_the_form_that_others_rely_on() -> None:
    made = bounce_address.make(HOME, 1234, (NEW,))
    local, _, domain = made.partition("@")
    head, proof = local.rsplit(".", 1)
    assert (head, domain) == ("tld-ops+b.1234", "lists.example")
    assert len(proof) == 16  # 80 bits in base32
    assert set(proof) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert len(local) <= 64


@given(st.integers(min_value=1, max_value=10**17))
def test_what_we_make_we_can_read(delivery_id: int) -> None:
    made = bounce_address.make(HOME, delivery_id, (NEW,))
    assert bounce_address.read(HOME, made, (NEW, OLD)) == delivery_id
    assert bounce_address.read(HOME, made.upper(), (NEW, OLD)) == delivery_id


def test_the_key_before_is_still_good_and_the_one_before_that_is_not() -> None:
    made = bounce_address.make(HOME, 7, (OLD,))
    assert bounce_address.read(HOME, made, (NEW, OLD)) == 7
    assert bounce_address.read(HOME, made, (NEW, b"another")) is None


def test_a_proof_is_worth_nothing_for_another_delivery() -> None:
    made = bounce_address.make(HOME, 7, (NEW,))
    assert bounce_address.read(HOME, made.replace("+b.7.", "+b.8."), (NEW,)) is None


@pytest.mark.parametrize(
    "address",
    ["tld-ops@lists.example", "tld-ops+t.7.aaaaaaaaaaaaaaaa@lists.example", "tld-ops+b.7@lists.example",
     "tld-ops+b.07.aaaaaaaaaaaaaaaa@lists.example", "tld-ops+b.-7.aaaaaaaaaaaaaaaa@lists.example",
     "tld-ops+b.7.aaaaaaaaaaaaaaaa.x@lists.example", "x+b.7.aaaaaaaaaaaaaaaa@lists.example",
     "tld-ops+b.٧.aaaaaaaaaaaaaaaa@lists.example", "tld-ops+b.7.aaaaaaaaaaaaaaaa@other.example"],
)  # fmt: skip
def test_other_addresses_are_about_no_delivery(address: str) -> None:
    assert bounce_address.read(HOME, address, (NEW,)) is None


def test_a_list_address_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="64 octets"):
        bounce_address.make(ListAddress("l" * 50, "lists.example"), 1, (NEW,))
