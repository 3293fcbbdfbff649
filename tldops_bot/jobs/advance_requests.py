"""Moves requests along that wait for somebody: reminders, the technical contact's word, and the end of patience."""

from datetime import datetime, timedelta

from tldops_bot.commands import _joining
from tldops_bot.commands._command import Context
from tldops_bot.domain.joining import reminders_due, technical_counts_at
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._job import JobContext, job
from tldops_bot.jobs._joining import as_command
from tldops_bot.store import audit, iana, requests, tokens
from tldops_bot.store.tables import Request


@job(every=timedelta(minutes=10))
def advance_requests(ctx: JobContext) -> list[Letter]:
    """Remind IANA contacts, count technical words, and hand what nobody answered to the committee."""
    context = as_command(ctx)
    to_ask: dict[str, list[Request]] = {}
    for request in requests.listing(ctx.session, (requests.PROVING, requests.VOUCHING)):
        if request.state == requests.PROVING:
            _expire(context, request)
        elif not _settled(context, request):
            for address in _whom_to_ask(context, request):
                to_ask.setdefault(address, []).append(request)
    for address, asked in to_ask.items():
        is_reminder = any(_asked(context, one, address) for one in asked)
        _joining.ask_voucher(context, address, asked, is_reminder)
    return context.letters


def _expire(ctx: Context, request: Request) -> None:
    """A candidate who never proved the address is forgotten, without a further mail to an unproven mailbox."""
    if request.expires_at <= ctx.now:
        requests.close(request, requests.EXPIRED, "the clock", "not proven in time", ctx.now)
        audit.record(
            ctx.session, ctx.now, "the clock", "expired", request.tld, request=_joining.number(request)
        )


def _settled(ctx: Context, request: Request) -> bool:
    """Whether the technical contact's word counts by now, or patience is at its end."""
    word_at = request.details.get("technical_word_at")
    counts_at = technical_counts_at(
        request.vouching_at or request.asked_at, ctx.config.membership.technical_after
    )
    if word_at and counts_at is not None and counts_at <= ctx.now:
        address = str(request.details.get("technical_address", ""))
        if iana.kinds_of_address(ctx.session, request.tld, address):
            _joining.vouched(ctx, request, "IANA technical contact", address)
            return True
    if request.expires_at <= ctx.now:
        _joining.to_committee(ctx, request, ("no_answer",))
        return True
    return False


def _whom_to_ask(ctx: Context, request: Request) -> list[str]:
    """The IANA addresses that were never asked, or are to be reminded today."""
    found = []
    for address in _joining.voucher_addresses(ctx, request):
        sent = _asked(ctx, request, address)
        if any(token_used for _, token_used in sent):
            continue
        moments = [moment for moment, _ in sent]
        if reminders_due(moments, request.vouching_at or request.asked_at, ctx.now):
            found.append(address)
    return found


def _asked(ctx: Context, request: Request, address: str) -> list[tuple[datetime, bool]]:
    """When an address was asked about a request, and whether it has answered."""
    sent = tokens.tokens_of(ctx.session, request, "vouch")
    return [
        (one.made_at, one.used_at is not None)
        for one in sent
        if one.address == address and one.details.get("single") is None
    ]
