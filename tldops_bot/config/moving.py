"""What a configuration names outside itself, where that goes elsewhere, and a config.toml to match."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tldops_bot.config.load import PATHS
from tldops_bot.config.settings import Config

_OF_THE_MACHINE = {"listener.socket", "roster.fonts"}  # made or installed anew there
_DEFAULTS = {"openpgp.home": "var/gnupg"}
DATABASE = "database.url"
_SQLITE = "sqlite:///"
_DEFAULT_FILE = "var/tldops.sqlite"
ROLES = tuple(
    f"{table}.{key}"
    for table, keys in PATHS.items()
    for key in keys
    if f"{table}.{key}" not in _OF_THE_MACHINE
)


class CannotMove(Exception):
    """config.toml is written in a way that can't be changed here; the text names the key."""


def kept_paths(config: Config) -> dict[str, Path]:
    """The files and folders that belong to a service, by the key that names them ("openpgp.home")."""
    found = {role: _value(config.model_dump(), role) for role in ROLES}
    return {role: path for role, path in found.items() if isinstance(path, Path)}


def places(text: str, roles: set[str], data: Path) -> dict[str, str]:
    """Where each goes below the data folder: where it was, unless that is somewhere else."""
    tables = tomllib.loads(text)
    found = {}
    for role in sorted(roles):
        written = _value(tables, role) or _DEFAULTS.get(role, "")
        found[role] = _below(written, data) or f"kept/{role.replace('.', '-')}"
    return found


def database_url(text: str, data: Path) -> str:
    """The database of a service that is set up below the data folder."""
    url = _value(tomllib.loads(text), DATABASE) or _SQLITE + _DEFAULT_FILE
    if not isinstance(url, str) or not url.startswith(_SQLITE):
        return str(url)
    return _SQLITE + (_below(url.removeprefix(_SQLITE), data) or _DEFAULT_FILE)


def spelled_out(wanted: Mapping[str, str], data: Path) -> dict[str, str]:
    """The same for a config.toml that is not with the data."""
    found = {role: str(data / value) for role, value in wanted.items() if role != DATABASE}
    url = wanted[DATABASE]
    return found | {
        DATABASE: _SQLITE + str(data / url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else url
    }


def moved(text: str, wanted: Mapping[str, str]) -> str:
    """config.toml with these values, and everything else unchanged. Raises CannotMove."""
    for role, value in wanted.items():
        if _value(tomllib.loads(text), role) == value or _DEFAULTS.get(role) == value:
            continue
        text = _with(text, role, value)
        try:
            held = _value(tomllib.loads(text), role)
        except tomllib.TOMLDecodeError:
            held = None
        if held != value:
            raise CannotMove(
                f"config.toml: {role} cannot be changed here; write it as config.example.toml does"
            )
    return text


def _with(text: str, role: str, value: str) -> str:
    table, key = role.split(".")
    line = f"{key} = {json.dumps(value, ensure_ascii=False)}"
    opening = re.search(rf"^[ \t]*\[[ \t]*{table}[ \t]*\][^\n]*$", text, re.MULTILINE)
    if opening is None:
        return f"{text.rstrip()}\n\n[{table}]\n{line}\n"
    before, rest = text[: opening.end()], text[opening.end() :]
    closing = re.search(r"^[ \t]*\[", rest, re.MULTILINE)
    inside, after = (rest[: closing.start()], rest[closing.start() :]) if closing else (rest, "")
    changed, count = re.subn(
        rf"^[ \t]*{key}[ \t]*=[^\n]*$", lambda _: line, inside, count=1, flags=re.MULTILINE
    )
    return before + (changed if count else f"\n{line}{inside}") + after


def _value(tables: Mapping[str, Any], role: str) -> Any:
    table, key = role.split(".")
    held = tables.get(table)
    return held.get(key) if isinstance(held, Mapping) else None


def _below(written: Any, data: Path) -> str:
    """A path relative to that folder; "" if it is not below it."""
    path = PurePosixPath(written) if isinstance(written, str) else PurePosixPath("/")
    if path.is_absolute() and path.is_relative_to(data):
        path = path.relative_to(data)
    is_odd = not path.parts or path.is_absolute() or ".." in path.parts or "\0" in str(path)
    return "" if is_odd else str(path)
