"""Finds and reads config.toml; every mistake in it becomes one clear line with key, file and nearest known key."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from tldops_bot.config.settings import Config
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.nearest import nearest

PATHS = {
    "listener": ("socket", "tls_certificate", "tls_key"),
    "smarthost": ("password_file",),
    "openpgp": ("home", "passphrase_file"),
    "roster": ("fonts",),
    "wake": ("gateways_file",),
    "templates": ("directory",),
}
# By the first word of pydantic's name for what is wrong; its own words are for programmers.
_KINDS = {
    "model": "a table is needed, with its name in brackets",
    "dict": "a table is needed, with its name in brackets",
    "int": "a whole number is needed",
    "bool": "true or false is needed",
    "string": "text is needed, in quotation marks: ASCII, and not too long",
    "path": "text is needed, in quotation marks",
    "tuple": 'a list is needed, such as ["text"]',
    "too": "at least one is needed",
}


class ConfigProblem(Exception):
    """The configuration can't be used; the text says which file, which key, and what to write instead."""


def find_config(named: Path | None, environment: Mapping[str, str], folder: Path) -> Path:
    """The file to read: `--config`, else $TLDOPS_CONFIG, ./config.toml, /etc/tldops-bot/config.toml."""
    if named is not None:
        return named
    if environment.get("TLDOPS_CONFIG"):
        return Path(environment["TLDOPS_CONFIG"])
    for candidate in (folder / "config.toml", Path("/etc/tldops-bot/config.toml")):
        if candidate.exists():
            return candidate
    raise ConfigProblem(
        "no configuration found: give --config FILE, set TLDOPS_CONFIG, or run `tldops-bot init` first"
    )


def load_config(file: Path) -> Config:
    """Read and check one configuration file. Raises ConfigProblem."""
    try:
        text = file.read_bytes().decode("utf-8-sig")  # some editors put a mark before it
    except OSError as problem:
        raise ConfigProblem(f"{file}: cannot be read ({problem.strerror})") from problem
    except UnicodeDecodeError as problem:
        raise ConfigProblem(f"{file}: is not UTF-8 text") from problem
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise ConfigProblem(f"{file}: is not TOML: {problem}") from problem
    if "file" in tables:
        raise ConfigProblem(f"{file}: unknown key file")
    folder = file.resolve().parent
    try:
        whole = _with_gateways(_absolute(_with_people(tables), folder))
        return Config.model_validate(whole | {"file": file.resolve()})
    except ValidationError as problem:
        raise ConfigProblem("\n".join(_lines(problem, file))) from problem


def _with_people(tables: dict[str, Any]) -> dict[str, Any]:
    """Without an owner: postmaster, whom every mail domain has (RFC 5321 section 4.5.1). The operator: the owner."""
    of_list, operator = tables.get("list"), tables.get("operator", {})
    if not isinstance(of_list, dict) or not isinstance(operator, dict):
        return tables
    address = parse_address(str(of_list.get("address")))
    if address is None:
        return tables
    owner = of_list.get("owner", f"postmaster@{address.rpartition('@')[2]}")
    return tables | {"list": of_list | {"owner": owner}, "operator": {"email": owner} | operator}


def _absolute(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths are relative to the file's own folder; omitted ones get their default there."""
    made = {name: dict(table) if isinstance(table, dict) else table for name, table in tables.items()}
    for table, keys in PATHS.items():
        held = made.get(table)
        if isinstance(held, dict):
            for key in keys:
                if isinstance(held.get(key), str):
                    held[key] = str(folder / held[key])
    openpgp = made.setdefault("openpgp", {})
    if isinstance(openpgp, dict):
        openpgp.setdefault("home", str(folder / "var/gnupg"))
    database = made.setdefault("database", {})
    if isinstance(database, dict):
        database["url"] = _absolute_url(database.get("url", "sqlite:///var/tldops.sqlite"), folder)
    return made


def _with_gateways(tables: dict[str, Any]) -> dict[str, Any]:
    """The gateways in `wake.gateways_file`, besides those in config.toml. Errors quote nothing from it."""
    wake = tables.get("wake")
    if not isinstance(wake, dict) or not isinstance(wake.get("gateways_file"), str):
        return tables
    file, named = Path(wake["gateways_file"]), wake.get("gateways", {})
    try:
        found = tomllib.loads(file.read_bytes().decode("utf-8"))
    except OSError as problem:
        raise ConfigProblem(f"{file}: cannot be read ({problem.strerror})") from problem
    except ValueError:  # neither UTF-8 nor TOML
        raise ConfigProblem(
            f'{file}: is not TOML, with a line such as sms = "URL" for each gateway'
        ) from None
    if not isinstance(named, dict):
        return tables
    if twice := sorted(set(named) & set(found)):
        raise ConfigProblem(f"{file}: the gateway {twice[0]} stands in config.toml, too")
    return tables | {"wake": wake | {"gateways": named | found}}


def _absolute_url(url: Any, folder: Path) -> Any:
    prefix = "sqlite:///"
    if isinstance(url, str) and url.startswith(prefix) and not url.startswith(prefix + "/"):
        return prefix + os.fspath(folder / url.removeprefix(prefix))
    return url


def _lines(problem: ValidationError, file: Path) -> list[str]:
    lines = []
    for error in problem.errors(include_url=False):
        place = [str(part) for part in error["loc"]]
        key = ".".join(place)
        if error["type"] == "extra_forbidden":
            hint = nearest(place[-1], _known_keys(place[:-1]), within=4)
            lines.append(f"{file}: unknown key {key}" + (f"; did you mean {hint}?" if hint else ""))
        elif error["type"] == "missing":
            lines.append(f"{file}: {key} is missing")
        else:
            words = _KINDS.get(error["type"].partition("_")[0], "") or error["msg"]
            lines.append(f"{file}: {key}: {words.removeprefix('Value error, ')}")
    return lines


def _known_keys(place: list[str]) -> list[str]:
    model: type[BaseModel] = Config
    for part in place:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        found = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, type)]
        tables = [kind for kind in found if issubclass(kind, BaseModel)]
        if not tables:
            return []
        model = tables[0]
    return [name for name in model.model_fields if not (model is Config and name == "file")]
