"""Whom to ask to vouch for a candidate: the TLD's IANA addresses, one mail to each for all its TLDs."""

from collections.abc import Sequence

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.commands._requests import describe
from tldops_bot.domain.address import address_key
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.joining import LATE_WORD
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Question
from tldops_bot.store import iana, people, requests, tokens
from tldops_bot.store.tables import Request

VOUCHING_MAILS_A_DAY = 3


def voucher_addresses(ctx: Context, request: Request) -> tuple[str, ...]:
    """The IANA addresses of the request's TLD, each once."""
    held = iana.current_contacts(ctx.session, request.tld)
    return tuple(dict.fromkeys(address_key(one.email) for one in held if one.email))


def ask_voucher(ctx: Context, address: str, asked: Sequence[Request], is_reminder: bool = False) -> None:
    """Ask one IANA address to vouch: one mail per person, however many TLDs the address serves.

    Two people never share a mail: a yes must not include somebody who was not shown. Past three mails a day,
    the daily job asks instead.
    """
    persons: dict[tuple[object, ...], list[Request]] = {}
    for request in asked:
        persons.setdefault(_who(request), []).append(request)
    for theirs in persons.values():
        _ask_about_one(ctx, address, theirs, is_reminder)


def _who(request: Request) -> tuple[object, ...]:
    """What a voucher is shown about a person, and says yes or no to."""
    shown_fields = ("name", "organisation", "replaces")
    known = tuple(str(request.details.get(field, "")) for field in shown_fields)
    return request.kind, request.email_key, request.fingerprint, *known


def _ask_about_one(ctx: Context, address: str, asked: Sequence[Request], is_reminder: bool) -> None:
    if requests.vouching_mails_since(ctx.session, address, ctx.now - DAY) >= VOUCHING_MAILS_A_DAY:
        return
    singles = []
    if len(asked) > 1:
        singles = [{"tld": shown(one.tld), "token": _mint_single(ctx, address, one).words} for one in asked]
    until = min(one.expires_at for one in asked)
    values = {
        "requests": [describe(one) for one in asked],
        "candidate": describe(asked[0]),
        "singles": singles,
        "address": address,
        "is_reminder": is_reminder,
        "until": until,
        "authentication": str(asked[0].details.get("authentication", "")),
    }
    to = _letters.to_address(address)
    _letters.ask(ctx, Purpose.VOUCH, "letters/vouch", to, until + LATE_WORD, values, requests=asked)


def words_given(ctx: Context, request: Request) -> tuple[set[str], set[str]]:
    """The IANA addresses that confirmed a request (the candidate's own proof included), and all there are."""
    given = {
        address_key(token.address)
        for token in tokens.tokens_of(ctx.session, request, Purpose.VOUCH)
        if token.answer == "CONFIRM"
    }
    return given | {request.email_key}, set(voucher_addresses(ctx, request))


def end_probation_if_all_agree(ctx: Context, request: Request) -> None:
    """A late word from the last IANA address opens QUERY, ROSTER and ALERT at once."""
    confirmed, asked = words_given(ctx, request)
    for entry in people.listed_by(ctx.session, request):
        if set(asked) <= set(confirmed) and entry.probation_until > ctx.now:
            entry.probation_until = ctx.now


def _mint_single(ctx: Context, address: str, request: Request) -> tokens.Minted:
    """A token for one of several TLDs in one mail; it does not count as a mail of its own."""
    return tokens.mint(
        ctx.session,
        ctx.random,
        Purpose.VOUCH,
        address,
        ctx.now,
        request.expires_at + LATE_WORD,
        [request],
        details=Question(single=True),
    )
