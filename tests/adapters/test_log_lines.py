"""Log lines: one for each event, in three forms, and nothing of what libraries or exceptions would quote."""

import json
import logging
import os
import sys
from pathlib import Path

import pytest

from tldops_bot.adapters.log_lines import Lines, is_journal, set_up

OURS, FOREIGN = "tldops_bot.intake.workers", "aiosmtpd.smtp"


def record(
    words: object, *values: object, name: str = OURS, level: int = logging.WARNING
) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": name, "levelno": level, "levelname": logging.getLevelName(level)}
        | {"msg": words, "args": values, "created": 1_800_000_000.5}
    )


def test_a_line_for_people() -> None:
    line = Lines("text").format(record("mail %d broke: %s", 7, "ValueError"))
    assert line == "2027-01-15T08:00:00.500Z WARNING intake.workers: mail 7 broke: ValueError"


def test_a_line_for_programs_can_be_grouped_by_its_event() -> None:
    found = json.loads(Lines("json").format(record("mail %d broke: %s", 7, "ValueError")))
    assert found == {
        "at": "2027-01-15T08:00:00.500Z",
        "level": "warning",
        "room": "intake.workers",
        "event": "mail %d broke: %s",
        "message": "mail 7 broke: ValueError",
    }


@pytest.mark.parametrize(("level", "digit"), [(logging.INFO, 6), (logging.ERROR, 3), (25, 5)])
def test_a_line_for_journald_says_how_bad_it_is_and_leaves_the_time_to_it(level: int, digit: int) -> None:
    assert Lines("journal").format(record("hello", level=level)) == f"<{digit}>intake.workers: hello"


@pytest.mark.parametrize("form", ["text", "json", "journal"])
def test_an_event_is_one_line_whatever_stands_in_it(form: str) -> None:
    line = Lines(form).format(record("one\ntwo %s", "three\nfour\r five"))  # type: ignore[arg-type]
    assert "\n" not in line
    assert "\r" not in line
    assert "one two three four five" in line


@pytest.mark.parametrize("form", ["text", "json", "journal"])
def test_what_a_library_fills_in_stays_out(form: str) -> None:
    line = Lines(form).format(record("%r >> %s", "ann@nic.example", "MAIL FROM", name=FOREIGN))  # type: ignore[arg-type]
    assert "ann@" not in line
    assert "%r >> %s" in line


def test_where_a_library_goes_on_for_several_lines_the_rest_stays_out() -> None:
    """asyncio shows the task with its exception, and that with its words."""
    words = "Task exception was never retrieved\nfuture: <Task exception=ValueError('ann@nic.example')>"
    said = Lines("json").format(record(words, name="asyncio"))
    assert json.loads(said)["message"] == "Task exception was never retrieved"
    assert "ann@" not in said


@pytest.mark.parametrize("form", ["text", "json", "journal"])
def test_of_an_exception_only_its_kind_is_told(form: str) -> None:
    line = record("Task exception was never retrieved", name="asyncio")
    try:
        raise ValueError("ann@nic.example")
    except ValueError:
        line.exc_info = sys.exc_info()
    said = Lines(form).format(line)  # type: ignore[arg-type]
    assert "Task exception was never retrieved (ValueError)" in said
    assert "ann@" not in said
    assert "Traceback" not in said
    thing = Lines(form).format(record(ValueError("ann@nic.example")))  # type: ignore[arg-type]
    assert "ann@" not in thing


def test_journald_is_known_by_the_file_that_systemd_names(tmp_path: Path) -> None:
    """The variable alone says nothing: it is handed down to children whose output goes elsewhere."""
    with (tmp_path / "log").open("w") as file:
        there = os.fstat(file.fileno())
        mine = f"{there.st_dev}:{there.st_ino}"
        assert is_journal({"JOURNAL_STREAM": mine}, file.fileno())
        assert not is_journal({"JOURNAL_STREAM": mine + "1"}, file.fileno())
        assert not is_journal({}, file.fileno())


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("warning", ["<4>intake.workers: aloud", "<4>apscheduler: their trouble"]),
        ("info", ["<6>intake.workers: softly", "<4>intake.workers: aloud", "<4>apscheduler: their trouble"]),
        (
            "debug",
            [
                "<6>intake.workers: softly",
                "<4>intake.workers: aloud",
                "<6>apscheduler: their day",
                "<4>apscheduler: their trouble",
            ],
        ),
    ],
)
def test_all_goes_to_stderr_from_the_level_on_and_the_day_of_libraries_for_debug_only(
    capsys: pytest.CaptureFixture[str], level: str, said: list[str]
) -> None:
    root = logging.getLogger()
    before, level_before = list(root.handlers), root.level
    try:
        set_up("journal", level)
        logging.getLogger(OURS).info("softly")
        logging.getLogger(OURS).warning("aloud")
        logging.getLogger("apscheduler").info("their day")
        logging.getLogger("apscheduler").warning("their trouble")
    finally:
        root.handlers[:] = before
        root.setLevel(level_before)
    out, err = capsys.readouterr()
    assert (out, err.splitlines()) == ("", said)
