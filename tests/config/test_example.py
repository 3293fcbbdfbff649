"""config.example.toml is the documentation of every key: each is there, none is invented, each value is the default."""

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from tldops_bot.config import Config, load_config
from tldops_bot.config.shipped import shipped

EXAMPLE = shipped("config.example.toml")
# Keys without a default (or off by default): the value is an example of what may stand there.
EXAMPLES_ONLY = {
    "list.address",
    "list.owner",
    "operator.email",
    "listener.socket",
    "listener.tls_certificate",
    "listener.tls_key",
    "smarthost.username",
    "smarthost.password_file",
    "smarthost.sends_from",
    "openpgp.passphrase_file",
    "roster.constituencies",
    "alerts.constituencies",
    "wake.gateways",
    "wake.gateways_file",
    "metrics.listen",
    "templates.directory",
}


def text(with_optional: bool) -> str:
    """The example; with the keys that are commented out, if wanted."""
    lines = EXAMPLE.read_text(encoding="utf-8")
    return re.sub(r"^# (\w+ = )", r"\1", lines, flags=re.MULTILINE) if with_optional else lines


def tables(with_optional: bool = True) -> dict[str, dict[str, Any]]:
    return tomllib.loads(text(with_optional))


def model_of(annotation: Any) -> type[BaseModel]:
    kinds = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type)]
    return next(one for one in kinds if issubclass(one, BaseModel))


def known() -> dict[str, type[BaseModel]]:
    """Each table of the settings with its model."""
    fields = Config.model_fields
    return {name: model_of(field.annotation) for name, field in fields.items() if name != "file"}


def load(tmp_path: Path, toml: str) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(toml, encoding="utf-8")
    (tmp_path / "gateways.toml").write_text("")
    return load_config(file)


def test_every_table_and_every_key_is_in_it_and_nothing_more() -> None:
    found = {name: set(table) for name, table in tables().items()}
    assert found == {name: set(model.model_fields) for name, model in known().items()}


def test_tables_and_keys_stand_in_the_order_of_the_settings() -> None:
    found = tables()
    assert list(found) == list(known())
    for name, model in known().items():
        assert list(found[name]) == list(model.model_fields), name


def test_each_value_is_the_default_where_there_is_one(tmp_path: Path) -> None:
    filled = load(tmp_path, text(with_optional=True))
    bare = load(tmp_path, f'[list]\naddress = "{filled.list.address}"\n')
    different = {
        f"{table}.{key}"
        for table, model in known().items()
        for key in model.model_fields
        if getattr(getattr(filled, table), key) != getattr(getattr(bare, table) or object(), key, None)
    }
    assert different == EXAMPLES_ONLY - {"list.address"}


def test_it_loads_as_it_is(tmp_path: Path) -> None:
    assert load(tmp_path, text(with_optional=False)).list.name == "TLD-OPS"


@pytest.mark.parametrize("optional", [False, True])
def test_each_key_says_in_a_comment_what_it_does(optional: bool) -> None:
    silent = {"host", "port", "whois", "timezone", "username"}  # what they are is said by name and value
    for line in text(with_optional=optional).splitlines():
        if found := re.match(r"(\w+) = ", line):
            assert found[1] in silent or "#" in line, line
