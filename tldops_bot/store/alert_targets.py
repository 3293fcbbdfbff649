"""Whom an alert goes to: found, counted and written down where they are stored.

Mail that comes in while rows are written for ten thousand has to wait; so of these only the numbers pass through
Python.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, insert, literal, or_, select
from sqlalchemy.orm import Session

from tldops_bot.domain.audience import Audience, Survey
from tldops_bot.store.lookups import organisation_matches
from tldops_bot.store.people import LISTED, SECOND_ADDRESS
from tldops_bot.store.tables import AlertRecipient, CertificateRow, Entry, Office, Person

# What somebody got: the alert, or a word that it waits until their key is mended.
COPY, NOTICE = "alert", "notice"


def survey(session: Session, audience: Audience, now: datetime) -> Survey:
    """How an audience can be reached at that moment."""
    addresses = _of(select(Person.email, SECOND_ADDRESS), audience).where(is_keyless(now))
    keyless = session.connection().execute(addresses.order_by(Person.id)).all()
    in_need = _tlds_in_need(session, audience, now)
    return Survey(
        replace(audience, first=tuple(set().union(*in_need.values()))),
        size(session, audience),
        len(keyless),
        [address for row in keyless for address in row if address],
        sorted(tld for tld, reachable in in_need.items() if not reachable),
    )


def note(session: Session, alert_id: str, audience: Audience, now: datetime) -> None:
    """Remember whom an alert was meant for, of those that are not known yet."""
    got = case((is_keyless(now), NOTICE), else_=COPY)
    meant = _of(select(literal(alert_id), Person.id, got, literal(""), literal("")), audience)
    if audience.alert_id:
        meant = meant.where(~_was_meant_for(audience.alert_id))
    names = ("alert_id", "person_id", "got", "seen_how", "words")
    session.connection().execute(insert(AlertRecipient).from_select(names, meant.order_by(Person.id)))


def size(session: Session, audience: Audience) -> int:
    """How many people that are."""
    return session.connection().scalar(_of(select(func.count()), audience)) or 0


def persons(session: Session, audience: Audience) -> list[Person]:
    """Everybody in it, in full: for mail that says who each of them is."""
    return list(session.scalars(_of(select(Person), audience).order_by(Person.id)))


def addresses(session: Session, audience: Audience) -> list[str]:
    """Where its mail goes."""
    rows = session.connection().execute(
        _of(select(Person.email, SECOND_ADDRESS), audience).order_by(Person.id)
    )
    return [address for row in rows for address in row if address]


def languages(session: Session, audience: Audience) -> list[str | None]:
    """The languages its people have chosen, "" standing for no choice; [None] where nobody has chosen any."""
    if session.scalar(select(Person.id).where(Person.language != "").limit(1)) is None:
        return [None]  # mostly so, and quickly found
    return list(session.scalars(_of(select(Person.language).distinct(), audience).order_by(Person.language)))


def numbers(session: Session, audience: Audience) -> tuple[list[int], list[int]]:
    """The numbers of those whom it names first, and of all others."""
    found = session.connection().scalars(_of(select(Person.id), audience).order_by(Person.id)).all()
    first = set(audience.first)
    return [one for one in found if one in first], [one for one in found if one not in first]


def is_keyless(now: datetime) -> ColumnElement[bool]:
    """The opposite of `people.key_is_usable`, for a look at everybody: few certificates can't be used."""
    ended = and_(CertificateRow.is_revoked.is_(False), CertificateRow.expires_at <= now)
    unusable = select(CertificateRow.fingerprint).where(or_(CertificateRow.is_revoked.is_(True), ended))
    return or_(
        Person.fingerprint.is_(None),
        Person.key_blocked_at.is_not(None),
        Person.fingerprint.in_(unusable),
    )


def _tlds_in_need(session: Session, audience: Audience, now: datetime) -> dict[str, set[int]]:
    """The TLDs with a contact whom mail can't reach, each with its other contacts, whom it can."""
    is_lost = or_(is_keyless(now), Person.mailbox_failed_at.is_not(None))
    people = _of(select(Person.id), audience)
    tlds = select(Entry.tld).where(Entry.person_id.in_(people.where(is_lost)), Entry.state == LISTED)
    is_reachable = case((Entry.person_id.in_(people.where(~is_lost)), 1), else_=0)
    contacts = select(Entry.tld, Entry.person_id, is_reachable)
    listed = session.connection().execute(contacts.where(Entry.tld.in_(tlds), Entry.state == LISTED)).all()
    in_need: dict[str, set[int]] = {tld: set() for tld, *_ in listed}
    for tld, person_id, can_be_reached in listed:
        if can_be_reached:
            in_need[tld].add(person_id)
    return in_need


def _of(query: Select[*tuple[Any, ...]], audience: Audience) -> Select[*tuple[Any, ...]]:
    """That query for the people of an audience alone."""
    found = query.select_from(Person).where(_is_in(audience), Person.forgotten_at.is_(None))
    return found if audience.language is None else found.where(Person.language == audience.language)


def _is_in(audience: Audience) -> ColumnElement[bool]:
    """The quickest to answer comes first."""
    reached = audience.reached
    ways = [_was_meant_for(audience.alert_id)] if audience.alert_id else []
    listed = exists().where(Entry.person_id == Person.id, Entry.state == LISTED)
    if reached.everybody:
        seated = exists().where(Office.person_id == Person.id)
        if not reached.without:
            return or_(*ways, listed, seated)
        listed = listed.where(Entry.tld.not_in(reached.without))
        return or_(*ways, listed, seated, Person.id == audience.poster_id)
    committee = exists().where(Office.person_id == Person.id, Office.role == "committee")
    named = listed.where(Entry.tld.in_(reached.tlds))
    by_name = (listed & organisation_matches(words) for words in reached.organisations)
    return or_(*ways, Person.id == audience.poster_id, named, committee, *by_name)


def _was_meant_for(alert_id: str) -> ColumnElement[bool]:
    return exists().where(AlertRecipient.alert_id == alert_id, AlertRecipient.person_id == Person.id)
