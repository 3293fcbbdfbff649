"""What the shell offers behind a half-written word, as the shell asks for it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cli.filled import IDN
from tests.desk import Desk
from tldops_bot.cli.commands import app


def offered(config: Path, *words: str, shell: str = "bash") -> list[str]:
    """What is offered for the last of these words."""
    typed = ["tldops-bot", "--config", str(config), *words]
    asked = {
        "_TLDOPS_BOT_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
        "_TYPER_COMPLETE_ARGS": " ".join(typed),
    }
    done = CliRunner().invoke(app, [], prog_name="tldops-bot", env=asked)
    assert done.stderr == ""
    return done.stdout.split()


def of(house: Desk, *words: str) -> list[str]:
    return offered(house.app.config.file, *words)


def test_verbs_are_offered(house: Desk) -> None:
    assert of(house, "mem") == ["members"]
    assert set(of(house, "requests", "")) == {"list", "show", "approve", "reject"}


@pytest.mark.parametrize("verb", ["show", "approve", "reject"])
def test_requests_that_wait_are_offered_by_number(house: Desk, verb: str) -> None:
    assert of(house, "requests", verb, "R-") == ["R-1", "R-2"]


def test_alerts_are_offered_the_newest_first(house: Desk) -> None:
    year = house.now.year
    assert of(house, "alerts", "show", "A") == [f"A-{year}-0002", f"A-{year}-0001"]
    assert of(house, "alerts", "show", "B") == []


def test_jobs_are_offered(house: Desk) -> None:
    assert of(house, "run-job", "send_r") == ["send_roster"]


def test_labels_are_offered_in_both_spellings(house: Desk) -> None:
    assert of(house, "iana", "show", "") == ["nl"]
    for verb in (("members", "list"), ("audit", "log")):
        assert of(house, *verb, "--tld", "пр") == ["пример"]
        assert of(house, *verb, "--tld", "xn--e") == [IDN]
    assert "cert:example-cert" in of(house, "members", "list", "--tld", "cert")


def test_a_shell_that_can_shows_words_beside(house: Desk) -> None:
    text = " ".join(offered(house.app.config.file, "alerts", "show", "", shell="zsh"))
    assert f'"A-{house.now.year}-0001":"critical, closed"' in text


def test_no_name_address_or_number_of_anybody_is_offered(house: Desk) -> None:
    for verb in (("requests", "show"), ("alerts", "show"), ("members", "show"), ("members", "list", "--tld")):
        text = " ".join(offered(house.app.config.file, *verb, "", shell="zsh"))
        assert "Example" not in text
        assert "@" not in text


@pytest.mark.parametrize("content", [None, "not TOML", "[list]\naddress = 'a@lists.example'\n"])
def test_where_nothing_can_be_asked_nothing_is_offered_and_nothing_said(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "config.toml"
    if content is not None:
        file.write_text(content)
    assert offered(file, "requests", "show", "R") == []
    assert list(tmp_path.iterdir()) == ([file] if content is not None else [])


def test_it_can_be_shown_for_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    # The tests may be run by a program that is no shell.
    monkeypatch.setattr("typer.completion._get_shell_name", lambda: "bash")
    done = CliRunner().invoke(app, ["--show-completion"], prog_name="tldops-bot")
    assert "_TLDOPS_BOT_COMPLETE=complete_bash" in done.stdout
    assert "complete -o default -F _tldops_bot_completion tldops-bot" in done.stdout
