"""Whom an alert goes to: one look over everybody served, quick at any size."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, or_, select
from sqlalchemy.orm import Session

from tldops_bot.store.lookups import organisation_matches
from tldops_bot.store.many_rows import insert_many
from tldops_bot.store.people import LISTED, SECOND_ADDRESS, key_is_usable
from tldops_bot.store.tables import AlertRecipient, CertificateRow, Entry, Office, Person


@dataclass(frozen=True, slots=True)
class Target:
    """One person in an alert's scope: where their mail goes, and whether it can be encrypted now."""

    person_id: int
    addresses: tuple[str, ...]
    has_key: bool
    mail_fails: bool = False

    @property
    def is_reachable(self) -> bool:
        """Whether mail that only they can read has a fair chance to get there now."""
        return self.has_key and not self.mail_fails


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a scope names: the contacts of these TLDs and organisations, or everybody.

    Everybody, that is, but who is listed for nothing else than what is in `without`.
    """

    everybody: bool
    tlds: Collection[str] = ()
    organisations: Collection[str] = ()
    without: Collection[str] = ()


def targets(
    session: Session, reached: Reached, poster_id: int, now: datetime, alert_id: str = ""
) -> list[Target]:
    """Everybody a scope reaches, the poster and the committee included; those with a key first.

    Before all others stand those whose colleagues at the same TLD can't be reached: it hangs on them.
    With an `alert_id` also everybody that alert was meant for, whoever is in its scope now.
    """
    # In SQL, since this is asked of 10,000 people while the poster waits.
    has_key = case((key_is_usable(now), 1), else_=0)
    query = (
        select(Person.id, Person.email, SECOND_ADDRESS, has_key, Person.mailbox_failed_at)
        .outerjoin(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
        .where(_within(reached, poster_id, alert_id), Person.forgotten_at.is_(None))
        .order_by(Person.id)
    )
    found = [
        Target(number, (email, second) if second else (email,), bool(with_key), failed_at is not None)
        for number, email, second, with_key, failed_at in session.connection().execute(query).all()
    ]
    last_hopes = {number for people in _tlds_in_need(session, found).values() for number in people}
    # in SQL, sorting takes as long as all else
    return sorted(found, key=lambda one: (not one.has_key, one.person_id not in last_hopes))


def out_of_reach(session: Session, found: Collection[Target]) -> list[str]:
    """The TLDs of which nobody can be reached by mail now."""
    return sorted(tld for tld, people in _tlds_in_need(session, found).items() if not people)


def _tlds_in_need(session: Session, found: Collection[Target]) -> dict[str, list[int]]:
    """The TLDs of contacts who can't be reached, each with its other contacts, who can."""
    lost = [one.person_id for one in found if not one.is_reachable]
    if not lost:
        return {}
    reachable = {one.person_id for one in found if one.is_reachable}
    tlds = select(Entry.tld).where(Entry.person_id.in_(lost), Entry.state == LISTED)
    query = select(Entry.tld, Entry.person_id).where(Entry.tld.in_(tlds), Entry.state == LISTED)
    in_need: dict[str, list[int]] = {}
    for tld, person_id in session.connection().execute(query):
        others = in_need.setdefault(tld, [])
        if person_id in reachable:
            others.append(person_id)
    return in_need


def note_targets(session: Session, alert_id: str, found: Collection[Target]) -> None:
    """Remember whom an alert was meant for."""
    rows = [(one.person_id, "alert" if one.has_key else "notice") for one in found]
    insert_many(session, AlertRecipient, ("person_id", "got"), rows, alert_id=alert_id)


def new_ones(session: Session, alert_id: str, found: Collection[Target]) -> list[Target]:
    """Those of them who are not yet on the list of an alert."""
    query = select(AlertRecipient.person_id).where(AlertRecipient.alert_id == alert_id)
    known = set(session.scalars(query))
    return [one for one in found if one.person_id not in known]


def _within(reached: Reached, poster_id: int, alert_id: str) -> ColumnElement[bool]:
    listed = exists().where(Entry.person_id == Person.id, Entry.state == LISTED)
    seated = exists().where(Office.person_id == Person.id)
    already = exists().where(AlertRecipient.person_id == Person.id, AlertRecipient.alert_id == alert_id)
    if reached.everybody:
        if reached.without:
            listed = listed.where(Entry.tld.not_in(reached.without))
        conditions = [listed, seated, *([Person.id == poster_id] if reached.without else [])]
        return or_(*conditions, already) if alert_id else or_(*conditions)
    named = exists().where(Entry.person_id == Person.id, Entry.state == LISTED, Entry.tld.in_(reached.tlds))
    committee = exists().where(Office.person_id == Person.id, Office.role == "committee")
    conditions = [named, committee, Person.id == poster_id, *([already] if alert_id else [])]
    for words in reached.organisations:
        conditions.append(listed & organisation_matches(words))
    return or_(*conditions)
