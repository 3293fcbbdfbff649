"""Sends what INVITE MISSING planned, some each day, and tells the secretariat daily what was answered."""

from datetime import timedelta

from tldops_bot.commands import _inviting, _letters
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.outreach import ANSWERED, MISSING_A_DAY
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import invitations, people


@job(every=timedelta(hours=1))
def send_invitations(ctx: JobContext) -> list[Letter]:
    """Send today's share of the invitations that wait for their turn, and tell the secretariat of the answers."""
    return [*_answers(ctx), *_share(ctx)]


def _share(ctx: JobContext) -> list[Letter]:
    """Each is sent only if it is still wanted."""
    waiting = invitations.planned(ctx.session)
    room = MISSING_A_DAY - invitations.sent_since(ctx.session, ctx.now - DAY)
    if not waiting or room <= 0:
        return []
    context = as_command(ctx)
    lacking = _inviting.missing(context)
    for row in waiting:
        if room > 0 and _inviting.send_planned(context, row, lacking):
            room -= 1
    return context.letters


def _answers(ctx: JobContext) -> list[Letter]:
    """One mail a day: after INVITE MISSING, a mail for each answer would be hundreds."""
    told_at = invitations.told_at(ctx.session)
    answered = invitations.answered_since(ctx.session, told_at)
    if not answered or ctx.now - told_at < DAY:
        return []
    invitations.note_told(ctx.session, ctx.now)
    values = {
        "answers": [
            {
                "tlds": [shown(tld) for tld in one.tlds],
                "is_yes": one.state == ANSWERED,
                "because": one.because,
            }
            for one in answered
        ]
    }
    to = _letters.to_people(people.office_holders(ctx.session, "secretariat"))
    return [_letters.notice("letters/invitation_answered", values, to)] if to else []
