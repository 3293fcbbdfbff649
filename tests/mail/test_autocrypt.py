"""The Autocrypt header is a hint: of several, of another's, of a broken one nothing is taken."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.mail.autocrypt import MAX_HEADER_CHARS, hint
from tldops_bot.mail.headers import Headers, split_entity

ANN = "ann@nic.example"
KEY = b"\x99 octets of a key"
DATA = base64.b64encode(KEY).decode()


def of(*values: str, author: str | None = ANN) -> bytes:
    return hint(Headers(tuple(("autocrypt", value) for value in values)), author)


@pytest.mark.parametrize(
    "value",
    [
        f"addr={ANN}; keydata={DATA}",
        f"addr={ANN}; prefer-encrypt=mutual; keydata={DATA}",
        f"addr=Ann@NIC.example; _later=whatever; keydata={DATA[:8]} {DATA[8:]}",
        f"addr={ANN};keydata={DATA};",
    ],
)
def test_the_key_of_the_author_is_taken(value: str) -> None:
    assert of(value) == KEY


def test_a_folded_header_is_put_together() -> None:
    headers, _ = split_entity(
        f"Autocrypt: addr={ANN}; keydata=\r\n {DATA[:8]}\r\n {DATA[8:]}\r\n\r\n".encode()
    )
    assert hint(headers, ANN) == KEY


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"addr=bob@nic.example; keydata={DATA}",
        f"keydata={DATA}",
        f"addr={ANN}",
        f"addr={ANN}; keydata=%%%",
        f"addr={ANN}; keydata={DATA}; critical=yes",
        f"addr={ANN}; addr=bob@nic.example; keydata={DATA}",
        f"addr={ANN}; nonsense; keydata={DATA}",
        f"addr={ANN}; keydata={'A' * MAX_HEADER_CHARS}",
    ],
)
def test_of_any_other_header_nothing_is_taken(value: str) -> None:
    assert of(value) == b""


def test_of_several_headers_none_is_taken() -> None:
    good = f"addr={ANN}; keydata={DATA}"
    assert of(good, good) == b""
    assert of(good, "addr=bob@nic.example") == b""


def test_without_one_author_nothing_is_taken() -> None:
    assert of(f"addr={ANN}; keydata={DATA}", author=None) == b""


@given(st.text(max_size=200))
def test_it_never_raises(value: str) -> None:
    assert isinstance(of(value), bytes)
