"""Leaving and coming back: an entry ends, or is put back; nobody's last contact goes silently."""

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.domain.organisation import shown
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Entry


def leave(ctx: Context, entry: Entry, by: str) -> str:
    """End one entry, tell those concerned, and return the TLD as people write it."""
    entry.state, entry.left_at = people.LEFT, ctx.now
    for question in requests.questions_about(ctx.session, entry):  # nothing is left to decide
        requests.close(question, requests.WITHDRAWN, by, "the entry has ended", ctx.now)
    ctx.session.flush()
    ctx.record("left", actor=by, tld=entry.tld, person_id=entry.person_id)
    remaining = people.contacts_of(ctx.session, entry.tld)
    values = {"name": entry.person.name, "tld": shown(entry.tld), "remaining": len(remaining)}
    others = _letters.others_concerned(ctx.session, entry.tld, entry.person)
    if not remaining:
        others = (*others, *_letters.to_committee(ctx.session, ctx.config))
    ctx.post(_letters.notice("letters/someone_left", values, others))
    return shown(entry.tld)


def is_seat_taken(ctx: Context, entry: Entry) -> bool:
    """Whether others have taken all seats since, so that there is none to come back to."""
    return len(people.contacts_of(ctx.session, entry.tld)) >= ctx.config.membership.contacts_per_tld


def put_back(ctx: Context, entry: Entry, by: str, by_owner: bool = False) -> None:
    """List a suspended entry again, close the open question about it, and tell everybody concerned."""
    entry.state, entry.suspended_at, entry.final_at, entry.suspended_because = people.LISTED, None, None, ""
    entry.person.forget_at = None
    for question in requests.questions_about(ctx.session, entry):
        requests.close(question, requests.DONE, by, "restored", ctx.now)
    ctx.session.flush()
    ctx.record("restored", actor=by, tld=entry.tld, person_id=entry.person_id)
    values = {"name": entry.person.name, "tld": shown(entry.tld), "by_owner": by_owner}
    to = (*_letters.to_person(entry.person), *_letters.others_concerned(ctx.session, entry.tld, entry.person))
    ctx.post(_letters.notice("letters/restored", values, to))
