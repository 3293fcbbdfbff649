"""The language each recipient of a letter is written to in, as far as anything is known about it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from sqlalchemy import Table, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.audience import Audience
from tldops_bot.domain.outgoing import Letter, Recipient
from tldops_bot.store import alert_targets
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
    """The language chosen by the person with this stored address; "" if unknown."""
    chosen = _chosen(session, [address], [])
    return chosen.get(address_key(address), "")


def by_language(session: Session, letter: Letter) -> list[Letter]:
    """One letter per language of its recipients, in the order in which they come up; mostly there is one."""
    if letter.language is not None:
        return [letter]
    if letter.audience is not None:
        return _by_language_of(session, letter, letter.audience)
    persons = [to.person_id for to in letter.to if to.person_id is not None]
    chosen = _chosen(session, [to.address for to in letter.to], persons)
    if not chosen and not any(to.language for to in letter.to):
        return [letter]
    groups: dict[str, list[Recipient]] = {}
    for to in letter.to:
        by_person = chosen.get(to.person_id, "") if to.person_id is not None else ""
        language = by_person or to.language or chosen.get(address_key(to.address), "")
        groups.setdefault(language, []).append(to)
    return [replace(letter, to=tuple(to), language=language) for language, to in groups.items()]


def _by_language_of(session: Session, letter: Letter, audience: Audience) -> list[Letter]:
    return [
        replace(letter, audience=replace(audience, language=one), language=one or "")
        for one in alert_targets.languages(session, audience)
    ]


def _chosen(session: Session, addresses: Sequence[str], persons: Sequence[int]) -> dict[int | str, str]:
    """What people have chosen, by number and by each of their addresses. Most have chosen nothing."""
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
