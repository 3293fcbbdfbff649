"""The way of a request from the proven address to a listed contact, to the committee, or to its end."""

from collections.abc import Iterable, Sequence

from tldops_bot.commands import _deciders, _keys, _letters, _recovery
from tldops_bot.commands._command import Context
from tldops_bot.commands._listing import join
from tldops_bot.commands._requests import describe, end, note_mail, record, to_candidate
from tldops_bot.commands._tlds import is_in_root
from tldops_bot.commands._vouching import ask_voucher, voucher_addresses
from tldops_bot.domain.address import address_key
from tldops_bot.domain.entry_life import CANDIDATE
from tldops_bot.domain.joining import Case, Seats, counts_at_once, grey_reasons
from tldops_bot.domain.organisation import kind_of
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.domain.tld import parse_tld
from tldops_bot.store import iana, people, requests, tokens
from tldops_bot.store.tables import Request

TECHNICAL = "IANA technical contact"


def proven(ctx: Context, asked: Sequence[Request]) -> None:
    """The candidate proved the address (and key): now, and only now, the IANA contacts are asked."""
    to_ask: dict[str, list[Request]] = {}
    own: dict[str, list[Request]] = {}
    for request in asked:
        request.proven_at, request.vouching_at, request.state = ctx.now, ctx.now, requests.VOUCHING
        request.expires_at = ctx.now + ctx.config.membership.request_lifetime  # all of it for the vouchers
        note_mail(ctx, request, "proven")
        record(ctx, "proven", request)
        _end_unproven(ctx, request)
    for request in _still_possible(ctx, asked):
        kinds = iana.kinds_of_address(ctx.session, request.tld, request.details["email"])
        if counts_at_once(kinds, ctx.config.membership.vouched_by):
            own.setdefault(f"IANA {kinds[0]} contact", []).append(request)
            continue
        for address in voucher_addresses(ctx, request):
            to_ask.setdefault(address, []).append(request)
    for by, theirs in own.items():
        vouched(ctx, theirs, by, theirs[0].details["email"])
    unasked = [one for one in asked if one.state == requests.VOUCHING and not voucher_addresses(ctx, one)]
    to_committee(ctx, [one for one in unasked if not kind_of(one.tld)], ("no_voucher",))
    to_committee(ctx, [one for one in unasked if kind_of(one.tld)], ("organisation",))
    for address, theirs in to_ask.items():
        ask_voucher(ctx, address, theirs)


def _end_unproven(ctx: Context, proven: Request) -> None:
    """Whoever else asked in the same name has proven nothing; from now on there is one request."""
    if proven.kind != RequestKind.SUBSCRIBE:
        return
    for other in requests.open_for(ctx.session, proven.details["email"], proven.tld):
        if other.id != proven.id and other.state == requests.PROVING:
            requests.close(other, requests.WITHDRAWN, CANDIDATE, "another was proven", ctx.now)
            tokens.void_for_request(ctx.session, other, ctx.now)


def vouched(ctx: Context, asked: Sequence[Request], by: str, address: str) -> None:
    """Somebody entitled vouched for one person: list them, unless it is a case for the committee."""
    to_list = []
    for request in asked:
        request.vouched_at, request.vouched_by = ctx.now, by
        note_mail(ctx, request, "vouched")
        if request.kind != RequestKind.KEY:
            to_list.append(request)
        elif request.details.get("old"):
            _recovery.begin(ctx, request, describe(request))
        else:
            _keys.settle(ctx, request, by)
    plain = []
    for request in _still_possible(ctx, to_list):
        is_fresh = iana.is_freshly_changed(ctx.session, request.tld, address, ctx.now)
        voucher = address_key(address)
        request.details = {**request.details, "voucher_is_fresh": is_fresh, "voucher": voucher}
        if not grey(ctx, request):
            plain.append(request)
    join(ctx, plain, by, by_peer=False)
    to_committee(ctx, [one for one in to_list if one.state in requests.OPEN], ())


def grey(ctx: Context, request: Request) -> tuple[str, ...]:
    """What about the person, the TLD and the mails makes this a case for the committee."""
    if request.kind != RequestKind.SUBSCRIBE:
        return ()
    person = people.by_address(ctx.session, request.details["email"])
    case = Case(
        name=request.details.get("name", ""),
        email=request.details["email"],
        seats=seats(ctx, request),
        tlds=len(requests.tlds_spoken_for(ctx.session, request.email_key) | {request.tld}),
        is_suspect=request.details.get("is_suspect", False),
        voucher_is_fresh=request.details.get("voucher_is_fresh", False),
        key_is_another=person is not None and person.fingerprint != request.fingerprint,
    )
    return grey_reasons(case)


