"""What the secretariat keeps: invitations to those who are missing, and notes."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from tldops_bot.store.columns import AddressText, Base, Key, Label, Line, Word, Words


class Invitation(Base):
    """One mail to one address asking for contacts of one or more TLDs: planned, sent, and the result."""

    __tablename__ = "invitations"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: Mapped[Key]
    address: Mapped[AddressText]
    address_key: Mapped[AddressText] = mapped_column(index=True)
    tlds: Mapped[list[str]]
    state: Mapped[Word] = mapped_column(index=True)
    is_found: Mapped[bool]  # by the secretariat; otherwise IANA shows the address for these TLDs
    by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    because: Mapped[Line] = mapped_column(default="")


class Note(Base):
    """A few words by the secretariat or the committee about a request ("R-17") or a TLD."""

    __tablename__ = "notes"
    id: Mapped[Key]
    about: Mapped[Label] = mapped_column(index=True)
    text: Mapped[Words]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    at: Mapped[datetime]
