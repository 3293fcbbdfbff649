"""`members`: everybody with a seat, their details, and what the operator may do with their entries."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from tldops_bot.app import App
from tldops_bot.cli import _moving
from tldops_bot.cli._acting import (
    BY,
    AsJson,
    Because,
    Confidential,
    Yes,
    acting,
    disclose,
    looking,
    must_be_sure,
    must_say_why,
    tell,
)
from tldops_bot.cli._completion import seats
from tldops_bot.cli._frame import card, masked, masked_phone, opened, refuse, say, show
from tldops_bot.commands import _letters, _suspending
from tldops_bot.commands._command import Context
from tldops_bot.commands._leaving import is_seat_taken, leave, put_back
from tldops_bot.domain.organisation import parse_seat, shown
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.domain.tld import dotted
from tldops_bot.store import overview, people, requests
from tldops_bot.store.database import Session
from tldops_bot.store.tables import CertificateRow, Entry, Person

MORE_DIGITS = 18  # larger than any person's number
LIVING = (people.LISTED, people.SUSPENDED)
app = typer.Typer(help="Contacts, and everybody else with a seat.", no_args_is_help=True)
app.command("import")(_moving.import_)
app.command("export")(_moving.export)
WhoIs = Annotated[str, typer.Argument(metavar="WHO", help="Number, address or full fingerprint.")]
OneTld = Annotated[str, typer.Option("--tld", help="Only this TLD.", autocompletion=seats)]


@app.command("list")
def list_(
    context: typer.Context, tld: OneTld = "", confidential: Confidential = False, as_json: AsJson = False
) -> None:
    """Everybody listed or suspended for a TLD, the committee and the secretariat."""
    label = _label(tld)
    with looking(context, "members list", confidential) as (_, session):
        rows = [_row(one, confidential) for one in overview.seated(session, label)]
    columns = ("id", "name", "email", *(("phone",) if confidential else ()), "tlds", "marks")
    show(rows, as_json, empty="nobody", columns=columns, wide=("organisation",))


@app.command("show")
def show_(
    context: typer.Context, who: WhoIs, confidential: Confidential = False, as_json: AsJson = False
) -> None:
    """One person: record, key, entries."""
    with opened(context) as parts:
        now = parts.now()
        with parts.database.read() as session:
            person_id = find(session, who).id
        if confidential:
            disclose(parts, f"members show {person_id}")
        with parts.database.read() as session:
            values = _details(session, session.get_one(Person, person_id), confidential)
    card(values, as_json, now)


@app.command()
def suspend(
    context: typer.Context, who: WhoIs, because: Because = "", tld: OneTld = "", yes: Yes = False
) -> None:
    """Take a contact off the list for now, until `restore` or `remove`; all concerned are told."""
    with opened(context) as parts, _sure(parts, "Suspend", who, tld, (people.LISTED,), yes) as ctx:
        must_say_why(ctx.session, because)
        person = find(ctx.session, who)
        held = _entries(person, tld, (people.LISTED,))
        for entry in held:
            _suspending.suspend(ctx, entry, because, BY, None, "letters/suspended")
        tell(ctx, "suspended", _about(person, held), because)
        done = person.name
    say(f"suspended {done}")


@app.command()
def restore(context: typer.Context, who: WhoIs, tld: OneTld = "", because: Because = "") -> None:
    """Put a suspended contact back on the list."""
    with opened(context) as parts, acting(parts) as ctx:
        must_say_why(ctx.session, because)
        person = find(ctx.session, who)
        held = _entries(person, tld, (people.SUSPENDED,))
        if taken := next((entry.tld for entry in held if is_seat_taken(ctx, entry)), ""):
            refuse(f".{taken} has as many contacts as it may have; suspend another one first")
        for entry in held:
            put_back(ctx, entry, BY)
        tell(ctx, "restored", _about(person, held), because)
        done = person.name
    say(f"restored {done}")


@app.command()
def remove(
    context: typer.Context, who: WhoIs, because: Because = "", tld: OneTld = "", yes: Yes = False
) -> None:
    """End a contact's entries: of one TLD, or all; the person and the others of the TLD are told."""
    with opened(context) as parts, _sure(parts, "Remove for good", who, tld, LIVING, yes) as ctx:
        must_say_why(ctx.session, because)
        person = find(ctx.session, who)
        held = _entries(person, tld, LIVING)
        _close_questions(ctx, held, because)
        left = [leave(ctx, entry, BY) for entry in held]
        tell(ctx, "removed", _about(person, held), because)
        values = {"name": person.name, "tlds": left, "because": because.strip()}
        ctx.post(_letters.notice("letters/ended", values, _letters.to_person(person)))
        done = person.name
    say(f"removed {done}: {', '.join(left)}")


