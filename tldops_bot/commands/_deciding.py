"""What the committee (or, before there is one, the operator) decides about a request."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tldops_bot.commands import (
    _deciders,
    _decisions,
    _dossier,
    _joining,
    _keys,
    _letters,
    _listing,
    _requests,
)
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.commands._leaving import is_seat_taken, leave, put_back
from tldops_bot.domain.entry_life import COMMITTEE
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Entry, Person, Request, Vote


def read(words: Sequence[str]) -> tuple[list[str], str]:
    """The requests named first (`R-17 R-18 …`), each once, and what follows them: the reason."""
    named = next((at for at, word in enumerate(words) if at and not _is_number(word)), len(words))
    return list(dict.fromkeys(word.upper() for word in words[:named])), " ".join(words[named:])[:200]


def vote_on(ctx: Context, numbers: Sequence[str], approves: bool, because: str) -> Reply | Refused:
    """Vote the same way on one request or several."""
    named: dict[int, Request] = {}  # "R-01" is R-1 once more
    for number in numbers:
        held = find_open(ctx, number)
        if isinstance(held, Refused):
            return held
        named[held.id] = held
    found = list(named.values())
    if len(found) == 1:
        return vote(ctx, found[0], approves, because)
    outcomes: dict[int, Reply] = {}
    for theirs in _alike(found):
        outcome = _vote_together(ctx, theirs, approves, because)
        if isinstance(outcome, Refused):
            return outcome
        outcomes |= {request.id: each for request, each in zip(theirs, outcome, strict=True)}
    cases = [
        {"request": outcomes[one.id].values["request"], "outcome": outcomes[one.id].outcome} for one in found
    ]
    is_open = any(case["outcome"] == "noted" for case in cases)
    return Reply("several", {"cases": cases}, Status.WAITING if is_open else Status.SUCCESS)


def _alike(found: Sequence[Request]) -> list[list[Request]]:
    """Requests of one person for the same thing: who speaks for 16 TLDs is welcomed once, not 16 times."""
    alike: dict[tuple[str, str, str | None], list[Request]] = {}
    for request in found:
        alike.setdefault((request.kind, request.email_key, request.fingerprint), []).append(request)
    return list(alike.values())


def _is_number(word: str) -> bool:
    return word[:2].upper() == "R-" and word[2:].isdecimal()


def find_open(ctx: Context, number: str) -> Request | Refused:
    """The request the committee is to decide, or why it can't."""
    request = requests.by_number(ctx.session, number)
    if request is None:
        return Refused("no_such_request", {"number": number[:20]})
    if request.state not in requests.OPEN:
        return Refused("already_decided")
    if refused := _signed_before_it_changed(ctx, request):
        return refused
    person = ctx.actor.person
    if person is None:
        return request
    if _deciders.is_about(person, request):
        return Refused("on_oneself", {"verb": "APPROVE"})
    if _deciders.has_entered(person, request):
        return Refused("entered_by_yourself", {"number": _requests.number(request)})
    return request


def _signed_before_it_changed(ctx: Context, request: Request) -> Refused | None:
    """A vote that was long on its way is about somebody of another name or address."""
    restated = request.details.get("restated_at")
    changed = datetime.fromisoformat(restated) if restated else None
    if changed is None or ctx.mail.signed_at is None or ctx.mail.signed_at >= changed.replace(microsecond=0):
        return None
    values = {"number": _requests.number(request), "at": changed}
    return Refused("changed_since", values | {"name": request.details.get("name", "")})


def vote(ctx: Context, request: Request, approves: bool, because: str) -> Reply | Refused:
    """Count one committee member's vote; with as many as the configuration demands, it is decided."""
    return _only(_vote_together(ctx, [request], approves, because))


def _only(outcomes: Sequence[Reply] | Refused) -> Reply | Refused:
    return outcomes if isinstance(outcomes, Refused) else outcomes[0]


def _vote_together(
    ctx: Context, theirs: Sequence[Request], approves: bool, because: str
) -> Sequence[Reply] | Refused:
    """The same vote on several requests of one person; whatever it decides, it decides for all at once."""
    seated = people.office_holders(ctx.session, "committee")
    noted: dict[int, Reply] = {}
    reasons: dict[str, None] = {}
    for request in theirs:
        if approves and request.state == requests.VOUCHING:
            # The committee's yes is for grey cases, not another way round the IANA contacts.
            return Refused("not_yet_yours", {"number": _requests.number(request)})
        is_news = _keep_vote(ctx, request, approves, because)
        cast = _cast(ctx, request, seated)
        agreeing = [one for one in cast if one.approves == approves]
        needed = _deciders.needed(ctx.config, request, seated)
        if len(agreeing) >= needed:
            reasons |= dict.fromkeys(one.because for one in agreeing if one.because)
            continue
        if is_news and len(agreeing) < len(cast):
            _tell_of_disagreement(ctx, request, seated)
        values = {
            "request": _requests.describe(request),
            "have": len(agreeing),
            "needed": needed,
            "against": len(cast) - len(agreeing),
            "again": not is_news,
            "are_enough": _deciders.are_enough(ctx.config, request, seated),
        }
        noted[request.id] = Reply("noted", values, Status.WAITING)
    ripe = [one for one in theirs if one.id not in noted]
    words = "\n".join(reasons)
    return _and_tell(ctx, theirs, noted, _decide_together(ctx, ripe, approves, COMMITTEE, words))


