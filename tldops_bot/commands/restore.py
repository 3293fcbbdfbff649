"""RESTORE: the committee puts a suspended contact back; it is a yes to the question that the suspension asked."""

from tldops_bot.commands import _deciders, _deciding
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, bad_arguments, command
from tldops_bot.commands._suspending import question_of
from tldops_bot.commands._tlds import read_tlds
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request import Request
from tldops_bot.store import people


@command("RESTORE address [tld]", who=Who.COMMITTEE, changes=True)
def restore(ctx: Context, request: Request) -> Reply | Refused:
    """Put a suspended contact back."""
    if not 1 <= len(request.arguments) <= 2:
        return bad_arguments(restore)
    person = people.by_address(ctx.session, request.arguments[0].strip("<>"))
    held = [one for one in person.entries if one.state == people.SUSPENDED] if person else []
    if len(request.arguments) == 2:
        tlds = read_tlds(ctx, request.arguments[1:])
        if isinstance(tlds, Refused):
            return tlds
        held = [one for one in held if one.tld == tlds[0].a_label]
    if person is None or not held:
        return Refused("nobody_suspended")
    for entry in held:  # whether that decides it is seen on the entry
        question = question_of(ctx, entry)
        if ctx.actor.person is not None and _deciders.is_about(ctx.actor.person, question):
            return Refused("on_oneself", {"verb": "RESTORE"})
        found = _deciding.vote(ctx, question, approves=True, because="")
        if isinstance(found, Refused):
            return found
    values = {"name": person.name, "tlds": [shown(one.tld) for one in held]}
    if any(one.state == people.SUSPENDED for one in held):
        return Reply("noted", values, Status.WAITING)
    return Reply("restored", values)
