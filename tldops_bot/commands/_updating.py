"""A changed record: read, then carried out at once for oneself, or put to the person it is about."""

from collections.abc import Sequence
from dataclasses import dataclass

from tldops_bot.commands import (
    _letters,
    _proving,
    _restating,
    _roster_choice,
    _undoing,
    _waking,
    _wrong_numbers,
)
from tldops_bot.commands._command import Context, Refused, Reply, Status
from tldops_bot.commands._fields import EMPTY, MASKED, country_of, read_candidate
from tldops_bot.domain.address import address_key, mask_address, same_address
from tldops_bot.domain.candidate import COLUMNS, Candidate, column_of
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.outgoing import Entitled, Recipient
from tldops_bot.domain.request import Field
from tldops_bot.domain.tld import parse_tld
from tldops_bot.domain.token import Purpose, write_route
from tldops_bot.domain.token_details import NewAddress, Proposal, SecondAddress, read_details
from tldops_bot.domain.wake import Wake
from tldops_bot.store import people, tokens
from tldops_bot.store.tables import Person, Token

ADDRESSES_A_DAY = 6
_DIRECT = tuple(one for one in COLUMNS if one not in ("email", "emergency_email"))  # count without a proof
_MASKED = MASKED | {"Wake": _waking.masked}


@dataclass(frozen=True, slots=True)
class Change:
    """What a record should contain: new values, the fields to empty, and all fields named."""

    values: Candidate
    emptied: tuple[str, ...]
    named: tuple[str, ...]
    wake: Wake | None = None
    roster_files: str | None = None

    @property
    def leads_mail(self) -> bool:
        """Whether it makes mail to the person go elsewhere."""
        return bool(self.values.email or self.values.emergency_email or "Emergency-Email" in self.emptied)


def read(ctx: Context, person: Person, fields: Sequence[Field]) -> Change | Refused:
    """The change as written, or what is wrong with it."""
    of_record = [one for one in fields if one.name not in (_waking.FIELD, _roster_choice.FIELD)]
    emptied = tuple(one.name for one in of_record if one.value.strip().lower() in EMPTY)
    given = [one for one in of_record if one.name not in emptied]
    if set(emptied) & {"Name", "Email"}:
        return Refused("field_missing", {"fields": ("Name", "Email")})
    country = country_of(ctx, filter(None, (parse_tld(one.tld) for one in people.listed(person))))
    values = read_candidate(ctx, given, country)
    if isinstance(values, Refused):
        return values
    of_wake = [one for one in fields if one.name == _waking.FIELD]
    wake = _waking.read(ctx, person, of_wake, country)
    if isinstance(wake, Refused):
        return wake
    roster_files = _roster_choice.read([one for one in fields if one.name == _roster_choice.FIELD])
    if isinstance(roster_files, Refused):
        return roster_files
    change = Change(values, emptied, tuple(one.name for one in fields), wake, roster_files)
    if not any(_after(person, change, column) for column in ("phone", "mobile")):
        return Refused("field_missing", {"fields": ("Phone", "Mobile")})
    is_elsewhere = values.email and not same_address(values.email, person.email)
    if is_elsewhere and people.by_address(ctx.session, values.email) is not None:
        return Refused("address_in_use")
    if _new_addresses(person, values) and _asked_enough(ctx, person):
        return Refused("address_often", {"limit": ADDRESSES_A_DAY})
    return change


def carry_out(ctx: Context, person: Person, change: Change, entered_by: str = "") -> Reply | Refused:
    """Change the record; a new address waits for its own proofs; what leads mail or calls can be undone."""
    before, mailboxes = _undoing.snapshot(person), people.addresses_of(person)
    for column in _DIRECT:
        if value := getattr(change.values, column):
            setattr(person, column, value)
    for name in change.emptied:
        setattr(person, column_of(name), "")
        if name in ("Phone", "Mobile", "Fax"):
            setattr(person, f"{column_of(name)}_e164", "")
    _wrong_numbers.clear(person, *map(column_of, change.named))
    waiting = _ask_new_addresses(ctx, person, change)
    if change.wake is not None and _waking.carry_out(ctx, person, change.wake):
        waiting.append(_waking.FIELD)
    if change.roster_files is not None:
        person.roster_files = change.roster_files
    person.confirmed_at, person.stale_at = ctx.now, None
    entered = {"entered_by": entered_by} if entered_by else {}
    ctx.record("updated", person_id=person.id, fields=sorted(change.named), **entered)
    _undoing.offer(ctx, person, before, mailboxes)
    _restating.follow(ctx, person, person.email)
    values = {"changed": [one for one in change.named if one not in waiting], "waiting": waiting}
    return Reply("updated", values, Status.WAITING if waiting else Status.SUCCESS)