def _cast(ctx: Context, request: Request, seated: Sequence[Person]) -> list[Vote]:
    """The votes of those who are in the committee now."""
    seats = {one.id for one in seated}
    return [one for one in requests.votes(ctx.session, request) if one.person_id in seats]


def _keep_vote(ctx: Context, request: Request, approves: bool, because: str) -> bool:
    """One vote per member, of which the last counts; returns whether it says anything new."""
    by = ctx.actor.person_id or 0
    mine = next((one for one in requests.votes(ctx.session, request) if one.person_id == by), None)
    is_news = mine is None or mine.approves != approves
    if mine is None:
        mine = Vote(request_id=request.id, person_id=by, approves=approves, at=ctx.now)
        ctx.session.add(mine)
    mine.approves, mine.because, mine.at = approves, because[:255], ctx.now
    ctx.session.flush()
    _requests.record(ctx, "voted", request, vote="yes" if approves else "no")
    return is_news


def _tell_of_disagreement(ctx: Context, request: Request, seated: Sequence[Person]) -> None:
    values = {"request": _requests.describe(request), "votes": _dossier.votes(ctx.session, request)}
    to = _letters.to_people(seated)
    ctx.post(_letters.notice("letters/votes_differ", values, to, is_confidential=True))


def _and_tell(
    ctx: Context, theirs: Sequence[Request], noted: Mapping[int, Reply], decided: Sequence[Reply] | Refused
) -> Sequence[Reply] | Refused:
    """What came of the votes, request by request; the rest of the committee is told."""
    if isinstance(decided, Refused):
        return decided
    ripe = [one for one in theirs if one.id not in noted]
    _decisions.tell(ctx, ripe, ctx.actor.person_id)
    found = {**noted, **{request.id: each for request, each in zip(ripe, decided, strict=True)}}
    return [found[one.id] for one in theirs]


def decide(ctx: Context, request: Request, approves: bool, by: str, because: str) -> Reply | Refused:
    """Carry a decision out, by the kind of the request."""
    return _only(_decide_together(ctx, [request], approves, by, because))


def _decide_together(
    ctx: Context, alike: Sequence[Request], approves: bool, by: str, because: str
) -> Sequence[Reply] | Refused:
    """Requests of one person and one kind."""
    return _with_newcomers(ctx, alike, by, [_decide_one(ctx, one, approves, by, because) for one in alike])


def _with_newcomers(
    ctx: Context, alike: Sequence[Request], by: str, outcomes: Sequence[Reply | Refused]
) -> Sequence[Reply] | Refused:
    """Newcomers join once, for all their TLDs together."""
    if refused := next((one for one in outcomes if isinstance(one, Refused)), None):
        return refused
    joining = [one for one in alike if one.kind == RequestKind.SUBSCRIBE and one.state in requests.OPEN]
    for request in joining:
        request.vouched_by, request.vouched_at = by, ctx.now
    _listing.join(ctx, joining, by, by_peer=True)
    return [one for one in outcomes if isinstance(one, Reply)]


def _decide_one(ctx: Context, request: Request, approves: bool, by: str, because: str) -> Reply | Refused:
    """Carry out one decision, other than listing a newcomer."""
    values = {"request": _requests.describe(request), "because": because}
    if request.kind == RequestKind.OBJECTION:
        return _objection(ctx, request, approves, by, because)
    if not approves:
        _joining.reject(ctx, request, by, because)
        return Reply("rejected", values)
    if request.proven_at is None:
        return Refused("not_proven_yet", {"number": _requests.number(request)})
    if why := _joining.obstacle(ctx, request):
        return Refused("no_longer_possible", {"number": _requests.number(request), "why": why})
    if request.kind == RequestKind.KEY:
        _keys.settle(ctx, request, by)
    elif _joining.lost_seat(ctx, request):
        # The committee may allow a fourth contact, but not by oversight: the case comes back, saying so.
        return Refused("seat_filled", {"number": _requests.number(request)})
    return Reply("approved", values)


def _objection(ctx: Context, request: Request, approves: bool, by: str, because: str) -> Reply | Refused:
    entry = ctx.session.get_one(Entry, request.details["entry_id"])
    values = {"request": _requests.describe(request), "because": because}
    if approves and is_seat_taken(ctx, entry):
        return Refused("seat_taken", {"tld": shown(entry.tld), "label": entry.tld})
    requests.close(request, requests.DONE if approves else requests.REJECTED, by, because, ctx.now)
    if approves:
        put_back(ctx, entry, by)
    else:
        leave(ctx, entry, by)
        ctx.post(_letters.notice("letters/rejected", values, _letters.to_person(entry.person)))
    return Reply("kept" if approves else "rejected", values)
