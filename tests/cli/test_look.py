"""What an operator sees at a glance, and what programs read, of a house in which everything has happened."""

import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from tests.cli.filled import IDN
from tests.cli.json_shapes import ANYTHING, DAY, MAYBE, NUMBER, SHAPES, TEXT, TIME, YES_NO, Shape
from tests.desk import Desk, open_desk
from tldops_bot.cli import _frame
from tldops_bot.cli._look import BAD, CARE, GOOD, age, bar, cell, style, table
from tldops_bot.cli.commands import app

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LISTS = ("members list", "requests list", "alerts list", "inbox list", "outbox list", "keys show", "stats")


def run(house: Desk, verb: str, **environment: str) -> str:
    words = verb.replace("A-0001", f"A-{house.now.year}-0001").split()
    done = CliRunner().invoke(app, ["--config", str(house.app.config.file), *words], env=environment)
    assert done.exit_code == 0, done.output
    return done.stdout


def on_terminal(house: Desk, monkeypatch: pytest.MonkeyPatch, verb: str, width: int = 80) -> str:
    """What is printed where the output is a terminal of that width."""
    monkeypatch.setenv("TERM", "xterm-256color")
    words = verb.replace("A-0001", f"A-{house.now.year}-0001").split()
    screen = Console(force_terminal=True, width=width, file=io.StringIO())
    monkeypatch.setattr(_frame, "console", screen)
    done = CliRunner().invoke(app, ["--config", str(house.app.config.file), *words])
    assert done.exit_code == 0, done.output
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


# --- for programs


