"""What a voucher's answer does: a yes, a no, a yes taken back; a no that comes late is an objection."""

from collections.abc import Sequence
from datetime import datetime

from tldops_bot.commands import _decisions, _joining, _requests, _suspending, _vouching
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.commands._requests import note_mail
from tldops_bot.domain.joining import counts_at_once, is_only_unanswered, technical_counts_at
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.store import iana, people, requests, tokens
from tldops_bot.store.tables import Entry, Request, Token


def said_yes(ctx: Context, token: Token) -> Reply | Refused:
    """A yes counts at once if the contact may vouch alone; a technical contact's may have to wait."""
    asked = tokens.requests_of(ctx.session, token)
    missed = [one for one in asked if _was_only_missed(one)]
    waiting = [one for one in asked if one.state == requests.VOUCHING or one in missed]
    late = [one for one in asked if one.state == requests.DONE]
    handed_on = [one for one in asked if one.state == requests.COMMITTEE and one not in missed]
    if not waiting and not late and not handed_on:
        return Refused("already_decided")
    heard = [one for one in handed_on if iana.kinds_of_address(ctx.session, one.tld, token.address)]
    for request in heard:  # after another's no: the committee decides, and reads this yes beside it
        note_mail(ctx, request, "vouched")
    for request in late:
        _vouching.end_probation_if_all_agree(ctx, request)
    still = [one for one in waiting if iana.kinds_of_address(ctx.session, one.tld, token.address)]
    if (waiting or handed_on) and not (still or heard):
        return Refused("no_longer_iana_contact")
    later, now = [], dict[str, list[Request]]()
    for request in still:
        kinds = iana.kinds_of_address(ctx.session, request.tld, token.address)
        if counts_at_once(kinds, ctx.config.membership.vouched_by):
            now.setdefault(f"IANA {kinds[0]} contact", []).append(request)
        elif (counts_at := _note_technical(ctx, request, token.address)) is None or counts_at > ctx.now:
            later.append((request, counts_at))
        else:
            now.setdefault(_joining.TECHNICAL, []).append(request)
    for by, theirs in now.items():
        _joining.vouched(ctx, theirs, by, token.address)
    # What the committee was asked to decide no longer needs a decision.
    _decisions.tell(ctx, [one for one in missed if one.state == requests.DONE], None)
    values = {
        "requests": [_requests.describe(one) for one in [*still, *late, *heard]],
        "later": [(shown(one.tld), at) for one, at in later if one.state == requests.VOUCHING],
        "with_committee": [
            _requests.describe(one) for one in [*still, *heard] if one.state == requests.COMMITTEE
        ],
    }
    return Reply("vouched", values, Status.WAITING if later else Status.SUCCESS)


def said_no(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """A no goes to the committee, or is an objection if the person is listed by now."""
    asked = tokens.requests_of(ctx.session, token)
    open_before = [one for one in asked if one.state in requests.OPEN]
    for request in asked:
        if request.state in (requests.VOUCHING, requests.WAITING, requests.COMMITTEE):
            request.details = {**request.details, "declined_because": because[:200]}
            note_mail(ctx, request, "declined")
    held = [
        one for one in asked if one.state in (requests.VOUCHING, requests.WAITING) or _was_only_missed(one)
    ]
    _joining.to_committee(ctx, held, ("declined",))
    objected = [
        one
        for one in asked
        if one.state == requests.DONE
        and iana.kinds_of_address(ctx.session, one.tld, token.address)
        and _object_late(ctx, one, because, token.address)
    ]
    if not open_before and not objected:
        return Refused("too_late_to_object", {"tld": shown(asked[0].tld)})
    heard = [one for one in asked if one in open_before or one in objected]
    return Reply("not_vouched", {"requests": [_requests.describe(one) for one in heard]})


def took_back(ctx: Context, asked: Sequence[Request], because: str) -> Reply:
    """A voucher takes back a yes that has not settled the matter yet."""
    for request in asked:
        request.vouched_at, request.vouched_by = None, ""
        request.details = {**request.details, "declined_because": because[:200], "technical_address": ""}
        note_mail(ctx, request, "declined")
    _joining.to_committee(ctx, asked, ("took_back",))
    return Reply("not_vouched", {"requests": [_requests.describe(one) for one in asked]})


def objects(ctx: Context, entry: Entry, because: str, by: str) -> Reply:
    """Take an entry out of service on the word of the mailbox `by`, until the committee has decided."""
    role = "IANA contact" if iana.kinds_of_address(ctx.session, entry.tld, by) else "a contact of the TLD"
    _keep_predecessor(ctx, entry)
    held = _suspending.suspend(ctx, entry, because, role, None, "letters/objected")
    return Reply(
        "suspended",
        {"name": entry.person.name, "tld": shown(entry.tld), "number": _requests.number(held)},
    )


def _keep_predecessor(ctx: Context, entry: Entry) -> None:
    """Whoever was replaced by somebody in doubt is not taken off by the clock: the committee decides about both."""
    request = ctx.session.get(Request, entry.request_id or 0)
    replaced = request.replaces_id if request is not None else None
    suspended = people.contacts_of(ctx.session, entry.tld, (people.SUSPENDED,))
    for one in [one for one in suspended if one.person_id == replaced]:
        one.final_at = None


def _note_technical(ctx: Context, request: Request, address: str) -> datetime | None:
    """A technical contact's word waits for the administrative contact's silence; until when, None is for ever."""
    request.details = {
        **request.details,
        "technical_word_at": ctx.now.isoformat(),
        "technical_address": address,
    }
    return technical_counts_at(request.vouching_at or ctx.now, ctx.config.membership.technical_after)


def _object_late(ctx: Context, request: Request, because: str, by: str) -> bool:
    """A voucher's no after another one's yes is an objection; whether there is anybody left to object to."""
    entries = people.contacts_of(ctx.session, request.tld)
    found = [one for one in entries if one.request_id == request.id and ctx.now <= one.objections_until]
    for entry in found:
        objects(ctx, entry, because or "an IANA contact said no", by)
    return bool(found)


def _was_only_missed(request: Request) -> bool:
    """Whether the committee has a request to join only because this answer was missing."""
    is_joining = request.kind == RequestKind.SUBSCRIBE and request.state == requests.COMMITTEE
    return is_joining and is_only_unanswered(request.details.get("reasons", ()))
