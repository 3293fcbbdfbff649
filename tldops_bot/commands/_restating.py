"""Questions about somebody follow their record: with a new name or address they are put anew."""

from collections.abc import Sequence

from tldops_bot.commands import _joining
from tldops_bot.commands._command import Context
from tldops_bot.commands._requests import record
from tldops_bot.commands._vouching import ask_voucher, voucher_addresses
from tldops_bot.domain.address import address_key
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.store import requests, tokens
from tldops_bot.store.tables import Person, Request


def follow(ctx: Context, person: Person, old_address: str) -> None:
    """Bring a person's open requests up to date, and ask again those who were shown something else."""
    ctx.session.flush()
    about = requests.open_about_person(ctx.session, person.id, address_key(old_address))
    changed = [one for one in about if _restate(ctx, one, person)]
    _ask_vouchers_anew(ctx, [one for one in changed if one.state == requests.VOUCHING])
    for request in changed:
        if request.state == requests.COMMITTEE and request.kind != RequestKind.OBJECTION:
            requests.drop_votes(ctx.session, request)
            reasons = dict.fromkeys((*request.details.get("reasons", ()), "restated"))
            _joining.to_committee(ctx, [request], tuple(reasons))


def _restate(ctx: Context, request: Request, person: Person) -> bool:
    """Whether the request said something about the person that differs from the record now."""
    name, email = request.details.get("name"), request.details.get("email")
    if (name, email) == (person.name, person.email):
        return False
    restated_at = ctx.now.isoformat()
    request.details = {
        **request.details,
        "name": person.name,
        "email": person.email,
        "restated_at": restated_at,
    }
    request.email_key, request.person_id = person.email_key, person.id
    record(ctx, "restated", request)
    return True


def _ask_vouchers_anew(ctx: Context, asked: Sequence[Request]) -> None:
    tokens.void_questions(ctx.session, asked, ctx.now)
    by_address: dict[str, list[Request]] = {}
    for request in asked:
        request.vouching_at, request.expires_at = ctx.now, ctx.now + ctx.config.membership.request_lifetime
        request.details = {**request.details, "technical_word_at": "", "technical_address": ""}
        for address in voucher_addresses(ctx, request):
            by_address.setdefault(address, []).append(request)
    for address, theirs in by_address.items():
        ask_voucher(ctx, address, theirs)
