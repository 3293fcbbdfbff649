"""Which known word was meant: distances in letters, and no guess where none is near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.nearest import distance, nearest

VERBS = ("QUERY", "ROSTER", "ALERT", "ACK")
WORDS = st.text(st.characters(codec="ascii"), max_size=12)


@pytest.mark.parametrize(
    ("one", "other", "letters"),
    [
        ("query", "query", 0),
        ("qurey", "query", 1),
        ("quer", "query", 1),
        ("queryy", "query", 1),
        ("quary", "query", 1),
        ("", "ack", 3),
        ("kca", "ack", 2),
    ],
)
def test_distance_counts_letters_to_insert_delete_replace_or_swap(one: str, other: str, letters: int) -> None:
    assert distance(one, other) == letters


@pytest.mark.parametrize(
    ("word", "meant"),
    [("qurey", "QUERY"), ("Alret", "ALERT"), ("rooster", "ROSTER"), ("banana", ""), ("", ""), ("xy", "")],
)
def test_word_at_most_two_letters_away_is_meant(word: str, meant: str) -> None:
    assert nearest(word, VERBS) == meant


def test_short_word_is_not_near_everything() -> None:
    assert nearest("zz", ("ab",)) == ""
    assert nearest("zzz", ("ACK",)) == ""


def test_of_two_equally_near_the_first_wins() -> None:
    assert nearest("be", ("ba", "bo")) == "ba"


def test_endless_word_is_near_nothing() -> None:
    assert nearest("q" * 41, ("q" * 40,)) == ""
    assert nearest("q" * 40, ("q" * 39,)) == "q" * 39


@given(WORDS, WORDS)
def test_distance_is_the_same_both_ways_and_zero_only_for_the_same_word(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one) <= max(len(one), len(other))
    assert (distance(one, other) == 0) == (one == other)
