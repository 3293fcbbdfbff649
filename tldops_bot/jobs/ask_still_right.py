"""Asks everybody from time to time whether their entry is still right, and follows up on silence."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from tldops_bot.commands import _freshness
from tldops_bot.commands._command import Context
from tldops_bot.domain import freshness as rules
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, Unfinished, job
from tldops_bot.store import audit, freshness
from tldops_bot.store.tables import Person

BATCH = 20  # letters per transaction: an alert that comes in meanwhile has to wait


@job(every=timedelta(hours=1))
def ask_still_right(ctx: JobContext) -> list[Letter] | Unfinished:
    """Ask whose entry was not confirmed for long, remind, mark, then ask their colleagues and the committee."""
    context = as_command(ctx)
    every = ctx.config.membership.confirm_every
    found = freshness.unconfirmed(ctx.session, rules.earliest_ask(ctx.now, every))
    steps = (*_new_rounds(context, found, every), *_further_steps(context, found))
    for step in steps:
        if len(context.letters) >= BATCH:
            return Unfinished(context.letters)
        step()
    _tell_committee(context, found)
    return context.letters


def _new_rounds(ctx: Context, found: Sequence[Person], every: timedelta) -> Iterator[Callable[[], None]]:
    waiting = [(_first_ask_at(one, every), one) for one in found if not freshness.round_of(one).is_open]
    for _, person in _allowed(ctx, waiting):
        yield partial(_ask, ctx, person, 0)


def _further_steps(ctx: Context, found: Sequence[Person]) -> Iterator[Callable[[], None]]:
    for person in found:
        held = freshness.round_of(person)
        if held.is_open and held.is_due_again(ctx.now):
            yield partial(_ask_again, ctx, person, held)
    for person in found:
        yield partial(_ask_others, ctx, person)


def _first_ask_at(person: Person, every: timedelta) -> datetime:
    return rules.first_ask_at(person.id, person.confirmed_at or person.created_at, every)


def _allowed(ctx: Context, waiting: list[tuple[datetime, Person]]) -> list[tuple[datetime, Person]]:
    """Those whose moment has come, the most overdue first, and no more than a day may bring."""
    due = sorted((one for one in waiting if one[0] <= ctx.now), key=lambda one: (one[0], one[1].id))
    most = rules.most_a_day(freshness.how_many_listed(ctx.session))
    return due[: max(0, most - freshness.new_rounds_since(ctx.session, ctx.now - DAY))]


def _ask(ctx: Context, person: Person, before: int) -> None:
    """From the last reminder on also at the second address; at once if the first one is dead."""
    person.asked_at, person.asked = ctx.now, before + 1
    is_late = person.asked >= rules.ASKS_BEFORE_STALE or person.mailbox_failed_at is not None
    _freshness.ask(ctx, person, is_everywhere=is_late)


def _ask_again(ctx: Context, person: Person, held: rules.Round) -> None:
    if held.is_patience_over and person.stale_at is None:
        person.stale_at = ctx.now
        audit.record(ctx.session, ctx.now, CLOCK, "stale", "", person.id)
    _ask(ctx, person, held.asked)


def _ask_others(ctx: Context, person: Person) -> None:
    """Ask who knows the silent one: for some days, and then whenever the person is asked as well."""
    if person.stale_at is None or person.asked_at is None:
        return
    if ctx.now - person.stale_at <= rules.ASK_OTHERS_FOR or ctx.now - person.asked_at <= DAY:
        _freshness.ask_others(ctx, person, rules.MOST_ABOUT_OTHERS_A_DAY)


def _tell_committee(ctx: Context, found: Sequence[Person]) -> None:
    """One mail a week about everybody nobody could help with; sooner if one is said to have gone."""
    declines = freshness.declines(ctx.session)
    to_tell, has_gone = [], False
    for person in found:
        if person.stale_at is None:
            continue
        declined_at = declines.get(person.id)
        if declined_at is not None and declined_at < person.stale_at:
            declined_at = None  # this was about an earlier silence
        if rules.is_committee_due(person.stale_at, person.committee_told_at, declined_at, ctx.now):
            to_tell.append(person)
            has_gone = has_gone or declined_at is not None
    if to_tell and rules.is_digest_due(freshness.committee_told_at(ctx.session), has_gone, ctx.now):
        for person in to_tell:
            person.committee_told_at = ctx.now
        _freshness.tell_committee(ctx, to_tell)
