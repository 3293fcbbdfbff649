"""Which roster went to whom, each period's only once; and digests of it, to tell later what changed."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.store import facts, mailboxes
from tldops_bot.store.people import LISTED, key_is_usable
from tldops_bot.store.tables import CertificateRow, Entry, Fact, Office, Person, RosterSend

_SNAPSHOT = "snapshot"
_FACT_PREFIX = "roster:"
_UNDER_WAY = "roster_under_way"
_SENDS = cast(Table, RosterSend.__table__)  # thousands of rows at once are built below the ORM


@dataclass(frozen=True, slots=True)
class Reader:
    """A member (or officer with a key) who gets rosters. `last_snapshot` names what their last one said."""

    person_id: int
    fingerprint: str
    addresses: tuple[str, ...]
    last_made_at: datetime | None = None
    last_snapshot: str = ""
    files: str = ""


def period_is_sent(session: Session, period_at: datetime) -> bool:
    """Whether this period's roster went out; whoever becomes a member later waits for the next."""
    sent = exists().where(RosterSend.period_at == period_at, RosterSend.is_asked.is_(False))
    return session.scalar(select(sent)) is True


def under_way(session: Session) -> datetime | None:
    """The period whose roster has gone to some people but not yet to all."""
    kept = facts.get(session, _UNDER_WAY)
    return datetime.fromisoformat(kept) if kept else None


def note_under_way(session: Session, period_at: datetime | None) -> None:
    """Note the period whose roster has still to go to some; None: it has gone to everybody."""
    if period_at is not None:
        facts.put(session, _UNDER_WAY, period_at.isoformat())
    else:
        session.execute(delete(Fact).where(Fact.name == _UNDER_WAY))
    session.flush()


def recipients_due(
    session: Session, period_at: datetime, now: datetime, only_missed: bool = False
) -> list[Reader]:
    """Members out of probation, committee, secretariat, with a usable key, who lack this period's roster.

    None goes to a mailbox that counts as dead: it would only come back, and is large.

    `only_missed`: those whose key was not usable when it went out.
    """
    columns = (
        Person.id,
        Person.email,
        Person.emergency_email,
        Person.emergency_proven_at,
        Person.fingerprint,
        Person.roster_files,
    )
    own_key = and_(CertificateRow.fingerprint == Person.fingerprint, CertificateRow.person_id == Person.id)
    already = select(RosterSend.person_id).where(RosterSend.period_at == period_at)
    query = (
        select(*columns)
        .join(CertificateRow, own_key)
        .where(key_is_usable(now), _is_served(now), Person.id.not_in(already))
        .order_by(Person.id)
    )
    if only_missed:
        query = query.where(Person.roster_missed_at == period_at)
    last, dead = _last_sends(session), mailboxes.dead(session)
    readers = []
    for row in session.execute(query):
        addresses = [row.email]
        if row.emergency_email and row.emergency_proven_at is not None:
            addresses.append(row.emergency_email)
        living = tuple(one for one in addresses if (row.id, address_key(one)) not in dead)
        if living:
            made_at, name = last.get(row.id, (None, ""))
            readers.append(Reader(row.id, row.fingerprint, living, made_at, name, row.roster_files))
    return readers


def note_missed(session: Session, period_at: datetime, now: datetime) -> list[Person]:
    """Who would be sent this roster if their key had not ended, been revoked or blocked.

    Each is named once, until a roster could go to them again.
    """
    keyless = and_(Person.fingerprint.is_not(None), ~_has_usable_key(now))
    fresh = (
        update(Person)
        .where(keyless, _is_served(now), Person.roster_missed_at.is_(None))
        .values(roster_missed_at=period_at)
        .returning(Person.id)
    )
    found = list(session.scalars(fresh, execution_options={"synchronize_session": "fetch"}))
    return [session.get_one(Person, number) for number in sorted(found)]


def missed_and_mended(session: Session, now: datetime) -> list[datetime]:
    """The missed rosters that their recipients could read now, oldest first."""
    query = (
        select(Person.roster_missed_at)
        .where(Person.roster_missed_at.is_not(None), _has_usable_key(now), _is_served(now))
        .distinct()
        .order_by(Person.roster_missed_at)
    )
    return [one for one in session.scalars(query) if one is not None]


def take_back(session: Session, person_id: int) -> bool:
    """The key ended while the roster was on its way, so it was missed after all. False if that was known."""
    theirs = (RosterSend.person_id == person_id, RosterSend.is_asked.is_(False))
    newest = select(func.max(RosterSend.period_at)).where(*theirs).scalar_subquery()
    row = session.scalar(select(RosterSend).where(*theirs, RosterSend.period_at == newest))
    person = session.get(Person, person_id)
    if row is None or person is None or person.roster_missed_at is not None:
        return False
    person.roster_missed_at = row.period_at
    session.delete(row)
    session.flush()
    return True


