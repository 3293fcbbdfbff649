"""Tokens survive being copied by hand, and nothing but a token is read as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.token import read_token, token_digest, write_route, write_token

TOKEN = write_token(bytes(range(10)))


@given(st.binary(min_size=10, max_size=10))
def test_every_token_is_read_back_as_written(random: bytes) -> None:
    words = write_token(random)
    assert read_token(words) == words
    assert not set(words) & set("ILOU")


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_different_octets_make_different_tokens(one: bytes, other: bytes) -> None:
    assert (write_token(one) == write_token(other)) == (one == other)


@pytest.mark.parametrize("length", [0, 9, 11])
def test_token_of_another_length_is_a_mistake_of_ours(length: int) -> None:
    with pytest.raises(ValueError, match="10 octets"):
        write_token(bytes(length))


@pytest.mark.parametrize(
    "typed",
    [
        TOKEN.lower(),
        TOKEN.replace("-", ""),
        f"  {TOKEN}  ",
        f"<{TOKEN}>",
        f'"{TOKEN}".',
        f"*{TOKEN}*",
        TOKEN.replace("0", "O"),
        TOKEN.replace("1", "I"),
        TOKEN.replace("1", "l"),
    ],
)
def test_slips_of_typing_are_forgiven(typed: str) -> None:
    assert read_token(typed) == TOKEN


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nl",
        TOKEN[:-1],
        TOKEN + "A",
        TOKEN.replace("-", "--", 1),
        "U" + TOKEN[1:],
        "é" + TOKEN[1:],
        f"{TOKEN} x",
    ],
)
def test_what_is_no_token_is_not_read_as_one(typed: str) -> None:
    assert read_token(typed) is None


def test_digest_tells_nothing_and_differs() -> None:
    other = write_token(bytes(10))
    assert token_digest(TOKEN) != token_digest(other)
    assert len(token_digest(TOKEN)) == 64
    assert TOKEN not in token_digest(TOKEN)


def test_route_is_a_lower_case_word() -> None:
    assert write_route(bytes(8)) == "aaaaaaaaaaaaa"
    assert write_route(b"\xff" * 8).isalnum()
