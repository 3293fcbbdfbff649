"""What the committee (or, before there is one, the operator) decides about a request."""

from tldops_bot.commands import _joining, _keys
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.commands._leaving import leave, put_back
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Entry, Request, Vote

OPERATOR = "the operator"


def find_open(ctx: Context, number: str) -> Request | Refused:
    """The request the committee is to decide, or why it can't."""
    request = requests.by_number(ctx.session, number)
    if request is None:
        return Refused("no_such_request", {"number": number[:20]})
    if request.state not in requests.OPEN:
        return Refused("already_decided")
    person = ctx.actor.person
    if person is not None and (request.person_id == person.id or request.email_key == person.email_key):
        return Refused("on_oneself", {"verb": "APPROVE"})
    return request


def vote(ctx: Context, request: Request, approves: bool, because: str) -> Reply | Refused:
    """Count one committee member's word; with as many as the configuration asks for, it is decided."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_committee", {"verb": "APPROVE" if approves else "REJECT"})
    before = requests.votes(ctx.session, request)
    mine = next((one for one in before if one.person_id == person.id), None)
    if mine is None:
        mine = Vote(request_id=request.id, person_id=person.id, approves=approves, at=ctx.now)
        ctx.session.add(mine)
    mine.approves, mine.because, mine.at = approves, because[:255], ctx.now
    ctx.session.flush()
    seated = {one.id for one in people.office_holders(ctx.session, "committee")}
    cast = [one for one in requests.votes(ctx.session, request) if one.person_id in seated]
    agreeing = [one for one in cast if one.approves == approves]
    if len(agreeing) < ctx.config.membership.committee_votes:
        values = {"request": _joining.describe(request), "have": len(agreeing)}
        return Reply("noted", values, Status.WAITING)
    return decide(ctx, request, approves, "the committee", because)


def decide(ctx: Context, request: Request, approves: bool, by: str, because: str) -> Reply | Refused:
    """Carry a decision out, by the kind of the request."""
    values = {"request": _joining.describe(request), "because": because}
    if request.kind == "objection":
        return _objection(ctx, request, approves, by, because)
    if not approves:
        _joining.reject(ctx, request, by, because)
        return Reply("rejected", values)
    if request.proven_at is None:
        return Refused("not_proven_yet", {"number": _joining.number(request)})
    if request.kind == "key":
        _keys.settle(ctx, request, by)
        return Reply("approved", values)
    if _full_for_good(ctx, request):
        return Refused("no_seat_even_so", {"number": _joining.number(request)})
    request.vouched_by, request.vouched_at = by, ctx.now
    _joining.join(ctx, request, by, by_peer=True)
    return Reply("approved", values)


def _full_for_good(ctx: Context, request: Request) -> bool:
    """The committee may admit a fourth contact, but nobody twice."""
    person = people.by_address(ctx.session, request.details["email"])
    return person is not None and people.entry_of(ctx.session, person, request.tld) is not None


def _objection(ctx: Context, request: Request, approves: bool, by: str, because: str) -> Reply | Refused:
    entry = ctx.session.get(Entry, request.details.get("entry_id"))
    if entry is None or entry.state != people.SUSPENDED:
        return Refused("already_decided")
    values = {"request": _joining.describe(request), "because": because}
    if approves:
        put_back(ctx, entry, by)
    else:
        leave(ctx, entry, by)
    requests.close(request, requests.DONE if approves else requests.REJECTED, by, because, ctx.now)
    return Reply("kept" if approves else "rejected", values)
