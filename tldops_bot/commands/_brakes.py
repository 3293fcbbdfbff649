"""What keeps an alert from going at once: the second-member rule, and too many within an hour."""

from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.store import alerts, people
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Alert, Person

ALERTS_AN_HOUR_IN_ALL = 10


def needs_release(ctx: Context) -> str:
    """Why a second member's word is needed before this alert goes, or ""."""
    settings, hour = ctx.config.alerts, ctx.now - timedelta(hours=1)
    if settings.release == "second-member":
        return "second_member"
    if alerts.posted_since(ctx.session, hour, ctx.actor.person_id) > settings.max_per_member_hour:
        return "too_many_by_member"
    return "too_many_in_all" if alerts.posted_since(ctx.session, hour) > ALERTS_AN_HOUR_IN_ALL else ""


def asked_to_release(session: Session, made: Alert, poster: Person | None) -> list[Person]:
    """Whose word may release it, and who is asked: the committee, and the contacts of the TLDs it is for."""
    committee = people.office_holders(session, "committee")
    others = [one.person for tld in made.for_tlds for one in people.contacts_of(session, tld)]
    return [one for one in [*committee, *others] if poster is None or one.id != poster.id]


def ask_for_release(ctx: Context, made: Alert, why: str, title: str) -> None:
    """Ask the committee and the contacts of the TLDs it is for, but not who wrote it."""
    poster = ctx.actor.person
    values = {"id": made.id, "why": why, "name": poster.name if poster else "", "title": title}
    if asked := asked_to_release(ctx.session, made, poster):
        ctx.post(_letters.notice("letters/release", values, _letters.to_people(asked), is_confidential=True))
