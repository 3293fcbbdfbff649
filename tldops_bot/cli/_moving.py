"""`members import` and `members export`: people from another list, and everything (or a table), for another program."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from tldops_bot.app import App
from tldops_bot.cli._acting import (
    ACTOR,
    AsJson,
    Because,
    acting,
    context_of,
    must_say_why,
    somebody_is_there,
    tell,
)
from tldops_bot.cli._frame import (
    as_json_text,
    masked,
    note,
    opened,
    print_json,
    read_file,
    refuse,
    say,
    show,
)
from tldops_bot.cli._progress import counting, working
from tldops_bot.commands import _importing
from tldops_bot.commands._command import Context, Refused
from tldops_bot.commands._importing import ASK, INVITE, KNOWN, Step, Wish, Wrong
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.roster.export_csv import export_csv
from tldops_bot.roster.import_file import EXPORT, MOST_BYTES, Line, NotARoster, read_import
from tldops_bot.store import audit
from tldops_bot.store.database import Session
from tldops_bot.store.export import everything, persons

_DONE = {ASK: "asked whether it is right", INVITE: "invited", KNOWN: "known already, or asked"}
_IN_CLEAR = {
    ".json": "names, addresses, numbers and the words of alerts",
    ".csv": "names, addresses and numbers",
}


def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV, what `mailman members` prints, Mailman's JSON, or an export of ours."
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out lines that are wrong.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before mail goes out; a script is never asked.")
    ] = False,
    because: Because = "",
    as_json: AsJson = False,
) -> None:
    """Enter people from another list: each is asked, or invited; nobody is listed without proving who they are."""
    lines = _lines(file)
    with opened(context) as parts:
        wishes, wrong = _wishes(parts, lines)
        with parts.database.read() as session:
            ctx = context_of(parts, session)
            if not dry_run:
                must_say_why(session, because)
            steps, unusable = _importing.plan(ctx, wishes)
            rows = _rows(parts, steps, [*wrong, *unusable])
        bad = len(wrong) + len(unusable)
        _print(rows, as_json)
        if bad and not skip_bad:
            refuse(f"{_lines_are(bad)} wrong, and nothing was changed; --skip-bad leaves them out")
        mails = sum(one.action != KNOWN for one in steps)
        if dry_run or not mails:
            _end(f"{mails} mails would go out; nothing was changed" if dry_run else "nobody new", as_json)
            return
        _ask_first(mails, yes)
        with working("writing the letters"), acting(parts) as ctx:
            must_say_why(ctx.session, because)
            done = _carry_out(ctx, wishes, because)
    _end(f"{done} mails go out", as_json)


def export(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A new file: NAME.json for everything, NAME.csv for a table of those listed, without their keys.",
        ),
    ],
    because: Because = "",
) -> None:
    """Write everything about everybody into one file, for moving away; audited, and told to the committee."""
    form = file.suffix.lower()
    if form not in (".json", ".csv"):
        hint = "the name must end in .json (everything) or .csv (a table of those listed)"
        raise typer.BadParameter(hint, param_hint="FILE")
    if file.exists():
        refuse(f"{file} is there already; give another name")
    with opened(context) as parts:
        with parts.database.read() as session:
            must_say_why(session, because)
        _told(parts, because, "exported" if form == ".json" else "exported_table")
        with working("collecting everything"), parts.database.read() as session:
            octets, done = _table(session) if form == ".csv" else _all(parts, session)
        _write(file, octets)
    say(f"written        {file}: {done}")
    say(f"keep it safe   {_IN_CLEAR[form]} stand in it, in clear")


def _all(parts: App, session: Session) -> tuple[bytes, str]:
    settings = parts.config.list
    head = {"format": EXPORT, "made_at": parts.now(), "list": settings.address, "name": settings.name}
    found = everything(session, lambda key: encode(key, PUBLIC_KEY).decode())
    text = as_json_text(head | found) + "\n"
    return text.encode(), f"{len(found['persons'])} persons, {len(found['alerts'])} alerts"


def _table(session: Session) -> tuple[bytes, str]:
    octets = export_csv(persons(session, lambda key: ""))
    number = len(octets.splitlines()) - 1
    return octets, "1 person" if number == 1 else f"{number} persons"


def _told(parts: App, because: str, what: str) -> None:
    with acting(parts) as ctx:
        audit.record(ctx.session, ctx.now, ACTOR, what)
        tell(ctx, what, "members export", because)


def _write(file: Path, octets: bytes) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(octets)
    except OSError as problem:
        refuse(f"{file}: cannot be written ({problem.strerror})")


def _lines(file: Path) -> list[Line]:
    try:
        return read_import(read_file(file, MOST_BYTES))
    except NotARoster as problem:
        refuse(f"{file}: {problem}")


def _wishes(parts: App, lines: list[Line]) -> tuple[list[Wish], list[Wrong]]:
    """What is wished for; gpg looks at the keys that came along, before any transaction."""
    wrong = [Wrong(one.number, one.wrong) for one in lines if one.wrong]
    now = parts.now()
    wishes = []
    with counting("people", len(lines)) as told:
        for one in lines:
            if not one.wrong:
                found = parts.gnupg.inspect(one.key.encode(), now) if one.key else ()
                wishes.append(Wish(one.number, one.fields, one.tlds, found[0] if len(found) == 1 else None))
            told(1)
    return wishes, wrong


def _carry_out(ctx: Context, wishes: list[Wish], because: str) -> int:
    """Everything is checked again: somebody may have joined while the question was open."""
    steps, _ = _importing.plan(ctx, wishes)
    _importing.carry_out(ctx, steps)
    asked, invited, known = (sum(one.action == word for one in steps) for word in (ASK, INVITE, KNOWN))
    audit.record(ctx.session, ctx.now, ACTOR, "imported", asked=asked, invited=invited, known=known)
    about = f"asked whether it is right: {asked}; invited: {invited}"
    tell(ctx, "imported", about, because)
    return asked + invited


def _ask_first(mails: int, yes: bool) -> None:
    if yes or not somebody_is_there():
        return
    if not typer.confirm(f"{mails} mails go out. Go on?", err=True):
        refuse("nothing was changed")


def _rows(parts: App, steps: list[Step], wrong: list[Wrong]) -> list[dict[str, Any]]:
    found = [
        {
            "line": one.number,
            "email": masked(one.candidate.email, False),
            "tlds": [tld.a_label for tld in one.tlds],
            "what": _DONE[one.action],
        }
        for one in steps
    ]
    found += [{"line": one.number, "email": "", "tlds": [], "what": _why(parts, one)} for one in wrong]
    return sorted(found, key=lambda row: int(str(row["line"])))


def _why(parts: App, one: Wrong) -> str:
    if not isinstance(one.why, Refused):
        return f"WRONG: {one.why}"
    text = parts.renderer.fragment(f"refusals/{one.why.reason}", one.why.values)
    return f"WRONG: {' '.join(text.split())}"


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    show(rows, False)


def _end(words: str, as_json: bool) -> None:
    (note if as_json else say)(words)


def _lines_are(number: int) -> str:
    return "1 line is" if number == 1 else f"{number} lines are"
