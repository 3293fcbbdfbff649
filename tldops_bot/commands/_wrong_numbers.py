"""Phone numbers that somebody found wrong: marked until their owner, who is asked to, sends UPDATE."""

import re
from datetime import timedelta

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import mask_phone
from tldops_bot.store import audit, people
from tldops_bot.store.tables import Person

_NUMBER = re.compile(r"\+\d[\d ()./-]{5,30}\d")
A_DAY = timedelta(days=1)
MARKED_A_DAY = 30  # by one caller: whoever has the roster could call every number in it wrong
LABELS = {"phone": "Phone", "mobile": "Mobile"}


def report(ctx: Context, person: Person, number: str = "") -> tuple[str, ...]:
    """Mark the number that was dialled (E.164; "" for all of them), ask its owner, and say which were marked.

    A number that is marked already is not asked about again.
    """
    found = [
        name
        for name in LABELS
        if getattr(person, name)
        and number in ("", getattr(person, f"{name}_e164"), getattr(person, name))
        and getattr(person, f"{name}_wrong_at") is None
    ]
    if not found:
        return ()
    for name in found:
        setattr(person, f"{name}_wrong_at", ctx.now)
    marked = tuple(LABELS[name] for name in found)
    ctx.record("number_wrong", person_id=person.id, fields=list(marked))
    numbers = [
        {
            "field": LABELS[name],
            "number": mask_phone(getattr(person, f"{name}_e164") or getattr(person, name)),
        }
        for name in found
    ]
    values = {"name": person.name, "numbers": numbers}
    ctx.post(_letters.notice("letters/number_wrong", values, _letters.to_person(person)))
    return marked


def report_named(ctx: Context, tld: str, words: str) -> tuple[str, ...]:
    """Mark the numbers of a TLD's contacts that a caller wrote out (`+44 20 7946 0123`); the names of their owners."""
    if audit.times(ctx.session, ctx.actor.fingerprint, "number_wrong", ctx.now - A_DAY) >= MARKED_A_DAY:
        return ()
    written = ["".join(filter(str.isdigit, one)) for one in _NUMBER.findall(words)]
    owners = []
    for entry in people.contacts_of(ctx.session, tld):
        person = entry.person
        dialled = [one for one in (person.phone_e164, person.mobile_e164) if one and one[1:] in written]
        marked = [label for one in dialled for label in report(ctx, person, one)]
        if marked:
            owners.append(person.name)
    return tuple(owners)


def clear(person: Person, *names: str) -> None:
    """The owner has said what the number is: remove the marks of these (`phone`, `mobile`)."""
    for name in names:
        if name in LABELS:
            setattr(person, f"{name}_wrong_at", None)
