"""What the rest of the committee hears of a decision: at once where it may do harm, else once a day."""

from collections.abc import Sequence

from tldops_bot.commands import _dossier, _letters, _requests
from tldops_bot.commands._command import Context
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.joining import is_ordinary
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Person, Request


def tell(ctx: Context, decided: Sequence[Request], by: int | None) -> None:
    """Tell of requests of one person; whoever cast the last vote reads it in the reply.

    Of an ordinary newcomer with what else the day brings; of anybody else, a seat or a key at once.
    """
    others = [one for one in people.office_holders(ctx.session, "committee") if one.id != by]
    if not decided or not others:
        return
    if all(
        one.kind == RequestKind.SUBSCRIBE and is_ordinary(one.details.get("reasons", ())) for one in decided
    ):
        for one in decided:
            one.details = {**one.details, requests.UNTOLD: by or 0}
    else:
        _post(ctx, [list(decided)], others)


def tell_together(ctx: Context) -> None:
    """What waits to be told, once the first of it has waited for a day."""
    untold = requests.untold(ctx.session)
    if not any(one.decided_at is not None and one.decided_at <= ctx.now - DAY for one in untold):
        return
    readers: dict[tuple[int, ...], list[Person]] = {}
    for person in people.office_holders(ctx.session, "committee"):
        news = tuple(one.id for one in untold if one.details[requests.UNTOLD] != person.id)
        readers.setdefault(news, []).append(person)
    for news, persons in readers.items():
        _post(ctx, _of_one_person([one for one in untold if one.id in news]), persons)
    for one in untold:
        rest: RequestDetails = {**one.details}
        del rest[requests.UNTOLD]
        one.details = rest


def _of_one_person(decided: Sequence[Request]) -> list[list[Request]]:
    """What was decided in one go about one person stands together."""
    found: dict[object, list[Request]] = {}
    for one in decided:
        found.setdefault((one.email_key, one.decided_at, one.state), []).append(one)
    return list(found.values())


def _post(ctx: Context, decided: Sequence[Sequence[Request]], to: Sequence[Person]) -> None:
    cases = [
        {
            "requests": [_requests.describe(one) for one in theirs],
            "approved": theirs[0].state == requests.DONE,
            "votes": _dossier.votes(ctx.session, theirs[0]),
        }
        for theirs in decided
    ]
    if cases:
        ctx.post(
            _letters.notice("letters/decided", {"cases": cases}, _letters.to_people(to), is_confidential=True)
        )
