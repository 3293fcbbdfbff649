"""REMIND: the secretariat has those asked again for whom a request waits."""

from datetime import datetime

from tldops_bot.commands import _deciders, _proving, _vouching
from tldops_bot.commands._command import Context, Refused, Reply, Who, bad_arguments, command
from tldops_bot.commands._requests import number, record
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.request import Request
from tldops_bot.domain.token import Purpose
from tldops_bot.store import requests, tokens
from tldops_bot.store.tables import Request as RequestRow


@command("REMIND id", who=Who.SECRETARIAT, changes=True)
def remind(ctx: Context, request: Request) -> Reply | Refused:
    """Ask those again for whom a request waits: the candidate, the IANA contacts, or the committee."""
    if len(request.arguments) != 1:
        return bad_arguments(remind)
    held = requests.by_number(ctx.session, request.arguments[0])
    if held is None:
        return Refused("no_such_request", {"number": request.arguments[0][:20]})
    if held.state not in requests.OPEN:
        return Refused("already_decided")
    if held.state == requests.WAITING:
        return Refused("nobody_to_remind", {"number": number(held)})
    last = _last_asked_at(ctx, held)
    if ctx.now - last < DAY:  # nobody is reminded of a request twice in a day
        return Refused("reminded_lately", {"number": number(held), "at": last})
    whom = _ask_again(ctx, held)
    if not whom:
        return Refused("nobody_to_remind", {"number": number(held)})
    held.details = {**held.details, "reminded_at": ctx.now.isoformat()}
    record(ctx, "reminded", held, whom=whom)
    return Reply("reminded", {"number": number(held), "whom": whom})


def _last_asked_at(ctx: Context, held: RequestRow) -> datetime:
    """When anybody was last asked about it, by us or by the secretariat."""
    asked = [one.made_at for one in tokens.tokens_of(ctx.session, held, Purpose.PROVE, Purpose.VOUCH)]
    if reminded := held.details.get("reminded_at"):
        asked.append(datetime.fromisoformat(reminded))
    return max([held.asked_at, *asked])


def _ask_again(ctx: Context, held: RequestRow) -> str:
    """Ask whomever it waits for once more; "" if there is nobody."""
    if held.state == requests.PROVING:
        return _candidate(ctx, held)
    if held.state == requests.VOUCHING:
        return _vouchers(ctx, held)
    return "_".join(_deciders.remind(ctx, [held]))


def _candidate(ctx: Context, held: RequestRow) -> str:
    before = tokens.tokens_of(ctx.session, held, Purpose.PROVE)
    if not before or held.expires_at <= ctx.now:
        return ""
    _proving.ask_for_proof(ctx, requests.siblings(ctx.session, held), before[-1].fingerprint)
    return "candidate"


def _vouchers(ctx: Context, held: RequestRow) -> str:
    """Each IANA address that has not answered; any that was asked three times today is left in peace."""
    answered = {
        one.address for one in tokens.tokens_of(ctx.session, held, Purpose.VOUCH) if one.used_at is not None
    }
    before = len(ctx.letters)
    for address in _vouching.voucher_addresses(ctx, held):
        if address not in answered:
            _vouching.ask_voucher(ctx, address, [held], is_reminder=True)
    return "vouchers" if len(ctx.letters) > before else ""
