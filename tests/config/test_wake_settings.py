"""Gateways that wake members: their URLs hold passwords, which no message, and no print of the settings, repeats."""

from pathlib import Path

import pytest

from tldops_bot.config import Config, ConfigProblem, load_config

BASE = (
    '[list]\naddress = "l@lists.example"\nowner = "o@lists.example"\n[operator]\nemail = "r@lists.example"\n'
)
SECRET = "pa55w0rd"
URL = f"json://bot:{SECRET}@gate.example/{{to}}"


def load(folder: Path, wake: str, gateways: str | bytes | None = None) -> Config:
    (folder / "config.toml").write_text(BASE + f"[wake]\n{wake}\n")
    if gateways is not None:
        octets = gateways if isinstance(gateways, bytes) else gateways.encode()
        (folder / "gateways.toml").write_bytes(octets)
    return load_config(folder / "config.toml")


def test_without_the_table_there_is_no_gateway(tmp_path: Path) -> None:
    config = load(tmp_path, "per_minute = 7")
    assert (config.wake.gateways, config.wake.per_minute) == ({}, 7)


def test_gateways_stand_in_the_table_or_in_a_file_beside_it(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        'gateways = { ntfy = "ntfys://ntfy.example/{to}" }\ngateways_file = "gateways.toml"',
        f'sms = "{URL}"',
    )
    assert {name: url.get_secret_value() for name, url in config.wake.gateways.items()} == {
        "ntfy": "ntfys://ntfy.example/{to}",
        "sms": URL,
    }
    assert config.wake.gateways_file == tmp_path / "gateways.toml"
    assert SECRET not in repr(config)
    assert SECRET not in str(config)


@pytest.mark.parametrize(
    "wake",
    [
        f'gateways = {{ sms = "{URL}{{to}}" }}',
        f'gateways = {{ sms = "json://{SECRET}{{to}}" }}',
        f'gateways = {{ SMS = "{URL}" }}',
        f'gateways = {{ none = "{URL}" }}',
        f'gateways = {{ sms = ["{URL}"] }}',
        f'gateways = "{URL}"',
        f'gateways = "{URL}"\ngateways_file = "gateways.toml"',
        "per_minute = 0",
        "gateways_file = 7",
    ],
)
def test_a_mistake_is_told_by_its_key_and_not_by_its_value(tmp_path: Path, wake: str) -> None:
    with pytest.raises(ConfigProblem) as problem:
        load(tmp_path, wake, f'ntfy = "{URL}"')
    assert "config.toml: wake" in str(problem.value)
    assert SECRET not in str(problem.value)


@pytest.mark.parametrize(
    ("gateways", "said"),
    [
        (None, "cannot be read"),
        (f'sms = "{SECRET}', "is not TOML"),
        (f"sms = {SECRET}", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (f'ntfy = "{URL}"', "stands in config.toml, too"),
    ],
)
def test_a_file_that_can_not_be_used_is_named_and_not_quoted(
    tmp_path: Path, gateways: str | bytes | None, said: str
) -> None:
    wake = 'gateways = { ntfy = "ntfys://ntfy.example/{to}" }\ngateways_file = "gateways.toml"'
    with pytest.raises(ConfigProblem) as problem:
        load(tmp_path, wake, gateways)
    assert "gateways.toml" in str(problem.value)
    assert said in str(problem.value)
    assert SECRET not in str(problem.value)
