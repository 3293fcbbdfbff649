"""People name their language as they like; only languages there are templates for are theirs to have."""

import pytest

from tldops_bot.domain.language import is_language_code, read_language

OFFERED = ("en", "fr")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("fr", "fr"),
        (" FR ", "fr"),
        ("fr-CA", "fr"),
        ("fr_BE.UTF-8", "fr"),
        ("French", "fr"),
        ("français", "fr"),
        ("FRANC\u0327AIS", "fr"),
        ("English", "en"),
        ("anglais", "en"),
        ("de", ""),
        ("Klingon", ""),
        ("", ""),
        ("../fr", ""),
        ("fr/../en", ""),
        ("-", ""),
        ("fr\nen", ""),
    ],
)
def test_a_language_is_read_however_it_is_named(written: str, code: str) -> None:
    assert read_language(written, OFFERED) == code


def test_a_language_that_is_not_offered_is_none() -> None:
    assert read_language("French", ("en",)) == ""


@pytest.mark.parametrize(
    ("word", "is_one"), [("fr", True), ("ack", False), ("f", False), ("FR", False), ("..", False)]
)
def test_a_code_is_two_small_letters_so_that_no_folder_is_taken_for_one(word: str, is_one: bool) -> None:
    assert is_language_code(word) is is_one
