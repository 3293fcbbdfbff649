"""The counts of each day: whether a day's are noted, noting them, reading them."""

from dataclasses import asdict, fields
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.domain.figures import Figures
from tldops_bot.store.tables import DailyFigures

_COLUMNS = tuple(getattr(DailyFigures, field.name) for field in fields(Figures))


def is_noted(session: Session, day: date) -> bool:
    """Whether the counts of this day are kept already."""
    return session.get(DailyFigures, day) is not None


def note(session: Session, figures: Figures) -> None:
    """Keep a day's counts; each day has them once."""
    session.add(DailyFigures(**asdict(figures)))
    session.flush()


def history(session: Session, since: date = date.min) -> tuple[Figures, ...]:
    """The counts of every day from `since` on, oldest first."""
    query = select(*_COLUMNS).where(DailyFigures.day >= since).order_by(DailyFigures.day)
    return tuple(Figures(*row) for row in session.execute(query))
