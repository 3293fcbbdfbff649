"""Notes by the secretariat and the committee: about a request, by number, or about a TLD, by A-label."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tldops_bot.store.tables import Note, Person


def keep(session: Session, about: str, text: str, by_id: int | None, now: datetime) -> None:
    """Write a note down."""
    session.add(Note(about=about, text=text, by_id=by_id, at=now))
    session.flush()


def about(session: Session, *things: str) -> list[Note]:
    """The notes about these requests ("R-17") and TLDs (A-labels), oldest first."""
    return list(session.scalars(select(Note).where(Note.about.in_(things)).order_by(Note.id)))


def shown(session: Session, *things: str) -> list[dict[str, object]]:
    """The same as letters show them: who wrote it, when, and what."""
    found = []
    for one in about(session, *things):
        by = session.get(Person, one.by_id) if one.by_id else None
        found.append({"at": one.at, "by": by.name if by else "", "text": one.text})
    return found


def tlds_since(session: Session, moment: datetime) -> list[str]:
    """The TLDs that have had a note since then."""
    query = select(Note.about).where(Note.at > moment, Note.about.not_like("R-%"))
    return sorted(set(session.scalars(query)))


def forget_about(session: Session, *things: str) -> None:
    """Drop the notes about these."""
    session.execute(delete(Note).where(Note.about.in_(things)))
