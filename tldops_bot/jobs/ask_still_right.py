"""Asks everybody from time to time whether their entry is still right, and does not let the silent ones be forgotten."""

from datetime import datetime, timedelta

from tldops_bot.commands import _freshness
from tldops_bot.commands._command import Context
from tldops_bot.domain import freshness as rules
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.jobs._joining import as_command
from tldops_bot.store import audit, freshness
from tldops_bot.store.tables import Person


@job(every=timedelta(hours=1))
def ask_still_right(ctx: JobContext) -> list[Letter]:
    """Ask whose entry was not confirmed for long, remind, mark, then ask their colleagues and the committee."""
    context = as_command(ctx)
    every = ctx.config.membership.confirm_every
    found = freshness.unconfirmed(ctx.session, rules.earliest_ask(ctx.now, every))
    waiting = []
    for person in found:
        held = freshness.round_of(person)
        if not held.is_open:
            waiting.append((_first_ask_at(person, every), person))
        elif held.is_due_again(ctx.now):
            _ask_again(context, person, held)
    for _, person in _allowed(context, waiting):
        person.asked = 0
        _ask(context, person)
    _about_the_silent(context, [one for one in found if one.stale_at is not None])
    return context.letters


def _first_ask_at(person: Person, every: timedelta) -> datetime:
    return rules.first_ask_at(person.id, person.confirmed_at or person.created_at, every)


def _allowed(ctx: Context, waiting: list[tuple[datetime, Person]]) -> list[tuple[datetime, Person]]:
    """Those whose moment has come, the longest ago first, no more than a day may bring."""
    due = sorted((one for one in waiting if one[0] <= ctx.now), key=lambda one: (one[0], one[1].id))
    most = rules.most_a_day(freshness.how_many_listed(ctx.session))
    return due[: max(0, most - freshness.new_rounds_since(ctx.session, ctx.now - rules.DAY))]


def _ask(ctx: Context, person: Person) -> None:
    """From the last reminder on also at the second address, and at once where the first one is dead."""
    person.asked_at, person.asked = ctx.now, person.asked + 1
    is_late = person.asked >= rules.ASKS_BEFORE_STALE or person.mailbox_failed_at is not None
    _freshness.ask(ctx, person, is_everywhere=is_late)


def _ask_again(ctx: Context, person: Person, held: rules.Round) -> None:
    if held.is_patience_over and person.stale_at is None:
        person.stale_at = ctx.now
        audit.record(ctx.session, ctx.now, "the clock", "stale", "", person.id)
    _ask(ctx, person)


def _about_the_silent(ctx: Context, silent: list[Person]) -> None:
    """Who knows them? And once nobody could help, or somebody says they have gone: the committee."""
    declines = freshness.declines(ctx.session)
    to_tell = []
    for person in silent:
        stale_at, declined_at = person.stale_at or ctx.now, declines.get(person.id)
        is_new = ctx.now - stale_at <= rules.ASK_OTHERS_FOR
        if (
            is_new or person.asked_at == ctx.now
        ):  # later only when the person is asked, too: there may be many
            _freshness.ask_others(ctx, person, rules.MOST_ABOUT_OTHERS_A_DAY)
        if declined_at is not None and declined_at < stale_at:
            declined_at = None  # said of an earlier silence
        if rules.is_committee_due(stale_at, person.committee_told_at, declined_at, ctx.now):
            person.committee_told_at = ctx.now
            to_tell.append(person)
    if to_tell:
        _freshness.tell_committee(ctx, to_tell)
