"""Staying a contact: the question, what others are asked, and what their answers do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tldops_bot.commands import _letters
from tldops_bot.commands._command import Context, Refused, Reply
from tldops_bot.commands._details import masked_record, record_of, tlds_of
from tldops_bot.domain.address import address_key, mask_address
from tldops_bot.domain.freshness import ANSWER_WITHIN, OTHERS_AGAIN_AFTER, since_words
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Entitled, Kind, Recipient
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import Colleague, read_details, write_details
from tldops_bot.store import freshness, iana, people, tokens
from tldops_bot.store.tables import Person, Token


def confirmed(ctx: Context, person: Person) -> Reply:
    """The person says that all is right: fresh again, whatever was said or marked before."""
    person.confirmed_at, person.stale_at = ctx.now, None
    ctx.record("confirmed", person_id=person.id)
    return Reply("still_right")


# --- the question to the person


def ask(ctx: Context, person: Person, is_everywhere: bool) -> None:
    """Send a person their record, with a word to say that it is right.

    `is_everywhere`: to the second address, too. Without a usable key it goes in clear, so whatever could lead
    somebody to the person is masked, as it is when an address is proven: enough to see what is out of date.
    """
    row = people.usable_key(ctx.session, person, ctx.now)
    values = {
        "name": person.name,
        "record": record_of(person) if row else masked_record(person),
        "is_masked": row is None,
        "tlds": tlds_of(person),
        "asked": person.asked,
        "is_stale": person.stale_at is not None,
        "confirmed_at": person.confirmed_at,
    }
    addresses = people.addresses_of(person)
    for address in addresses if is_everywhere else addresses[:1]:
        _letters.ask(
            ctx,
            Purpose.STILL_RIGHT,
            "letters/still_right",
            (Recipient(address, Entitled.PERSON, person.id),),
            ctx.now + ANSWER_WITHIN,
            values,
            kind=Kind.NOTICE,
            is_confidential=row is not None,
            person_id=person.id,
        )


# --- the question to others


@dataclass(frozen=True, slots=True)
class Other:
    """One mailbox that may know a person: whose it is, and for which of the person's TLDs."""

    to: Recipient
    tlds: list[str]


def others_of(ctx: Context, person: Person) -> list[Other]:
    """The other contacts of a person's TLDs, and the TLDs' IANA addresses: each mailbox once."""
    own = {address_key(one) for one in people.addresses_of(person)}
    found: dict[str, Other] = {}
    for entry in people.listed(person):
        peers = [one.person for one in people.contacts_of(ctx.session, entry.tld)]
        listed = [Recipient(one.email, Entitled.PERSON, one.id) for one in peers]
        boxes = [one.email for one in iana.current_contacts(ctx.session, entry.tld) if one.email]
        for to in (*listed, *(Recipient(box, Entitled.ADDRESS) for box in boxes)):
            key = address_key(to.address)
            if key not in own:
                held = found.setdefault(key, Other(to, []))
                held.tlds.extend(one for one in [shown(entry.tld)] if one not in held.tlds)
    return list(found.values())


def ask_others(ctx: Context, person: Person, most_a_day: int) -> None:
    """Ask those who may know a silent person: each once in a while, and not about too many in one day."""
    asked = freshness.words_about(ctx.session, person, ctx.now - OTHERS_AGAIN_AFTER)
    already = {address_key(token.address) for token in asked}
    for other in others_of(ctx, person):
        address = other.to.address
        if address_key(address) in already:
            continue
        if freshness.asked_about_others(ctx.session, address, ctx.now) < most_a_day:
            _ask_other(ctx, person, other)


def _ask_other(ctx: Context, person: Person, other: Other) -> None:
    values = {
        "name": person.name,
        "address": mask_address(person.email),
        "tlds": other.tlds,
        "since": since_words(person.confirmed_at, ctx.now),
    }
    _letters.ask(
        ctx,
        Purpose.COLLEAGUE,
        "letters/still_there",
        (other.to,),
        ctx.now + ANSWER_WITHIN,
        values,
        kind=Kind.NOTICE,
        person_id=person.id,
        details=Colleague(is_iana=other.to.entitled is Entitled.ADDRESS),
    )


def still_there(ctx: Context, token: Token) -> Reply | Refused:
    """Somebody says that a silent person is still there."""
    return _note_word(ctx, token, "") or Reply("still_there", {"tlds": _silent_tlds(ctx, token)})


def gone(ctx: Context, token: Token, because: str) -> Reply | Refused:
    """Somebody says that a silent person has gone, or is reached in another way."""
    return _note_word(ctx, token, because) or Reply("gone", {"tlds": _silent_tlds(ctx, token)})


def _silent_tlds(ctx: Context, token: Token) -> list[str]:
    person = tokens.person_of(ctx.session, token)
    return tlds_of(person) if person else []


def _note_word(ctx: Context, token: Token, because: str) -> Reply | Refused | None:
    """Note for the committee what somebody says about a silent person, and do no more.

    Only the person can confirm, and only the person, REMOVE or the committee ends an entry.
    """
    person = tokens.person_of(ctx.session, token)
    if person is None or not tlds_of(person):
        return Refused("token_void")
    if person.stale_at is None:
        return Reply("settled")
    said = replace(read_details(Colleague, token.details), words=because[:200])
    token.details = write_details(said)
    ctx.record(
        "said_of_silent", actor="mailbox", person_id=person.id, answer=token.answer, is_iana=said.is_iana
    )
    return None


# --- the committee


def tell_committee(ctx: Context, silent: Sequence[Person]) -> None:
    """One mail about all the silent people of a day: what is known of each, and what others said."""
    holders = people.office_holders(ctx.session, "committee", "secretariat")
    if holders:
        values = {"people": [_known(ctx, one) for one in silent]}
        to = _letters.to_people(holders)
        ctx.post(_letters.notice("letters/silent", values, to, is_confidential=True))
    else:
        to = _letters.to_address(ctx.config.operator.email)
        ctx.post(_letters.notice("letters/silent_operator", {"count": len(silent)}, to))


def _known(ctx: Context, person: Person) -> dict[str, object]:
    asked = freshness.words_about(ctx.session, person, person.stale_at or ctx.now)
    answered = [(one, read_details(Colleague, one.details)) for one in asked if one.used_at is not None]
    return {
        "name": person.name,
        "email": person.email,
        "phones": [
            (one, bool(wrong))
            for one, wrong in (
                (person.phone, person.phone_wrong_at),
                (person.mobile, person.mobile_wrong_at),
            )
            if one
        ],
        "tlds": tlds_of(person),
        "alone": [shown(tld) for tld in _alone_in(ctx, person)],
        "confirmed_at": person.confirmed_at,
        "stale_at": person.stale_at,
        "mail_fails": person.mailbox_failed_at is not None,
        "asked": len(asked),
        "answers": [
            {
                "address": one.address,
                "is_iana": said.is_iana,
                "at": one.used_at,
                "is_there": one.answer == "CONFIRM",
                "words": said.words,
            }
            for one, said in answered
        ],
    }


def _alone_in(ctx: Context, person: Person) -> list[str]:
    """The TLDs for which nobody else listed is fresh."""
    return [
        entry.tld
        for entry in people.listed(person)
        if all(
            one.person is person or one.person.stale_at is not None
            for one in people.contacts_of(ctx.session, entry.tld)
        )
    ]
