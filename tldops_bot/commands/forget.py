"""FORGET: a contact leaves everything, and what is held about them is removed, when key and mailbox say so."""

from tldops_bot.commands import _farewell, _forgetting
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.domain.request import Request
from tldops_bot.store import people


@command("FORGET", who=Who.CONTACT, changes=True, by_mailbox="keyless")
def forget(ctx: Context, request: Request) -> Reply | Refused:
    """Leave everything and have your data removed."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "FORGET"})
    if request.arguments:
        return bad_arguments(forget)
    held = people.living(person)
    if ctx.actor.is_signed:
        return _farewell.ask_mailbox(ctx, person, held, forgets=True)
    if person.offices:
        return Refused("has_office")
    if held:
        return _farewell.begin(ctx, person, held, forgets=True)
    # Nobody is served by them, and nobody misses them: nothing to protect.
    return Reply("forgotten", {"tlds": _forgetting.forget(ctx, person, _farewell.MAILBOX)}, is_silent=True)
