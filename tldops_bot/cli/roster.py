"""`roster`: look at what a member gets, and send it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from tldops_bot.app import App
from tldops_bot.cli._acting import ACTOR, Confidential, disclose
from tldops_bot.cli._frame import masked, masked_phone, note, opened, refuse, say
from tldops_bot.cli.members import find
from tldops_bot.config import Config
from tldops_bot.domain.figures import weekly
from tldops_bot.domain.outgoing import Attachment, Kind, Letter
from tldops_bot.domain.roster import Roster, RosterContact, build_roster
from tldops_bot.domain.roster_changes import changes
from tldops_bot.domain.schedule import next_due
from tldops_bot.jobs import JOBS
from tldops_bot.jobs._job import JobContext, Unfinished, job
from tldops_bot.jobs.send_roster import TEMPLATE, roster_letters
from tldops_bot.roster import parts as roster_parts
from tldops_bot.store import audit, figures, roster_sends
from tldops_bot.store.database import Session
from tldops_bot.store.roster_rows import load_roster

app = typer.Typer(help="The roster that members get.", no_args_is_help=True)


@app.command()
def preview(
    context: typer.Context,
    for_: Annotated[str, typer.Option("--for", metavar="ADDRESS", help="As this member would get it.")] = "",
    out: Annotated[Path | None, typer.Option(help="A folder for the text and the files.")] = None,
    confidential: Confidential = False,
) -> None:
    """The text of the roster, and with --out its files; phones and addresses masked."""
    with opened(context) as app_:
        if confidential:
            disclose(app_, "roster preview")
        with app_.database.read() as session:
            held = load_roster(session, app_.now(), app_.tlds)
            history = weekly(figures.history(session))
            news = _news(session, held, for_, app_.now())
        shown = held if confidential else _masked(held, app_)
        text = app_.renderer.render(TEMPLATE, roster_parts.values(shown, app_.config) | news)
        files = roster_parts.files(shown, roster_parts.printed(shown, app_.config, app_.tlds, history))
    if out is None:
        print(f"Subject: {text.subject}\n\n{text.body}", end="")  # noqa: T201
    else:
        _write(out, [Attachment("roster.txt", "text/plain", text.body.encode()), *files])
    if not confidential:
        note("phones and addresses are masked; --confidential shows them, and tells the committee")


@app.command()
def send(
    context: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="To everybody, whether due or not.")] = False,
) -> None:
    """Put the roster into the outbox, if it is due (or with --now)."""
    with opened(context) as app_:
        sent: list[Letter] = []

        @job(every=JOBS["send_roster"].every)
        def send_roster(ctx: JobContext) -> Sequence[Letter] | Unfinished:
            """What the clock does, or the same out of turn."""
            found = _out_of_turn(ctx) if now else JOBS["send_roster"].run(ctx)
            sent.extend(found.letters if isinstance(found, Unfinished) else found)
            return found

        app_.job_runner().run(send_roster)
        if not sent and not now:
            say(f"nothing is due before {_next(app_.config, app_.now()):%Y-%m-%d %H:%M} UTC; --now sends one")
            return
    rosters = [letter for letter in sent if letter.kind is Kind.ROSTER]
    people = {to.person_id for letter in rosters for to in letter.to}
    copies = sum(len(letter.to) for letter in rosters)
    say(f"{copies} {'copy' if copies == 1 else 'copies'} for {len(people)} members in the outbox")


def _out_of_turn(ctx: JobContext) -> list[Letter]:
    letters = roster_letters(ctx, ctx.now)
    copies = sum(len(letter.to) for letter in letters if letter.kind is Kind.ROSTER)
    audit.record(ctx.session, ctx.now, ACTOR, "roster_sent", copies=copies)
    return letters


def _next(config: Config, now: datetime) -> datetime:
    return next_due(config.roster.schedule, ZoneInfo(config.roster.timezone), now)


def _news(session: Session, held: Roster, address: str, now: datetime) -> dict[str, Any]:
    """What is new since this member's last roster; refuses whom no roster goes to."""
    if not address:
        return roster_parts.change_values(None, "")
    person = find(session, address)
    if person.id not in {one.person_id for one in roster_sends.recipients_due(session, now, now)}:
        refuse(f"{person.name} gets no roster: no usable key, on probation, or not listed")
    made_at, before = roster_sends.last_send(session, person.id)
    since_on = f"{made_at:%Y-%m-%d}" if made_at is not None and before is not None else ""
    return roster_parts.change_values(changes(before, held), since_on)


def _masked(held: Roster, app_: App) -> Roster:
    return build_roster(held.made_at, map(_masked_contact, held.contacts), app_.tlds, held.audit_head)


def _masked_contact(one: RosterContact) -> RosterContact:
    """A key holds its owner's addresses, so only its fingerprint is left."""
    return replace(
        one,
        email=masked(one.email, False),
        emergency_email=masked(one.emergency_email, False),
        phone=masked_phone(one.phone, False),
        phone_e164="",
        mobile=masked_phone(one.mobile, False),
        mobile_e164="",
        fax=masked_phone(one.fax, False),
        postal="…" if one.postal else "",
        key_blob=None,
    )


def _write(folder: Path, files: Sequence[Attachment]) -> None:
    """Readable by the operator alone: it may be everybody's contacts."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for one in files:
            file = folder / one.name
            file.touch(mode=0o600)
            file.chmod(0o600)
            file.write_bytes(one.octets)
            say(f"{file}  {len(one.octets)} bytes")
    except OSError as problem:
        refuse(f"{folder}: cannot be written ({problem.strerror})")
