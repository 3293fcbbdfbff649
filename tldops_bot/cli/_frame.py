"""What every verb shares: the configuration, the parts, output for people or programs, and one-line refusals."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.app import App
from tldops_bot.config import Config, ConfigProblem, find_config, load_config
from tldops_bot.domain.address import mask_address, mask_phone
from tldops_bot.mail.render import TemplateProblem
from tldops_bot.store.database import DatabaseMissing, StoreProblem
from tldops_bot.store.schema import SchemaTooNew, SchemaTooOld

Rows = Sequence[Mapping[str, Any]]
console = Console(soft_wrap=False)
errors = Console(stderr=True, soft_wrap=True)


@dataclass
class Options:
    """What stands before the verb."""

    config: Path | None = None


def refuse(message: str) -> NoReturn:
    """Say in one line why not, and end with status 1."""
    print(f"tldops-bot: {message}", file=sys.stderr)  # noqa: T201
    raise typer.Exit(1)


def read_config(context: typer.Context) -> Config:
    """The configuration the options name; refuses with one line per mistake."""
    options = context.find_object(Options) or Options()
    try:
        return load_config(find_config(options.config, os.environ, Path.cwd()))
    except ConfigProblem as problem:
        refuse(str(problem))


@contextmanager
def opened(context: typer.Context) -> Iterator[App]:
    """The parts, on a database that exists and fits; what breaks below becomes one clear line."""
    app = App(read_config(context))
    try:
        app.database.must_exist()
        app.schema.must_fit()
        yield app
    except (DatabaseMissing, SchemaTooNew, SchemaTooOld, TemplateProblem) as problem:
        refuse(str(problem))
    except (NoListKey, GpgUnavailable) as problem:
        refuse(f"gpg: {problem}")
    except StoreProblem as problem:
        refuse(f"the database does not answer: {type(problem).__name__}")
    finally:
        app.close()


def show(rows: Rows, as_json: bool, title: str = "", empty: str = "nothing") -> None:
    """A list: JSON for programs, a table for people."""
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        console.print(empty)
        return
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    console.print(table)


def print_json(value: Any) -> None:
    """One JSON document on stdout; stable names, times in RFC 3339."""
    print(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))  # noqa: T201


def masked(address: str, confidential: bool) -> str:
    """An address as the operator may see it."""
    return address if confidential else mask_address(address)


def masked_phone(phone: str, confidential: bool) -> str:
    """A number as the operator may see it."""
    return phone if confidential else mask_phone(phone)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, list | tuple):
        return " ".join(str(one) for one in value)
    return "yes" if value is True else "" if value is False else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)
