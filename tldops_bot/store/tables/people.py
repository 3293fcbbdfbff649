"""Persons, what they speak for, and their certificates."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from tldops_bot.domain.entry_life import NOTHING, Of, check
from tldops_bot.store.columns import AddressText, Base, Fingerprint, Key, Label, Line, Word, Words


class Person(Base):
    """A named person: a contact of TLDs, or of the committee or secretariat, or both."""

    __tablename__ = "persons"
    id: Mapped[Key]
    name: Mapped[Line]
    email: Mapped[AddressText]
    email_key: Mapped[AddressText] = mapped_column(unique=True)
    emergency_email: Mapped[AddressText] = mapped_column(default="", index=True)
    emergency_proven_at: Mapped[datetime | None]
    phone: Mapped[Line] = mapped_column(default="")
    phone_e164: Mapped[Word] = mapped_column(default="")
    mobile: Mapped[Line] = mapped_column(default="")
    mobile_e164: Mapped[Word] = mapped_column(default="")
    phone_wrong_at: Mapped[datetime | None]
    mobile_wrong_at: Mapped[datetime | None]
    fax: Mapped[Line] = mapped_column(default="")
    fax_e164: Mapped[Word] = mapped_column(default="")
    postal: Mapped[Words] = mapped_column(default="")
    organisation: Mapped[Line] = mapped_column(default="")
    timezone: Mapped[Line] = mapped_column(default="")
    language: Mapped[Word] = mapped_column(default="")
    fingerprint: Mapped[Fingerprint | None] = mapped_column(unique=True)
    key_blocked_at: Mapped[datetime | None]
    key_blocked_because: Mapped[Line] = mapped_column(default="")
    key_rung: Mapped[int] = mapped_column(default=0)
    roster_missed_at: Mapped[datetime | None]
    roster_files: Mapped[Line] = mapped_column(default="")
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    asked: Mapped[int] = mapped_column(default=0)
    stale_at: Mapped[datetime | None]
    committee_told_at: Mapped[datetime | None]
    mailbox_failed_at: Mapped[datetime | None]
    forget_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    entries: Mapped[list["Entry"]] = relationship(back_populates="person", order_by="Entry.tld")
    offices: Mapped[list["Office"]] = relationship(back_populates="person")


class Mailbox(Base):
    """An address from which mail came back: since when it has been probed, and whether it is alive.

    While `probed_at` is empty nothing is asked; `failed_at` says that it counts as dead. Bounces from before
    `alive_at` no longer count.
    """

    __tablename__ = "mailboxes"
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    address_key: Mapped[AddressText] = mapped_column(primary_key=True)
    probed_at: Mapped[datetime | None]
    probes: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[datetime | None]
    alive_at: Mapped[datetime | None]


class Entry(Base):
    """One person speaks for one TLD: listed once vouched for; suspended or left later. Rows stay as history."""

    __tablename__ = "entries"
    __table_args__ = (
        Index("ix_entries_tld_state", "tld", "state"),
        Index("ix_entries_person", "person_id", "state"),
    )
    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    tld: Mapped[Label]
    state: Mapped[Word]
    since_at: Mapped[datetime]
    probation_until: Mapped[datetime]
    objections_until: Mapped[datetime]
    vouched_by: Mapped[Line]
    voucher_key: Mapped[AddressText] = mapped_column(default="")
    voucher_gone_at: Mapped[datetime | None]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"))
    suspended_at: Mapped[datetime | None]
    suspended_because: Mapped[Line] = mapped_column(default="")
    final_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(back_populates="entries")

    @validates("state")
    def _moves(self, _column: str, after: str) -> str:
        """A state that can't follow the one before is a bug of ours. Raises NotAMove."""
        check(Of.ENTRY, self.state or NOTHING, after)
        return after


class Organisation(Base):
    """An organisation without a TLD: the label used in its contacts' entries, and its name."""

    __tablename__ = "organisations"
    label: Mapped[Label] = mapped_column(primary_key=True)
    name: Mapped[Line]
    since_at: Mapped[datetime]


class Office(Base):
    """A seat in the committee or the secretariat."""

    __tablename__ = "offices"
    __table_args__ = (UniqueConstraint("person_id", "role"),)
    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    role: Mapped[Word]
    since_at: Mapped[datetime]
    person: Mapped[Person] = relationship(back_populates="offices")


class CertificateRow(Base):
    """An OpenPGP certificate: a member's, a candidate's (no person yet), or one that was replaced."""

    __tablename__ = "certificates"
    __table_args__ = (Index("ix_certificates_end", "is_revoked", "expires_at"),)
    fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    blob: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    is_revoked: Mapped[bool] = mapped_column(default=False)
    held_since: Mapped[datetime]
    refreshed_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]
    # The same certificate with gpg's marks on what it found good, and when; only for verifying with it.
    keyring: Mapped[bytes | None] = mapped_column(deferred=True)
    checked_at: Mapped[datetime | None] = mapped_column(index=True)


class CertificateKey(Base):
    """Which certificates claim a primary key or subkey, to find the signer's: anybody can bind another's key."""

    __tablename__ = "certificate_keys"
    key_fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    key_id: Mapped[Word] = mapped_column(index=True)
    certificate: Mapped[Fingerprint] = mapped_column(
        ForeignKey("certificates.fingerprint", ondelete="CASCADE"), primary_key=True, index=True
    )
