"""A change to a contact's record can be undone by one line from any mailbox stored before it."""

from dataclasses import fields
from datetime import timedelta

from tldops_bot.commands import _letters, _restating
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._fields import MASKED
from tldops_bot.domain.address import address_key
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.personal_name import same_name
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Record, Undoing, read_details
from tldops_bot.store import people, tokens
from tldops_bot.store.tables import Person, Token

UNDONE_WITHIN = timedelta(days=14)

# The column, the word that members know it by, and whether colleagues who would call or write must hear of it.
_COLUMNS = {
    "name": ("Name", True),
    "email": ("Email", True),
    "emergency_email": ("Emergency-Email", False),
    "phone": ("Phone", True),
    "phone_e164": ("Phone", True),
    "mobile": ("Mobile", True),
    "mobile_e164": ("Mobile", True),
    "fax": ("Fax", False),
    "fax_e164": ("Fax", False),
    "postal": ("Postal", False),
    "organisation": ("Organisation", False),
    "timezone": ("Timezone", False),
}
_IN_WORDS = ("Email", "Emergency-Email", "Phone", "Mobile")  # what leads a mail or a call


def snapshot(person: Person) -> Record:
    """A record as it is, to compare and to put back."""
    return Record(**{one.name: getattr(person, one.name) for one in fields(Record)})


def offer(ctx: Context, person: Person, before: Record, to: tuple[str, ...]) -> None:
    """Tell each mailbox in `to` what changed, with a token to undo it; tell colleagues who would call.

    `to` is looked up before the change, which may lead mail elsewhere.
    """
    after = snapshot(person)
    changed = [
        one for one in _COLUMNS if getattr(after, one) != getattr(before, one) and _matters(one, before)
    ]
    if not changed:
        return
    until = ctx.now + UNDONE_WITHIN
    values = {
        "name": person.name,
        "until": until,
        "fields": _fields(changed),
        "changes": _in_words(before, after, changed),
    }
    for address in to:
        # In clear, with numbers and addresses shortened: the key may be in wrong hands.
        box, template = _letters.to_address(address), "letters/record_changed"
        details = Undoing(before, after)
        _letters.ask(ctx, Purpose.UNDO, template, box, until, values, details=details, person_id=person.id)
    _tell_colleagues(ctx, person, changed, is_undone=False)
    _tell_of_new_name(ctx, person, before.name)


def undo(ctx: Context, token: Token) -> Reply | Refused:
    """Put back whatever is still as that change left it."""
    person = tokens.person_of(ctx.session, token)
    change = read_details(Undoing, token.details)
    before, after = change.before, change.after
    if person is None or before is None or after is None:
        return Refused("token_void")
    now = snapshot(person)
    back = [one for one in _COLUMNS if getattr(now, one) == getattr(after, one) != getattr(before, one)]
    if "email" in back:
        holder = people.by_address(ctx.session, before.email)
        if holder is not None and holder.id != person.id:
            back.remove("email")
    if not back:
        return Refused("nothing_to_undo")
    for column in back:
        setattr(person, column, getattr(before, column))
    if "email" in back:
        person.email_key = address_key(person.email)
        tokens.void_for_person(ctx.session, person.id, ctx.now)
    if "emergency_email" in back:
        person.emergency_proven_at = before.emergency_proven_at
    ctx.session.flush()
    fields = _fields(back)
    ctx.record("undone", actor="mailbox", person_id=person.id, fields=sorted(fields))
    _tell_colleagues(ctx, person, back, is_undone=True)
    _tell_of_new_name(ctx, person, now.name)
    _restating.follow(ctx, person, now.email)
    return Reply("undone", {"fields": fields})


def _tell_colleagues(ctx: Context, person: Person, columns: list[str], is_undone: bool) -> None:
    fields = _fields([one for one in columns if _COLUMNS[one][1]])
    tlds = [entry.tld for entry in people.listed(person)]
    colleagues = [
        entry.person
        for tld in tlds
        for entry in people.contacts_of(ctx.session, tld)
        if entry.person_id != person.id
    ]
    if fields and colleagues:
        values = {"name": person.name, "fields": fields, "is_undone": is_undone, "email": person.email}
        to = _letters.to_people(colleagues)
        ctx.post(_letters.notice("letters/colleague_changed", values, to))


def _tell_of_new_name(ctx: Context, person: Person, old: str) -> None:
    """A seat is a person's, vouched for by name: nobody has vouched for whoever else takes it over."""
    to = _letters.to_people(people.office_holders(ctx.session, "committee"))
    tlds = [shown(entry.tld) for entry in people.living(person)]
    if to and tlds and not same_name(old, person.name):
        values = {"old": old, "new": person.name, "tlds": tlds, "email": person.email}
        ctx.post(_letters.notice("letters/renamed", values, to, is_confidential=True))


def _matters(column: str, before: Record) -> bool:
    """Without a proven emergency address, a new one takes nothing away; the stored mailbox is asked about it anyway."""
    return column != "emergency_email" or before.emergency_proven_at is not None


def _fields(columns: list[str]) -> list[str]:
    return list(dict.fromkeys(_COLUMNS[column][0] for column in columns))


def _in_words(before: Record, after: Record, columns: list[str]) -> list[tuple[str, str, str]]:
    """Field, old and new value of whatever leads a call or a mail, shortened; the rest is only named."""
    found = {}
    for column in columns:
        field = _COLUMNS[column][0]
        if field in _IN_WORDS:
            old, new = (getattr(one, column) for one in (before, after))
            shorten = MASKED[field]
            found[field] = (field, shorten(old) if old else "", shorten(new) if new else "")
    return list(found.values())
