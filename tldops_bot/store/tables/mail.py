"""Mails on their way in and out."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from tldops_bot.store.columns import AddressText, Base, Fingerprint, Key, Line, Word, Words


class InboxRow(Base):
    """One accepted mail. `raw` goes when retention says so; the row with its outcome stays.

    `urgency` 0 for what is signed and says it comes from a stored address, until it turns out not to: a flood of
    strangers does not stand before it.
    """

    __tablename__ = "inbox"
    __table_args__ = (Index("ix_inbox_due", "state", "urgency", "id"),)
    id: Mapped[Key]
    received_at: Mapped[datetime]
    mail_from: Mapped[AddressText]
    rcpt_tos: Mapped[list[str]]
    peer: Mapped[Line] = mapped_column(default="")
    raw: Mapped[bytes | None]
    state: Mapped[Word] = mapped_column(default="waiting")
    urgency: Mapped[int] = mapped_column(default=1)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    claim: Mapped[Word | None]
    lease_until: Mapped[datetime | None]
    bound_at: Mapped[datetime | None]
    verdict: Mapped[Word] = mapped_column(default="")
    fingerprint: Mapped[Fingerprint | None]
    person_id: Mapped[int | None]
    outcome: Mapped[Line] = mapped_column(default="")
    last_problem: Mapped[Line] = mapped_column(default="")
    done_at: Mapped[datetime | None]


class Message(Base):
    """One rendered message, unsealed until `sealed` holds its signed part; both go once it is delivered."""

    __tablename__ = "messages"
    id: Mapped[Key]
    kind: Mapped[Word]
    priority: Mapped[int]
    subject: Mapped[Words]
    headers: Mapped[dict[str, Any]]
    entity: Mapped[bytes | None]
    sealed: Mapped[bytes | None]
    is_confidential: Mapped[bool] = mapped_column(default=True)
    alert_id: Mapped[Word | None] = mapped_column(index=True)
    made_at: Mapped[datetime]
    done_at: Mapped[datetime | None]


class Delivery(Base):
    """One message to one address."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "state", "priority", "next_attempt_at", "id"),
        Index("ix_deliveries_message", "message_id", "state"),
    )
    id: Mapped[Key]
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    priority: Mapped[int]
    rcpt_to: Mapped[AddressText]
    person_id: Mapped[int | None] = mapped_column(index=True)
    fingerprint: Mapped[Fingerprint | None]
    entitled_as: Mapped[Word]
    reply_to: Mapped[AddressText] = mapped_column(default="")
    state: Mapped[Word] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    claim: Mapped[Word | None]
    lease_until: Mapped[datetime | None]
    last_code: Mapped[int] = mapped_column(default=0)
    last_status: Mapped[Word] = mapped_column(default="")
    finished_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    bounce_status: Mapped[Word] = mapped_column(default="")


class CopiesToCome(Base):
    """For whom the copies of a message are still to be written, in this order; goes with the last of them."""

    __tablename__ = "copies_to_come"
    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"), primary_key=True, autoincrement=False)
    priority: Mapped[int]
    reply_to: Mapped[AddressText]
    persons: Mapped[list[int]]


class UsedSignature(Base):
    """The memory against replay: key, signature time and digest of what was signed, used once."""

    __tablename__ = "used_signatures"
    fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    signed_at: Mapped[datetime] = mapped_column(primary_key=True)
    digest: Mapped[Line] = mapped_column(primary_key=True)
    inbox_id: Mapped[int]
    used_at: Mapped[datetime]
    outcome: Mapped[Line]
    told_at: Mapped[datetime | None]

    @property
    def is_spent(self) -> bool:
        """Whether anything was carried out; what was only refused may be sent again as it is."""
        return not self.outcome.startswith(("FAILED", "refused"))


class StrangerAnswer(Base):
    """Answers to addresses we do not know, counted so that nobody can make us a nuisance."""

    __tablename__ = "stranger_answers"
    id: Mapped[Key]
    digest: Mapped[Line] = mapped_column(index=True)
    kind: Mapped[Word]
    at: Mapped[datetime]
