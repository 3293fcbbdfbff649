"""What every verb shares: configuration, the parts, output for people or programs, and one-line refusals."""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from tldops_bot.app import App
from tldops_bot.cli._look import cell, painted, table
from tldops_bot.config import Config, ConfigProblem, find_config, load_config
from tldops_bot.domain.address import mask_address, mask_phone
from tldops_bot.domain.mendable import Mendable
from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.unavailable import Unavailable
from tldops_bot.store.database import StoreProblem

Rows = Sequence[Mapping[str, Any]]
LABEL_COLUMNS = 16
# What JSON leaves as it is, of what is not printed but done: C1, the marks of direction, line ends of Unicode.
_ACTING = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
WIDE = 110  # columns from which on a terminal has room for more of a table
console = Console(soft_wrap=False)
errors = Console(stderr=True, soft_wrap=True)


def named_config(context: typer.Context) -> Path | None:
    """The configuration that --config names, before the verb."""
    named = context.find_root().params.get("config")
    return Path(named) if named else None


def refuse(message: str) -> NoReturn:
    """Say why not, on one line, and exit with status 1."""
    note(message)
    raise typer.Exit(1)


def note(message: str) -> None:
    """A line (for a configuration, one per mistake) on stderr, besides what the verb prints."""
    for line in split_lines(message):
        print(f"tldops-bot: {line}", file=sys.stderr)  # noqa: T201


def read_config(context: typer.Context) -> Config:
    """The configuration the options name; refuses with one line per mistake."""
    try:
        return load_config(find_config(named_config(context), os.environ, Path.cwd()))
    except ConfigProblem as problem:
        refuse(str(problem))


@contextmanager
def opened(context: typer.Context, any_schema: bool = False) -> Iterator[App]:
    """The parts, on a database that exists and (unless it is to be upgraded) fits."""
    with parts_of(read_config(context)) as app:
        app.database.must_exist()
        if not any_schema:
            app.schema.must_fit()
        yield app


@contextmanager
def parts_of(config: Config) -> Iterator[App]:
    """The parts; what breaks below becomes one clear line."""
    app = App(config)
    try:
        yield app
    except Mendable as problem:
        refuse(str(problem))
    except Unavailable as problem:
        refuse(f"{problem}; `tldops-bot doctor` says more")
    except StoreProblem as problem:
        refuse(f"the database does not answer ({type(problem).__name__}); `tldops-bot doctor` says more")
    finally:
        app.close()


def read_file(file: Path, most_bytes: int) -> bytes:
    """The octets of a file or pipe the operator named, "-" for stdin; refuses folders, and what is larger."""
    try:
        with nullcontext(sys.stdin.buffer) if str(file) == "-" else file.open("rb") as source:
            octets = source.read(most_bytes + 1)
    except FileNotFoundError:
        refuse(f"{file}: there is no such file")
    except IsADirectoryError:
        refuse(f"{file}: not a file")
    except OSError as problem:
        refuse(f"{file}: cannot be read ({problem.strerror})")
    if len(octets) > most_bytes:
        refuse(f"{file}: larger than {most_bytes} bytes")
    return octets


def show(
    rows: Rows,
    as_json: bool,
    title: str = "",
    empty: str = "nothing",
    columns: Sequence[str] = (),
    wide: Sequence[str] = (),
    now: datetime | None = None,
) -> None:
    """A list: JSON for programs, in full; a table for people, with `columns` if not everything fits into 80.

    A wide terminal also gets the columns in `wide`. With `now`, times say how long ago that was.
    """
    if as_json:
        print_json(list(rows))
        return
    if not rows:
        say(empty)
        return
    chosen = [*(columns or rows[0]), *(wide if console.width >= WIDE else ())]
    console.print(table(rows, chosen, title, now, console.width))


def card(values: Mapping[str, Any], as_json: bool, now: datetime | None = None) -> None:
    """One thing with its details: JSON, or one line each; lists of things become tables below."""
    if as_json:
        print_json(values)
        return
    inner = {name: value for name, value in values.items() if _is_rows(value)}
    lines = {name: cell(name, value, now) for name, value in values.items() if name not in inner}
    shown = {name: text for name, text in lines.items() if text}
    labels = max([LABEL_COLUMNS, *(len(name) + 1 for name in shown)])
    for name, text in shown.items():
        line = Text(f"{name.replace('_', ' '):{labels}}")
        line.append_text(painted(text, name, values[name], values, now))
        console.print(line, soft_wrap=True)
    for name, rows in inner.items():
        say("")
        show(rows, False, title=name.replace("_", " "), now=now)


def say(text: str, style: str = "") -> None:
    """One line for people, verbatim: no markup, nothing that turns or hides its surroundings."""
    console.print(Text(one_line(text), style), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout; stable names, times in RFC 3339."""
    print(as_json_text(value))  # noqa: T201


def as_json_text(value: Any) -> str:
    """The JSON document itself."""
    document = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def masked(address: str, confidential: bool) -> str:
    """An address as the operator may see it; "" stays ""."""
    return address if confidential or not address else mask_address(address)


def masked_phone(phone: str, confidential: bool) -> str:
    """A number as the operator may see it; "" stays ""."""
    return phone if confidential or not phone else mask_phone(phone)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)
