"""What came of phoning, noted per TLD for the next call sheet and STATUS."""

from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._reach import tlds_reached
from tldops_bot.commands._wrong_numbers import report
from tldops_bot.domain.called_tlds import read_called
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request import Request
from tldops_bot.store import alerts


def note(ctx: Context, request: Request, reached: bool) -> Reply | Refused:
    """Note what came of calling the TLDs that the line names."""
    word = request.arguments[0] if request.arguments else ""
    alert = alerts.by_id(ctx.session, word)
    person = ctx.actor.person_id or 0
    if alert is None or not (
        alerts.recipient(ctx.session, alert.id, person) or ctx.actor.standing.is_committee
    ):
        return Refused("no_such_alert", {"id": word[:20]})
    lines = {one.tld: one for one in tlds_reached(ctx.session, alert, alerts.reach(ctx.session, alert))}
    called = read_called(request.rest, lines)
    if not called.tlds:
        return Refused("not_on_sheet", {"verb": request.verb, "id": alert.id, "words": request.rest[:60]})
    for tld in called.tlds:
        alerts.note_call(ctx.session, alert.id, tld, person, reached, called.words, ctx.now)
        if not reached:
            report(ctx, tld, called.words)
    values = {"id": alert.id, "tlds": [shown(tld) for tld in called.tlds], "words": called.words}
    return Reply("noted", values, is_confidential=True)
