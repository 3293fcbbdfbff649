"""The French templates say what the English ones say: each is there, with the same values, commands and tokens."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest
from jinja2 import meta

from tests.template_values import (
    ALERT,
    AT,
    FRAGMENTS,
    LIST,
    TOKEN,
    Values,
    fragments,
    letters,
    shown,
    speaking,
)
from tests.test_templates import LIST_LINE, check_unharmed, spoilt
from tldops_bot.commands._all import COMMANDS, VOCABULARY
from tldops_bot.commands._details import record_of
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.alert_reach import CALLED, FAILED, REACHED, REPORTED_AFTER, SEEN, WAITING, Call
from tldops_bot.domain.call_sheet import SheetContact, SheetLine
from tldops_bot.domain.durations import say_duration
from tldops_bot.domain.freshness import since_words
from tldops_bot.domain.grammar import read_commands
from tldops_bot.domain.token import ANSWER_LINE
from tldops_bot.mail import render
from tldops_bot.mail.render import environment
from tldops_bot.mail.template_check import files_of
from tldops_bot.roster.call_sheet import text_lines
from tldops_bot.store.tables import Person

OURS = shipped("templates")
FRENCH, ENGLISH = speaking("fr"), speaking("en")
WIDTH = 76
TITLE = str(ALERT["title"])


def in_english() -> list[str]:
    return [name for name in files_of(OURS) if not name.startswith("fr/")]


@cache
def texts(language: str) -> tuple[tuple[str, str], ...]:
    """Every text with each set of its sample values."""
    renderer = FRENCH if language == "fr" else ENGLISH
    mails = []
    for name, values in letters(renderer):
        mail = renderer.render(name, values)
        mails.append((name, f"Subject: {mail.subject}\n\n{mail.body}"))
    return tuple(mails + [(name, str(renderer.fragment(name, values))) for name, values in fragments()])


def pairs() -> Iterator[tuple[str, str, str]]:
    """Each text in both languages."""
    for (name, french), (same, english) in zip(texts("fr"), texts("en"), strict=True):
        assert name == same
        yield name, french, english


def test_each_template_is_there_in_french_and_no_other() -> None:
    french = {name.removeprefix("fr/") for name in files_of(OURS) if name.startswith("fr/")}
    assert set(in_english()) - french == set()
    alone = french - set(
        in_english()
    )  # what English texts have no need of: words that the program hands over
    assert [name for name in alone if not name.split("/")[-1].startswith("_")] == []


def test_what_english_says_french_says_too() -> None:
    """It may need more of the values given, for the gender of a word."""
    jinja = environment([OURS])
    for name in in_english():
        used = [
            meta.find_undeclared_variables(jinja.parse((OURS / one).read_text()))
            for one in (name, f"fr/{name}")
        ]
        assert used[0] <= used[1], name


def test_no_line_is_wider_than_76_columns() -> None:
    wide = [(name, line) for name, text in texts("fr") for line in text.split("\n") if len(line) > WIDTH]
    assert [(name, line) for name, line in wide if not line.startswith("Subject:")] == []


def test_no_text_has_loose_ends() -> None:
    for name, text in texts("fr"):
        assert "\n\n\n" not in text, name
        assert "None" not in text, name
        assert not re.search(r"[{}]|Undefined|timedelta|\(\)", text), name
        assert all(line == line.rstrip() for line in text.split("\n")), name


ENGLISH_WORDS = re.compile(
    r"\b(the|and|you|your|with|this|that|are|was|were|has|have|had|will|send|mail|there|been|from|which"
    r"|by|of|is|not|to|for|it|if|our|we)\b",
    re.IGNORECASE,
)
NOT_OURS = re.compile(  # what somebody wrote, what stays in every language, and the lines of tables
    rf"(?m)^\s*>.*$|\"[^\"]*\"|« [^»]* »|{re.escape(ANSWER_LINE)}|{re.escape(TITLE)}|MAIL FAILS|SUCCESS: my mail"
    r"|\S+@\S+|^ *ccTLDs .*$|^ +\S+\.txt\.j2[,:] .*$|\.is\b|\b[A-Z][A-Za-z-]+:|« From »|Reply-To"
)


def test_no_english_is_left() -> None:
    """The commonest words of English, in what is ours to say."""
    for name, text in texts("fr"):
        found = [line for line in NOT_OURS.sub("", text).split("\n") if ENGLISH_WORDS.search(line)]
        assert found == [], name


def told(text: str) -> list[tuple[str, ...]]:
    """The commands a text shows, each at the beginning of a paragraph: the verb and what it is about."""
    lines = text.split("\n")
    shown_ = [two for one, two in zip(["", *lines], lines, strict=False) if not one]
    words = [tuple(line.split()[:2]) for line in shown_ if line]
    return [pair for pair in words if pair[0] in COMMANDS and all(map(_is_named, pair))]


def _is_named(word: str) -> bool:
    """What a command names, and no word of a sentence that begins with a command's."""
    return bool(re.fullmatch(r"[A-Z0-9@.-]+|nl|be|example|\S+@\S+|xn--\S+", word))


def test_both_languages_show_the_same_commands() -> None:
    assert sum(bool(told(english)) for _, _, english in pairs()) > 100
    for name, french, english in pairs():
        assert told(french) == told(english), name