@contextmanager
def _sure(parts: App, what: str, who: str, tld: str, states: Sequence[str], yes: bool) -> Iterator[Context]:
    """A transaction, once the operator has seen whom it is about."""

    def about(session: Session) -> str:
        person = find(session, who)
        return f"{what}: {_about(person, _entries(person, tld, states))}?"

    must_be_sure(parts, about, yes)
    with acting(parts) as ctx:
        yield ctx


def find(session: Session, who: str) -> Person:
    """The person with this number, address or fingerprint; refuses if there is none."""
    word = who.strip().strip("<>").replace(" ", "")
    person = None
    if word.isascii() and word.isdigit() and len(word) <= MORE_DIGITS:
        person = session.get(Person, int(word))
    elif "@" in word:
        person = people.by_address(session, word)
    elif word:
        person = people.by_fingerprint(session, word.upper())
    if person is None or person.forgotten_at is not None:
        refuse("there is nobody with this number, address or full fingerprint; `members list` shows who is")
    return person


def _label(word: str) -> str:
    tld = parse_seat(word) if word else None
    if word and tld is None:
        refuse(f"{word[:80]} is not the name of a TLD, such as nl, .nl, рф or xn--p1ai")
    return tld.a_label if tld else ""


def _entries(person: Person, tld: str, states: Sequence[str]) -> list[Entry]:
    label = _label(tld)
    held = [one for one in person.entries if one.state in states and (not label or one.tld == label)]
    where = f"for {dotted(shown(label))}" if label else "for any TLD"
    return held or refuse(
        f"the person is not {' or '.join(states)} {where};"
        f" `tldops-bot members show {person.id}` shows their entries"
    )


def _about(person: Person, held: Sequence[Entry]) -> str:
    return ", ".join([person.name, *(dotted(shown(one.tld)) for one in held)])


def _close_questions(ctx: Context, held: Sequence[Entry], because: str) -> None:
    """Once an entry has ended, there is nothing left to decide about it."""
    ended = {entry.id for entry in held}
    for one in requests.listing(ctx.session, (requests.COMMITTEE,)):
        if one.kind == RequestKind.OBJECTION and one.details.get("entry_id") in ended:
            requests.close(one, requests.REJECTED, BY, because, ctx.now)


def _row(person: Person, confidential: bool) -> dict[str, Any]:
    living = [one for one in person.entries if one.state in LIVING]
    return {
        "id": person.id,
        "name": person.name,
        "organisation": person.organisation,
        "email": masked(person.email, confidential),
        "phone": masked_phone(person.mobile or person.phone, confidential),
        "tlds": [one.tld for one in living],
        "suspended_tlds": [one.tld for one in living if one.state == people.SUSPENDED],
        "offices": sorted(one.role for one in person.offices),
        "fingerprint": person.fingerprint,
        "is_stale": person.stale_at is not None,
        "marks": _marks(person),
    }


def _marks(person: Person) -> list[str]:
    """What there is to know about somebody at a glance."""
    return [
        *sorted(one.role for one in person.offices),
        *(["suspended"] if any(one.state == people.SUSPENDED for one in person.entries) else []),
        *(["no-key"] if person.fingerprint is None or person.key_blocked_at else []),
        *(["stale"] if person.stale_at else []),
        *(["mail-fails"] if person.mailbox_failed_at else []),
    ]


def _details(session: Session, person: Person, confidential: bool) -> dict[str, Any]:
    row = session.get(CertificateRow, person.fingerprint) if person.fingerprint else None
    return {
        "id": person.id,
        "name": person.name,
        "marks": _marks(person),
        "organisation": person.organisation,
        "email": masked(person.email, confidential),
        "emergency_email": masked(person.emergency_email, confidential),
        "emergency_email_is_proven": person.emergency_proven_at is not None,
        "phone": masked_phone(person.phone, confidential),
        "mobile": masked_phone(person.mobile, confidential),
        "fax": masked_phone(person.fax, confidential),
        "postal": person.postal if confidential or not person.postal else "…",
        "timezone": person.timezone,
        "language": person.language,
        "fingerprint": person.fingerprint,
        "key_expires_at": row.expires_at if row else None,
        "key_is_revoked": bool(row and row.is_revoked),
        "key_blocked_at": person.key_blocked_at,
        "offices": sorted(one.role for one in person.offices),
        "created_at": person.created_at,
        "confirmed_at": person.confirmed_at,
        "seen_at": person.seen_at,
        "stale_at": person.stale_at,
        "mailbox_failed_at": person.mailbox_failed_at,
        "entries": [
            {
                "tld": one.tld,
                "state": one.state,
                "since_at": one.since_at,
                "vouched_by": one.vouched_by,
                "probation_until": one.probation_until,
            }
            for one in person.entries
        ],
    }
