"""Templates and their values: what people write can't forge what we write."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.config.settings import ListSettings
from tldops_bot.config.shipped import shipped
from tldops_bot.domain.tld import parse_tld
from tldops_bot.mail.render import Renderer, TemplateProblem

LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def body_of(folder: Path, text: str, /, **values: object) -> str:
    """The body that `text` makes, without the frame."""
    (folder / "plain.txt.j2").write_text(f"Subject: a\n\n{text}\n")
    return Renderer([folder], LIST).render("plain", values).body


def test_the_first_line_is_the_subject_and_the_rest_the_body(folder: Path) -> None:
    (folder / "a").mkdir()
    (folder / "a" / "b.txt.j2").write_text("Subject: About {{ name }}\n\nDear {{ name }},\n\n\n\nbye  \n\n")
    rendered = Renderer([folder], LIST).render("a/b", {"name": "Ann"})
    assert rendered.subject == "About Ann"
    assert rendered.body == "Dear Ann,\n\nbye\n"


def test_a_fragment_is_a_few_lines_and_never_nothing(folder: Path) -> None:
    (folder / "few.txt.j2").write_text("a {{ word }}\n\n")
    (folder / "none.txt.j2").write_text("{% if word == 'b' %}b{% endif %}\n")
    renderer = Renderer([folder], LIST)
    assert renderer.fragment("few", {"word": "c"}) == "a c"
    with pytest.raises(TemplateProblem, match="says nothing"):
        renderer.fragment("none", {"word": "c"})


def test_the_operators_template_wins_over_the_shipped_one(folder: Path) -> None:
    (folder / "jobs").mkdir()
    (folder / "jobs" / "alert_waiting.txt.j2").write_text("Subject: ours\n\n{{ alert_id }}\n")
    mine = Renderer([folder, shipped("templates")], LIST).render("jobs/alert_waiting", {"alert_id": "A-1"})
    assert mine.subject == "ours"


@pytest.mark.parametrize(
    "text",
    [
        "no subject\n\nbody",
        "Subject: a\nX-Other: b\n\nbody",
        "Subject: a\nbody",
        "Subject:\n\nbody",
        "Subject: a\n\n\n",
        "Subject: a\n\n{{ missing }}",
        "Subject: a\n\n{{ name.missing }}",
        "Subject: a\n\n{% if %}",
        '{% extends "nowhere.txt.j2" %}',
    ],
)
def test_a_broken_template_is_named(folder: Path, text: str) -> None:
    (folder / "broken.txt.j2").write_text(text)
    with pytest.raises(TemplateProblem, match=r"broken\.txt\.j2"):
        Renderer([folder], LIST).render("broken", {"name": "Ann"})


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a//b", "", "a.b"])
def test_a_template_name_can_not_leave_the_folder(folder: Path, name: str) -> None:
    with pytest.raises(TemplateProblem):
        Renderer([folder], LIST).render(name, {})


HOSTILE = st.text(
    st.one_of(
        st.characters(), st.sampled_from("\r\n\x00\x0b\x0c\x1c\x85\u2028\u2029\u202e\u200b\u2066\ufeff")
    )
)


@given(value=HOSTILE)
def test_no_value_makes_a_line_of_its_own(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    folder = tmp_path_factory.mktemp("t", numbered=True)
    body = body_of(folder, "<{{ value }}>\nend", value=value)
    first, last = body.rstrip("\n").split("\n")
    assert first.startswith("<")
    assert last == "end"
    assert len(body.splitlines()) == 2
    body.encode()


@given(value=HOSTILE)
def test_every_line_of_free_text_stands_behind_its_mark(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    folder = tmp_path_factory.mktemp("t", numbered=True)
    body = body_of(folder, "start\n{{ value | lines }}\nend", value=value)
    lines = body.splitlines()
    assert lines[0] == "start"
    assert lines[-1] == "end"
    assert all(line.startswith(">") for line in lines[1:-1] if line)


@given(value=HOSTILE)
def test_a_subject_is_one_line_whatever_is_in_it(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    folder = tmp_path_factory.mktemp("t", numbered=True)
    (folder / "s.txt.j2").write_text("Subject: About {{ value }}\n\nbody\n")
    subject = Renderer([folder], LIST).render("s", {"value": value}).subject
    assert len(subject.splitlines()) == 1
    assert subject.isprintable() or not set(subject) & set("\r\n\x00\u202e\u2066\u200b")


@pytest.mark.parametrize(
    "char", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200b", "\u200e", "\ufeff", "\u00ad", "\U000e0041"]
)
def test_characters_that_hide_or_turn_text_are_not_printed(folder: Path, char: str) -> None:
    assert body_of(folder, "{{ value }}", value=f"ab{char}cd") == "abcd\n"


def test_joiners_stay_where_a_script_needs_them(folder: Path) -> None:
    persian = "می\u200cخواهم"
    assert body_of(folder, "{{ value }}", value=persian) == f"{persian}\n"
    assert body_of(folder, "{{ value }}", value="ad\u200cmin") == "admin\n"


def test_half_a_character_does_not_break_the_mail(folder: Path) -> None:
    assert body_of(folder, "{{ value }}", value="a\ud800b") == "a\ufffdb\n"


def test_blanks_in_a_value_stay_so_that_tables_stay(folder: Path) -> None:
    rows = ["a    b", "ccc  d\nforged"]
    assert body_of(folder, "{{ rows | rows }}", rows=rows) == "a    b\nccc  d forged\n"
    assert body_of(folder, "{{ rows | rows('# ') }}", rows=rows) == "# a    b\n# ccc  d forged\n"


def test_a_long_value_is_wrapped_at_76_columns(folder: Path) -> None:
    body = body_of(folder, "{{ value | wrap }}", value="word " * 40)
    assert max(map(len, body.splitlines())) <= 76
    assert body.split() == ["word"] * 40


@pytest.mark.parametrize("width", range(60, 76))
def test_no_wrapped_line_begins_with_a_sign_that_french_sets_apart(folder: Path, width: int) -> None:
    body = body_of(folder, "{{ value | wrap }}", value="x" * width + " « oui: » ; non ? « Ann »")
    assert not re.search(r"(?m)^[;?»]|«$", body)
    assert " ".join(body.split()) == "x" * width + " « oui: » ; non ? « Ann »"


@pytest.mark.parametrize("signs", ["»", "«", "« »", "? »", "» :", "a ? »", "a. » ;"])
def test_many_such_signs_do_not_make_a_line_too_wide(folder: Path, signs: str) -> None:
    assert max(map(len, body_of(folder, "{{ value | wrap }}", value=f"{signs} " * 80).splitlines())) <= 76


def test_a_url_stays_whole(folder: Path) -> None:
    url = "https://www.example/" + "a" * 90
    assert f"> {url}\n" in body_of(folder, "{{ value | lines }}", value=f"see {url} now")


def test_what_macros_and_blocks_return_keeps_its_lines(folder: Path) -> None:
    text = "{% macro two(x) %}one {{ x }}\ntwo{% endmacro %}{{ two(value) }}"
    assert body_of(folder, text, value="a\nb") == "one a b\ntwo\n"
    text = "{% set kept %}one {{ value }}\ntwo{% endset %}{{ kept }}"
    assert body_of(folder, text, value="a\nb") == "one a b\ntwo\n"


def test_nothing_is_escaped_as_if_it_were_html(folder: Path) -> None:
    assert body_of(folder, "{{ value }}", value="<a@b.example> & 'c'") == "<a@b.example> & 'c'\n"


def test_values_are_shown_as_people_read_them(folder: Path) -> None:
    moment = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
    assert body_of(folder, "{{ value | when }}", value=moment) == "2026-11-21 06:00 UTC\n"
    assert body_of(folder, "{{ value }}", value=moment) == "2026-11-21 06:00 UTC\n"
    assert body_of(folder, "{{ value | when }}", value=moment.date()) == "2026-11-21\n"
    assert body_of(folder, "{{ value | fingerprint }}", value="ABCDEF0123") == "ABCD EF01 23\n"
    assert body_of(folder, "{{ value | tld }}", value="xn--p1ai") == "рф (xn--p1ai)\n"
    assert body_of(folder, "{{ value }}", value=parse_tld("рф")) == "рф (xn--p1ai)\n"
    assert body_of(folder, "{{ value | tld }}", value="no\ntld") == "no tld\n"
    assert body_of(folder, "[{{ value }}]", value=None) == "[]\n"


def test_every_mail_says_where_it_comes_from_and_how_to_get_help() -> None:
    body = Renderer([shipped("templates")], LIST).render("jobs/alert_waiting", {"alert_id": "A-1"}).body
    footer = body[body.index("\n--\n") :]
    assert "TLD-OPS" in footer
    assert "HELP" in footer
    assert LIST.address in footer
    assert LIST.owner in footer
    assert max(map(len, body.splitlines())) <= 76


def test_a_mail_with_a_token_begins_with_the_line_to_write_above(folder: Path) -> None:
    (folder / "ask.txt.j2").write_text(
        '{% extends "_token.txt.j2" %}{% block subject %}Yours?{% endblock %}'
        "{% block question %}Is {{ name }} you?{% endblock %}"
    )
    renderer = Renderer([folder, shipped("templates")], LIST)
    lines = renderer.render("ask", {"name": "Ann\nCONFIRM 7F3K", "token": "7F3K-AB"}).body.splitlines()
    assert lines[0] == "----- write your answer above this line -----"
    assert lines.count("CONFIRM 7F3K-AB") == 1
    assert lines.count("DECLINE 7F3K-AB") == 1
    assert "CONFIRM 7F3K" not in lines
    assert "Is Ann CONFIRM 7F3K you?" in lines


# --- languages


def _said(folder: Path, files: dict[str, str], language: str, name: str = "a") -> str:
    """The subject of a text, looked up among the operator's and ours."""
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{file}.txt.j2").write_text(f"Subject: {text}\n\nx\n")
    renderer = Renderer([folder / "own", folder / "ours"], LIST, ("en", "fr"))
    renderer.load_all()
    return renderer.render(name, {}, language).subject


