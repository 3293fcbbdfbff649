"""`roster`: look at what a member gets, and send it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from tldops_bot.app import App
from tldops_bot.cli._acting import ACTOR, Confidential, disclose
from tldops_bot.cli._frame import masked, masked_phone, note, opened, refuse, say
from tldops_bot.cli._progress import working
from tldops_bot.cli.members import find
from tldops_bot.commands._roster_files import Ready, as_it_stands
from tldops_bot.config import Config
from tldops_bot.domain.figures import weekly
from tldops_bot.domain.outgoing import Attachment, Kind, Letter
from tldops_bot.domain.roster import Roster, RosterContact, build_roster
from tldops_bot.domain.roster_changes import changes
from tldops_bot.domain.roster_edition import ALL, Edition
from tldops_bot.domain.schedule import next_due
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext, Unfinished, job
from tldops_bot.jobs.send_roster import News, is_wanted, letter_to, news_for, roster_letters
from tldops_bot.roster import parts as roster_parts
from tldops_bot.store import audit, figures, roster_sends
from tldops_bot.store.database import Session

app = typer.Typer(help="The roster that members get.", no_args_is_help=True)


@app.command()
def preview(
    context: typer.Context,
    for_: Annotated[str, typer.Option("--for", metavar="ADDRESS", help="As this member would get it.")] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder to write the text and the files to.")
    ] = None,
    confidential: Confidential = False,
) -> None:
    """The text of the roster, and with --out its files; phones and addresses masked.

    With --for and --confidential exactly what that member would get: their text, their files, the signatures.
    """
    with opened(context) as app_:
        if confidential:
            disclose(app_, "roster preview")
        with working("making the roster"):
            made = app_.roster_press.prepare() if confidential else None
            with app_.database.read() as session:
                held = made or as_it_stands(session, app_.config, app_.tlds, app_.now())
                news = _news(session, held.roster, for_, app_.now())
                ready = made or _masked(session, held.roster, app_)
                language = find(session, for_).language if for_ else ""
        letter = letter_to((), ready.common, ready.edition, news)
        text = app_.renderer.render(letter.template, letter.values, language)
    if out is None:
        print(f"Subject: {text.subject}\n\n{text.body}", end="")  # noqa: T201
    else:
        _write(out, [Attachment("roster.txt", "text/plain", text.body.encode()), *letter.attachments])
    if ready.edition is None:
        note("the files could not be made; the log says why")
    if not confidential:
        note("phones and addresses are masked, and nothing is signed; --confidential tells the committee")


@app.command()
def send(
    context: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="To everybody, whether due or not.")] = False,
) -> None:
    """Put the roster into the outbox, if it is due (or with --now). Ctrl-C stops it; the next run goes on."""
    with opened(context) as app_:
        with working("making the files"):
            ready = app_.roster_press.prepare() if now else None
        if ready is not None and ready.edition is None:
            refuse("its files could not be made; the log says why")
        sent: list[Letter] = []

        @job(every=JOBS["send_roster"].every)
        def send_roster(ctx: JobContext) -> Sequence[Letter] | Unfinished:
            """What the clock does, or the same out of turn."""
            found = _out_of_turn(ctx, is_begun=bool(sent)) if now else JOBS["send_roster"].run(ctx)
            sent.extend(found.letters if isinstance(found, Unfinished) else found)
            if isinstance(found, Unfinished):
                note(f"so far {_counted(sent)}")
            return found

        try:
            with working("writing the copies"):
                runner = app_.job_runner()
                (replace(runner, looks={"send_roster": lambda: ready}) if now else runner).run(send_roster)
        except KeyboardInterrupt:
            refuse(
                f"stopped: {_counted(sent)} in the outbox; the clock or `roster send` goes on with the others"
            )
        if not sent and not now:
            _say_why_nothing(app_)
            return
    say(f"{_counted(sent)} in the outbox")


def _say_why_nothing(app_: App) -> None:
    with app_.database.read() as session:
        is_due = is_wanted(session, app_.config, app_.now())
    if is_due:
        refuse("it is due, but its files could not be made; the log says why")
    say(f"nothing is due before {_next(app_.config, app_.now()):%Y-%m-%d %H:%M} UTC; --now sends one")


def _counted(sent: Sequence[Letter]) -> str:
    rosters = [letter for letter in sent if letter.kind is Kind.ROSTER]
    people = {to.person_id for letter in rosters for to in letter.to}
    copies = sum(len(letter.to) for letter in rosters)
    return f"{copies} {'copy' if copies == 1 else 'copies'} for {len(people)} members"


def _out_of_turn(ctx: JobContext, is_begun: bool) -> list[Letter] | Unfinished:
    """The first batch of a new roster; after that, what is left of it."""
    begun = roster_sends.under_way(ctx.session) if is_begun else None
    found = roster_letters(ctx, begun or ctx.now)
    letters = found.letters if isinstance(found, Unfinished) else found
    copies = sum(len(letter.to) for letter in letters if letter.kind is Kind.ROSTER)
    audit.record(ctx.session, ctx.now, ACTOR, "roster_sent", copies=copies)
    return found


def _next(config: Config, now: datetime) -> datetime:
    return next_due(config.roster.schedule, ZoneInfo(config.roster.timezone), now)


def _news(session: Session, held: Roster, address: str, now: datetime) -> News:
    """What is new since this member's last roster, and their files; refuses those who get no roster."""
    if not address:
        return News(None, "", ALL)
    person = find(session, address)
    found = [one for one in roster_sends.recipients_due(session, now, now) if one.person_id == person.id]
    if not found:
        refuse(
            f"{person.name} gets no roster: no usable key, on probation, or not listed;"
            f" `tldops-bot members show {person.id}` shows which"
        )
    return news_for(found[0], changes(roster_sends.held_snapshot(session, found[0].last_snapshot), held))


def _masked(session: Session, held: Roster, app_: App) -> Ready:
    """What may be shown, unsigned: nobody gets it like that."""
    contacts, history = map(_masked_contact, held.contacts), weekly(figures.history(session))
    shown = build_roster(held.made_at, contacts, app_.tlds, held.audit_head)
    files = roster_parts.files(shown, app_.config, app_.tlds, history)
    edition = Edition(shown.made_at, shown.audit_head, files)
    return Ready(shown, edition, roster_parts.values(shown, app_.config))


def _masked_contact(one: RosterContact) -> RosterContact:
    """A key contains its owner's addresses, so only its fingerprint is left."""
    return replace(
        one,
        email=masked(one.email, False),
        emergency_email=masked(one.emergency_email, False),
        phone=masked_phone(one.phone, False),
        phone_e164="",
        mobile=masked_phone(one.mobile, False),
        mobile_e164="",
        fax=masked_phone(one.fax, False),
        fax_e164="",
        postal="…" if one.postal else "",
        key_blob=None,
    )


def _write(folder: Path, files: Sequence[Attachment]) -> None:
    """Readable only by the operator: it may be everybody's contacts."""
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
