"""In which language each recipient of a letter is written to, as far as anything is known of it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from sqlalchemy import Table, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.outgoing import Letter, Recipient
from tldops_bot.store.tables import Person

FEW = 50

_ROW = cast(Table, Person.__table__).c
_CHOSEN = select(
    _ROW.id, _ROW.email_key, _ROW.emergency_email, _ROW.emergency_proven_at, _ROW.language
).where(_ROW.language != "")
_CHOSEN_BY_THESE = _CHOSEN.where(
    or_(
        _ROW.id.in_(bindparam("persons", expanding=True)),
        _ROW.email_key.in_(bindparam("keys", expanding=True)),
        and_(_ROW.emergency_email.in_(bindparam("addresses", expanding=True)), _ROW.emergency_email != ""),
    )
)


def of_address(session: Session, address: str) -> str:
    """What the person with this stored address chose; "" where nothing is known."""
    chosen = _chosen(session, [address], [])
    return chosen.get(address_key(address), "")


def by_language(session: Session, letter: Letter) -> list[Letter]:
    """One letter for each language of its recipients, in the order in which they come first; mostly that is one."""
    if letter.language:
        return [letter]
    persons = [to.person_id for to in letter.to if to.person_id is not None]
    chosen = _chosen(session, [to.address for to in letter.to], persons)
    if not chosen and not any(to.language for to in letter.to):
        return [letter]  # nobody waits for an alert to 10,000 while nothing is sorted
    groups: dict[str, list[Recipient]] = {}
    for to in letter.to:
        by_person = chosen.get(to.person_id, "") if to.person_id is not None else ""
        language = by_person or to.language or chosen.get(address_key(to.address), "")
        groups.setdefault(language, []).append(to)
    return [replace(letter, to=tuple(to), language=language) for language, to in groups.items()]


def _chosen(session: Session, addresses: Sequence[str], persons: Sequence[int]) -> dict[int | str, str]:
    """What people have chosen, by their number and by each of their addresses. Most have chosen nothing."""
    query, asked = _CHOSEN, {}
    if len(addresses) <= FEW:
        keys = [address_key(one) for one in addresses]
        query, asked = _CHOSEN_BY_THESE, {"persons": persons, "keys": keys, "addresses": addresses}
    chosen: dict[int | str, str] = {}
    for number, email_key, emergency, proven_at, language in session.execute(query, asked):
        chosen[number] = chosen[email_key] = language
        if emergency and proven_at is not None:
            chosen.setdefault(address_key(emergency), language)
    return chosen
