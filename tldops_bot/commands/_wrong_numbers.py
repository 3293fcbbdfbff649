"""Phone numbers that somebody found wrong: marked until their owner, who is asked to, sends UPDATE."""

import re
from collections.abc import Sequence

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import mask_phone
from tldops_bot.domain.durations import DAY
from tldops_bot.store import audit, people
from tldops_bot.store.tables import Person

_NUMBER = re.compile(r"\+\d[\d ()./-]{5,30}\d")
MARKED_A_DAY = 30  # by one caller: whoever has the roster could call every number in it wrong
LABELS = {"phone": "Phone", "mobile": "Mobile"}


def report(ctx: Context, tld: str, words: str) -> None:
    """Mark the numbers of a TLD's contacts that a caller wrote out (`+44 20 7946 0123`), and ask their owners.

    A number that is marked already is not asked about again.
    """
    if audit.times(ctx.session, ctx.actor.fingerprint, "number_wrong", ctx.now - DAY) >= MARKED_A_DAY:
        return
    written = {"+" + "".join(filter(str.isdigit, one)) for one in _NUMBER.findall(words)}
    for entry in people.contacts_of(ctx.session, tld):
        found = [name for name in LABELS if getattr(entry.person, f"{name}_e164") in written]
        news = [name for name in found if getattr(entry.person, f"{name}_wrong_at") is None]
        if news:
            _mark(ctx, entry.person, news)


def _mark(ctx: Context, person: Person, names: Sequence[str]) -> None:
    for name in names:
        setattr(person, f"{name}_wrong_at", ctx.now)
    ctx.record("number_wrong", person_id=person.id, fields=[LABELS[name] for name in names])
    numbers = [
        {"field": LABELS[name], "number": mask_phone(getattr(person, f"{name}_e164"))} for name in names
    ]
    values = {"name": person.name, "numbers": numbers}
    ctx.post(_letters.notice("letters/number_wrong", values, _letters.to_person(person)))


def clear(person: Person, *names: str) -> None:
    """The owner has said what the number is: remove the marks of these (`phone`, `mobile`)."""
    for name in names:
        if name in LABELS:
            setattr(person, f"{name}_wrong_at", None)
