"""Notes the counts of each day, since coverage over time can't be counted afterwards."""

from datetime import timedelta

from tldops_bot.domain.figures import Figures, figures_of
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import figures
from tldops_bot.store.roster_rows import load_coverage


def counts_of_today(ctx: JobContext) -> Figures | None:
    """The counts as they are now; None if today's have been noted."""
    today = ctx.now.date()
    if figures.is_noted(ctx.session, today):
        return None
    return figures_of(today, load_coverage(ctx.session, ctx.now, ctx.tlds))


@job(every=timedelta(hours=1), look=counts_of_today)
def note_figures(ctx: JobContext) -> list[Letter]:
    """Note today's counts of TLDs and contacts, once a day."""
    if ctx.seen is not None and not figures.is_noted(ctx.session, ctx.seen.day):
        figures.note(ctx.session, ctx.seen)
    return []