def seats(ctx: Context, request: Request) -> Seats:
    """The seats of the TLD now; suspended contacts keep theirs until the committee has decided."""
    living = people.contacts_of(ctx.session, request.tld, people.LIVING)
    replaced = any(entry.person_id == request.replaces_id for entry in living)
    return Seats(len(living), ctx.config.membership.contacts_per_tld, replaced)


def lost_seat(ctx: Context, request: Request) -> bool:
    """Whether the last seat was filled while the case waited, and those who decide don't know yet."""
    is_newcomer = request.kind == RequestKind.SUBSCRIBE and "no_free_seat" not in request.details.get(
        "reasons", ()
    )
    return is_newcomer and not seats(ctx, request).is_free


def to_committee(ctx: Context, asked: Iterable[Request], reasons: Sequence[str]) -> None:
    """Hand one person's cases to the committee, and tell the person that somebody is looking at them.

    `reasons`, and whatever else is grey; cases with the same reasons share one mail.
    """
    alike: dict[tuple[str, ...], list[Request]] = {}
    for request in sorted(asked, key=lambda one: one.id):
        why = tuple(dict.fromkeys((*reasons, *grey(ctx, request))))
        request.state, request.committee_because = requests.COMMITTEE, ",".join(why)[:255]
        since = request.details.get("committee_at") or ctx.now.isoformat()
        request.details = {**request.details, "reasons": list(why), "committee_at": since}
        record(ctx, "to_committee", request, reasons=list(why))
        alike.setdefault(why, []).append(request)
    for held in alike.values():
        _tell_of_decision(ctx, held)


def _tell_of_decision(ctx: Context, held: Sequence[Request]) -> None:
    holders = people.office_holders(ctx.session, "committee")
    values = {
        "request": describe(held[0]),
        "requests": [describe(one) for one in held],
        "has_committee": bool(holders),
    }
    words = held[0].details.get("declined_because", "")
    _deciders.ask(ctx, "letters/decide", held, values | {"words": words})
    ctx.post(_letters.notice("letters/with_committee", values, to_candidate(held[0])))


def obstacle(ctx: Context, request: Request) -> str:
    """What has happened since the request was made that leaves nothing to decide, or ""."""
    if request.kind != RequestKind.SUBSCRIBE:
        return "key_taken" if request.kind == RequestKind.KEY and _keys.is_taken(ctx, request) else ""
    tld = parse_tld(request.tld)
    if not kind_of(request.tld) and (tld is None or not is_in_root(ctx, tld)):
        return "tld_gone"
    person = people.by_address(ctx.session, request.details["email"])
    if person is not None and people.entry_of(ctx.session, person, request.tld) is not None:
        return "listed_already"
    holder = people.by_fingerprint(ctx.session, request.fingerprint) if request.fingerprint else None
    return "key_taken" if holder is not None and holder is not person else ""


def _still_possible(ctx: Context, asked: Iterable[Request]) -> list[Request]:
    """Those with nothing in their way; the others end here, and the person is told why."""
    found = []
    for request in asked:
        why = obstacle(ctx, request)
        if why:
            end(ctx, request, why)
        else:
            found.append(request)
    return found


def reject(ctx: Context, request: Request, by: str, because: str) -> None:
    """Turn a request down, and tell the person why."""
    requests.close(request, requests.REJECTED, by, because, ctx.now)
    tokens.void_for_request(ctx.session, request, ctx.now)
    record(ctx, "rejected", request, by=by)
    values = {"request": describe(request), "because": because}
    ctx.post(_letters.notice("letters/rejected", values, to_candidate(request)))
    if request.kind == RequestKind.KEY:  # one key for all TLDs: what is wrong for one of them is wrong
        for other in requests.of_new_key(ctx.session, request.person_id or 0, request.fingerprint or ""):
            requests.close(other, requests.REJECTED, by, because, ctx.now)
            tokens.void_for_request(ctx.session, other, ctx.now)
            record(ctx, "rejected", other, by=by)
