"""What the return of a token does, by the purpose it was made for."""

from datetime import datetime

from tldops_bot.commands import (
    _farewell,
    _freshness,
    _inviting,
    _joining,
    _keys,
    _mailboxes,
    _recovery,
    _requests,
    _suspending,
    _undoing,
    _vouching,
)
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.commands._requests import note_mail
from tldops_bot.domain.address import address_key
from tldops_bot.domain.joining import counts_at_once, technical_counts_at
from tldops_bot.store import audit, iana, inbox, people, requests, tokens
from tldops_bot.store.tables import Entry, Person, Request, Token

PURPOSES = (
    "prove",
    "vouch",
    "object",
    "carry_out",
    "emergency",
    "old_address",
    "new_address",
    "key_new",
    "key_stop",
    "key_cosign",
    "still_right",
    "colleague",
    "mailbox",
    "leave",
    "stay",
    "undo",
    "invite",
)


def find_live(ctx: Context, words: str) -> Token | Refused:
    """The token of these words if it may still be answered, by whoever answers."""
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
    """Yes, as the purpose has it."""
    use(ctx, token, "CONFIRM")
    match token.purpose:
        case "prove":
            return _proven(ctx, token)
        case "vouch":
            return _vouched(ctx, token)
        case "carry_out":
            return _carry_out(ctx, token)
        case "emergency":
            return _emergency(ctx, token)
        case "old_address" | "new_address":
            return _address(ctx, token)
        case "key_new":
            return _keys.proven(ctx, token)
        case "key_cosign":
            return _cosigned(ctx, token)
        case "leave":
            return _farewell.agreed(ctx, token)
        case "key_stop" | "stay" | "undo":
            return Refused("token_other_answer", {"verb": "DECLINE"})
        case "still_right":
            return _still_right(ctx, token)
        case "colleague":
            return _freshness.still_there(ctx, token)
        case "mailbox":
            return Reply("mailbox_works")
        case "invite":
            return _inviting.accepted(ctx, token)
        case _:
            return Refused("token_other_answer", {"verb": "OBJECT"})


