"""`Wake:` as it is written; a target stays within its place in a URL, whatever somebody wrote."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.wake import (
    MOST_TRIES,
    Wake,
    filled,
    is_gateway_name,
    is_safe_target,
    next_try,
    problem_of_url,
    read_wake,
    severities_below,
    takes_phone,
)

NOW = datetime(2026, 11, 21, 2, 47, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sms +44 20 7946 0456, high", Wake("sms", "+44 20 7946 0456", "high")),
        ("SMS  +44 20 7946 0456 ,CRITICAL", Wake("sms", "+44 20 7946 0456", "critical")),
        ("ntfy ann_at_night", Wake("ntfy", "ann_at_night", "high")),
        ("ntfy ann, low", Wake("ntfy", "ann", "low")),
    ],
)
def test_gateway_target_and_severity_are_read(text: str, expected: Wake) -> None:
    assert read_wake(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sms",
        "sms, high",
        "sms ,",
        "sms ann, loud",
        "none ann",
        "s?s ann",
        "5ms ann",
        ",",
    ],
)
def test_anything_else_is_not_guessed_at(text: str) -> None:
    assert read_wake(text) is None


def test_a_second_comma_stays_with_the_target_which_then_is_none() -> None:
    found = read_wake("ntfy ann, high, low")
    assert found is not None
    assert not is_safe_target(found.target)


@pytest.mark.parametrize("name", ["sms", "ntfy-2", "a"])
def test_short_small_words_are_gateways(name: str) -> None:
    assert is_gateway_name(name)


@pytest.mark.parametrize("name", ["", "none", "SMS", "s ms", "2sms", "sms\n", "x" * 32, "sms/../"])
def test_other_words_are_none(name: str) -> None:
    assert not is_gateway_name(name)


@pytest.mark.parametrize("text", ["ann", "ann_2", "ann.b-c@example.org", "447700900123", "x+y", "a" * 56])
def test_plain_words_are_targets(text: str) -> None:
    assert is_safe_target(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a/../b",
        "a/b",
        "a?to=b",
        "a&b",
        "a#b",
        "a%2Fb",
        "a b",
        "a\n",
        "{to}",
        "{phone}",
        "@ann",
        "-x",
        "a..b",
        *["http://evil.example", "a;b", "a\\b", "ànn", "a\x00", "a:b", "$(id)", "a" * 57, "a@", "+44"],
    ],
)
def test_nothing_with_a_meaning_of_its_own_is_a_target(text: str) -> None:
    assert not is_safe_target(text)


@given(st.text(max_size=40))
def test_no_target_changes_anything_of_a_url_but_its_own_place(target: str) -> None:
    target = target.encode("utf-8", "replace").decode()
    parts = urlsplit(filled("json://user:pass@gate.example:8080/wake/{to}/now?format=text", target))
    assert (parts.scheme, parts.netloc) == ("json", "user:pass@gate.example:8080")
    assert parts.query == "format=text"
    assert parts.fragment == ""
    assert parts.path.split("/")[:2] + parts.path.split("/")[3:] == ["", "wake", "now"]
    assert unquote(parts.path.split("/")[2]) == target


def test_a_target_in_the_query_stays_one_value() -> None:
    assert (
        filled("json://gate.example/?to={phone}", "+44&x=1#y") == "json://gate.example/?to=%2B44%26x%3D1%23y"
    )


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("json://gate.example/{to}", ""),
        ("json://gate.example/?to={phone}", ""),
        ("json://gate.example/", "must hold"),
        ("json://gate.example/{to}/{phone}", "must hold"),
        ("json://gate.example/{to}{to}", "must hold"),
        ("json://{to}/x", "behind the host"),
        ("json://{to}@gate.example/x", "behind the host"),
        ("{to}://gate.example/x", "not a URL"),
        ("gate.example/{to}", "not a URL"),
        ("json:///{to}", "not a URL"),
        ("json://[::1/{to}", "not a URL"),
        ("", "not a URL"),
    ],
)
def test_urls_of_gateways_are_looked_at(url: str, word: str) -> None:
    problem = problem_of_url(url)
    assert bool(problem) == bool(word)
    assert word in problem
    assert "gate.example" not in problem


def test_a_gateway_for_telephones_says_so() -> None:
    assert takes_phone("json://gate.example/{phone}")
    assert not takes_phone("json://gate.example/{to}")


def test_whoever_asked_for_less_is_woken_by_more() -> None:
    assert severities_below("high") == ("low", "medium", "high")
    assert severities_below("low") == ("low",)


def test_three_tries_within_ten_minutes() -> None:
    moments = [next_try(attempts, NOW) for attempts in range(MOST_TRIES + 1)]
    assert moments == [None, NOW + timedelta(minutes=1), NOW + timedelta(minutes=4), None]
    assert MOST_TRIES == 3
