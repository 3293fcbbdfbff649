"""INVITE: the secretariat asks those who are missing to name a contact."""

from tldops_bot.commands import _inviting
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, bad_arguments, command
from tldops_bot.commands._tlds import not_in_root, not_served, read_tlds
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.organisation import kind_of, shown
from tldops_bot.domain.outreach import INVITATIONS_A_DAY, MISSING_A_DAY, STOPPED
from tldops_bot.domain.request import Request
from tldops_bot.domain.tld import Tld
from tldops_bot.store import invitations, people
from tldops_bot.store.tables import Invitation


@command("INVITE tld [address]", "INVITE MISSING", "INVITE STOP", who=Who.SECRETARIAT, changes=True)
def invite(ctx: Context, request: Request) -> Reply | Refused:
    """Ask the IANA contacts of a TLD, or an address you found, to name a contact; MISSING: all TLDs without one."""
    words = request.arguments
    if not 1 <= len(words) <= 2 or (len(words) == 2 and "@" not in words[1]):
        return bad_arguments(invite)
    if words[0].upper() == "MISSING" and len(words) == 1:
        return _missing(ctx)
    if words[0].upper() == "STOP" and len(words) == 1:
        return _stop(ctx)
    tlds = read_tlds(ctx, words[:1])
    if isinstance(tlds, Refused):
        return tlds
    if kind_of(tlds[0].a_label):
        return Refused("invite_tlds_only")
    return _not_wanted(ctx, tlds[0]) or _tld(ctx, tlds[0], words[1].strip("<>") if len(words) == 2 else "")


def _not_wanted(ctx: Context, tld: Tld) -> Refused | None:
    if refused := not_in_root(ctx, [tld]) or not_served(ctx, [tld]):
        return refused
    limit = ctx.config.membership.contacts_per_tld
    if len(people.contacts_of(ctx.session, tld.a_label)) >= limit:
        return Refused("no_seat_to_fill", {"tld": tld.shown, "limit": limit})
    return None


def _tld(ctx: Context, tld: Tld, found: str) -> Reply | Refused:
    address = parse_address(found)
    if found and address is None:
        return Refused("bad_field", {"field": "Email", "value": found[:80]})
    if address is not None and _is_contact(ctx, address, tld):
        return Refused("already_contact", {"tld": tld.shown})
    to = (address,) if address else _inviting.addresses_of(ctx, tld.a_label)
    if not to:
        return Refused("no_iana_address", {"tld": tld.shown})
    earlier = {one: invitations.in_the_way(ctx.session, one, ctx.now) for one in to}
    free = [one for one, held in earlier.items() if held is None]
    lately = [_lately(held) for held in earlier.values() if held is not None]
    if not free:
        return Refused("invited_lately", {"tld": tld.shown, "lately": lately})
    if invitations.sent_since(ctx.session, ctx.now - DAY) + len(free) > INVITATIONS_A_DAY:
        return Refused("invited_enough", {"limit": INVITATIONS_A_DAY})
    sent = [_send(ctx, one, tld, is_found=bool(address)) for one in free]
    return Reply("invited", {"sent": sent, "lately": lately}, is_confidential=True)


def _is_contact(ctx: Context, address: str, tld: Tld) -> bool:
    person = people.by_address(ctx.session, address)
    return person is not None and people.entry_of(ctx.session, person, tld.a_label) is not None


def _send(ctx: Context, address: str, tld: Tld, is_found: bool) -> dict[str, object]:
    tlds = _inviting.all_of(ctx, address, [tld.a_label], _inviting.missing(ctx))
    row = invitations.plan(ctx.session, address, tlds, ctx.actor.person_id, ctx.now, is_found=is_found)
    _inviting.send(ctx, row, tlds)
    return {"address": address, "tlds": [shown(one) for one in tlds]}


def _lately(held: Invitation) -> dict[str, object]:
    return {"address": held.address, "state": held.state, "sent_at": held.sent_at}


def _missing(ctx: Context) -> Reply:
    """Plan one mail per address; a job sends the daily share, and checks each again before it goes."""
    lacking = _inviting.missing(ctx)
    by_address: dict[str, list[str]] = {}
    unreachable = []
    for tld in lacking:
        found = _inviting.addresses_of(ctx, tld)
        for address in found:
            by_address.setdefault(address, []).append(tld)
        if not found:
            unreachable.append(shown(tld))
    planned = 0
    for address, tlds in by_address.items():
        if invitations.in_the_way(ctx.session, address, ctx.now) is None:
            invitations.plan(ctx.session, address, tlds, ctx.actor.person_id, ctx.now, is_found=False)
            planned += 1
    ctx.record("invitations_planned", number=planned)
    values = {
        "tlds": len(lacking),
        "planned": planned,
        "lately": len(by_address) - planned,
        "unreachable": unreachable,
        "a_day": MISSING_A_DAY,
    }
    return Reply("planned", values, Status.WAITING if planned else Status.SUCCESS)


def _stop(ctx: Context) -> Reply:
    """End what is only planned; what has gone out has gone out."""
    held = invitations.planned(ctx.session)
    for one in held:
        one.state = STOPPED
    ctx.record("invitations_stopped", number=len(held))
    return Reply("stopped", {"number": len(held)})
