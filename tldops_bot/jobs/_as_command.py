"""Gives a job the context that the steps of a request are written for."""

from tldops_bot.commands._command import Actor, Context, MailFacts
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.standing import NOBODY
from tldops_bot.jobs._job import JobContext


def as_command(ctx: JobContext) -> Context:
    """A context in which nobody speaks and no mail is in hand: the clock acts."""
    return Context(
        session=ctx.session,
        now=ctx.now,
        config=ctx.config,
        tlds=ctx.tlds,
        actor=Actor(NOBODY, fingerprint=CLOCK),
        mail=MailFacts(inbox_id=None, received_at=ctx.now),
        random=ctx.random,
        list_certificate=b"",
    )