TYPES = {TEXT: str, NUMBER: int, YES_NO: bool, TIME: str, DAY: str}
FORMS = {TIME: r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", DAY: r"\d{4}-\d\d-\d\d"}


def fits(value: Any, shape: Shape, where: str) -> None:
    if isinstance(shape, list):
        assert isinstance(value, list), where
        for one in value:
            fits(one, shape[0], f"{where}[]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), where
        named = set(shape) - {"*"}
        assert named <= set(value), (where, "gone", named - set(value))
        assert "*" in shape or set(value) <= named, (where, "not in the table", set(value) - named)
        for name, one in value.items():
            fits(one, shape.get(name, shape.get("*")), f"{where}.{name}")
    elif shape != ANYTHING and not (value is None and shape.endswith(MAYBE)):
        kind = shape.removesuffix(MAYBE)
        assert type(value) is TYPES[kind], (where, kind, value)
        assert kind not in FORMS or re.fullmatch(FORMS[kind], value), (where, value)


@pytest.mark.parametrize("verb", SHAPES)
def test_the_names_and_types_that_programs_read_are_those_of_the_table(house: Desk, verb: str) -> None:
    found = json.loads(run(house, f"{verb} --json"))
    assert found
    fits(found, SHAPES[verb], verb)


def test_every_verb_that_lists_stands_in_the_table() -> None:
    named = {" ".join(verb.split()[:2]) for verb in SHAPES}
    for name, group in get_command(app).commands.items():  # type: ignore[attr-defined]
        for verb in getattr(group, "commands", {}):
            if verb in ("list", "show", "log") and name != "templates":
                assert f"{name} {verb}" in named


@pytest.mark.parametrize(
    ("value", "shape"),
    [({"a": 1}, {}), ({}, {"a": NUMBER}), ("x", NUMBER), (True, NUMBER), ("2026-03-10", TIME), (None, TEXT)],
)
def test_what_is_not_of_the_shape_is_found(value: Any, shape: Shape) -> None:
    with pytest.raises(AssertionError):
        fits(value, shape, "it")


# --- for people


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("verb", [*LISTS, "members show 6", "requests show 1", "alerts show A-0001"])
def test_no_table_is_wider_than_the_terminal_and_nothing_is_cut(
    house: Desk, monkeypatch: pytest.MonkeyPatch, verb: str, width: int
) -> None:
    text = plain(on_terminal(house, monkeypatch, verb, width))
    assert max(map(cell_len, text.splitlines())) <= max(
        width, 88
    )  # a long line of a card is wrapped by the terminal
    assert "..." not in text
    assert not re.search(r"\w…(?!@)", text.replace("+44…", ""))


@pytest.mark.parametrize("width", [80, 120])
def test_both_labels_of_an_idn_are_shown_and_wide_letters_keep_the_columns(
    house: Desk, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    lines = plain(on_terminal(house, monkeypatch, "members list", width)).splitlines()
    head = next(line for line in lines if "marks" in line)
    column = cell_len(head[: head.index("marks")])
    text = "\n".join(lines)
    assert "пример (" in text
    assert f"({IDN})" in text
    wide = next(line for line in lines if "例 花子" in line)
    assert cell_len(wide[: wide.index("no-key")]) == column


def test_a_list_says_since_when_and_paints_what_has_waited_too_long(
    house: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = on_terminal(house, monkeypatch, "requests list", 140)
    assert re.search(r"R-1\b.*\d\d-\d\d \d\d:\d\d  ?[89] d", plain(text))
    late = next(line for line in text.splitlines() if "R-1" in line)
    assert "\x1b[33m" in late
    assert "\x1b[1;31mstuck" in on_terminal(house, monkeypatch, "inbox list")


@pytest.mark.parametrize("verb", LISTS)
def test_colours_are_for_terminals_only_and_never_alone(
    house: Desk, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    assert "\x1b" not in run(house, verb)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3[0-7]", on_terminal(house, monkeypatch, verb))


def test_stats_begin_with_what_needs_somebody_the_urgent_first(
    house: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = json.loads(run(house, "stats --json"))["to_do"]
    assert [(one["what"], one["number"]) for one in found if one["is_urgent"]] == [
        ("inbox_stuck", 1),
        ("outbox_late", 10),
    ]
    assert {one["what"] for one in found if not one["is_urgent"]} == {
        *("outbox_held", "outbox_without_key", "requests_undecided", "keys_end"),
        *("contacts_stale", "contacts_mailbox_failed"),
    }
    lines = plain(on_terminal(house, monkeypatch, "stats", 120)).splitlines()
    assert lines[0].split()[:3] == ["number", "needs", "somebody"]
    assert lines[1].startswith("1       mail that could not be carried out")
    assert lines[1].rstrip().endswith("inbox list --stuck")
    assert any(re.match(r"tlds all +3 of 309 \(0 %\) +█░{19}$", line) for line in lines)


def test_an_empty_house_needs_nothing() -> None:
    with open_desk() as desk:
        assert run(desk, "stats").startswith("nothing needs doing\n")
        assert json.loads(run(desk, "stats --json"))["to_do"] == []


def test_an_alert_is_shown_as_what_happened_in_order_and_whom_it_reached_the_worst_first(house: Desk) -> None:
    found = json.loads(run(house, "alerts show A-0001 --json"))
    what = [one["what"] for one in found["timeline"]]
    assert what[:3] == ["signed", "received", "posted"]
    assert set(what[3:]) == {"update 1", "close", "first knows", "first call"}
    assert [one["at"] for one in found["timeline"]] == sorted(one["at"] for one in found["timeline"])
    assert found["tld_counts"] == {"seen": 1, "called": 1, "reached": 0, "waiting": 0, "failed": 3}
    text = run(house, "alerts show A-0001")
    assert "2 of 5 TLDs" in text
    assert text.index("台湾") < text.index("cert:example-cert")
    assert "192.0.2.7" not in text
    assert "1 of 6" in run(house, "alerts list")


def test_nothing_personal_is_in_what_is_shown_of_everything(house: Desk) -> None:
    for verb in SHAPES:
        text = run(house, verb) + run(house, f"{verb} --json")
        for word in ("ann@nic-xa", "dan9@", "someone@", "7700 900123", "7946 0001", "secret words"):
            assert word not in text, verb


# --- the parts


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=119), "119 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=47, minutes=59), "47 h ago"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(days=-12), "in 12 d"),
    ],
)
def test_an_age_is_as_near_as_anybody_wants_to_know(length: timedelta, words: str) -> None:
    assert age(NOW - length, NOW) == words


@pytest.mark.parametrize(
    ("part", "whole", "full"), [(0, 9, 0), (1, 900, 1), (899, 900, 19), (9, 9, 20), (0, 0, 0)]
)
def test_a_bar_is_never_empty_for_something_nor_full_for_less_than_all(
    part: int, whole: int, full: int
) -> None:
    assert bar(part, whole) == "█" * full + "░" * (20 - full)


@pytest.mark.parametrize(
    ("name", "value", "row", "colour"),
    [
        ("state", "committee", {}, CARE),
        ("state", "listed", {}, ""),
        ("verdict", "good", {}, GOOD),
        ("stale_at", NOW, {}, BAD),
        ("stale_at", None, {}, ""),
        ("key_expires_at", NOW, {}, BAD),
        ("key_expires_at", NOW + timedelta(days=30), {}, CARE),
        ("key_expires_at", NOW + timedelta(days=31), {}, ""),
        ("asked_at", NOW - timedelta(days=2), {"state": "proving"}, ""),
        ("asked_at", NOW - timedelta(days=3), {"state": "proving"}, CARE),
        ("asked_at", NOW - timedelta(days=10), {"state": "proving"}, BAD),
        ("asked_at", NOW - timedelta(days=10), {"state": "done"}, ""),
        ("since_at", NOW - timedelta(days=900), {"state": "listed"}, ""),
        ("needs_somebody", "x", {"is_urgent": True}, BAD),
        ("needs_somebody", "x", {"is_urgent": False}, CARE),
    ],
)
def test_what_is_wrong_or_late_has_a_colour(name: str, value: Any, row: dict[str, Any], colour: str) -> None:
    assert style(name, value, row, NOW) == colour


def test_a_day_and_a_list_in_a_card() -> None:
    assert cell("created_on", NOW.date()) == "2026-03-10"
    assert cell("at", NOW - timedelta(hours=3), NOW) == "2026-03-10 09:00  3 h ago"
    assert cell("other_tlds", ["nl", IDN]) == f"nl пример ({IDN})"


@pytest.mark.parametrize("width", [20, 34, 40, 80])
def test_a_table_breaks_between_words_and_a_word_only_where_it_must(width: int) -> None:
    rows = [{"id": 1, "email": "a…@nic-xa.example", "what": "one and another 例例例例 word"}]
    console = Console(width=width, file=None, record=True)
    with console.capture() as captured:
        console.print(table(rows, ("id", "email", "what"), "", NOW, width))
    lines = captured.get().splitlines()
    assert max(map(cell_len, lines)) <= width
    squeezed = re.sub(r"\s", "", captured.get())
    for word in ("example", "例例", "word"):
        assert width < 34 or word in squeezed


def test_a_time_far_away_keeps_its_year_where_there_is_little_room() -> None:
    rows = [{"id": "x" * 20, "at": NOW - timedelta(days=400)}, {"id": "y", "at": NOW - timedelta(days=4)}]
    console = Console(width=42)
    with console.capture() as captured:
        console.print(table(rows, ("id", "at"), "", NOW, 42))
    assert "2025-02-03 12:00" in captured.get()
    assert "03-06 12:00 4 d" in captured.get()


# --- a sign of life


def test_what_takes_long_shows_on_a_terminal_and_leaves_no_trace_in_a_pipe(house: Desk) -> None:
    command = [sys.executable, "-m", "tldops_bot", "--config", str(house.app.config.file), "audit", "verify"]
    root = Path(__file__).parents[2]
    piped = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=300)
    assert (piped.returncode, piped.stderr) == (0, b"")
    typed = subprocess.run(
        ["script", "-qec", " ".join(command), "/dev/null"],
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | {"TERM": "xterm"},
        check=False,
        timeout=300,
    )
    assert b"entries hold" in typed.stdout
    assert b"audit" in typed.stdout.replace(b"\x1b", b"").partition(b"entries hold")[0]
