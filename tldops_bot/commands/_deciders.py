"""Who in the committee may decide a request, and who does if too few of them may."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.commands._requests import number
from tldops_bot.config.settings import Config
from tldops_bot.domain.address import address_key
from tldops_bot.domain.joining import STUCK_AFTER, votes_needed
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.personal_name import same_name
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Person, Request


def is_about(person: Person, request: Request) -> bool:
    """Whether it is about this member, who may have asked under another address: the name tells.

    An honest namesake loses little: another member decides.
    """
    addresses = {address_key(one) for one in (person.email, person.emergency_email) if one}
    return (
        request.person_id == person.id
        or request.email_key in addresses
        or same_name(person.name, request.details.get("name", ""))
    )


def has_entered(person: Person, request: Request) -> bool:
    """Whether this member entered it for somebody else."""
    return request.details.get("entered_by") == person.id


def needed(config: Config, request: Request, seated: Sequence[Person]) -> int:
    """How many must agree: one more, if it is about one of a committee of three or more."""
    concerns = any(is_about(one, request) for one in seated)
    return votes_needed(config.membership.committee_votes, len(seated), concerns)


def _voters(request: Request, seated: Sequence[Person]) -> list[Person]:
    """Those who may decide it."""
    return [one for one in seated if not is_about(one, request) and not has_entered(one, request)]


def are_enough(config: Config, request: Request, seated: Sequence[Person]) -> bool:
    """Whether the committee can decide it at all; if not, the operator does."""
    return len(_voters(request, seated)) >= needed(config, request, seated)


def ask(ctx: Context, template: str, held: Sequence[Request], values: Mapping[str, object]) -> None:
    """Put cases of one kind and person to whoever may decide: the committee; with too few, the operator."""
    seated = people.office_holders(ctx.session, "committee")
    to = _letters.to_people(_voters(held[0], seated))
    if to:
        ctx.post(_letters.notice(template, values, to, is_confidential=True))
    if not all(are_enough(ctx.config, one, seated) for one in held):
        known = {**values, "has_committee": bool(seated)}
        operator = _letters.to_address(ctx.config.operator.email)
        ctx.post(_letters.notice("letters/decide_operator", known, operator))


def since(request: Request) -> datetime:
    """Since when it has been waiting for the committee."""
    written = request.details.get("committee_at")
    return datetime.fromisoformat(written) if written else request.asked_at


def remind(ctx: Context, held: Sequence[Request]) -> tuple[str, ...]:
    """Remind those in the committee who may decide and have not said anything yet.

    Returns whom, in words: "committee", "operator". The operator hears about what the committee can't decide,
    or has not for four weeks: nothing waits for ever. No names are in it: it may have to go in clear.
    """
    seated = people.office_holders(ctx.session, "committee")
    silent = {one.id: _silent(ctx, one, seated) for one in held}
    theirs = [one for one in held if silent[one.id]]
    stuck = [one for one in held if not silent[one.id] or _is_stuck(ctx, one, seated)]
    if theirs:
        to = _letters.to_people(person for one in theirs for person in silent[one.id])
        ctx.post(_letters.notice("letters/cases_waiting", _waiting(theirs, seated, to_operator=False), to))
    if stuck:
        operator = _letters.to_address(ctx.config.operator.email)
        ctx.post(
            _letters.notice("letters/cases_waiting", _waiting(stuck, seated, to_operator=True), operator)
        )
    return (*(["committee"] if theirs else []), *(["operator"] if stuck else []))


def _silent(ctx: Context, request: Request, seated: Sequence[Person]) -> list[Person]:
    voted = {one.person_id for one in requests.votes(ctx.session, request)}
    return [one for one in _voters(request, seated) if one.id not in voted]


def _is_stuck(ctx: Context, request: Request, seated: Sequence[Person]) -> bool:
    return ctx.now - since(request) >= STUCK_AFTER or not are_enough(ctx.config, request, seated)


def _waiting(held: Sequence[Request], seated: Sequence[Person], to_operator: bool) -> dict[str, object]:
    cases = [{"number": number(one), "tld": shown(one.tld), "since": since(one)} for one in held]
    return {"cases": cases, "has_committee": bool(seated), "to_operator": to_operator}
