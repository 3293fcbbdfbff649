"""Where what a configuration names goes on another machine, and config.toml written for that."""

import tomllib
from pathlib import Path

import pytest

from tldops_bot.config import load_config
from tldops_bot.config.load import PATHS
from tldops_bot.config.moving import ROLES, CannotMove, database_url, kept_paths, moved, places, spelled_out

BASE = '[list]\naddress = "tld-ops@lists.example"\nowner = "o@lists.example"\n[operator]\nemail = "r@lists.example"\n'


DATA = Path("/var/lib/tldops-bot")


def test_every_path_of_the_configuration_is_kept_or_of_the_machine() -> None:
    """A new path setting must be thought of: in a backup, or not."""
    known = {f"{table}.{key}" for table, keys in PATHS.items() for key in keys}
    assert known - set(ROLES) == {"listener.socket", "roster.fonts"}


def test_the_home_of_gpg_is_kept_also_where_it_is_not_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(BASE)
    assert kept_paths(load_config(file)) == {"openpgp.home": tmp_path / "var/gnupg"}


@pytest.mark.parametrize(
    ("written", "goes"),
    [
        ("own", "own"),
        ("own/words", "own/words"),
        ("./own", "own"),
        ("/var/lib/tldops-bot/own", "own"),
        ("/var/lib/tldops-bot/../own", "kept/templates-directory"),
        ("/var/lib/tldops-bot", "kept/templates-directory"),
        ("/etc/own", "kept/templates-directory"),
        ("../own", "kept/templates-directory"),
        ("own/../../x", "kept/templates-directory"),
        (".", "kept/templates-directory"),
        ("", "kept/templates-directory"),
    ],
)
def test_what_lies_below_stays_where_it_is_and_the_rest_comes_below(written: str, goes: str) -> None:
    text = f'[templates]\ndirectory = "{written}"\n'
    assert places(text, {"templates.directory"}, DATA) == {"templates.directory": goes}


def test_a_table_that_is_none_is_no_place() -> None:
    assert places("openpgp = 5", {"openpgp.home"}, DATA) == {"openpgp.home": "var/gnupg"}


@pytest.mark.parametrize(
    ("url", "then"),
    [
        ("sqlite:///var/tldops.sqlite", "sqlite:///var/tldops.sqlite"),
        ("sqlite:///own/x.sqlite", "sqlite:///own/x.sqlite"),
        ("sqlite:////var/lib/x.sqlite", "sqlite:///var/tldops.sqlite"),
        ("sqlite:////var/lib/tldops-bot/x.sqlite", "sqlite:///x.sqlite"),
        ("sqlite:///../x.sqlite", "sqlite:///var/tldops.sqlite"),
        ("postgresql+psycopg://db/tldops", "postgresql+psycopg://db/tldops"),
    ],
)
def test_the_database_file_comes_below_as_well(url: str, then: str) -> None:
    assert database_url(f'[database]\nurl = "{url}"', DATA) == then


def test_the_database_that_is_not_named_is_where_it_always_is() -> None:
    assert database_url(BASE, DATA) == "sqlite:///var/tldops.sqlite"


def test_beside_the_configuration_paths_are_short_and_elsewhere_they_are_whole() -> None:
    wanted = {"openpgp.home": "gnupg", "database.url": "sqlite:///x.sqlite"}
    assert spelled_out(wanted, DATA) == {
        "openpgp.home": "/var/lib/tldops-bot/gnupg",
        "database.url": "sqlite:////var/lib/tldops-bot/x.sqlite",
    }
    assert spelled_out({"database.url": "postgresql://x"}, DATA) == {"database.url": "postgresql://x"}


def test_only_the_value_is_changed_and_comments_stay() -> None:
    text = (
        '# ours\n[smarthost] # the relay\n# password_file = "no"\npassword_file = "/etc/x" # old\nport = 25\n'
    )
    made = moved(text, {"smarthost.password_file": "kept/x"})
    assert made == text.replace('"/etc/x" # old', '"kept/x"')


def test_a_key_that_is_missing_is_put_into_its_table_and_a_table_at_the_end() -> None:
    made = moved('[database]\n[list]\naddress = "a"\n', {"database.url": "sqlite:///x"})
    assert tomllib.loads(made) == {"database": {"url": "sqlite:///x"}, "list": {"address": "a"}}
    assert tomllib.loads(moved(BASE, {"database.url": "sqlite:///x"}))["database"] == {"url": "sqlite:///x"}


def test_what_is_right_already_is_left_alone() -> None:
    text = 'database = { url = "sqlite:///x" }'
    assert moved(text, {"database.url": "sqlite:///x", "openpgp.home": "var/gnupg"}) == text


@pytest.mark.parametrize(
    "text",
    ['database = { url = "sqlite:////y" }', 'database.url = "sqlite:////y"', '["database"]\nurl = "y"'],
)
def test_a_form_that_cannot_be_changed_is_refused_by_name(text: str) -> None:
    with pytest.raises(CannotMove, match=r"config\.toml: database\.url cannot be changed here"):
        moved(text, {"database.url": "sqlite:///x"})


def test_a_value_can_not_break_out_of_its_quotes() -> None:
    odd = 'sqlite:///a"\n[list]\naddress = "x'
    assert tomllib.loads(moved(BASE, {"database.url": odd}))["database"] == {"url": odd}
