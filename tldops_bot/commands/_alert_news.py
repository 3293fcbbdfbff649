"""What is said about an alert after it went out: updates, its end, and that it was taken back or stopped."""

from dataclasses import replace
from typing import Any

from tldops_bot.commands import _letters, _waking
from tldops_bot.commands._alerts import (
    ANNOUNCED,
    CANCELLED,
    HELD,
    POSTED,
    audience_of,
    everybody_concerned,
    may_manage,
    notice_values,
    original_of,
    poster_key,
    thread_of,
)
from tldops_bot.commands._command import Context, Refused
from tldops_bot.domain.audience import Survey
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.domain.request import Request
from tldops_bot.store import alert_targets, alerts
from tldops_bot.store.tables import Alert, AlertNews, Person

UPDATE, CLOSE, RETRACT, STOP = "update", "close", "retract", "stop"


def named(ctx: Context, request: Request) -> Alert | Refused:
    """The alert the first word names, if the sender may manage it and it was not cancelled or is waiting."""
    word = request.arguments[0] if request.arguments else ""
    alert = alerts.by_id(ctx.session, word)
    if alert is None or not may_manage(ctx, alert):
        return Refused("no_such_alert", {"id": word[:20]})
    if alert.state in (HELD, CANCELLED, ANNOUNCED):
        return Refused("alert_not_out", {"id": alert.id, "state": alert.state})
    return alert


def news(ctx: Context, alert: Alert, kind: str, because: str = "", **changed: Any) -> AlertNews:
    """An addition to an alert, with who made it and by which key."""
    values = {
        "alert_id": alert.id,
        "number": alerts.next_number(ctx.session, alert.id),
        "kind": kind,
        "state": POSTED,
        "person_id": ctx.actor.person_id or 0,
        "fingerprint": ctx.actor.fingerprint,
        "title": alert.title,
        "tlp": alert.tlp,
        "severity": alert.severity,
        "because": because,
        "signed_at": ctx.mail.signed_at or ctx.now,
        "posted_at": ctx.now,
        "inbox_id": ctx.mail.inbox_id,
    }
    return AlertNews(**(values | changed))


def keep(ctx: Context, made: AlertNews) -> AlertNews:
    """Add it to the history of the alert and to the audit."""
    ctx.session.add(made)
    ctx.session.flush()
    ctx.record(f"alert_{made.kind}", person_id=ctx.actor.person_id, alert=made.alert_id)
    return made


def update_letter(ctx: Context, alert: Alert, made: AlertNews) -> Letter:
    """The notice of an update, its history first, with the words of whoever wrote it, untouched; not addressed yet."""
    return _letter(
        ctx,
        "letters/alert_update",
        alert,
        made,
        attachments=(*original_of(made), *poster_key(ctx, made.fingerprint)),
    )


def fan_out_update(ctx: Context, alert: Alert, made: AlertNews) -> Survey:
    """Send an update to everybody the alert went to, and to whom its scope names by now."""
    found = everybody_concerned(ctx, alert)
    alert_targets.note(ctx.session, alert.id, found.audience, ctx.now)
    made.state, made.posted_at = POSTED, ctx.now
    _waking.wake_everybody(ctx, alert, made.severity)
    ctx.post(replace(update_letter(ctx, alert, made), audience=found.audience))
    return found


def tell(ctx: Context, template: str, alert: Alert, made: AlertNews) -> Survey:
    """Tell everybody the alert went to of its end, in our words; returns how many people that are."""
    letter = _letter(ctx, template, alert, made, is_first=made.kind in (RETRACT, STOP))
    found = everybody_concerned(ctx, alert)
    ctx.post(replace(letter, audience=found.audience))
    return found


def announce_to(ctx: Context, template: str, alert: Alert, values: dict[str, object]) -> int:
    """A word about an exercise to everybody in its scope; in clear if need be, since it is no secret."""
    people = alert_targets.persons(ctx.session, audience_of(ctx, alert))
    ctx.post(_letters.notice(template, values, _letters.to_people(people)))
    return len(people)


def tell_called_off(ctx: Context, alert: Alert) -> None:
    """An announced exercise will not take place."""
    values: dict[str, object] = {"id": alert.id, "starts_at": alert.posted_at, "title": alert.title}
    announce_to(ctx, "letters/exercise_called_off", alert, values)


def history(ctx: Context, alert: Alert, but: AlertNews | None = None) -> list[dict[str, object]]:
    """What happened to an alert, oldest first, for the top of each later mail; `but` is that mail itself."""
    poster = ctx.session.get(Person, alert.person_id)
    lines: list[dict[str, object]] = [
        {"at": alert.posted_at, "kind": "alert", "number": 0, "name": _name(poster), "title": alert.title}
    ]
    for one in alerts.news_of(ctx.session, alert.id):
        if one is but:
            continue
        author = ctx.session.get(Person, one.person_id)
        lines.append(
            {
                "at": one.posted_at,
                "kind": one.kind,
                "number": one.number,
                "name": _name(author),
                "title": one.title if one.kind == UPDATE else one.because,
            }
        )
    return lines


def _letter(
    ctx: Context,
    template: str,
    alert: Alert,
    made: AlertNews,
    attachments: tuple[Any, ...] = (),
    is_first: bool = False,
) -> Letter:
    author = ctx.session.get(Person, made.person_id)
    return Letter(
        Kind.ALERT,
        template,
        news_values(ctx, alert, made, author),
        is_confidential=True,
        attachments=attachments,
        references=thread_of(ctx, alert),
        reply_to=author.email if author else "",
        alert_id=alert.id,
        is_first=is_first,
    )


def news_values(ctx: Context, alert: Alert, made: AlertNews, author: Person | None) -> dict[str, object]:
    """What the bot says about an update, or about the end of an alert."""
    values = notice_values(alert, ctx.session.get(Person, alert.person_id))
    return values | {
        "number": made.number,
        "author": _name(author),
        "fingerprint": made.fingerprint,
        "title": made.title,
        "tlp": made.tlp,
        "severity": made.severity,
        "because": made.because,
        "signed_at": made.signed_at,
        "sent_at": made.posted_at,
        "is_inline": made.original_form == "inline",
        "history": history(ctx, alert, made),
    }


def _name(person: Person | None) -> str:
    return person.name if person is not None else ""
