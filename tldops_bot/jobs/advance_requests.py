"""Moves waiting requests along: reminders, the technical contact's word, and the end of patience."""

from datetime import datetime, timedelta

from tldops_bot.commands import _joining, _letters, _requests, _vouching
from tldops_bot.commands._command import Context
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.joining import reminders_due, technical_counts_at
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Question, read_details
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.store import bounces, iana, requests, tokens
from tldops_bot.store.tables import Person, Request


@job(every=timedelta(minutes=10))
def advance_requests(ctx: JobContext) -> list[Letter]:
    """Remind IANA contacts, count technical words, and hand what nobody answered to the committee."""
    context = as_command(ctx)
    _end_unproven(context)
    to_ask: dict[str, list[Request]] = {}
    for held in _people(context):
        waiting = [one for one in held if not _ended(context, one) and one.state == requests.VOUCHING]
        for request in _unsettled(context, waiting):
            for address in _whom_to_ask(context, request):
                to_ask.setdefault(address, []).append(request)
    _tell_of_lost_seats(context)
    for address, asked in to_ask.items():
        is_reminder = any(_asked(context, one, address) for one in asked)
        _vouching.ask_voucher(context, address, asked, is_reminder)
    return context.letters


def _tell_of_lost_seats(ctx: Context) -> None:
    """When the last seat is filled, tell the committee: a case it has for another reason has changed."""
    for request in requests.listing(ctx.session, (requests.COMMITTEE,)):
        if _joining.lost_seat(ctx, request):
            _joining.to_committee(ctx, [request], request.details.get("reasons", ()))


def _people(ctx: Context) -> list[list[Request]]:
    """The requests that may have to move, grouped by person: one mail covers them all."""
    found: dict[tuple[str, str, str | None], list[Request]] = {}
    for request in requests.listing(ctx.session, (requests.VOUCHING, requests.COMMITTEE)):
        who = request.kind, request.email_key, request.fingerprint
        found.setdefault(who, []).append(request)
    return list(found.values())


def _end_unproven(ctx: Context) -> None:
    """End what nobody proved, with no more mail to that mailbox; tell whoever entered it for another."""
    entered: dict[tuple[Person, str], list[Request]] = {}
    for request in requests.listing(ctx.session, (requests.PROVING,)):
        if request.expires_at > ctx.now:
            continue
        requests.close(request, requests.EXPIRED, CLOCK, "not proven in time", ctx.now)
        _requests.record(ctx, "expired", request)
        by = ctx.session.get(Person, request.details.get("entered_by") or 0)
        if by is not None and by.email_key != request.email_key:
            entered.setdefault((by, request.email_key), []).append(request)
    for (by, _), theirs in entered.items():
        values = {"requests": [_requests.describe(one) for one in theirs]}
        to = _letters.to_person(by)
        ctx.post(_letters.notice("letters/unproven", values, to, is_confidential=by.fingerprint is not None))


def _ended(ctx: Context, request: Request) -> bool:
    """Whether it comes to nothing: its TLD is gone, its key is another's, or the person is listed already."""
    why = _joining.obstacle(ctx, request)
    if why:
        _requests.end(ctx, request, why)
    return bool(why)


def _unsettled(ctx: Context, waiting: list[Request]) -> list[Request]:
    """Those that still wait for a word, after others of the same person have moved along."""
    by_word: dict[str, list[Request]] = {}
    for request in waiting:
        if address := _technical_word(ctx, request):
            by_word.setdefault(address, []).append(request)
    for address, theirs in by_word.items():
        _joining.vouched(ctx, theirs, _joining.TECHNICAL, address)
    left = [one for one in waiting if one.state == requests.VOUCHING]
    _joining.to_committee(ctx, [one for one in left if one.expires_at <= ctx.now], ("no_answer",))
    left = [one for one in left if one.state == requests.VOUCHING]
    _joining.to_committee(ctx, [one for one in left if _comes_back(ctx, one)], ("voucher_bounces",))
    return [one for one in left if one.state == requests.VOUCHING]


def _technical_word(ctx: Context, request: Request) -> str:
    """The technical contact whose word counts by now, or ""."""
    counts_at = technical_counts_at(
        request.vouching_at or request.asked_at, ctx.config.membership.technical_after
    )
    address = request.details.get("technical_address", "")
    is_due = counts_at is not None and counts_at <= ctx.now
    return address if is_due and iana.kinds_of_address(ctx.session, request.tld, address) else ""


def _comes_back(ctx: Context, request: Request) -> bool:
    """Whether our question came back from every IANA address of the TLD, so that nobody has read it."""
    since = request.proven_at or request.asked_at
    addresses = _vouching.voucher_addresses(ctx, request)
    return bool(addresses) and all(bounces.came_back(ctx.session, one, since) for one in addresses)


def _whom_to_ask(ctx: Context, request: Request) -> list[str]:
    """The IANA addresses that were never asked, or are to be reminded today."""
    found = []
    for address in _vouching.voucher_addresses(ctx, request):
        sent = _asked(ctx, request, address)
        if any(token_used for _, token_used in sent):
            continue
        moments = [moment for moment, _ in sent]
        if reminders_due(moments, request.vouching_at or request.asked_at, ctx.now):
            found.append(address)
    return found


def _asked(ctx: Context, request: Request, address: str) -> list[tuple[datetime, bool]]:
    """When an address was asked about a request, and whether it has answered."""
    sent = tokens.tokens_of(ctx.session, request, Purpose.VOUCH)
    return [
        (one.made_at, one.used_at is not None)
        for one in sent
        if one.address == address and not read_details(Question, one.details).single
    ]
