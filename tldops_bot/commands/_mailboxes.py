"""Dead mailboxes: the probe, the mark, who is told, and the way back."""

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._details import tlds_of
from tldops_bot.commands._freshness import others_of
from tldops_bot.domain.address import address_key, mask_address, same_address
from tldops_bot.domain.mailbox import ANSWER_WITHIN
from tldops_bot.domain.outgoing import Entitled, Kind, Recipient
from tldops_bot.domain.token import Purpose
from tldops_bot.store import mailboxes, people, tokens
from tldops_bot.store.tables import Mailbox, Person, Token


def probe(ctx: Context, person: Person, row: Mailbox) -> None:
    """Ask a mailbox whether it is alive; an answer proves it. Says nothing about the person."""
    address = next(one for one in people.addresses_of(person) if address_key(one) == row.address_key)
    row.probed_at, row.probes = ctx.now, row.probes + 1
    until = ctx.now + ANSWER_WITHIN
    values = {"until": until, "is_dead": row.failed_at is not None}
    to = _letters.to_address(address)
    _letters.ask(
        ctx, Purpose.MAILBOX, "letters/probe", to, until, values, kind=Kind.NOTICE, person_id=person.id
    )


def answered(ctx: Context, token: Token, answer: str) -> None:
    """An answer proves that the mailbox is read; a "no" may be a new owner's."""
    if answer != "DECLINE" or token.purpose == Purpose.STILL_RIGHT:
        mailboxes.answered(ctx.session, token.address, ctx.now)


def disowned(ctx: Context, token: Token) -> Reply | Refused:
    """Whoever reads the mailbox says that it is not (or no longer) the person's: dead at once."""
    person = tokens.person_of(ctx.session, token)
    row = mailboxes.of(ctx.session, person.id, token.address) if person else None
    if person is None or row is None:
        return Refused("token_void")
    row.probed_at = row.probed_at or ctx.now
    if row.failed_at is None:
        mark(ctx, person, row)
    return Reply("noted", {"what": Purpose.MAILBOX})


def mark(ctx: Context, person: Person, row: Mailbox) -> None:
    """Count the mailbox as dead, and tell the person elsewhere; for a first address, the others as well."""
    row.failed_at = ctx.now
    is_first = same_address(person.email, row.address_key)
    ctx.record("mailbox_failed", person_id=person.id, is_first=is_first)
    values = {
        "name": person.name,
        "address": mask_address(row.address_key),
        "tlds": tlds_of(person),
        "is_first": is_first,
    }
    elsewhere = [one for one in people.addresses_of(person) if address_key(one) != row.address_key]
    to = tuple(Recipient(one, Entitled.PERSON, person.id) for one in elsewhere)
    if to:
        ctx.post(_letters.notice("letters/mailbox_failed", values, to))
    if is_first:
        person.mailbox_failed_at = ctx.now
        _tell_others(ctx, person)


def _tell_others(ctx: Context, person: Person) -> None:
    """The TLDs' other contacts (or IANA's, if there are none) and the committee can reach the person."""
    others = others_of(ctx, person)
    contacts = [one for one in others if one.to.entitled is Entitled.PERSON]
    for other in contacts or others:
        values = {"name": person.name, "tlds": other.tlds}
        ctx.post(_letters.notice("letters/mailbox_failed_other", values, (other.to,)))
    values = {"name": person.name, "tlds": tlds_of(person)}
    holders = people.office_holders(ctx.session, "committee", "secretariat")
    to = _letters.to_people(one for one in holders if one is not person)
    if to:
        ctx.post(_letters.notice("letters/mailbox_failed_other", values, to))
