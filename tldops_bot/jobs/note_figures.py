"""Notes the counts of each day: coverage over time can't be counted afterwards."""

from datetime import timedelta

from tldops_bot.domain.figures import Figures, figures_of
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import figures
from tldops_bot.store.roster_rows import load_roster


def counts_of_today(ctx: JobContext) -> Figures | None:
    """The counts as they are now; None when today's are noted."""
    today = ctx.now.date()
    if figures.is_noted(ctx.session, today):
        return None
    return figures_of(today, load_roster(ctx.session, ctx.now, ctx.tlds).coverage)


@job(every=timedelta(hours=1), look=counts_of_today)
def note_figures(ctx: JobContext) -> list[Letter]:
    """Note today's counts of TLDs and contacts, once a day."""
    if ctx.seen is not None and not figures.is_noted(ctx.session, ctx.seen.day):
        figures.note(ctx.session, ctx.seen)
    return []
