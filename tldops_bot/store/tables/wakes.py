"""How members are woken beside mail, and each time that this was tried."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tldops_bot.store.columns import Base, Key, Line, Word


class WakeChannel(Base):
    """The one proven way to wake a person: by which gateway, where, and from which severity of an alert up."""

    __tablename__ = "wake_channels"
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    gateway: Mapped[Word]
    target: Mapped[Line]
    severity: Mapped[Word]
    proven_at: Mapped[datetime]


class WakeSend(Base):
    """One wake-up call, or the word that proves a way. Target and word go when it is finished."""

    __tablename__ = "wake_sends"
    __table_args__ = (Index("ix_wake_sends_due", "state", "gateway", "next_attempt_at"),)
    id: Mapped[Key]
    kind: Mapped[Word]
    alert_id: Mapped[Word | None] = mapped_column(ForeignKey("alerts.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    gateway: Mapped[Word]
    target: Mapped[Line]
    words: Mapped[Line] = mapped_column(default="")
    state: Mapped[Word] = mapped_column(default="waiting")
    result: Mapped[Word] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    made_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    tried_at: Mapped[datetime | None] = mapped_column(index=True)
    claim: Mapped[Word | None]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
