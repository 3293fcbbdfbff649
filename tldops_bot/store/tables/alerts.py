"""Alerts, and whom they were meant for."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tldops_bot.store.columns import Base, Fingerprint, Key, Label, Line, Word, Words


class Alert(Base):
    """One incident warning, with the poster's own signed words."""

    __tablename__ = "alerts"
    id: Mapped[Word] = mapped_column(primary_key=True)
    state: Mapped[Word]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    fingerprint: Mapped[Fingerprint]
    for_tlds: Mapped[list[str]]
    title: Mapped[Line]
    tlp: Mapped[Word]
    severity: Mapped[Word]
    scope: Mapped[dict[str, Any]]
    is_exercise: Mapped[bool] = mapped_column(default=False)
    original: Mapped[bytes] = mapped_column(deferred=True)  # up to a megabyte: read only where it is wanted
    original_form: Mapped[Word]
    signed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    inbox_id: Mapped[int]
    reports: Mapped[int] = mapped_column(default=0)


class AlertRecipient(Base):
    """Whom an alert was meant for, what they got, and whether they have seen it.

    No foreign keys: PostgreSQL looks them up row by row, ten thousand times while an alert waits to go. Neither
    alerts nor persons are ever deleted.
    """

    __tablename__ = "alert_recipients"
    alert_id: Mapped[Word] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(primary_key=True)
    got: Mapped[Word]
    seen_at: Mapped[datetime | None]
    seen_how: Mapped[Word] = mapped_column(default="")
    words: Mapped[Words] = mapped_column(default="")


class AlertNews(Base):
    """What was said about an alert later: an update in somebody's signed words, its end, or a retraction."""

    __tablename__ = "alert_news"
    id: Mapped[Key]
    alert_id: Mapped[Word] = mapped_column(ForeignKey("alerts.id"), index=True)
    number: Mapped[int]
    kind: Mapped[Word]
    state: Mapped[Word]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    fingerprint: Mapped[Fingerprint]
    title: Mapped[Line]
    tlp: Mapped[Word]
    severity: Mapped[Word]
    because: Mapped[Words] = mapped_column(default="")
    original: Mapped[bytes | None] = mapped_column(deferred=True)
    original_form: Mapped[Word] = mapped_column(default="")
    signed_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    inbox_id: Mapped[int | None]


class AlertCall(Base):
    """What came of phoning a TLD about an alert."""

    __tablename__ = "alert_calls"
    id: Mapped[Key]
    alert_id: Mapped[Word] = mapped_column(ForeignKey("alerts.id"), index=True)
    tld: Mapped[Label]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    reached: Mapped[bool]
    words: Mapped[Words] = mapped_column(default="")
    at: Mapped[datetime]