def test_both_languages_have_the_same_tokens_addresses_and_numbers() -> None:
    facts = rf"{TOKEN}|[\w.+-]+@[\w.-]+\w|[AR]-[0-9-]+|\d{{4}}-\d\d-\d\d|https?://\S+|(?m:^gpg -.*|^tldops-bot .*)"
    for name, french, english in pairs():
        french = french.replace("son.adresse@", "their.address@")
        assert set(re.findall(facts, french)) == set(re.findall(facts, english)), name


def test_a_question_begins_with_the_answer_line_in_every_language() -> None:
    for name, values in letters(FRENCH):
        if "token" in values:
            body = FRENCH.render(name, values).body
            assert body.startswith(f"{ANSWER_LINE}\n\n(Écrivez votre réponse au-dessus de cette ligne.)\n"), (
                name
            )


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_example_can_be_pasted(verb: str) -> None:
    text = str(FRENCH.fragment("help/one", {"command": shown(verb)}))
    read = read_commands(text.split("exemple :\n\n", 1)[1], VOCABULARY)
    assert read.problems == ()
    assert [one.verb for one in read.requests] == [verb]
    if COMMANDS[verb].changes:
        assert read.lists_named == (LIST.address,)


def test_every_text_that_shows_a_changing_command_shows_the_list_line() -> None:
    changing = "|".join(verb for verb, one in COMMANDS.items() if one.changes)
    for name, text in texts("fr"):
        if name != "refusals/bad_arguments" and re.search(rf"(?m)^({changing})(?= |$)", text):
            assert LIST_LINE in text.split("\n"), name


def test_no_value_forges_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is wrapped here: what a wrapped line begins with is chance, what a value breaks is not."""
    monkeypatch.setattr(render, "wrapped", lambda lines, prefix="": [prefix + line for line in lines])
    for name, values in fragments():
        check_unharmed(name, str(FRENCH.fragment(name, spoilt(values))))
    for name, values in letters(FRENCH):
        mail = FRENCH.render(name, spoilt(values))
        check_unharmed(name, mail.subject + "\n" + mail.body)


def test_the_subject_of_an_alert_is_plain_so_that_what_a_phone_sends_back_can_stand_at_its_end() -> None:
    for name, values in letters(FRENCH):
        if name in ("letters/alert", "letters/alert_update", "letters/alert_closed"):
            assert FRENCH.render(name, values).subject.isascii(), name


def test_the_words_of_the_contract_stay() -> None:
    subjects = [FRENCH.render("letters/alert", values).subject for values in _samples("letters/alert")]
    assert subjects == ["[TLP:AMBER] A-2026-0007", "[TLP:AMBER+STRICT] EXERCISE A-2026-0007"]


def _samples(name: str) -> list[Values]:
    assert name not in FRAGMENTS
    return [dict(values) for one, values in letters(FRENCH) if one == name]


# --- words that the program hands over


WHOLE = Person(
    name="Ann Example",
    email="ann@nic.example",
    emergency_email="ann@home.example",
    phone="1",
    mobile="1",
    fax="1",
    postal="1",
    organisation="1",
    timezone="UTC",
    language="fr",
    roster_files="vcf",
)
HANDED_OVER = {
    *(since_words(AT - months * timedelta(days=30), AT) for months in (0, 1, 2, 14)),
    since_words(None, AT),
    *(say_duration(length) for length in REPORTED_AFTER),
    *("low", "medium", "high", "critical"),
    *("administrative", "technical", "IANA administrative contact", "IANA technical contact"),
    *(
        "our committee",
        "the committee",
        "the operator",
        "the secretariat",
        "the clock",
        "committee",
        "secretariat",
    ),
    *("an objection was made", "an IANA contact said no", "the entry has ended", "restored"),
    *("removed by a contact of the TLD", "removed by an IANA contact of the TLD"),
    *("no usable key", "stopped", "mailbox refused or bounced", SEEN, REACHED, WAITING, FAILED, CALLED),
    *(label for label, _ in record_of(WHOLE)),
}


@pytest.mark.parametrize("word", sorted(HANDED_OVER - {"Organisation", "5 minutes"}))
def test_a_word_that_the_program_hands_over_has_its_french(word: str) -> None:
    said = environment([OURS], "fr").from_string('{% from "_words.txt.j2" import said %}{{ said(word) }}')
    assert said.render(word=word) != word


def test_a_call_sheet_has_no_english_line() -> None:
    person = SheetContact("Zoé", "Exemple", (("Mobile", "+1"), ("Phone", "+2")), ("UTC+05:30", "UTC-11:00"))
    woken = replace(person, zones=("UTC",), note="woken by sms at 02:10 UTC, has not answered")
    asleep = replace(person, zones=(), note="could not be woken by sms")
    calls = tuple(Call("nl", reached, "Zoé", AT, "non") for reached in (True, False))
    states = ((REACHED, ""), (WAITING, ""), (FAILED, "no usable key"), (FAILED, "mailbox refused or bounced"))
    sheet = [
        SheetLine("nl", "", "EU", state, why, (person, woken, asleep), calls, caller="Zoé")
        for state, why in (*states, (FAILED, "stopped"))
    ]
    values = {"id": "A-1", "is_exercise": False, "sheet": text_lines(sheet, AT)}
    said = str(FRENCH.fragment("jobs/_sheet", values)).split("tableur.", 1)[1]
    english = r"silent|reached|called|waiting|failed|usable|bounced|stopped|There|Phone|Mobile|Caller|woken|night| to "
    assert [line for line in said.split("\n") if re.search(english, line)] == []
    assert [line for line in said.split("\n") if len(line) > WIDTH] == []
