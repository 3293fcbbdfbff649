"""`iana import`, `sync`, `show`: what IANA lists, read from saved answers or asked for; nothing is ever erased."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from tldops_bot.adapters.iana_whois import Result, Unanswered
from tldops_bot.app import App
from tldops_bot.cli._acting import ACTOR, AsJson
from tldops_bot.cli._completion import iana_tlds
from tldops_bot.cli._frame import card, errors, opened, print_json, refuse, say
from tldops_bot.domain.iana_changes import Change
from tldops_bot.domain.iana_record import Garbled, IanaRecord, NotFound
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.mail.iana_records import MAX_OCTETS, parse_answers
from tldops_bot.store import iana, iana_answers
from tldops_bot.store.database import Session
from tldops_bot.store.tables import IanaContact

WORDS = {
    "held_back": "held back: believed when a later sync, 12 hours from now or more, says the same",
    "may_be_foreign": "stands where a registry could have put it; the record held before stays",
    "older": "older than the record held",
    "not_found": "IANA has nothing under this name",
    "unreachable": "the server can't be reached",
    "timed_out": "the server took too long",
    "too_large": "too large for an answer",
    "unreadable": "can't be read",
}
GIVEN_UP = "given_up"
NO_SERVER = "unreachable"
_WHOLE = {
    "contact_new": "is new",
    "contact_gone": "is listed no more",
    "delegated": "is delegated",
    "retired": "is assigned to nobody any more",
    "transferred": "organisation",
}

app = typer.Typer(help="Whom IANA lists for each TLD: they vouch for its contacts.", no_args_is_help=True)
Source = tuple[str, Result]


@dataclass(slots=True)
class Tally:
    """What reading many answers led to."""

    is_import: bool
    taken: list[str] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    not_taken: list[dict[str, str]] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)

    def skip(self, source: str, tld: str, reason: str) -> None:
        self.not_taken.append({"source": source, "tld": tld, "reason": reason})


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Saved answers: files, or folders of them.")
    ],
    as_json: AsJson = False,
) -> None:
    """Read saved answers of whois.iana.org; one file may hold several."""
    files = [file for path in paths for file in _files(path)]
    with opened(context) as parts:
        tally = Tally(is_import=True)
        _keep_all(parts, tally, _read_all(files))
    _print(tally, as_json)


@app.command("sync")
def sync(
    context: typer.Context,
    tlds: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TLD", help="Such as nl; all that are due, unless named.", autocompletion=iana_tlds
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ask IANA about these TLDs, or about all that are due."""
    named = [_parse(word) for word in tlds or []]
    with opened(context) as parts:
        refresh = parts.iana_refresh(time.sleep)
        wanted = list(dict.fromkeys(named)) or refresh.due()
        tally = Tally(is_import=False)
        _keep_all(parts, tally, ((tld.shown, answer) for tld, answer in refresh.ask(wanted)), len(wanted))
    if wanted or as_json:
        _print(tally, as_json, "" if wanted else "nothing")
    else:
        say(f"nothing is due: every TLD was asked for within {parts.config.iana.refresh}")


