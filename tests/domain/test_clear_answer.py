"""Whether the answer to a token stands alone at the top of a signed text."""

import pytest

from tldops_bot.domain.clear_answer import answers_token, is_clear
from tldops_bot.domain.grammar import read_commands
from tldops_bot.domain.request import VerbSpec

TOKEN = "7F3K-9QWX-2M4T-B8RD"
VOCABULARY = {verb: VerbSpec(verb) for verb in ("CONFIRM", "DECLINE", "QUERY", "ACK")}


def clear(text: str) -> bool:
    return is_clear(text, read_commands(text, VOCABULARY))


@pytest.mark.parametrize(
    "above",
    [
        "",
        "\r\n\r\n",
        "\ufeff",
        "\xa0\n",
        "Hi,\n",
        "Dear colleagues,\n\n",
        "> please confirm\n# a note\n",
        "List: tld-ops@lists.example\n",
    ],
)
def test_a_greeting_the_list_and_quoted_lines_say_nothing(above: str) -> None:
    assert clear(f"{above}CONFIRM {TOKEN}\n")


@pytest.mark.parametrize("above", ["No!", "Hi No", "Nein danke,", "Please do not:", "not me\n\n"])
def test_whatever_else_stands_above_it_may_be_a_no(above: str) -> None:
    assert not clear(f"{above}\nCONFIRM {TOKEN}\n")


def test_where_no_token_is_answered_anything_may_stand_above() -> None:
    assert clear("Well then:\nQUERY nl\n")
    assert clear("Well then:\nACK A-2026-0007\n")


def test_only_a_token_makes_it_an_answer() -> None:
    answer, other = read_commands(f"CONFIRM {TOKEN}\nCONFIRM maybe\n", VOCABULARY).requests
    assert answers_token(answer)
    assert not answers_token(other)