def decline(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """No, as the purpose has it."""
    use(ctx, token, "DECLINE")
    match token.purpose:
        case "prove":
            return _withdrawn(ctx, token, because)
        case "vouch":
            return _not_vouched(ctx, token, because)
        case "key_stop" | "key_cosign":
            return _stopped(ctx, token, because)
        case "invite":
            return _inviting.declined(ctx, token, because)
        case "still_right":
            return Reply("noted", {"what": "still_right"})
        case "colleague":
            return _freshness.gone(ctx, token, because)
        case "mailbox":
            return _mailboxes.disowned(ctx, token)
        case "leave":
            return _farewell.stays(ctx, token)
        case "stay":
            return _farewell.put_all_back(ctx, token)
        case "undo":
            return _undoing.undo(ctx, token)
        case "object":
            return Refused("token_other_answer", {"verb": "OBJECT"})
        case _:
            return Reply("dropped", {"what": token.purpose})


def take_back(ctx: Context, words: str, because: str) -> Reply | Refused | None:
    """A no after the yes to the same question, while it is still open; None where there is nothing to take back."""
    token = tokens.find(ctx.session, words)
    if token is None or token.purpose not in ("prove", "vouch") or token.answer != "CONFIRM":
        return None
    asked = [one for one in tokens.requests_of(ctx.session, token) if one.state in requests.OPEN]
    if not asked or token.void_at is not None:
        return None
    if token.fingerprint is not None and ctx.actor.fingerprint != token.fingerprint:
        return Refused("token_needs_signature", {"fingerprint": token.fingerprint})
    use(ctx, token, "DECLINE")
    return (
        _withdrawn(ctx, token, because) if token.purpose == "prove" else _word_taken_back(ctx, asked, because)
    )


def _word_taken_back(ctx: Context, asked: list[Request], because: str) -> Reply:
    """A voucher's yes that was not the end of the matter: the committee has it, or the technical contact's wait."""
    for request in asked:
        request.vouched_at, request.vouched_by = None, ""
        request.details = {**request.details, "declined_because": because[:200], "technical_address": ""}
        note_mail(ctx, request, "declined")
    _joining.to_committee(ctx, asked, ("took_back",))
    return Reply("not_vouched", {"requests": [_requests.describe(one) for one in asked]})


def objected(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """Somebody concerned objects to a new contact: out of service until the committee has decided."""
    entry = ctx.session.get(Entry, token.entry_id) if token.entry_id else None
    if token.purpose != "object" or entry is None:
        return Refused("token_other_answer", {"verb": "CONFIRM"})
    if entry.state != people.LISTED or ctx.now > entry.objections_until:
        return Refused("too_late_to_object", {"tld": _requests.shown(entry.tld)})
    use(ctx, token, "OBJECT")
    return _suspend(ctx, entry, because or "an objection was made", token.address)


def _suspend(ctx: Context, entry: Entry, because: str, by: str) -> Reply:
    role = "IANA contact" if iana.kinds_of_address(ctx.session, entry.tld, by) else "a contact of the TLD"
    held = _suspending.suspend(ctx, entry, because, role, None, "letters/objected")
    return Reply(
        "suspended",
        {"name": entry.person.name, "tld": _requests.shown(entry.tld), "number": _requests.number(held)},
    )


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
            requests.close(request, requests.WITHDRAWN, "the candidate", because, ctx.now)
            tokens.void_for_request(ctx.session, request, ctx.now)
            audit.record(
                ctx.session, ctx.now, "mailbox", "withdrawn", request.tld, inbox_id=ctx.mail.inbox_id
            )
    return Reply("withdrawn", {"requests": [_requests.describe(one) for one in asked]})


def _vouched(ctx: Context, token: Token) -> Reply | Refused:
    asked = tokens.requests_of(ctx.session, token)
    waiting = [one for one in asked if one.state == requests.VOUCHING]
    late = [one for one in asked if one.state == requests.DONE]
    if not waiting and not late:
        return Refused("already_decided")
    for request in late:
        _vouching.end_probation_if_all_agree(ctx, request)
    still = [one for one in waiting if iana.kinds_of_address(ctx.session, one.tld, token.address)]
    if waiting and not still:
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
    values = {
        "requests": [_requests.describe(one) for one in [*still, *late]],
        "later": [(_requests.shown(one.tld), at) for one, at in later if one.state == requests.VOUCHING],
        "with_committee": [_requests.describe(one) for one in still if one.state == requests.COMMITTEE],
    }
    return Reply("vouched", values, Status.WAITING if later else Status.SUCCESS)


def _cosigned(ctx: Context, token: Token) -> Reply | Refused:
    """Another contact of the TLD signs for a new key that waits."""
    asked = [one for one in tokens.requests_of(ctx.session, token) if one.state == requests.WAITING]
    if not asked:
        return Refused("already_decided")
    done = _recovery.cosign(ctx, token)
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


def _note_technical(ctx: Context, request: Request, address: str) -> datetime | None:
    """A technical contact's word waits for the administrative contact's silence; until when, None is for ever."""
    request.details = {
        **request.details,
        "technical_word_at": ctx.now.isoformat(),
        "technical_address": address,
    }
    return technical_counts_at(request.vouching_at or ctx.now, ctx.config.membership.technical_after)


def _not_vouched(ctx: Context, token: Token, because: str) -> Reply | Refused:
    asked = tokens.requests_of(ctx.session, token)
    for request in asked:
        if request.state in (requests.VOUCHING, requests.WAITING, requests.COMMITTEE):
            request.details = {**request.details, "declined_because": because[:200]}
            note_mail(ctx, request, "declined")
    held = [one for one in asked if one.state in (requests.VOUCHING, requests.WAITING)]
    _joining.to_committee(ctx, held, ("declined",))
    for request in asked:
        is_iana = bool(iana.kinds_of_address(ctx.session, request.tld, token.address))
        if request.state == requests.DONE and is_iana:
            _object_late(ctx, request, because, token.address)
    return Reply("not_vouched", {"requests": [_requests.describe(one) for one in asked]})


def _object_late(ctx: Context, request: Request, because: str, by: str) -> None:
    """A voucher's no after another one's yes is an objection."""
    for entry in people.contacts_of(ctx.session, request.tld):
        if entry.request_id == request.id and ctx.now <= entry.objections_until:
            _suspend(ctx, entry, because or "an IANA contact said no", by)


def _carry_out(ctx: Context, token: Token) -> Reply | Refused:
    if token.inbox_id is None or not inbox.release_held(
        ctx.session, token.inbox_id, ctx.now, token.person_id
    ):
        return Refused("token_void")
    return Reply("carried_out", status=Status.WAITING, is_silent=True)


def _emergency(ctx: Context, token: Token) -> Reply | Refused:
    person = ctx.session.get(Person, token.person_id) if token.person_id else None
    of = str(token.details.get("of", token.address))
    if person is None or address_key(person.emergency_email) != address_key(of):
        return Refused("token_void")
    if not all(one.answer == "CONFIRM" for one in tokens.pair_of(ctx.session, token)):
        return Reply("address_half", status=Status.WAITING)
    person.emergency_proven_at = ctx.now
    audit.record(
        ctx.session, ctx.now, "mailbox", "emergency_proven", person_id=person.id, inbox_id=ctx.mail.inbox_id
    )
    return Reply("emergency_proven")


def _address(ctx: Context, token: Token) -> Reply | Refused:
    """A new address is proven by the old one and the new one; it counts when both have answered."""
    person = ctx.session.get(Person, token.person_id) if token.person_id else None
    new = str(token.details.get("new", ""))
    if person is None or not new or people.by_address(ctx.session, new) is not None:
        return Refused("token_void")
    if not all(one.answer == "CONFIRM" for one in tokens.pair_of(ctx.session, token)):
        return Reply("address_half", status=Status.WAITING)
    before, mailboxes = _undoing.snapshot(person), _undoing.mailboxes(person)
    person.email, person.email_key, person.mailbox_failed_at = new, address_key(new), None
    audit.record(
        ctx.session, ctx.now, "mailbox", "address_changed", person_id=person.id, inbox_id=ctx.mail.inbox_id
    )
    _undoing.offer(ctx, person, before, mailboxes)
    return Reply("address_changed")


def _still_right(ctx: Context, token: Token) -> Reply | Refused:
    person = ctx.session.get(Person, token.person_id) if token.person_id else None
    if person is None:
        return Refused("token_void")
    return _freshness.confirmed(ctx, person)