def last_send(session: Session, person_id: int) -> tuple[datetime | None, Mapping[str, Any] | None]:
    """When this person was last sent a roster, and the snapshot that goes with it."""
    made_at, name = _last_sends(session, person_id).get(person_id, (None, ""))
    return made_at, held_snapshot(session, name)


def held_snapshot(session: Session, name: str) -> Mapping[str, Any] | None:
    """The snapshot of that name; None if there is none, or none any more."""
    text = facts.get(session, name) if name else ""
    return json.loads(text) if text else None


def record_send(
    session: Session,
    period_at: datetime,
    person_ids: Iterable[int],
    made_at: datetime,
    snapshot: Mapping[str, Any],
    is_asked: bool = False,
) -> set[int]:
    """Note that these people are sent the roster of a period; returns those who had not been.

    Only those may get it. On PostgreSQL this waits for another node that is noting the same.
    `is_asked`: the roster that somebody asked for, with the moment in place of a period.
    """
    text = json.dumps(snapshot, sort_keys=True, separators=(",", ":"))
    name = _FACT_PREFIX + hashlib.sha256(text.encode()).hexdigest()[:24]
    rows = [
        {
            "period_at": period_at,
            "person_id": who,
            "made_at": made_at,
            "entries": {_SNAPSHOT: name},
            "is_asked": is_asked,
        }
        for who in sorted(person_ids)
    ]
    fresh = _insert(session, rows)
    if fresh:
        facts.put(session, name, text)
        session.flush()
        _forget_missed(session, period_at)
        _forget_unused_snapshots(session)
    return fresh


def count_as_sent(session: Session, period_at: datetime, now: datetime) -> None:
    """After a restore: this period's roster is taken as sent, and changes nothing in what was sent before."""
    rows = [
        {
            "period_at": period_at,
            "person_id": reader.person_id,
            "made_at": reader.last_made_at or now,
            "entries": {_SNAPSHOT: reader.last_snapshot} if reader.last_snapshot else {},
            "is_asked": False,
        }
        for reader in recipients_due(session, period_at, now)
    ]
    _insert(session, rows)
    note_under_way(session, None)


def _has_usable_key(now: datetime) -> ColumnElement[bool]:
    """Looked up per person by fingerprint: a list of all usable keys would be searched for each of them."""
    return exists().where(CertificateRow.fingerprint == Person.fingerprint, key_is_usable(now))


def _is_served(now: datetime) -> ColumnElement[bool]:
    """The rule of Standing: probation ends with the first TLD's; the committee and secretariat have none."""
    out_of_probation = select(Entry.person_id).where(Entry.state == LISTED, Entry.probation_until <= now)
    in_office = select(Office.person_id)
    return and_(Person.forgotten_at.is_(None), or_(Person.id.in_(out_of_probation), Person.id.in_(in_office)))


def _last_sends(session: Session, person_id: int | None = None) -> dict[int, tuple[datetime, str]]:
    newest = select(RosterSend.person_id, func.max(RosterSend.made_at).label("made_at"))
    if person_id is not None:
        newest = newest.where(RosterSend.person_id == person_id)
    latest = newest.group_by(RosterSend.person_id).subquery()
    same = and_(RosterSend.person_id == latest.c.person_id, RosterSend.made_at == latest.c.made_at)
    query = select(RosterSend.person_id, RosterSend.made_at, RosterSend.entries).join(latest, same)
    return {who: (made_at, entries.get(_SNAPSHOT, "")) for who, made_at, entries in session.execute(query)}


def _insert(session: Session, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Insert what is not there yet; returns whose rows are new."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert if is_postgresql else sqlite.insert
    statement = insert(_SENDS).on_conflict_do_nothing().returning(_SENDS.c.person_id)
    return set(session.connection().execute(statement, list(rows)).scalars()) if rows else set()


def _forget_missed(session: Session, period_at: datetime) -> None:
    """Whoever is sent this roster has not missed one."""
    sent = select(RosterSend.person_id).where(RosterSend.period_at == period_at)
    had_missed = (Person.roster_missed_at.is_not(None), Person.id.in_(sent))
    session.execute(
        update(Person).where(*had_missed).values(roster_missed_at=None),
        execution_options={"synchronize_session": "fetch"},
    )


def _forget_unused_snapshots(session: Session) -> None:
    """Keep only the snapshots that are somebody's last roster."""
    used = {name for _, name in _last_sends(session).values()}
    held = set(session.scalars(select(Fact.name).where(Fact.name.startswith(_FACT_PREFIX))))
    for name in held - used:
        session.execute(delete(Fact).where(Fact.name == name))
