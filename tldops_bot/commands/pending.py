"""PENDING: what waits for a decision, with what is known of each case; invitations, and notes about TLDs."""

from collections.abc import Collection

from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._dossier import known
from tldops_bot.commands._requests import describe, number
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outreach import PERIOD, SENT
from tldops_bot.domain.request import Request
from tldops_bot.store import bounces, invitations, lookups, notes, requests
from tldops_bot.store.tables import Invitation
from tldops_bot.store.tables import Request as RequestRow


@command("PENDING", who=Who.SECRETARIAT)
def pending(ctx: Context, request: Request) -> Reply | Refused:
    """What waits for a decision or an answer: requests, invitations, and your notes."""
    if request.arguments:
        return bad_arguments(pending)
    held = requests.listing(ctx.session)
    values = {
        "decide": [known(ctx.session, one, ctx.now) for one in held if one.state == requests.COMMITTEE],
        "others": [_waiting(ctx, one) for one in held if one.state != requests.COMMITTEE],
        "invitations": _invitations(ctx),
        "tld_notes": _tld_notes(ctx),
    }
    return Reply("pending", values, is_confidential=True)


def _waiting(ctx: Context, request: RequestRow) -> dict[str, object]:
    return describe(request) | {"state": request.state, "notes": notes.shown(ctx.session, number(request))}


def _invitations(ctx: Context) -> list[dict[str, object]]:
    """Whom we invited in the last period, and the result; `joined` once all its TLDs have a contact."""
    held = lookups.listed_tlds(ctx.session)
    return [
        {
            "address": one.address,
            "tlds": [shown(tld) for tld in one.tlds],
            "state": _state(ctx, one, held),
            "sent_at": one.sent_at,
            "answered_at": one.answered_at,
            "because": one.because,
        }
        for one in invitations.since(ctx.session, ctx.now - PERIOD)
    ]


def _state(ctx: Context, one: Invitation, held: Collection[str]) -> str:
    if one.sent_at is None:
        return one.state
    if set(one.tlds) <= set(held):
        return "joined"
    if one.state != SENT:
        return one.state
    refused = invitations.was_refused(ctx.session, one.address, one.sent_at)
    failed = refused or bounces.came_back(ctx.session, one.address, one.sent_at)
    return "came_back" if failed else one.state


def _tld_notes(ctx: Context) -> list[dict[str, object]]:
    """The notes about TLDs in the last period, each TLD once."""
    tlds = notes.tlds_since(ctx.session, ctx.now - PERIOD)
    return [{"tld": shown(tld), "notes": notes.shown(ctx.session, tld)} for tld in tlds]
