"""A phone number that somebody found to be wrong: marked until its owner sends UPDATE, who is asked to."""

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context
from tldops_bot.domain.address import mask_phone
from tldops_bot.store import audit
from tldops_bot.store.tables import Person

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
    actor = ctx.actor.fingerprint or "mailbox"
    audit.record(
        ctx.session, ctx.now, actor, "number_wrong", "", person.id, ctx.mail.inbox_id, fields=list(marked)
    )
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


def clear(person: Person, *names: str) -> None:
    """The owner has said what the number is: the marks of these (`phone`, `mobile`) go."""
    for name in names:
        if name in LABELS:
            setattr(person, f"{name}_wrong_at", None)
