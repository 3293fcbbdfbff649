"""What the return of a token does, by the purpose it was made for."""

from tldops_bot.commands import (
    _farewell,
    _freshness,
    _inviting,
    _joining,
    _keys,
    _mailboxes,
    _recovery,
    _requests,
    _restating,
    _undoing,
    _updating,
    _vouchers_answer,
    _waking,
)
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.domain.address import address_key
from tldops_bot.domain.entry_life import CANDIDATE
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import NewAddress, SecondAddress, read_details
from tldops_bot.store import inbox, people, requests, tokens
from tldops_bot.store.tables import Entry, Token


def find_live(ctx: Context, words: str) -> Token | Refused:
    """The token of these words, if it may still be answered by whoever answers."""
    token = tokens.find(ctx.session, words)
    if token is None:
        return Refused("token_unknown")
    if token.used_at is not None:
        values = {"at": token.used_at, "answer": token.answer, "purpose": token.purpose}
        return Refused("token_used", values)
    if token.void_at is not None:
        return Refused("token_void")
    if token.expires_at <= ctx.now:
        return Refused("token_expired", {"at": token.expires_at})
    if token.fingerprint is not None and ctx.actor.fingerprint != token.fingerprint:
        return Refused("token_needs_signature", {"fingerprint": token.fingerprint})
    return token


def use(ctx: Context, token: Token, answer: str) -> None:
    """A token answers once."""
    token.used_at, token.answer = ctx.now, answer
    _mailboxes.answered(ctx, token, answer)


def confirm(ctx: Context, token: Token) -> Reply | Refused:
    """Yes: what that means depends on what was asked."""
    use(ctx, token, "CONFIRM")
    match token.purpose:
        case Purpose.PROVE:
            return _proven(ctx, token)
        case Purpose.VOUCH:
            return _vouchers_answer.said_yes(ctx, token)
        case Purpose.CARRY_OUT:
            return _carry_out(ctx, token)
        case Purpose.EMERGENCY:
            return _emergency(ctx, token)
        case Purpose.OLD_ADDRESS | Purpose.NEW_ADDRESS:
            return _address(ctx, token)
        case Purpose.KEY_NEW:
            return _keys.proven(ctx, token)
        case Purpose.KEY_COSIGN:
            return _cosigned(ctx, token)
        case Purpose.LEAVE:
            return _farewell.agreed(ctx, token)
        case Purpose.KEY_STOP | Purpose.STAY | Purpose.UNDO:
            return Refused("token_other_answer", {"verb": "DECLINE"})
        case Purpose.STILL_RIGHT:
            return _still_right(ctx, token)
        case Purpose.COLLEAGUE:
            return _freshness.still_there(ctx, token)
        case Purpose.MAILBOX:
            return Reply("mailbox_works")
        case Purpose.INVITE:
            return _inviting.accepted(ctx, token)
        case Purpose.UPDATE:
            return _updating.agreed(ctx, token)
        case Purpose.WAKE:
            return _waking.proven(ctx, token)
        case _:
            return Refused("token_other_answer", {"verb": "OBJECT"})


