"""All that a list knows about people and what they did, as plain values, for moving elsewhere.

Mail in transit, tokens, used signatures and the service's own secrets are not in it: that is what a backup is
for.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.store.columns import Base
from tldops_bot.store.tables import (
    Alert,
    AlertCall,
    AlertNews,
    AlertRecipient,
    AuditEntry,
    CertificateRow,
    DailyFigures,
    IanaContact,
    IanaTld,
    Invitation,
    Note,
    Organisation,
    Person,
    Request,
    Vote,
    WakeChannel,
)

_BOOKKEEPING = {"email_key", "roster_missed_at", "key_rung", "committee_told_at"}  # of use to us alone


def everything(session: Session, armor: Callable[[bytes], str]) -> dict[str, Any]:
    """Everybody, then everything that came of it."""
    return {
        "persons": persons(session, armor),
        "organisations": _rows(_all(session, Organisation)),
        "requests": [_row(one) | {"votes": _rows(_votes(session, one))} for one in _all(session, Request)],
        "invitations": _rows(_all(session, Invitation)),
        "notes": _rows(_all(session, Note)),
        "alerts": [_alert(session, one) for one in _all(session, Alert)],
        "audit": _rows(_all(session, AuditEntry)),
        "daily_figures": _rows(_all(session, DailyFigures)),
        "iana_tlds": _rows(_all(session, IanaTld)),
        "iana_contacts": _rows(_all(session, IanaContact)),
    }


def persons(session: Session, armor: Callable[[bytes], str]) -> list[dict[str, Any]]:
    """Every person (forgotten ones only by number) with entries and key."""
    return [_person(session, one, armor) for one in _all(session, Person)]


def _all(session: Session, table: type[Any]) -> list[Any]:
    return list(session.scalars(select(table).order_by(*table.__table__.primary_key.columns)))


def _row(row: Base, without: Iterable[str] = ()) -> dict[str, Any]:
    """A row by its columns; octets in base64."""
    columns = [column.name for column in row.__table__.columns if column.name not in without]
    return {name: _plain(getattr(row, name)) for name in columns}


def _rows(rows: Iterable[Base], *without: str) -> list[dict[str, Any]]:
    return [_row(one, without) for one in rows]


def _plain(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _person(session: Session, person: Person, armor: Callable[[bytes], str]) -> dict[str, Any]:
    held = session.get(CertificateRow, person.fingerprint) if person.fingerprint else None
    wake = session.get(WakeChannel, person.id)
    return _row(person, _BOOKKEEPING) | {
        "key": armor(held.blob) if held is not None else "",
        "offices": _rows(person.offices, "id", "person_id"),
        "entries": _rows(person.entries, "person_id"),
        "wake": _row(wake, ("person_id",)) if wake is not None else None,
    }


def _votes(session: Session, request: Request) -> list[Vote]:
    query = select(Vote).where(Vote.request_id == request.id).order_by(Vote.id)
    return list(session.scalars(query))


def _alert(session: Session, alert: Alert) -> dict[str, Any]:
    """With the poster's own words as they were signed, and what came of it."""
    parts: dict[str, type[Any]] = {"recipients": AlertRecipient, "news": AlertNews, "calls": AlertCall}
    return _row(alert) | {
        name: _rows(session.scalars(select(table).where(table.alert_id == alert.id)), "alert_id")
        for name, table in parts.items()
    }
