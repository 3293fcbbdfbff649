"""`templates`: what is wrong with the operator's wording is said before somebody gets it, with exit status 1."""

from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def own(cli: Cli) -> Path:
    folder = cli.folder / "wording"
    (folder / "ack").mkdir(parents=True)
    return folder


def test_as_shipped_nothing_is_to_mend(cli: Cli) -> None:
    assert cli("templates", "check").stdout == "0 of your own, in en, fr: nothing to mend\n"
    assert cli.json("templates", "check") == []


def test_a_mistake_is_named_and_the_status_says_so(cli: Cli, own: Path) -> None:
    (own / "ack/seen.txt.j2").write_text("{{ idd }}")
    said = cli("templates", "check", "--directory", str(own), code=1).stdout
    assert "ack/seen.txt.j2: uses idd, which it is not given; did you mean id?\n" in said
    assert said.endswith("1 of your own, in en, fr: 1 to mend\n")
    as_json = cli("templates", "check", "--directory", str(own), "--json", code=1).stdout
    assert '"file": "ack/seen.txt.j2"' in as_json


def test_the_folder_is_that_of_the_configuration(cli: Cli, own: Path) -> None:
    (own / "ack/sen.txt.j2").write_text("x")
    file = cli.desk.app.config.file
    file.write_text(file.read_text() + f'\n[templates]\ndirectory = "{own}"\n')
    assert "did you mean ack/seen.txt.j2?" in cli("templates", "check", code=1).stdout


def test_a_folder_that_is_not_there_is_refused(cli: Cli) -> None:
    assert "there is no such folder" in cli.refused("templates", "check", "--directory", "/nowhere")


def test_a_template_is_shown_as_it_is_used(cli: Cli, own: Path) -> None:
    assert "{{ id }}" in cli("templates", "show", "ack/seen").stdout
    french = cli("templates", "show", "letters/vouch.txt.j2", "--language", "fr").stdout
    assert "QUE VEUT DIRE UN OUI ?" in french
    (own / "ack/seen.txt.j2").write_text("mine\n")
    file = cli.desk.app.config.file
    file.write_text(file.read_text() + f'\n[templates]\ndirectory = "{own}"\n')
    assert cli("templates", "show", "ack/seen").stdout == "mine\n"
    as_json = cli.json("templates", "show", "ack/seen")
    assert as_json == {"file": str(own / "ack/seen.txt.j2"), "text": "mine\n"}


def test_what_has_no_french_is_shown_in_english(cli: Cli) -> None:
    assert (
        cli("templates", "show", "ack/seen", "--language", "it").stdout
        == cli("templates", "show", "ack/seen").stdout
    )


@pytest.mark.parametrize("name", ["ack/sen", "../ack/seen", "fr/ack/seen", "/etc/passwd"])
def test_a_template_that_is_not_there_is_refused(cli: Cli, name: str) -> None:
    said = cli.refused("templates", "show", name)
    assert said.startswith(f"there is no template {name}")
    assert ("did you mean ack/seen?" in said) == ("ack/se" in name)
