"""The roster's files as last made and signed: that takes seconds, and many ask for the same one at once."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tldops_bot.domain.roster_edition import Edition, RosterFile
from tldops_bot.store.tables import PrintedRoster

KEPT_FOR = timedelta(days=1)  # its date is printed on it


def held(session: Session, digest: str, now: datetime) -> Edition | None:
    """What was made from exactly this content within the last day."""
    found = select(PrintedRoster).where(PrintedRoster.digest == digest).order_by(PrintedRoster.place)
    rows = list(session.scalars(found))
    if not rows or rows[0].made_at <= now - KEPT_FOR:
        return None
    files = tuple(RosterFile(row.kind, row.name, row.media_type, row.octets, row.signature) for row in rows)
    return Edition(rows[0].made_at, rows[0].audit_head, files)


def keep(session: Session, digest: str, edition: Edition) -> None:
    """Keep this edition in place of any other."""
    forget(session)
    for place, one in enumerate(edition.files):
        session.add(
            PrintedRoster(
                digest=digest,
                name=one.name,
                kind=one.kind,
                media_type=one.media_type,
                octets=one.octets,
                signature=one.signature,
                place=place,
                made_at=edition.made_at,
                audit_head=edition.audit_head,
            )
        )
    session.flush()


def forget(session: Session) -> None:
    """Drop them: somebody in them is to be forgotten."""
    session.execute(delete(PrintedRoster))


def forget_before(session: Session, moment: datetime) -> None:
    """Drop what is too old to be of use."""
    session.execute(delete(PrintedRoster).where(PrintedRoster.made_at <= moment))
