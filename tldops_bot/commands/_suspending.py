"""Takes an entry out of service until the committee has decided."""

import hashlib
from datetime import datetime

from tldops_bot.commands import _deciders, _letters
from tldops_bot.commands._command import Context, Refused
from tldops_bot.commands._requests import describe, number
from tldops_bot.domain.address import address_key
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.store import audit, people, requests
from tldops_bot.store.tables import Entry, Request

FINAL_AFTER = 7 * DAY
DECIDED_WITHIN = 14 * DAY
SUSPENSIONS_A_DAY = 10  # by one key or one mailbox of IANA's: a stolen one must not empty the roster


def too_many(ctx: Context, wanted: int = 1) -> Refused | None:
    """Whoever has one key, or the mailbox of an IANA contact for many TLDs, does not empty the roster in an hour.

    The first time a person goes off whole, for however many TLDs they speak.
    """
    since = ctx.now - DAY
    if ctx.actor.is_signed:
        done = audit.times(ctx.session, ctx.actor.fingerprint, "suspended", since)
    else:
        done = requests.objections_from(ctx.session, _mailbox(ctx), since)
    if done == 0 or done + wanted <= SUSPENSIONS_A_DAY:
        return None
    return Refused("suspended_enough", {"limit": SUSPENSIONS_A_DAY})


def _mailbox(ctx: Context) -> str:
    """Which mailbox a token came back from; enough to tell it from others."""
    return "" if ctx.actor.is_signed else hashlib.sha256(address_key(ctx.actor.address).encode()).hexdigest()


def suspend(
    ctx: Context,
    entry: Entry,
    because: str,
    by: str,
    final_at: datetime | None,
    template: str,
    tells_person: bool = True,
) -> Request:
    """Take an entry out of service until the committee has decided; everybody concerned is told."""
    entry.state, entry.suspended_at, entry.suspended_because = people.SUSPENDED, ctx.now, because[:255]
    entry.final_at = final_at
    person = entry.person
    request = _ask(ctx, entry, because, by, final_at)
    actor = ctx.actor.fingerprint or by
    ctx.record("suspended", actor=actor, tld=entry.tld, person_id=person.id)
    values = {
        "request": describe(request),
        "person": person.name,
        "tld": shown(entry.tld),
        "because": because,
        "final_at": final_at,
    }
    if tells_person:
        ctx.post(_letters.notice(template, values | {"to_person": True}, _letters.to_person(person)))
    others = _letters.others_concerned(ctx.session, entry.tld, person)
    ctx.post(_letters.notice(template, values | {"to_person": False}, others))
    _deciders.ask(ctx, "letters/decide_objection", [request], values)
    if not people.contacts_of(ctx.session, entry.tld):
        _tell_of_the_last(ctx, entry, request)
    return request


def _tell_of_the_last(ctx: Context, entry: Entry, request: Request) -> None:
    """The TLD has nobody in service now: tell the committee and IANA's contacts, and what to do."""
    values = {"tld": shown(entry.tld), "number": number(request), "final_at": entry.final_at}
    others = _letters.others_concerned(ctx.session, entry.tld, entry.person)
    to = _letters.each_once(others, _letters.to_committee(ctx.session, ctx.config))
    ctx.post(_letters.notice("letters/last_contact", values, to))


def question_of(ctx: Context, entry: Entry) -> Request:
    """The question to the committee about a suspended entry; asked now, if it was not."""
    held = requests.questions_about(ctx.session, entry)
    return held[0] if held else _ask(ctx, entry, entry.suspended_because, "", entry.final_at)


def _ask(ctx: Context, entry: Entry, because: str, by: str, final_at: datetime | None) -> Request:
    person = entry.person
    details: RequestDetails = {
        "name": person.name,
        "email": person.email,
        "reasons": [because[:200]],
        "entry_id": entry.id,
        "entered_by": ctx.actor.person_id,
        "asked_from": _mailbox(ctx),
        "committee_at": ctx.now.isoformat(),
    }
    request = Request(
        kind=RequestKind.OBJECTION,
        state=requests.COMMITTEE,
        tld=entry.tld,
        email_key=person.email_key,
        details=details,
        fingerprint=person.fingerprint,
        person_id=person.id,
        asked_by=by[:320],
        asked_at=ctx.now,
        expires_at=final_at or ctx.now + DECIDED_WITHIN,
        proven_at=ctx.now,
    )
    ctx.session.add(request)
    ctx.session.flush()
    return request
