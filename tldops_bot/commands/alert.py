"""ALERT: a member warns the others, in their own signed words."""

from dataclasses import asdict
from datetime import timedelta

from tldops_bot.commands._alerts import HELD, alert_letter, fan_out, reached_by
from tldops_bot.commands._brakes import ask_for_release, needs_release
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, command
from tldops_bot.commands._fields import read_tlds
from tldops_bot.commands._requests import shown
from tldops_bot.domain.alert import (
    FIELDS,
    STRICT_FIELDS,
    BadScope,
    Scope,
    Terms,
    read_scope,
    read_terms,
    read_yes,
)
from tldops_bot.domain.request import Request
from tldops_bot.store import alert_targets, alerts, lookups
from tldops_bot.store.tables import Alert

EXERCISES_A_YEAR = 2
EXERCISE_TLDS = 5
MOST_TO_QUERY = 8  # on one line


@command(
    "ALERT",
    who=Who.MEMBER,
    changes=True,
    fields=FIELDS,
    has_text=True,
    strict_fields=STRICT_FIELDS,
    after_probation=True,
)
def alert(ctx: Context, request: Request) -> Reply | Refused:
    """Warn the others: your text goes to every member, provably yours."""
    if not request.text.strip():
        return Refused("alert_empty", {"verb": "ALERT"})
    if len(ctx.mail.original) > ctx.config.alerts.max_bytes:
        return Refused("alert_too_large", {"limit": ctx.config.alerts.max_bytes})
    scope = _scope(ctx, request)
    if isinstance(scope, Refused):
        return scope
    exercise = read_yes(request.get("Exercise"))
    if exercise is None:
        return Refused("bad_exercise", {"value": (request.get("Exercise") or "")[:40]})
    if exercise and (refused := _may_not_exercise(ctx, scope)):
        return refused
    terms = read_terms(request.text, request.get("Title"), request.get("TLP"), request.get("Severity"))
    made, notes = _write(ctx, request, scope, terms, exercise)
    if read_yes(request.get("Draft")) is not False:
        return _draft(ctx, made, scope, terms)
    ctx.session.add(made)
    ctx.session.flush()
    held_because = needs_release(ctx)
    values = {
        "id": made.id,
        "title": made.title,
        "tlp": made.tlp,
        "severity": made.severity,
        "notes": notes,
        "safer": terms.safer,
        "scope": scope.words,
        "is_exercise": exercise,
    }
    if held_because:
        ask_for_release(ctx, made, held_because, made.title)
        return Reply("held", values | {"why": held_because}, Status.WAITING, is_confidential=True)
    found = fan_out(ctx, made, scope)
    counts = {"members": sum(one.has_key for one in found), "notices": sum(not one.has_key for one in found)}
    lost = alert_targets.out_of_reach(ctx.session, found)
    values |= {"out_of_reach": [shown(tld) for tld in lost], "to_query": lost[:MOST_TO_QUERY]}
    return Reply("posted", values | counts, is_confidential=True)


def _scope(ctx: Context, request: Request) -> Scope | Refused:
    scope = read_scope(request.get("Scope"))
    if isinstance(scope, BadScope):
        return Refused("bad_scope", {"word": scope.word, "nearest": scope.nearest})
    if scope.tlds:
        known = read_tlds(ctx, scope.tlds)
        if isinstance(known, Refused):
            return Refused("bad_scope", {"word": str(known.values.get("word", "")), "nearest": ""})
    for words in scope.organisations:
        if not lookups.by_organisation(ctx.session, words):
            return Refused("bad_scope", {"word": words[:60], "nearest": ""})
    return scope


def _write(
    ctx: Context, request: Request, scope: Scope, terms: Terms, exercise: bool
) -> tuple[Alert, list[str]]:
    for_tlds, notes = _for(ctx, request)
    now = ctx.now
    made = Alert(
        id=alerts.next_id(ctx.session, now),
        state=HELD,
        person_id=ctx.actor.person_id or 0,
        fingerprint=ctx.actor.fingerprint,
        for_tlds=for_tlds,
        title=terms.title,
        tlp=terms.tlp,
        severity=terms.severity,
        scope=asdict(scope),
        is_exercise=exercise,
        original=ctx.mail.original,
        original_form=ctx.mail.original_form,
        signed_at=ctx.mail.signed_at or now,
        received_at=ctx.mail.received_at,
        posted_at=now,
        inbox_id=ctx.mail.inbox_id,
    )
    return made, notes


def _for(ctx: Context, request: Request) -> tuple[list[str], list[str]]:
    """The poster's TLDs, or those of them that `For:` names; another one is noted and left out."""
    own = list(ctx.actor.standing.tlds)
    wanted = request.get("For")
    if not wanted:
        return own, []
    named = read_tlds(ctx, wanted.replace(",", " ").split())
    labels = [] if isinstance(named, Refused) else [one.a_label for one in named]
    kept = [label for label in labels if label in own]
    if kept and len(kept) == len(labels):
        return kept, []
    return kept or own, [wanted[:80]]


def _may_not_exercise(ctx: Context, scope: Scope) -> Refused | None:
    """A member may try it on up to five TLDs twice a year; wider ones are the committee's."""
    if ctx.actor.standing.is_committee:
        return None
    year = ctx.now - timedelta(days=365)
    held = [one for one in alerts.listing(ctx.session) if one.is_exercise and one.posted_at > year]
    mine = [one for one in held if one.person_id == ctx.actor.person_id]
    if scope.everybody or scope.organisations or len(reached_by(ctx, scope).tlds) > EXERCISE_TLDS:
        return Refused("exercise_too_wide", {"limit": EXERCISE_TLDS})
    return (
        Refused("exercise_too_often", {"limit": EXERCISES_A_YEAR}) if len(mine) >= EXERCISES_A_YEAR else None
    )


def _draft(ctx: Context, made: Alert, scope: Scope, terms: Terms) -> Reply:
    """What members would get, and how many; nothing is kept."""
    found = alert_targets.targets(ctx.session, reached_by(ctx, scope), made.person_id, ctx.now)
    letter = alert_letter(ctx, made, scope, [])
    counts = {"members": sum(one.has_key for one in found), "notices": sum(not one.has_key for one in found)}
    values = (
        dict(letter.values)
        | counts
        | {"safer": terms.safer, "for_tlds": [shown(one) for one in made.for_tlds]}
    )
    return Reply("draft", values, attachments=letter.attachments, is_confidential=True)
