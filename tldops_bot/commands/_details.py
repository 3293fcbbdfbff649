"""A contact as members see it in an answer: every way to reach them, and how reliable that is."""

from collections.abc import Iterable

from tldops_bot.commands._command import Context
from tldops_bot.commands._requests import shown
from tldops_bot.domain.address import mask_address, mask_phone
from tldops_bot.domain.freshness import since_words
from tldops_bot.domain.roster import wrong_numbers
from tldops_bot.domain.roster_edition import ALL
from tldops_bot.domain.roster_edition import shown as shown_choice
from tldops_bot.store import lookups, people
from tldops_bot.store.tables import Person

_MASKED = {"Emergency e-mail": mask_address, "Phone": mask_phone, "Mobile": mask_phone, "Fax": mask_phone}


def details(ctx: Context, person: Person) -> dict[str, object]:
    """Everything a member may know of a listed person."""
    row = people.usable_key(ctx.session, person, ctx.now)
    return {
        "name": person.name,
        "organisation": person.organisation,
        "email": person.email,
        "emergency_email": person.emergency_email if person.emergency_proven_at else "",
        "phone": person.phone_e164 or person.phone,
        "phone_written": person.phone,
        "mobile": person.mobile_e164 or person.mobile,
        "mobile_written": person.mobile,
        "fax": person.fax_e164 or person.fax,
        "postal": person.postal,
        "timezone": person.timezone,
        "fingerprint": row.fingerprint if row else "",
        "is_stale": person.stale_at is not None,
        "mail_fails": person.mailbox_failed_at is not None,
        "wrong_numbers": wrong_numbers(person.phone_wrong_at, person.mobile_wrong_at),
        "confirmed": since_words(person.confirmed_at, ctx.now),
        "confirmed_at": person.confirmed_at if _may_see_dates(ctx, person) else None,
        "tlds": [shown(entry.tld) for entry in person.entries if entry.state == people.LISTED],
    }


def _may_see_dates(ctx: Context, person: Person) -> bool:
    """Only a TLD's own contacts and the committee see to the day who is slow; others see months."""
    asking = ctx.actor.standing
    listed = {entry.tld for entry in person.entries if entry.state == people.LISTED}
    return asking.is_committee or asking.is_secretariat or bool(listed & set(asking.tlds))


def record_of(person: Person) -> list[tuple[str, str]]:
    """A person's details as label and value, without empty ones."""
    lines = [
        ("Name", person.name),
        ("E-mail", person.email),
        (
            "Emergency e-mail",
            person.emergency_email + ("" if person.emergency_proven_at else " (not proven yet)"),
        ),
        ("Phone", person.phone),
        ("Mobile", person.mobile),
        ("Fax", person.fax),
        ("Postal", person.postal),
        ("Organisation", person.organisation),
        ("Time zone", person.timezone),
        ("Language", person.language),
        ("Roster files", shown_choice(person.roster_files) if person.roster_files != ALL else ""),
    ]
    return [(label, value) for label, value in lines if value and not value.startswith(" (")]


def masked_record(person: Person) -> list[tuple[str, str]]:
    """The same for mail in clear: whatever could lead somebody to the person is shortened or left out."""
    found = [(label, value) for label, value in record_of(person) if label != "Postal"]
    return [(label, _MASKED[label](value) if label in _MASKED else value) for label, value in found]


def note_lookups(ctx: Context, persons: Iterable[Person], line: str) -> None:
    """Remember who asked for whom; SHOW tells those asked for."""
    by = ctx.actor.person_id or 0
    others = [person.id for person in persons if person.id != by]
    lookups.note(ctx.session, by, others, line, ctx.now)
