"""Tells the operator which mails and copies were set aside: each once, in at most one mail an hour."""

from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import set_aside
from tldops_bot.store.set_aside import SetAside

AGAIN_AFTER = timedelta(hours=1)
MOST_NUMBERS = 100


@job(every=timedelta(minutes=1))
def tell_set_aside(ctx: JobContext) -> list[Letter]:
    """Tell the operator which mails and copies were set aside since the last time."""
    there, (told_at, told) = set_aside.find(ctx.session), set_aside.told(ctx.session)
    new = there - told
    if not new:
        if told - there:  # mended: if it fails again, that is news
            set_aside.note_told(ctx.session, told_at, told & there)
        return []
    if told_at is not None and abs(ctx.now - told_at) < AGAIN_AFTER:  # else the clock was ahead
        return []
    set_aside.note_told(ctx.session, ctx.now, there)
    values = {"mails": _numbers(new, "mail"), "copies": _numbers(new, "copy")}
    return [_letters.notice("letters/stuck", values, _letters.to_address(ctx.config.operator.email))]


def _numbers(which: frozenset[SetAside], kind: str) -> list[int]:
    return sorted(one.number for one in which if one.kind == kind)[:MOST_NUMBERS]