def decline(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """No: what that means depends on what was asked."""
    use(ctx, token, "DECLINE")
    match token.purpose:
        case Purpose.PROVE:
            return _withdrawn(ctx, token, because)
        case Purpose.VOUCH:
            return _vouchers_answer.said_no(ctx, token, because)
        case Purpose.KEY_STOP | Purpose.KEY_COSIGN:
            return _stopped(ctx, token, because)
        case Purpose.INVITE:
            return _inviting.declined(ctx, token, because)
        case Purpose.UPDATE:
            return _updating.not_agreed(ctx, token, because)
        case Purpose.STILL_RIGHT:
            return Reply("noted", {"what": Purpose.STILL_RIGHT})
        case Purpose.COLLEAGUE:
            return _freshness.gone(ctx, token, because)
        case Purpose.MAILBOX:
            return _mailboxes.disowned(ctx, token)
        case Purpose.LEAVE:
            return _farewell.stays(ctx, token)
        case Purpose.STAY:
            return _farewell.put_all_back(ctx, token)
        case Purpose.UNDO:
            return _undoing.undo(ctx, token)
        case Purpose.OBJECT:
            return Refused("token_other_answer", {"verb": "OBJECT"})
        case _:
            return Reply("dropped", {"what": token.purpose})


def take_back(ctx: Context, words: str, because: str) -> Reply | Refused | None:
    """A no after a yes to the same question, while it is open; None if there is nothing to take back."""
    token = tokens.find(ctx.session, words)
    if token is None or token.purpose not in (Purpose.PROVE, Purpose.VOUCH) or token.answer != "CONFIRM":
        return None
    asked = [one for one in tokens.requests_of(ctx.session, token) if one.state in requests.OPEN]
    if not asked or token.void_at is not None:
        return None
    if token.fingerprint is not None and ctx.actor.fingerprint != token.fingerprint:
        return Refused("token_needs_signature", {"fingerprint": token.fingerprint})
    use(ctx, token, "DECLINE")
    return (
        _withdrawn(ctx, token, because)
        if token.purpose == Purpose.PROVE
        else _vouchers_answer.took_back(ctx, asked, because)
    )


def objected(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """Somebody concerned objects to a new contact: out of service until the committee has decided."""
    entry = ctx.session.get(Entry, token.entry_id) if token.entry_id else None
    if token.purpose != Purpose.OBJECT or entry is None:
        return Refused("token_other_answer", {"verb": "CONFIRM"})
    if entry.state != people.LISTED or ctx.now > entry.objections_until:
        return Refused("too_late_to_object", {"tld": shown(entry.tld)})
    use(ctx, token, "OBJECT")
    return _vouchers_answer.objects(ctx, entry, because or "an objection was made", token.address)


def _proven(ctx: Context, token: Token) -> Reply | Refused:
    asked = [one for one in tokens.requests_of(ctx.session, token) if one.state == requests.PROVING]
    if not asked:
        return Refused("token_void")
    _joining.proven(ctx, asked)
    done = [one for one in asked if one.state == requests.DONE]
    values = {
        "requests": [_requests.describe(one) for one in asked],
        "with_committee": [_requests.describe(one) for one in asked if one.state == requests.COMMITTEE],
        "done": [_requests.describe(one) for one in done],
    }
    return Reply("proven", values, Status.SUCCESS if len(done) == len(asked) else Status.WAITING)


def _withdrawn(ctx: Context, token: Token, because: str) -> Reply:
    asked = tokens.requests_of(ctx.session, token)
    for request in asked:
        if request.state in requests.OPEN:
            requests.close(request, requests.WITHDRAWN, CANDIDATE, because, ctx.now)
            tokens.void_for_request(ctx.session, request, ctx.now)
            ctx.record("withdrawn", actor="mailbox", tld=request.tld)
    return Reply("withdrawn", {"requests": [_requests.describe(one) for one in asked]})


def _cosigned(ctx: Context, token: Token) -> Reply | Refused:
    """Another contact of the TLD signs for a new key that waits."""
    waiting = _recovery.still_waiting(ctx, token)
    if not waiting:
        return Refused("token_void")
    done = _recovery.cosign(ctx, waiting)
    if not done:
        return Refused("may_not_cosign")
    return Reply("cosigned", {"requests": [_requests.describe(one) for one in done]})


def _stopped(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """Somebody concerned says no to a new key that waits: the committee decides."""
    held = _recovery.stopped(ctx, token, because)
    if not held:
        return Refused("already_decided")
    _joining.to_committee(ctx, held, ("recovery_declined",))
    return Reply("stopped", {"requests": [_requests.describe(one) for one in held]})


def _carry_out(ctx: Context, token: Token) -> Reply | Refused:
    if token.inbox_id is None or not inbox.release_held(
        ctx.session, token.inbox_id, ctx.now, token.person_id
    ):
        return Refused("token_void")
    return Reply("carried_out", status=Status.WAITING, is_silent=True)


def _emergency(ctx: Context, token: Token) -> Reply | Refused:
    person = tokens.person_of(ctx.session, token)
    of = read_details(SecondAddress, token.details).of
    if person is None or not of or address_key(person.emergency_email) != address_key(of):
        return Refused("token_void")
    if not all(one.answer == "CONFIRM" for one in tokens.pair_of(ctx.session, token)):
        return Reply("address_half", status=Status.WAITING)
    person.emergency_proven_at = ctx.now
    ctx.record("emergency_proven", actor="mailbox", person_id=person.id)
    return Reply("emergency_proven")


def _address(ctx: Context, token: Token) -> Reply | Refused:
    """A new address is proven from the old one and the new one; it counts when both have answered."""
    person = tokens.person_of(ctx.session, token)
    new = read_details(NewAddress, token.details).new
    if person is None or not new or people.by_address(ctx.session, new) is not None:
        return Refused("token_void")
    if not all(one.answer == "CONFIRM" for one in tokens.pair_of(ctx.session, token)):
        return Reply("address_half", status=Status.WAITING)
    before, mailboxes = _undoing.snapshot(person), people.addresses_of(person)
    person.email, person.email_key, person.mailbox_failed_at = new, address_key(new), None
    ctx.record("address_changed", actor="mailbox", person_id=person.id)
    _undoing.offer(ctx, person, before, mailboxes)
    _restating.follow(ctx, person, before.email)
    return Reply("address_changed")


def _still_right(ctx: Context, token: Token) -> Reply | Refused:
    person = tokens.person_of(ctx.session, token)
    if person is None:
        return Refused("token_void")
    return _freshness.confirmed(ctx, person)