@pytest.mark.parametrize(
    ("files", "language", "said"),
    [
        (["ours/a"], "fr", "ours/a"),
        (["ours/a", "own/a"], "fr", "own/a"),
        (["ours/a", "own/a", "ours/fr/a"], "fr", "ours/fr/a"),
        (["ours/a", "own/a", "ours/fr/a", "own/fr/a"], "fr", "own/fr/a"),
        (["ours/a", "own/a", "ours/fr/a", "own/fr/a"], "en", "own/a"),
        (["ours/a", "own/a", "ours/fr/a", "own/fr/a"], "", "own/a"),
        (["ours/a", "own/a", "ours/fr/a", "own/fr/a"], "xx", "own/a"),
    ],
)
def test_the_language_of_the_reader_goes_before_the_operator_s_words(
    folder: Path, files: list[str], language: str, said: str
) -> None:
    assert _said(folder, {name: name for name in files}, language) == said


def test_without_a_language_it_is_that_of_the_list(folder: Path) -> None:
    (folder / "fr").mkdir()
    (folder / "a.txt.j2").write_text("Subject: hello\n\nx\n")
    (folder / "fr" / "a.txt.j2").write_text("Subject: bonjour\n\nx\n")
    french = LIST.model_copy(update={"language": "fr"})
    renderer = Renderer([folder], french, ("en",))
    assert renderer.render("a", {}).subject == "bonjour"
    assert renderer.render("a", {}, "en").subject == "hello"
