"""What people wrote is printed so that it can't break a line, hide or turn round."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.plain_text import one_line, split_lines, wrapped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain  table", "plain  table"),
        ("a\r\nBcc: x", "a  Bcc: x"),
        ("a\x00b\x1b[2J", "a b [2J"),
        ("\u202egnp.exe", "gnp.exe"),
        ("zero\u200bwidth", "zerowidth"),
        ("half \ud83d", "half \ufffd"),
        ("line\u2028end", "line end"),
        ("latin\u200djoined", "latinjoined"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("می\u200c", "می"),
        ("Zoë", "Zoë"),
    ],
)
def test_nothing_breaks_a_line_hides_or_turns(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_lines_break_wherever_some_program_would_break_them() -> None:
    assert split_lines("a\r\nb\rc\x0bd\u2028e\x85f\n\n\n") == ["a", "b", "c", "d", "e", "f"]
    assert split_lines("\ta  ") == ["    a"]
    assert split_lines("") == []


def test_long_lines_are_wrapped_behind_their_prefix_and_urls_stay_whole() -> None:
    url = "https://registry.example/" + "x" * 80
    found = wrapped(["word " * 30, "", url], "> ")
    assert all(line.startswith(">") for line in found)
    assert f"> {url}" in found
    assert max(len(line) for line in found if url not in line) <= 76
    assert ">" in found


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert len(one_line(text).splitlines()) <= 1
