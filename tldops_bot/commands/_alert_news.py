"""What is said of an alert after it went out: updates, its end, and that it is taken back or was stopped."""

from collections.abc import Sequence
from typing import Any

from tldops_bot.commands import _letters, _waking
from tldops_bot.commands._alerts import (
    ANNOUNCED,
    CANCELLED,
    HELD,
    POSTED,
    keyed_recipients,
    may_manage,
    notice_values,
    original_of,
    poster_key,
    reached_by,
    scope_of,
    thread_of,
)
from tldops_bot.commands._command import Context, Refused
from tldops_bot.domain.outgoing import Kind, Letter, Recipient
from tldops_bot.domain.request import Request
from tldops_bot.store import alert_targets, alerts
from tldops_bot.store.alert_targets import Target
from tldops_bot.store.tables import Alert, AlertNews, Person

UPDATE, CLOSE, RETRACT, STOP = "update", "close", "retract", "stop"


def named(ctx: Context, request: Request) -> Alert | Refused:
    """The alert that the first word names, if the sender may manage it and it was not cancelled or is waiting."""
    word = request.arguments[0] if request.arguments else ""
    alert = alerts.by_id(ctx.session, word)
    if alert is None or not may_manage(ctx, alert):
        return Refused("no_such_alert", {"id": word[:20]})
    if alert.state in (HELD, CANCELLED, ANNOUNCED):
        return Refused("alert_not_out", {"id": alert.id, "state": alert.state})
    return alert


def news(ctx: Context, alert: Alert, kind: str, because: str = "", **changed: Any) -> AlertNews:
    """A further word on an alert, written down with who said it and by which key."""
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


def update_letter(ctx: Context, alert: Alert, made: AlertNews, found: Sequence[Target]) -> Letter:
    """The notice of an update, its history first, with the words of whoever wrote it, untouched."""
    return _letter(
        ctx,
        "letters/alert_update",
        alert,
        made,
        keyed_recipients(found),
        attachments=(*original_of(made), *poster_key(ctx, made.fingerprint)),
    )


def fan_out_update(ctx: Context, alert: Alert, made: AlertNews) -> Sequence[Target]:
    """Send an update to everybody the alert went to, and to whom its scope names by now."""
    found = everybody_concerned(ctx, alert)
    alert_targets.note_targets(ctx.session, alert.id, alert_targets.new_ones(ctx.session, alert.id, found))
    made.state, made.posted_at = POSTED, ctx.now
    _waking.wake_everybody(ctx, alert, made.severity)
    ctx.post(update_letter(ctx, alert, made, found))
    return found


def everybody_concerned(ctx: Context, alert: Alert) -> Sequence[Target]:
    """Whom the scope names now, and whom it named when the alert went."""
    reached = reached_by(ctx, scope_of(alert))
    return alert_targets.targets(ctx.session, reached, alert.person_id, ctx.now, alert.id)


def tell(ctx: Context, template: str, alert: Alert, made: AlertNews) -> int:
    """The end of an alert, in our words, to everybody it went to; how many persons that are."""
    found = everybody_concerned(ctx, alert)
    ctx.post(
        _letter(ctx, template, alert, made, keyed_recipients(found), is_first=made.kind in (RETRACT, STOP))
    )
    return len(found)


def tell_keyless(ctx: Context, alert: Alert) -> None:
    """Who could not read the alert need not mend a key for it any more."""
    keyless = [one for one in everybody_concerned(ctx, alert) if not one.has_key]
    to = tuple(one for each in keyless for address in each.addresses for one in _letters.to_address(address))
    if to:
        ctx.post(Letter(Kind.ALERT, "letters/alert_withdrawn", {"alert_id": alert.id}, to))


def announce_to(ctx: Context, template: str, alert: Alert, values: dict[str, object]) -> int:
    """A word about an exercise to everybody in its scope, in clear to whom has no key: there is no secret in it."""
    found = alert_targets.targets(ctx.session, reached_by(ctx, scope_of(alert)), alert.person_id, ctx.now)
    people = [person for one in found if (person := ctx.session.get(Person, one.person_id)) is not None]
    ctx.post(_letters.notice(template, values, _letters.to_people(people)))
    return len(people)


def tell_called_off(ctx: Context, alert: Alert) -> None:
    """An announced exercise will not be."""
    values: dict[str, object] = {"id": alert.id, "starts_at": alert.posted_at, "title": alert.title}
    announce_to(ctx, "letters/exercise_called_off", alert, values)


def history(ctx: Context, alert: Alert, but: AlertNews | None = None) -> list[dict[str, object]]:
    """What happened to an alert so far, oldest first, for the top of each later mail; `but` is that mail itself."""
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
    to: tuple[Recipient, ...],
    attachments: tuple[Any, ...] = (),
    is_first: bool = False,
) -> Letter:
    author = ctx.session.get(Person, made.person_id)
    return Letter(
        Kind.ALERT,
        template,
        news_values(ctx, alert, made, author),
        to,
        is_confidential=True,
        attachments=attachments,
        references=thread_of(ctx, alert),
        reply_to=author.email if author else "",
        alert_id=alert.id,
        is_first=is_first,
    )


def news_values(ctx: Context, alert: Alert, made: AlertNews, author: Person | None) -> dict[str, object]:
    """What the bot says of an update, or of the end of an alert."""
    values = notice_values(alert, scope_of(alert), ctx.session.get(Person, alert.person_id))
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
