"""What is wrong with templates that replace ours is found before a mail is to be written with them."""

from pathlib import Path

import pytest

from tldops_bot.config.shipped import shipped
from tldops_bot.mail.template_check import Flaw, flaws

OURS = shipped("templates")
LANGUAGES = ("en", "fr")


def found(folder: Path, **files: str) -> list[str]:
    """What is said of files, named with __ for a folder."""
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.txt.j2"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [f"{one.file}: {one.words}" for one in flaws(folder, OURS, LANGUAGES)]


def test_what_is_shipped_has_no_flaw() -> None:
    assert flaws(None, OURS, LANGUAGES) == []


def test_our_own_templates_as_the_operator_s_have_no_flaw() -> None:
    assert flaws(OURS, OURS, LANGUAGES) == []


def test_a_language_tells_what_it_lacks() -> None:
    lacking = flaws(None, OURS, ("en", "de"))
    assert Flaw("de/letters/vouch.txt.j2", "missing; English stands in for it") in lacking
    assert len(lacking) == len(flaws(None, OURS, ("en", "it"))) > 200


def test_what_the_operator_says_fills_a_language_up(tmp_path: Path) -> None:
    (tmp_path / "de/ack").mkdir(parents=True)
    (tmp_path / "de/ack/seen.txt.j2").write_text("Danke: {{ id }}\n")
    names = [one.file for one in flaws(tmp_path, OURS, ("de",))]
    assert "de/ack/seen.txt.j2" not in names
    assert "de/ack/_other.txt.j2" not in names
    assert "de/close/closed.txt.j2" in names


def test_good_ones_are_left_alone(tmp_path: Path) -> None:
    assert (
        found(
            tmp_path,
            ack__seen="Thanks, {{ id }} at {{ list.name }}\n",
            letters__iana_silent='{% extends "_mail.txt.j2" %}{% block subject %}x{% endblock %}'
            '{% from "_mine.txt.j2" import greet %}{% block body %}{{ greet(server) }}{% endblock %}',
            _mine="{% macro greet(who) %}Hi {{ who }}{% endmacro %}",
            wake__alert="{{ id }}{% if is_exercise %} E{% endif %}\n",
        )
        == []
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("ack/seen.txt.j2", "{{ id }", "ack/seen.txt.j2: line 1: "),
        ("ack/seen.txt.j2", "a\n{{ id | shout }}", "ack/seen.txt.j2: line 2: No filter named 'shout'."),
        (
            "ack/seen.txt.j2",
            "{{ idd }}",
            "ack/seen.txt.j2: uses idd, which it is not given; did you mean id?",
        ),
        ("ack/seen.txt.j2", "{{ person }}", "ack/seen.txt.j2: uses person, which it is not given"),
        ("ack/sen.txt.j2", "x", "ack/sen.txt.j2: replaces no template; did you mean ack/seen.txt.j2?"),
        ("quite/elsewhere.txt.j2", "x", "quite/elsewhere.txt.j2: replaces no template"),
        ("_of_mine.txt.j2", "x", "_of_mine.txt.j2: replaces no template"),
        ("ack/seen.txt", "x", "ack/seen.txt: is no template: their names end in .txt.j2"),
        ("de/ack/seen.txt.j2", "x", 'de/ack/seen.txt.j2: "de" is not among templates.languages'),
        ("fr/ack/sen.txt.j2", "x", "fr/ack/sen.txt.j2: replaces no template; did you mean ack/seen.txt.j2?"),
        (
            "ack/seen.txt.j2",
            '{% include "ack/more.txt.j2" %}',
            "ack/seen.txt.j2: is made of ack/more.txt.j2, which is not there, or broken",
        ),
        (
            "ack/seen.txt.j2",
            '{% from "_show.txt.j2" import tld, tdl %}',
            "ack/seen.txt.j2: line 1: _show.txt.j2 has no tdl",
        ),
        (
            "ack/seen.txt.j2",
            '{% from "_show.txt.j2" import tld as shown, tdl as x %}',
            "ack/seen.txt.j2: line 1: _show.txt.j2 has no tdl",
        ),
        (
            "letters/iana_silent.txt.j2",
            '{% extends "_mail.txt.j2" %}\n{% block boddy %}x{% endblock %}',
            "letters/iana_silent.txt.j2: line 2: its frame has no block boddy, so nobody would read it",
        ),
        (
            "letters/iana_silent.txt.j2",
            "Dear operator, look at {{ server }}",
            "letters/iana_silent.txt.j2: the first line must be `Subject: …`, the second blank, then the text",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(tmp_path: Path, name: str, text: str, said: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    (only,) = [f"{one.file}: {one.words}" for one in flaws(tmp_path, OURS, LANGUAGES)]
    assert only.startswith(said)
    assert only == said or said.endswith(": ")


def test_a_name_that_is_reckoned_at_run_time_is_nobody_s_flaw(tmp_path: Path) -> None:
    assert found(tmp_path, ack__seen="{% include id %}{% from id import x %}") == []


def test_octets_that_are_no_text_are_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "ack").mkdir()
    (tmp_path / "ack/seen.txt.j2").write_bytes(b"\xff\xfe")
    (only,) = flaws(tmp_path, OURS, LANGUAGES)
    assert only.words == "can't be read: it must be text in UTF-8"


def test_hidden_files_are_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("x")
    (tmp_path / ".seen.txt.j2.swp").write_text("x")
    assert flaws(tmp_path, OURS, LANGUAGES) == []


def test_a_french_one_is_checked_among_the_french(tmp_path: Path) -> None:
    text = '{% from "_words.txt.j2" import said %}{{ said(id) }}'
    assert found(tmp_path, fr__ack__seen=text) == []
    (only,) = found(tmp_path, ack__seen=text)
    assert only == "ack/seen.txt.j2: is made of _words.txt.j2, which is not there, or broken"
