"""Notes the counts of each day: coverage over time can't be counted afterwards."""

from datetime import timedelta

from tldops_bot.domain.figures import figures_of
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import figures
from tldops_bot.store.roster_rows import load_roster


@job(every=timedelta(hours=1))
def note_figures(ctx: JobContext) -> list[Letter]:
    """Note today's counts of TLDs and contacts, once a day."""
    today = ctx.now.date()
    if not figures.is_noted(ctx.session, today):
        coverage = load_roster(ctx.session, ctx.now, ctx.tlds).coverage
        figures.note(ctx.session, figures_of(today, coverage))
    return []