@app.command("show")
def show_(
    context: typer.Context,
    tld: Annotated[
        str, typer.Argument(metavar="TLD", help="nl, .nl, рф or xn--p1ai", autocompletion=iana_tlds)
    ],
    history: Annotated[bool, typer.Option("--history", help="Former contacts too.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is held of a TLD: IANA's public record, and when it was read."""
    wanted = _parse(tld)
    with opened(context) as parts, parts.database.read() as session:
        row = iana.tld_row(session, wanted.a_label)
        if row is None:
            refuse(f"nothing is held of .{wanted.shown}; `tldops-bot iana sync {wanted.a_label}` asks for it")
        find = iana.contact_history if history else iana.current_contacts
        values = {
            "tld": row.tld,
            "u_label": row.u_label,
            "is_assigned": row.is_assigned,
            "organisation": row.organisation,
            "status": row.status,
            "created_on": row.created_on,
            "changed_on": row.changed_on,
            "fetched_at": row.fetched_at,
            "held_back_at": held.held_at if (held := iana_answers.held_back(session, row.tld)) else None,
        }
        contacts = [_contact(one) for one in find(session, row.tld)]
        now = parts.now()
    if as_json:
        print_json(values | {"contacts": contacts})
        return
    card(values, False, now)
    for one in contacts:
        say("")
        card(one, False, now)


def _contact(row: IanaContact) -> dict[str, Any]:
    names = ("kind", "name", "organisation", "phone", "fax", "email", "since_at", "until_at")
    return {name: getattr(row, name) for name in names}


def _parse(word: str) -> Tld:
    tld = parse_tld(word)
    if tld is None:
        refuse(f"{word[:80]} is not the name of a TLD, such as nl, .nl, рф or xn--p1ai")
    return tld


def _files(path: Path) -> list[Path]:
    """The files meant by a path, except hidden ones in a folder."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        refuse(f"{path}: there is no such file or folder")
    found = [one for one in path.rglob("*") if one.is_file() and not _is_hidden(one.relative_to(path))]
    return sorted(found) or refuse(f"{path}: no files in it")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _read_all(files: Iterable[Path]) -> Iterator[Source]:
    for file in files:
        try:
            with file.open("rb") as opened_file:
                octets = opened_file.read(MAX_OCTETS + 1)
        except OSError:
            yield str(file), Garbled("unreadable")
            continue
        yield from ((str(file), answer) for answer in parse_answers(octets))


def _keep_all(parts: App, tally: Tally, sources: Iterable[Source], total: int | None = None) -> None:
    """Keep every answer that can be relied on; trouble with one does not stop the others."""
    found: dict[str, tuple[Tld, Result]] = {}
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("IANA", total=total)
        for source, answer in sources:  # no transaction is open while somebody is asked
            with parts.database.read() as session:
                _consider(session, tally, found, source, answer)
            progress.advance(task)
    taken = parts.iana_keeper.take(list(found.values()), ACTOR, is_trusted=tally.is_import)
    tally.taken += [tld.a_label for tld in taken.kept]
    for difference in taken.believed:
        tally.changes += [_changed(difference.tld, one) for one in difference.changes]
    for tld in taken.held_back:
        tally.skip(tld.shown, tld.a_label, "held_back")


def _consider(
    session: Session, tally: Tally, found: dict[str, tuple[Tld, Result]], source: str, answer: Result
) -> None:
    """Put an answer among those to keep, the latest for each TLD, or say why not."""
    match answer:
        case IanaRecord():
            _consider_record(session, tally, found, source, answer)
        case NotFound(asked):
            tld = parse_tld(asked)
            tally.skip(source, tld.a_label if tld else "", "not_found")
            if tld is not None and not tally.is_import:
                found[tld.a_label] = tld, answer
        case Garbled(reason, about):
            tally.skip(source, about.a_label if about else "", reason)
        case Unanswered(reason):
            tally.skip(source, "", reason)


def _consider_record(
    session: Session, tally: Tally, found: dict[str, tuple[Tld, Result]], source: str, record: IanaRecord
) -> None:
    label = record.tld.a_label
    held = iana.tld_row(session, label)
    rival = found[label][1] if label in found else None
    if "may_be_foreign" in record.warnings and (held is not None or rival is not None):
        tally.skip(source, label, "may_be_foreign")
        return
    newest = [held.changed_on if held else None, rival.changed if isinstance(rival, IanaRecord) else None]
    if tally.is_import and any(_is_older(record, day) for day in newest):
        tally.skip(source, label, "older")
        return
    found[label] = record.tld, record
    tally.warnings += [{"tld": label, "warning": word} for word in record.warnings]


def _is_older(record: IanaRecord, day: date | None) -> bool:
    """By IANA's own dates: a saved answer may be years old."""
    return record.changed is not None and day is not None and record.changed < day


def _changed(tld: Tld, change: Change) -> dict[str, Any]:
    """What is new, in words; never the details themselves."""
    whole = _WHOLE.get(change.what)
    what = [whole] if whole else [field.label for field in change.fields]
    return {"tld": tld.a_label, "contact": change.kind, "what": what}


def _print(tally: Tally, as_json: bool, empty: str = "") -> None:
    if as_json:
        names = ("taken", "changes", "not_taken", "warnings")
        print_json({name: getattr(tally, name) for name in names})
    else:
        _print_lines(tally)
    unread = [one for one in tally.not_taken if one["reason"] not in ("older", "may_be_foreign", "held_back")]
    if not tally.taken and not empty and len(unread) == len(tally.not_taken):
        found = dict.fromkeys(one["reason"] for one in unread if one["reason"] != GIVEN_UP)
        hint = "; `tldops-bot doctor` says what mends it" if NO_SERVER in found else ""
        refuse(
            f"nothing could be read: {', '.join(WORDS.get(one, one.replace('_', ' ')) for one in found)}{hint}"
        )


def _print_lines(tally: Tally) -> None:
    say(f"read         {len(tally.taken)} {'TLD' if len(tally.taken) == 1 else 'TLDs'}")
    for change in tally.changes:
        whose = f", {change['contact']} contact" if change["contact"] else ""
        say(f"changed      .{_shown(change['tld'])}{whose}: {', '.join(change['what'])}")
    for one in tally.warnings:
        say(f"beware       .{_shown(one['tld'])}: {one['warning'].replace('_', ' ')}")
    left = [one for one in tally.not_taken if one["reason"] == GIVEN_UP]
    for one in tally.not_taken:
        if one["reason"] == GIVEN_UP:
            continue
        about = f" (.{_shown(one['tld'])})" if one["tld"] else ""
        say(
            f"not taken    {one['source']}{about}: {WORDS.get(one['reason'], one['reason'].replace('_', ' '))}"
        )
    if left:
        say(f"not asked    {len(left)} more, after several failures in a row; run it again later")


def _shown(label: str) -> str:
    tld = parse_tld(label)
    return tld.shown if tld else label
