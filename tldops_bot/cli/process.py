"""`process`: one saved mail through intake, to carry it out or to see what would happen."""

import secrets
from collections.abc import Iterable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tldops_bot.app import App
from tldops_bot.cli._belief import Belief, certificates_in
from tldops_bot.cli._frame import note, opened, print_json, read_file, refuse, say
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.plain_text import split_lines
from tldops_bot.intake import Handled
from tldops_bot.intake.decision import Decision
from tldops_bot.mail.headers import addresses_of, author_of, split_entity
from tldops_bot.store import alert_targets, inbox
from tldops_bot.store.database import Session
from tldops_bot.store.inbox import Claimed
from tldops_bot.store.tables import InboxRow

_UNKNOWN = "unknown@invalid.example"  # who sent a mail that says so nowhere


def process(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help='A mail as it was saved, headers and all; "-" is stdin.')
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing, send nothing.")] = False,
    at: Annotated[
        str, typer.Option(metavar="TIME", help="As if it had come then: 2026-11-21T06:00:00Z.")
    ] = "",
    key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="With --dry-run: a file of keys, taken for those of the addresses in them. May be repeated.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for programs.")] = False,
    keys: Annotated[list[Path] | None, typer.Argument(hidden=True, metavar="KEY")] = None,
) -> None:
    """Carry out one saved mail, or with --dry-run show what would happen.

    Why does her mail not verify? process mail.eml --dry-run --key her-key.asc
    """
    if keys and not key:
        raise typer.BadParameter("one mail at a time")
    believed = (*(key or ()), *(keys or ()))  # the shell makes several words of --key *.asc
    if believed and not dry_run:
        refuse("--key goes with --dry-run: keys are never believed on the word of a command line")
    moment = _moment(at)
    with opened(context) as app:
        app.now = lambda: moment
        raw = read_file(file, app.config.listener.max_message_bytes)  # as the listener would
        handled = (
            _dry(app, raw, moment, certificates_in(app.gnupg, believed, moment))
            if dry_run
            else _real(app, raw, moment)
        )
        answer = _answer(app, handled)
    if as_json:
        print_json(answer)
    else:
        _print(answer)


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text.upper())
    except ValueError:
        refuse(f"--at {text}: not a time such as 2026-11-21T06:00:00Z")
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _envelope(app: App, raw: bytes) -> Envelope:
    """The envelope that a saved mail had, as far as it shows: Return-Path, else From; else to the list."""
    headers, _ = split_entity(raw)
    path = headers.first("return-path").strip()
    sender = "" if path == "<>" else (path.strip("<> ") or author_of(headers) or _UNKNOWN)
    named = addresses_of((*headers.all("delivered-to"), *headers.all("to")))
    ours = tuple(filter(app.config.list.home.owns, named))
    return Envelope(sender, ours or (app.config.list.address,), "", "", False, "file")


def _claimed(app: App, raw: bytes, moment: datetime, session: Session) -> Claimed:
    is_crlf = raw.count(b"\n") == raw.count(b"\r\n")
    octets = raw if is_crlf else raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    envelope = _envelope(app, octets)
    row = InboxRow(
        received_at=moment,
        mail_from=envelope.mail_from,
        rcpt_tos=list(envelope.rcpt_tos),
        raw=octets,
        state=inbox.WAITING,
        next_attempt_at=moment,
        claim=secrets.token_hex(8),
        lease_until=moment + inbox.LEASE,
        attempts=1,
    )
    session.add(row)
    session.flush()
    return Claimed(row.id, row.claim or "", octets, envelope, moment, 1, None, None)


def _real(app: App, raw: bytes, moment: datetime) -> Handled:
    if _envelope(app, raw).mail_from == _UNKNOWN:
        refuse("the mail says nowhere who sent it: it has neither Return-Path nor an address in From")
    with app.database.write() as session:
        claimed = _claimed(app, raw, moment, session)
    return app.intake.carry_out(app.intake.judge(claimed), claimed, moment)


def _dry(app: App, raw: bytes, moment: datetime, certificates: Iterable[Certificate]) -> Handled:
    """Everything in one transaction, which is rolled back, with the given keys believed."""
    author = author_of(split_entity(raw)[0]) or ""
    with app.database.rehearse() as session:
        belief = Belief(session, moment)
        for certificate in certificates:
            belief.take(certificate, author)
        claimed = _claimed(app, raw, moment, session)
        judged = app.intake.judge(claimed, lambda: nullcontext(session))
        belief.may_speak(judged.verdict.fingerprint)
        if belief.is_withheld(judged.verdict):
            note(
                "From is not an address of that key, and only its holder is told what is wrong with a signature"
            )
        handled = app.intake.within(session, judged, claimed, moment)
        session.expunge_all()
    return handled


def _answer(app: App, handled: Handled) -> dict[str, Any]:
    judged, decision = handled.judged, handled.decision
    commands = decision.commands
    verdict = judged.verdict
    reason = verdict.reason or (
        decision.reason if decision.kind in ("refused", "silent", "held", "repeated") else ""
    )
    return {
        "verdict": verdict.standing.value,
        "reason": reason,
        "fingerprint": verdict.fingerprint,
        "person": handled.person,
        "text": judged.text if verdict.is_good else "",
        "commands": [one.line for one in commands.requests] if commands else [],
        "decisions": _decisions(decision),
        "replies": [_reply(app, letter) for letter in handled.letters],
    }


def _decisions(decision: Decision) -> list[dict[str, str]]:
    if not decision.parts:
        return [{"line": "", "outcome": decision.kind, "reason": decision.reason}]
    return [
        {
            "line": part.request.line,
            "outcome": "refused" if part.failed else part.word,
            "reason": part.word if part.failed else "",
        }
        for part in decision.parts
    ]


def _reply(app: App, letter: Letter) -> dict[str, Any]:
    rendered = app.renderer.render(letter.template, letter.values, letter.language or "")
    return {
        "kind": letter.kind.value,
        "to": _addresses(app, letter),
        "subject": letter.subject or rendered.subject,
        "confidential": letter.is_confidential,
        "text": rendered.body,
        "attachments": [one.name for one in letter.attachments],
    }


def _addresses(app: App, letter: Letter) -> list[str]:
    if letter.audience is None:
        return [one.address for one in letter.to]
    with app.database.read() as session:
        return alert_targets.addresses(session, letter.audience)


def _print(answer: dict[str, Any]) -> None:
    """For a terminal, on which nothing that stands in the mail may act."""
    for name in ("verdict", "reason", "fingerprint", "person"):
        say(f"{name:12} {answer[name]}")
    _print_text("text", answer["text"])
    for one in answer["decisions"]:
        words = f"{one['outcome']} {one['reason']}".strip()
        say(f"decision     {one['line']}: {words}")
    for reply in answer["replies"]:
        say("")
        _print_text(f"reply to {len(reply['to'])}: {reply['subject']}", reply["text"])


def _print_text(title: str, text: str) -> None:
    say(title)
    for line in split_lines(text):
        say(f"  | {line}")
