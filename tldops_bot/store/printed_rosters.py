"""The roster as it was last printed: making it takes seconds, and many ask for the same one at once."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from tldops_bot.store.tables import PrintedRoster

KEPT_FOR = timedelta(days=1)  # its date is printed on it


def held(session: Session, digest: str, now: datetime) -> bytes | None:
    """What was printed of this very content in the last day."""
    row = session.get(PrintedRoster, digest)
    return row.octets if row is not None and row.made_at > now - KEPT_FOR else None


def keep(session: Session, digest: str, octets: bytes, now: datetime) -> None:
    """Keep this one in place of any other."""
    forget(session)
    session.add(PrintedRoster(digest=digest, octets=octets, made_at=now))
    session.flush()


def forget(session: Session) -> None:
    """Somebody in it is to be forgotten."""
    session.execute(delete(PrintedRoster))


def forget_before(session: Session, moment: datetime) -> None:
    """It is not of use any more."""
    session.execute(delete(PrintedRoster).where(PrintedRoster.made_at <= moment))
