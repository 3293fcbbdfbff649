"""Reminds the committee of what waits for it, and tells those who are waiting."""

from datetime import datetime, timedelta
from typing import Literal

from tldops_bot.commands import _deciders, _letters
from tldops_bot.commands._requests import describe, to_candidate
from tldops_bot.domain.joining import apology_is_due, committee_is_due
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Request


@job(every=timedelta(hours=1))
def remind_committee(ctx: JobContext) -> list[Letter]:
    """Remind the committee of what waits for it (days 3 and 7, then weekly), and tell those who wait for long."""
    held = requests.listing(ctx.session, (requests.COMMITTEE,))
    return [*_to_committee(ctx, held), *_to_those_who_wait(ctx, held)]


def _to_committee(ctx: JobContext, held: list[Request]) -> list[Letter]:
    """One mail for all cases that are due."""
    due = [
        one
        for one in held
        if committee_is_due(_deciders.since(one), _moment(one, "committee_reminded_at"), ctx.now)
    ]
    context = as_command(ctx)
    _deciders.remind(context, due)
    for one in due:
        one.details = {**one.details, "committee_reminded_at": ctx.now.isoformat()}
    return context.letters


def _to_those_who_wait(ctx: JobContext, held: list[Request]) -> list[Letter]:
    """One mail to each person, for all their cases that are due."""
    persons: dict[str, list[Request]] = {}
    for one in held:
        is_due = apology_is_due(_deciders.since(one), _moment(one, "told_long_at"), ctx.now)
        if one.proven_at is not None and is_due:
            persons.setdefault(one.email_key, []).append(one)
            one.details = {**one.details, "told_long_at": ctx.now.isoformat()}
    letters = []
    for theirs in persons.values():
        shown_cases = [describe(one) | {"since": _deciders.since(one)} for one in theirs]
        has_committee = bool(people.office_holders(ctx.session, "committee"))
        values = {"requests": shown_cases, "has_committee": has_committee}
        letters.append(_letters.notice("letters/takes_long", values, to_candidate(theirs[0])))
    return letters


def _moment(request: Request, name: Literal["committee_reminded_at", "told_long_at"]) -> datetime | None:
    written = request.details.get(name)
    return datetime.fromisoformat(written) if written else None
