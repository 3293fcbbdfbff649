"""UPDATE: a contact changes their own record; a new address is proven by the old one and the new one."""

from tldops_bot.commands import _letters, _proving, _undoing, _wrong_numbers
from tldops_bot.commands._command import Context, Refused, Reply, Status, Who, command
from tldops_bot.commands._fields import read_candidate
from tldops_bot.domain.address import mask_address, same_address
from tldops_bot.domain.candidate import FIELDS, Candidate, column_of
from tldops_bot.domain.outgoing import Kind, Letter
from tldops_bot.domain.request import Request
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.domain.token import write_route
from tldops_bot.store import audit, people, tokens
from tldops_bot.store.tables import Person

_DIRECT = (
    "name",
    "phone",
    "phone_e164",
    "mobile",
    "mobile_e164",
    "fax",
    "postal",
    "organisation",
    "timezone",
)
_EMPTY = ("-", "none", "")


@command("UPDATE", who=Who.CONTACT, changes=True, fields=FIELDS, by_mailbox="keyless")
def update(ctx: Context, request: Request) -> Reply | Refused:
    """Change your own record: fields as in SUBSCRIBE, `-` to empty one."""
    person = ctx.actor.person
    if person is None:
        return Refused("not_a_contact", {"verb": "UPDATE"})
    if request.arguments or not request.fields:
        return Refused("bad_arguments", {"verb": "UPDATE", "usage": update.usage})
    emptied = [one.name for one in request.fields if one.value.strip().lower() in _EMPTY]
    given = [one for one in request.fields if one.name not in emptied]
    if set(emptied) & {"Name", "Email"}:
        return Refused("field_missing", {"fields": ("Name", "Email")})
    facts = ctx.tlds.get(tld) if (tld := _home(ctx)) else None
    changed = read_candidate(ctx, given, facts.country if facts else "")
    if isinstance(changed, Refused):
        return changed
    if not ctx.actor.is_signed and person.fingerprint is not None and _leads_mail(changed, emptied):
        # Else a thief of the mailbox has the key blocked first, and then alone leads all mail elsewhere.
        return Refused("key_first")
    return _apply(ctx, person, changed, emptied, [one.name for one in request.fields])


def _apply(
    ctx: Context, person: Person, changed: Candidate, emptied: list[str], named: list[str]
) -> Reply | Refused:
    before, mailboxes = _undoing.snapshot(person), _undoing.mailboxes(person)
    for column in _DIRECT:
        if value := getattr(changed, column):
            setattr(person, column, value)
    for name in emptied:
        setattr(person, column_of(name), "")
        if name in ("Phone", "Mobile"):
            setattr(person, f"{column_of(name)}_e164", "")
    _wrong_numbers.clear(person, *map(column_of, named))
    if not person.phone and not person.mobile:
        return Refused("field_missing", {"fields": ("Phone", "Mobile")})
    waiting = []
    if "Emergency-Email" in emptied:
        person.emergency_proven_at = None
    if changed.emergency_email and _is_news(person, changed.emergency_email):
        _proving.prove_emergency_address(ctx, person, changed.emergency_email)
        waiting.append("Emergency-Email")
    if changed.email and not same_address(changed.email, person.email):
        if people.by_address(ctx.session, changed.email) is not None:
            return Refused("address_in_use")
        _ask_both_addresses(ctx, person, changed.email)
        waiting.append("Email")
    person.confirmed_at, person.stale_at = ctx.now, None
    audit.record(
        ctx.session,
        ctx.now,
        ctx.actor.fingerprint or "mailbox",
        "updated",
        "",
        person.id,
        ctx.mail.inbox_id,
        fields=sorted(named),
    )
    _undoing.offer(ctx, person, before, mailboxes)
    values = {"changed": [one for one in named if one not in waiting], "waiting": waiting}
    return Reply("updated", values, Status.WAITING if waiting else Status.SUCCESS)


def _leads_mail(changed: Candidate, emptied: list[str]) -> bool:
    return bool(changed.email or changed.emergency_email or "Emergency-Email" in emptied)


def _is_news(person: Person, emergency: str) -> bool:
    return not any(same_address(emergency, one) for one in people.addresses_of(person))


def _home(ctx: Context) -> Tld | None:
    return parse_tld(ctx.actor.standing.tlds[0]) if ctx.actor.standing.tlds else None


def _ask_both_addresses(ctx: Context, person: Person, new: str) -> None:
    until = ctx.now + ctx.config.membership.request_lifetime
    pair = write_route(ctx.random(8))
    # Where the first mailbox is dead, the second one, proven too, answers in its place.
    old = people.addresses_of(person)[-1] if person.mailbox_failed_at is not None else person.email
    for purpose, address in (("old_address", old), ("new_address", new)):
        minted = tokens.mint(
            ctx.session,
            ctx.random,
            purpose,
            address,
            ctx.now,
            until,
            person_id=person.id,
            details={"new": new, "pair": pair},
        )
        values = {
            "token": minted.words,
            "name": person.name,
            "is_old": purpose == "old_address",
            "new": mask_address(new),
            "until": until,
        }
        ctx.post(
            Letter(
                Kind.TOKEN, "letters/new_address", values, _letters.to_address(address), route=minted.route
            )
        )
