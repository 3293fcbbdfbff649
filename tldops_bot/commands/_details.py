"""A contact as members see it in an answer: every way to reach them, and how reliable that is."""

from collections.abc import Collection, Iterable

from tldops_bot.commands._command import Context
from tldops_bot.domain.address import mask_address, mask_phone
from tldops_bot.domain.freshness import since_words
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.roster import wrong_numbers
from tldops_bot.domain.roster_edition import ALL
from tldops_bot.domain.roster_edition import shown as shown_choice
from tldops_bot.store import lookups, people
from tldops_bot.store.tables import Person

_MASKED = {"Emergency e-mail": mask_address, "Phone": mask_phone, "Mobile": mask_phone, "Fax": mask_phone}


def details(ctx: Context, cards: Iterable[lookups.Card]) -> dict[int, dict[str, object]]:
    """Everything a member may know of these listed people, each once, by their numbers."""
    return {number: _details(ctx, card) for number, card in {one.person.id: one for one in cards}.items()}


def _details(ctx: Context, card: lookups.Card) -> dict[str, object]:
    row = card.person
    return {
        "name": row.name,
        "organisation": row.organisation,
        "email": row.email,
        "emergency_email": row.second,
        "phone": row.phone_e164 or row.phone,
        "phone_written": row.phone,
        "mobile": row.mobile_e164 or row.mobile,
        "mobile_written": row.mobile,
        "fax": row.fax_e164 or row.fax,
        "postal": row.postal,
        "timezone": row.timezone,
        "fingerprint": row.key,
        "is_stale": row.stale_at is not None,
        "mail_fails": row.mailbox_failed_at is not None,
        "wrong_numbers": wrong_numbers(row.phone_wrong_at, row.mobile_wrong_at),
        "confirmed": since_words(row.confirmed_at, ctx.now),
        "confirmed_at": row.confirmed_at if _may_see_dates(ctx, card.tlds) else None,
        "tlds": [shown(tld) for tld in card.tlds],
    }


def _may_see_dates(ctx: Context, tlds: list[str]) -> bool:
    """Only a TLD's own contacts and the committee see to the day who is slow; others see months."""
    asking = ctx.actor.standing
    return asking.has_office or bool(set(tlds) & set(asking.tlds))


def tlds_of(person: Person) -> list[str]:
    """The TLDs a person is listed for, as people see them."""
    return [shown(one.tld) for one in people.listed(person)]


def record_of(person: Person) -> list[tuple[str, str]]:
    """A person's details as label and value, without empty ones."""
    second = person.emergency_email
    lines = [
        ("Name", person.name),
        ("E-mail", person.email),
        (
            "Emergency e-mail",
            f"{second} (not proven yet)" if second and not person.emergency_proven_at else second,
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
    return [(label, value) for label, value in lines if value]


def masked_record(person: Person) -> list[tuple[str, str]]:
    """The same for mail in clear: whatever could lead somebody to the person is shortened or left out."""
    found = [(label, value) for label, value in record_of(person) if label != "Postal"]
    return [(label, _MASKED[label](value) if label in _MASKED else value) for label, value in found]


def note_lookups(ctx: Context, numbers: Collection[int], line: str) -> None:
    """Remember who asked for whom; SHOW tells those asked for."""
    by = ctx.actor.person_id or 0
    others = [number for number in numbers if number != by]
    lookups.note(ctx.session, by, others, line, ctx.now)
