"""What is remembered: rosters sent, look-ups, the audit chain, jobs, single facts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tldops_bot.store.columns import Base, Key, Label, Line, Word, Words


class RosterSend(Base):
    """A period's roster went (into the outbox) to this member: once, however often the clock ticks.

    `is_asked`: they asked for it themselves, so it says nothing about a period.
    """

    __tablename__ = "roster_sends"
    period_at: Mapped[datetime] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    made_at: Mapped[datetime]
    entries: Mapped[dict[str, Any]]
    is_asked: Mapped[bool] = mapped_column(default=False)


class PrintedRoster(Base):
    """A file of the roster as last made and signed, by a digest of what it says: made once for everybody."""

    __tablename__ = "printed_rosters"
    digest: Mapped[Line] = mapped_column(primary_key=True)
    name: Mapped[Line] = mapped_column(primary_key=True)
    kind: Mapped[Word]
    media_type: Mapped[Line]
    octets: Mapped[bytes]
    signature: Mapped[bytes]
    place: Mapped[int]
    made_at: Mapped[datetime]
    audit_head: Mapped[Line]


class Lookup(Base):
    """Who asked for whose details, for SHOW."""

    __tablename__ = "lookups"
    id: Mapped[Key]
    asked_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    command: Mapped[Line]
    at: Mapped[datetime]


class AuditEntry(Base):
    """What changed, when, by which key; each entry holds the hash of the one before."""

    __tablename__ = "audit"
    id: Mapped[Key]
    at: Mapped[datetime]
    actor: Mapped[Line]
    action: Mapped[Word]
    tld: Mapped[Label] = mapped_column(default="", index=True)
    person_id: Mapped[int | None]
    inbox_id: Mapped[int | None]
    details: Mapped[Words]
    previous: Mapped[Line]
    hash: Mapped[Line]


class JobRun(Base):
    """When a job last ran, and how it ended."""

    __tablename__ = "job_runs"
    name: Mapped[Word] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    problem: Mapped[Line] = mapped_column(default="")


class DailyFigures(Base):
    """The counts of one day (UTC), for coverage over time: no TLD and nobody in particular."""

    __tablename__ = "daily_figures"
    day: Mapped[date] = mapped_column(primary_key=True)
    cctlds: Mapped[int]
    covered: Mapped[int]
    confirmed: Mapped[int]
    idn_cctlds: Mapped[int]
    idn_covered: Mapped[int]
    contacts: Mapped[int]
    with_key: Mapped[int]
    stale: Mapped[int]


class Fact(Base):
    """Single values the service must remember: MAC keys, the oldest acceptable signature time, the last backup."""

    __tablename__ = "facts"
    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[Words]
