"""What can't be undone is asked for where somebody sits, and only there; a script has meant what it says."""

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from tests.cli.conftest import Cli
from tests.cli.test_requests import ask
from tests.keys import KeyPair
from tldops_bot.cli.commands import app

WHY = ("--because", "it was asked for")


@pytest.fixture
def typed(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Run a verb as somebody who sits at a terminal, and answers."""
    monkeypatch.setattr("tldops_bot.cli._acting.somebody_is_there", lambda: True)

    def run(answer: str, *words: str) -> tuple[int, str]:
        file = str(cli.desk.app.config.file)
        done = CliRunner().invoke(app, ["--config", file, *words], input=answer)
        return done.exit_code, done.stderr

    return run


def destructive(cli: Cli, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> dict[tuple[str, ...], str]:
    """Each such verb, with what its question names."""
    cli.desk.member(ann, "nl")
    cli.desk.member(bob, "be", office="secretariat")
    cli.desk.member(carol, office="committee")
    number = ask(cli)
    cli.desk.say(ann, "QUERY nl")
    (copy,) = [one["id"] for one in cli.json("outbox", "list")]
    return {
        ("members", "suspend", ann.address, *WHY): "Suspend: Ann Example, .nl?",
        ("members", "remove", ann.address, *WHY): "Remove for good: Ann Example, .nl?",
        ("requests", "reject", number, *WHY): f"Reject {number}, Dan Example, .nl?",
        ("outbox", "drop", str(copy), *WHY): f"Give up for good: {copy} (reply)?",
        ("secretariat", "remove", bob.address, *WHY): "End the seat of Bob Example in the secretariat?",
        ("keys", "rotate"): "Make a new key for the list, and mail 3 people about it?",
    }


def test_no_changes_nothing(
    cli: Cli,
    typed: Callable[..., tuple[int, str]],
    ann: KeyPair,
    bob: KeyPair,
    carol: KeyPair,
) -> None:
    verbs = destructive(cli, ann, bob, carol)
    before = cli.actions()
    for words, question in verbs.items():
        for answer in ("n\n", "\n"):
            code, said = typed(answer, *words)
            assert code == 1
            assert said.startswith(f"{question} [y/N]:")
            assert "nothing was changed" in said
        assert typed("", *words)[0] == 1  # as with Ctrl-D
    assert cli.actions() == before


def test_yes_on_the_line_or_typed_does_it(
    cli: Cli, typed: Callable[..., tuple[int, str]], ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    verbs = list(destructive(cli, ann, bob, carol))
    for at, words in enumerate(verbs):
        code, said = typed("y\n", *words) if at % 2 else typed("", *words, "--yes")
        assert code == 0, said
        assert ("[y/N]" in said) is bool(at % 2)


def test_a_script_is_not_asked(cli: Cli, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    for words in destructive(cli, ann, bob, carol):
        assert "[y/N]" not in cli(*words).output


def test_what_would_be_refused_is_refused_before_it_is_asked(
    cli: Cli, typed: Callable[..., tuple[int, str]]
) -> None:
    for words in (("members", "remove", "99", *WHY), ("requests", "reject", "R-99", *WHY)):
        code, said = typed("", *words)
        assert code == 1
        assert "[y/N]" not in said


def test_a_hostile_name_gives_the_terminal_no_orders(
    cli: Cli, typed: Callable[..., tuple[int, str]], ann: KeyPair
) -> None:
    cli.desk.member(ann, "nl", name="Ann\x1b]0;x\x07\nExample\u202e")
    _, said = typed("n\n", "members", "remove", ann.address, *WHY)
    assert not set(said) & {"\x1b", "\x07", "\u202e"}


def test_every_verb_that_asks_takes_yes() -> None:
    groups = get_command(app).commands  # type: ignore[attr-defined]
    for group, verb in (
        ("members", "suspend"),
        ("members", "remove"),
        ("members", "import"),
        ("requests", "reject"),
        ("outbox", "drop"),
        ("committee", "remove"),
        ("secretariat", "remove"),
        ("keys", "rotate"),
    ):
        options = [word for one in groups[group].commands[verb].params for word in one.opts]
        assert "--yes" in options, (group, verb)


def test_on_a_real_terminal_the_question_is_seen_and_no_is_no(cli: Cli, ann: KeyPair) -> None:
    cli.desk.member(ann, "nl")
    ours, theirs = pty.openpty()
    words = ["--config", str(cli.desk.app.config.file), "members", "remove", ann.address, *WHY]
    process = subprocess.Popen(
        [sys.executable, "-m", "tldops_bot", *words],
        cwd=Path(__file__).parents[2],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, b"n\n")
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:  # as Linux says that nobody holds the other end any more
        pass
    os.close(ours)
    assert process.wait(timeout=300) == 1
    assert b"Remove for good: Ann Example, .nl?" in said
    assert [one["tlds"] for one in cli.json("members", "list")] == [["nl"]]
