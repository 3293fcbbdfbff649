"""A word for each copy that only we can make."""

import pytest

from tldops_bot.domain.token import read_token
from tldops_bot.mail import seen_token

KEYS = [b"one" * 11, b"two" * 11]


@pytest.mark.parametrize("number", [1, 17, 4_294_967_295])
def test_word_comes_back_to_its_delivery_also_by_the_former_key(number: int) -> None:
    word = seen_token.make(number, KEYS)
    assert read_token(word) == word
    assert seen_token.read(word, KEYS) == number
    assert seen_token.read(word, KEYS[::-1]) == number
    assert seen_token.read(word, KEYS[1:]) is None
    assert seen_token.read(word, []) is None


def test_words_of_neighbours_are_nothing_alike() -> None:
    assert len({seen_token.make(number, KEYS)[-11:] for number in range(1, 200)}) == 199


def test_word_of_one_does_not_do_for_another() -> None:
    one, other = (seen_token.make(number, KEYS) for number in (1, 2))
    assert seen_token.read(other[:9] + one[9:], KEYS) is None
    assert seen_token.read(one[:-1] + ("0" if one[-1] != "0" else "1"), KEYS) is None