def propose(ctx: Context, person: Person, fields: Sequence[Field]) -> Reply | Refused:
    """Put a change that somebody else entered to the person: nothing counts before they agree.

    With a key: encrypted to it, and good only if it comes back signed by it. Without: from the stored
    mailbox.
    """
    change = read(ctx, person, fields)
    if isinstance(change, Refused):
        return change
    key = people.usable_key(ctx.session, person, ctx.now)
    if key is None and person.fingerprint is not None and change.leads_mail:
        return Refused("key_first")
    tokens.void_for_person(ctx.session, person.id, ctx.now, Purpose.UPDATE)  # the newest proposal stands
    until = ctx.now + ctx.config.membership.request_lifetime
    values = {
        "name": person.name,
        "by": _role(ctx),
        "changes": [(one.name, _shown(one, is_clear=key is None)) for one in fields],
        "is_signed": key is not None,
        "fingerprint": key.fingerprint if key else "",
        "until": until,
    }
    to = Recipient(_mailbox(person), Entitled.PERSON, person.id, key.fingerprint if key else None)
    _letters.ask(
        ctx,
        Purpose.UPDATE,
        "letters/update",
        (to,),
        until,
        values,
        is_confidential=key is not None,
        fingerprint=to.fingerprint,
        person_id=person.id,
        details=Proposal(tuple((one.name, one.value) for one in fields), _role(ctx)),
    )
    return Reply("proposed", {"name": person.name, "fields": list(change.named)}, Status.WAITING)


def agreed(ctx: Context, token: Token) -> Reply | Refused:
    """The person's own word: the change counts, if it still fits."""
    person = tokens.person_of(ctx.session, token)
    proposal = read_details(Proposal, token.details)
    fields = [Field(name, value, 0) for name, value in proposal.fields]
    if person is None or not fields:
        return Refused("token_void")
    change = read(ctx, person, fields)
    if isinstance(change, Refused):
        return change
    _tell_office(ctx, person, proposal.by, change.named, is_yes=True, because="")
    return carry_out(ctx, person, change, proposal.by)


def not_agreed(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """The person says no: nothing changes, and the secretariat hears of it."""
    person = tokens.person_of(ctx.session, token)
    if person is None:
        return Refused("token_void")
    proposal = read_details(Proposal, token.details)
    named = tuple(name for name, _ in proposal.fields)
    _tell_office(ctx, person, proposal.by, named, is_yes=False, because=because)
    return Reply("dropped", {"what": token.purpose})


def _ask_new_addresses(ctx: Context, person: Person, change: Change) -> list[str]:
    waiting = []
    if "Emergency-Email" in change.emptied:
        person.emergency_proven_at = None
    emergency = change.values.emergency_email
    if emergency and not any(same_address(emergency, one) for one in people.addresses_of(person)):
        _proving.prove_emergency_address(ctx, person, emergency)
        waiting.append("Emergency-Email")
    if change.values.email and not same_address(change.values.email, person.email):
        _ask_both_addresses(ctx, person, change.values.email)
        waiting.append("Email")
    return waiting


def _ask_both_addresses(ctx: Context, person: Person, new: str) -> None:
    until = ctx.now + ctx.config.membership.request_lifetime
    details = NewAddress(new, pair=write_route(ctx.random(8)))
    both = {Purpose.OLD_ADDRESS: _mailbox(person), Purpose.NEW_ADDRESS: new}
    for purpose, address in both.items():
        values = {
            "name": person.name,
            "is_old": purpose is Purpose.OLD_ADDRESS,
            "new": mask_address(new),
            "until": until,
        }
        to, template = _letters.to_address(address), "letters/new_address"
        _letters.ask(ctx, purpose, template, to, until, values, person_id=person.id, details=details)


def _new_addresses(person: Person, values: Candidate) -> list[str]:
    """Those that would be sent a question."""
    is_own = {address_key(one) for one in people.addresses_of(person)}
    named = (values.email, values.emergency_email)
    return [one for one in named if one and address_key(one) not in is_own]


def _asked_enough(ctx: Context, person: Person) -> bool:
    """A member, or the thief of a key, must not make us write to strangers all day."""
    since = ctx.now - DAY
    second = {
        read_details(SecondAddress, one.details).pair
        for one in tokens.lately(ctx.session, Purpose.EMERGENCY, person.id, since)
    }
    first = tokens.lately(ctx.session, Purpose.NEW_ADDRESS, person.id, since)
    return len(first) + len(second) >= ADDRESSES_A_DAY


def _mailbox(person: Person) -> str:
    """Whom to ask: if the first mailbox is dead, the second one, also proven, answers in its place."""
    return people.addresses_of(person)[-1] if person.mailbox_failed_at is not None else person.email


def _after(person: Person, change: Change, column: str) -> str:
    emptied = column in {column_of(one) for one in change.emptied}
    return "" if emptied else str(getattr(change.values, column) or getattr(person, column))


def _shown(field: Field, is_clear: bool) -> str:
    """A new value; in clear, just enough of it for its owner to recognise."""
    value = " ".join(field.value.split())[:200]
    shorten = _MASKED.get(field.name)
    if value.lower() in EMPTY and field.name != _roster_choice.FIELD:
        return ""
    return shorten(value) if is_clear and shorten else value


def _role(ctx: Context) -> str:
    return "secretariat" if ctx.actor.standing.is_secretariat else "committee"


def _tell_office(
    ctx: Context, person: Person, office: str, named: tuple[str, ...], is_yes: bool, because: str
) -> None:
    """Those who entered the change: the secretariat, or the committee."""
    to = _letters.to_people(people.office_holders(ctx.session, office))
    values = {"name": person.name, "fields": list(named), "is_yes": is_yes, "because": because}
    if to:
        ctx.post(_letters.notice("letters/update_answered", values, to))
