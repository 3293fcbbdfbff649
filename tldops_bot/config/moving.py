"""What a configuration names beside itself, where it goes on another machine, and config.toml written for that."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tldops_bot.config.load import PATHS
from tldops_bot.config.settings import Config

_OF_THE_MACHINE = {"listener.socket", "roster.fonts"}  # made, or installed, there anew
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
    """config.toml is written in a way that cannot be changed here; the text names the key."""


def kept_paths(config: Config) -> dict[str, Path]:
    """The files and folders that belong to a service, by the key that names them ("openpgp.home")."""
    found = {role: _value(config.model_dump(), role) for role in ROLES}
    return {role: path for role, path in found.items() if isinstance(path, Path)}


def places(text: str, roles: set[str]) -> dict[str, str]:
    """Where each goes, below the folder of config.toml: where it was, unless that is somewhere else."""
    tables = tomllib.loads(text)
    found = {}
    for role in sorted(roles):
        written = _value(tables, role) or _DEFAULTS.get(role, "")
        found[role] = written if _is_below(written) else f"kept/{role.replace('.', '-')}"
    return found


def database_url(text: str) -> str:
    """The database of a service that is set up below the folder of config.toml."""
    url = _value(tomllib.loads(text), DATABASE) or _SQLITE + _DEFAULT_FILE
    if not isinstance(url, str) or not url.startswith(_SQLITE):
        return str(url)
    return url if _is_below(url.removeprefix(_SQLITE)) else _SQLITE + _DEFAULT_FILE


def moved(text: str, wanted: Mapping[str, str]) -> str:
    """config.toml with these values; all else in it stays as it is. Raises CannotMove."""
    for role, value in wanted.items():
        if _value(tomllib.loads(text), role) == value or _DEFAULTS.get(role) == value:
            continue
        text = _with(text, role, value)
        try:
            held = _value(tomllib.loads(text), role)
        except tomllib.TOMLDecodeError:
            held = None
        if held != value:
            raise CannotMove(f"config.toml: {role} is written in a way that cannot be changed here")
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


def _is_below(written: Any) -> bool:
    path = PurePosixPath(written) if isinstance(written, str) else PurePosixPath("/")
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts and "\0" not in str(path)
