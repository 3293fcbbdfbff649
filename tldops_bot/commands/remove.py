"""REMOVE: a colleague or an IANA contact takes somebody off a TLD; the committee can still say no."""

from tldops_bot.commands import _requests, _suspending
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._tlds import read_tlds
from tldops_bot.domain.request import Request
from tldops_bot.store import iana, people


@command("REMOVE tld address", who=Who.CONTACT, changes=True, by_mailbox="iana")
def remove(ctx: Context, request: Request) -> Reply | Refused:
    """Take somebody off your TLD: at once, and for good after 7 days."""
    if len(request.arguments) != 2:
        return bad_arguments(remove)
    tlds = read_tlds(ctx, request.arguments[:1])
    if isinstance(tlds, Refused):
        return tlds
    tld = tlds[0]
    if not _may(ctx, tld.a_label):
        return Refused("not_contact_of", {"tlds": [tld.shown]})
    person = people.by_address(ctx.session, request.arguments[1].strip("<>"))
    entry = people.entry_of(ctx.session, person, tld.a_label) if person else None
    if person is None or entry is None or entry.state != people.LISTED:
        return Refused("nobody_there", {"tld": tld.shown})
    if person is ctx.actor.person:
        return Refused("use_unsubscribe", {"tld": tld.shown})
    if not ctx.actor.is_signed and iana.is_freshly_changed(
        ctx.session, tld.a_label, ctx.actor.address, ctx.now
    ):
        return Refused("iana_address_too_new", {"tld": tld.shown})
    if refused := _suspending.too_many(ctx):
        return refused
    by = "a contact of the TLD" if ctx.actor.is_signed else "an IANA contact of the TLD"
    final_at = ctx.now + _suspending.FINAL_AFTER
    held = _suspending.suspend(ctx, entry, f"removed by {by}", by, final_at, "letters/removed")
    values = {"name": person.name, "tld": tld.shown, "final_at": final_at, "number": _requests.number(held)}
    return Reply("suspended", values)


def _may(ctx: Context, tld: str) -> bool:
    """A listed contact of the TLD whose signature was good, or the IANA mailbox a token came back from."""
    if ctx.actor.is_signed:
        return tld in ctx.actor.standing.tlds
    return bool(iana.kinds_of_address(ctx.session, tld, ctx.actor.address))
