"""ALERT: a member warns the others, in their own signed words."""

from datetime import timedelta

from tldops_bot.commands._alert_writing import (
    asked_scope,
    corrected,
    draft_of,
    unfit_text,
    written,
)
from tldops_bot.commands._alerts import fan_out, reached_by
from tldops_bot.commands._brakes import ask_for_release, needs_release
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, command
from tldops_bot.domain.alert import (
    FIELDS,
    STRICT_FIELDS,
    Scope,
    read_yes,
)
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts

A_YEAR = timedelta(days=365)
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
    if unfit := unfit_text(ctx, request, "ALERT"):
        return unfit
    scope = asked_scope(ctx, request)
    if isinstance(scope, Refused):
        return scope
    exercise = read_yes(request.get("Exercise"))
    if exercise is None:
        value = (request.get("Exercise") or "")[:40]
        return Refused("bad_exercise", {"value": value} | corrected(request, "Exercise", "yes"))
    if exercise and (refused := _may_not_exercise(ctx, scope)):
        return refused
    wrote = written(ctx, request, scope, exercise)
    if read_yes(request.get("Draft")) is not False:
        return draft_of(ctx, wrote)
    made, values = wrote.alert, wrote.values
    ctx.session.add(made)
    ctx.session.flush()
    held_because = needs_release(ctx)
    if held_because:
        ask_for_release(ctx, made, held_because, made.title)
        return Reply("held", values | {"why": held_because}, Status.WAITING, is_confidential=True)
    found = fan_out(ctx, made)
    lost = found.out_of_reach
    reach = {"out_of_reach": [shown(tld) for tld in lost], "to_query": lost[:MOST_TO_QUERY]}
    return Reply("posted", values | found.counts | reach, is_confidential=True)


def _may_not_exercise(ctx: Context, scope: Scope) -> Refused | None:
    """A member may try it on up to five TLDs twice a year; wider ones are the committee's."""
    if ctx.actor.standing.is_committee:
        return None
    if scope.everybody or scope.organisations or len(reached_by(ctx, scope).tlds) > EXERCISE_TLDS:
        return Refused("exercise_too_wide", {"limit": EXERCISE_TLDS})
    held = alerts.exercises_since(ctx.session, ctx.now - A_YEAR, ctx.actor.person_id or 0)
    return Refused("exercise_too_often", {"limit": EXERCISES_A_YEAR}) if held >= EXERCISES_A_YEAR else None
