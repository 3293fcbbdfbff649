"""Where keys are published."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.key_discovery import (
    Z_BASE_32,
    openpgpkey_name,
    web_key_name,
    web_keys,
    z_base_32,
)


def test_the_example_of_the_draft() -> None:
    advanced, direct = web_keys("Joe.Doe@Example.ORG")
    name = "iy9q119eutrkn8s1mk4r39qejnbu3n5q"
    assert advanced.host == "openpgpkey.example.org"
    assert advanced.path == f"/.well-known/openpgpkey/example.org/hu/{name}?l=Joe.Doe"
    assert direct.host == "example.org"
    assert direct.path == f"/.well-known/openpgpkey/hu/{name}?l=Joe.Doe"


def test_the_example_of_rfc_7929() -> None:
    expected = "c93f1e400f26708f98cb19d936620da35eec8f72e57f9eec01c1afd6"
    assert openpgpkey_name("hugh@example.com") == f"{expected}._openpgpkey.example.com"


def test_case_counts_in_the_dns_and_not_on_the_web() -> None:
    assert openpgpkey_name("Hugh@example.com") != openpgpkey_name("hugh@example.com")
    assert web_key_name("Hugh") == web_key_name("hugh")


@pytest.mark.parametrize("local", ["a/../../etc", "a?l=b&c", "a#b", "a%2e", "x{y}"])
def test_no_local_part_leaves_its_place_in_the_path(local: str) -> None:
    for place in web_keys(f"{local}@nic.example"):
        path, _, query = place.path.partition("?")
        assert path.rpartition("/hu/")[2] == web_key_name(local)
        assert not set(query.removeprefix("l=")) & set("/?#&{} ")


@pytest.mark.parametrize(
    "text", ["", "nobody", "a@b", "a@nic.example\r\nHost: evil.example", "a b@nic.example"]
)
def test_what_is_no_address_is_published_nowhere(text: str) -> None:
    assert web_keys(text) == ()
    assert openpgpkey_name(text) == ""


def test_idn_domains_are_asked_for_as_a_labels() -> None:
    assert web_keys("ann@почта.рф")[1].host == "xn--80a1acny.xn--p1ai"


@given(st.binary(max_size=40))
def test_z_base_32_holds_every_bit(octets: bytes) -> None:
    written = z_base_32(octets)
    bits = "".join(f"{Z_BASE_32.index(char):05b}" for char in written)
    assert bytes(int(bits[at : at + 8], 2) for at in range(0, len(octets) * 8, 8)) == octets
    assert set(bits[len(octets) * 8 :]) <= {"0"}
