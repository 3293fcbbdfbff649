"""Letters to the people concerned: which addresses they go to, and by what right."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tldops_bot.commands._command import Context
from tldops_bot.config.settings import Config
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.token import Purpose
from tldops_bot.domain.token_details import TokenDetails
from tldops_bot.store import iana, people, tokens
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Person


def to_person(person: Person) -> tuple[Recipient, ...]:
    """A stored person at all their addresses, encrypted where they have a key."""
    return tuple(Recipient(address, Entitled.PERSON, person.id) for address in people.addresses_of(person))


def to_people(persons: Iterable[Person]) -> tuple[Recipient, ...]:
    """Several stored persons, each address once."""
    return each_once(*map(to_person, persons))


def each_once(*groups: Iterable[Recipient]) -> tuple[Recipient, ...]:
    """All of these, each address once, by the right that is named last."""
    return tuple({one.address: one for group in groups for one in group}.values())


def to_address(address: str) -> tuple[Recipient, ...]:
    """A mailbox without a key: an IANA contact, a stranger. Never for anything confidential."""
    return (Recipient(address, Entitled.ADDRESS),)


def to_committee(session: Session, config: Config) -> tuple[Recipient, ...]:
    """The committee; before there is one, the operator, who then gets nothing confidential."""
    holders = people.office_holders(session, "committee")
    return to_people(holders) if holders else to_address(config.operator.email)


def notice(
    template: str, values: Mapping[str, Any], to: tuple[Recipient, ...], is_confidential: bool = False
) -> Letter:
    """A mail nobody asked for."""
    return Letter(Kind.NOTICE, template, values, to, is_confidential=is_confidential)


def ask(
    ctx: Context,
    purpose: Purpose,
    template: str,
    to: tuple[Recipient, ...],
    until: datetime,
    values: Mapping[str, Any],
    *,
    kind: Kind = Kind.TOKEN,
    is_confidential: bool = False,
    details: TokenDetails | None = None,
    **token: Any,
) -> None:
    """Post a mail with a token for the mailbox of the first of `to`; `token` is passed on to `tokens.mint`."""
    minted = tokens.mint(
        ctx.session, ctx.random, purpose, to[0].address, ctx.now, until, details=details, **token
    )
    asked = {**values, "token": minted.words}
    ctx.post(Letter(kind, template, asked, to, is_confidential=is_confidential, route=minted.route))


def others_concerned(session: Session, tld: str, but: Person) -> tuple[Recipient, ...]:
    """The other contacts of a TLD and all its IANA addresses."""
    persons = [entry.person for entry in people.contacts_of(session, tld) if entry.person is not but]
    known = {address for person in persons for address in people.addresses_of(person)}
    mailboxes = {one.email for one in iana.current_contacts(session, tld) if one.email} - known
    boxes = sorted(mailboxes - set(people.addresses_of(but)))
    return (*to_people(persons), *(one for box in boxes for one in to_address(box)))
