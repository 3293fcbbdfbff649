"""What IANA says of the TLDs, and said."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from tldops_bot.store.columns import AddressText, Base, Key, Label, Line, Word, Words


class IanaTld(Base):
    """What whois.iana.org last said of one TLD."""

    __tablename__ = "iana_tlds"
    tld: Mapped[Label] = mapped_column(primary_key=True)
    u_label: Mapped[Label]
    is_assigned: Mapped[bool]
    organisation: Mapped[Words] = mapped_column(default="")
    status: Mapped[Word] = mapped_column(default="")
    created_on: Mapped[date | None]
    changed_on: Mapped[date | None]
    fetched_at: Mapped[datetime]


class IanaContact(Base):
    """An administrative or technical contact of a TLD, for as long as IANA listed it so."""

    __tablename__ = "iana_contacts"
    __table_args__ = (Index("ix_iana_contacts_tld", "tld", "until_at"),)
    id: Mapped[Key]
    tld: Mapped[Label]
    kind: Mapped[Word]
    name: Mapped[Line] = mapped_column(default="")
    organisation: Mapped[Words] = mapped_column(default="")
    phone: Mapped[Line] = mapped_column(default="")
    fax: Mapped[Line] = mapped_column(default="")
    email: Mapped[AddressText] = mapped_column(default="")
    email_key: Mapped[AddressText] = mapped_column(default="", index=True)
    since_at: Mapped[datetime]
    is_first_import: Mapped[bool] = mapped_column(default=False)
    until_at: Mapped[datetime | None]
    welcomed_at: Mapped[datetime | None]


class IanaHeld(Base):
    """An answer of IANA's that is believed only when a later sync brings it again."""

    __tablename__ = "iana_held"
    tld: Mapped[Label] = mapped_column(primary_key=True)
    digest: Mapped[Line]
    because: Mapped[Word]
    held_at: Mapped[datetime]
