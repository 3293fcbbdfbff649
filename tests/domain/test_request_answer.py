"""The answer to a token in an unsigned mail: the first line and nothing else, whatever stands below or was quoted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.grammar import read_answer
from tldops_bot.domain.request import Answer
from tldops_bot.domain.token import write_token

TOKEN = write_token(bytes(range(10)))


@pytest.mark.parametrize(
    "text",
    [
        f"CONFIRM {TOKEN}",
        f"\r\n\r\n  confirm {TOKEN.lower()}  \r\n",
        f"\ufeffConfirm {TOKEN}\n\nKind regards",
        f"\u200bCONFIRM\xa0{TOKEN}",
        f"CONFIRM <{TOKEN}>\n> DECLINE {TOKEN}",
        f"CONFIRM {TOKEN}\n\nOn Mon, 2 Mar 2026, TLD-OPS wrote:\n> CONFIRM {TOKEN}\n> DECLINE {TOKEN}",
        f"CONFIRM {TOKEN}\n\n-----Original Message-----\nFrom: TLD-OPS\nDECLINE {TOKEN}",
        f"CONFIRM {TOKEN}\n\nVon: TLD-OPS\nGesendet: Montag\nDECLINE {TOKEN}",
        f"CONFIRM {TOKEN}\n\nSent from my phone",
    ],
)
def test_first_line_is_the_answer_whatever_stands_below(text: str) -> None:
    assert read_answer(text) == Answer("CONFIRM", TOKEN)


def test_no_may_give_a_reason() -> None:
    assert read_answer(f"DECLINE {TOKEN} we do not know her") == Answer(
        "DECLINE", TOKEN, "we do not know her"
    )
    assert read_answer(f"object {TOKEN}, left in May") == Answer("OBJECT", TOKEN, "left in May")
    assert len(read_answer(f"DECLINE {TOKEN} " + "x" * 900).words) == 500


def test_seen_is_another_word_for_ack() -> None:
    assert read_answer(f"SEEN {TOKEN} on it") == Answer("ACK", TOKEN, "on it")


QUOTED = f"CONFIRM {TOKEN}\nDECLINE {TOKEN}"


@pytest.mark.parametrize(
    "top",
    [
        "No!",
        "NO",
        "No, we do not know this person.",
        "Who is this?",
        "I am out of office until Monday.",
        "Ich bin bis Montag nicht im Büro.",
        "Je suis absent jusqu'à lundi.",
        "Estoy fuera de la oficina.",
        "[#1234] Your request has been received",
        "-----Original Message-----",
        "________________________________",
        "From: TLD-OPS <tld-ops@lists.example>",
        "Von: TLD-OPS <tld-ops@lists.example>",
        "De : TLD-OPS <tld-ops@lists.example>",
        "On Mon, Mar 2, 2026 at 10:00 TLD-OPS <tld-ops@lists.example> wrote:",
        "Am 02.03.2026 um 10:00 schrieb TLD-OPS:",
        "Le lun. 2 mars 2026 à 10:00, TLD-OPS a écrit :",
        "El lun, 2 mar 2026 a las 10:00, TLD-OPS escribió:",
        "Op ma 2 mrt 2026 om 10:00 schreef TLD-OPS:",
        "> On 2 Mar 2026, at 10:00, TLD-OPS wrote:",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Get Outlook for Android",
        ">",
        ".",
    ],
)
@pytest.mark.parametrize("quote", ["", "> "])
def test_anything_above_a_quoted_question_is_no_answer(top: str, quote: str) -> None:
    quoted = "\n".join(quote + line for line in QUOTED.split("\n"))
    assert read_answer(f"{top}\n\n{quoted}") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CONFIRM",
        "CONFIRM nl",
        f"> CONFIRM {TOKEN}",
        f"CONFIRM {TOKEN} no",
        f"CONFIRM {TOKEN} DECLINE {TOKEN}",
        f"CONFIRM {TOKEN} ? I never asked for this",
        f"I CONFIRM {TOKEN}",
        f"CONFIRM\n{TOKEN}",
        f"CONFIRM: {TOKEN}",
        f"Do not CONFIRM {TOKEN}",
        TOKEN,
        f"UNSUBSCRIBE {TOKEN}",
        "-----\nwrite your answer above this line",
    ],
)
def test_a_line_that_is_not_the_whole_answer_is_none(text: str) -> None:
    assert read_answer(text) is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_raising(text: str) -> None:
    answer = read_answer(text)
    assert answer is None or answer.verb in ("CONFIRM", "DECLINE", "OBJECT", "ACK")


@given(
    st.text(max_size=80).filter(lambda text: text.replace("\ufeff", "").strip()),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_stands_first_a_quoted_confirm_below_is_never_taken(top: str, end: str) -> None:
    assert read_answer(f"{top}{end}{QUOTED}") is None
