"""The schema, table by table. migrations/ builds exactly this; a test compares the two."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

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
    fax: Mapped[Line] = mapped_column(default="")
    postal: Mapped[Words] = mapped_column(default="")
    organisation: Mapped[Line] = mapped_column(default="")
    timezone: Mapped[Line] = mapped_column(default="")
    fingerprint: Mapped[Fingerprint | None] = mapped_column(unique=True)
    key_blocked_at: Mapped[datetime | None]
    key_blocked_because: Mapped[Line] = mapped_column(default="")
    key_rung: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    stale_at: Mapped[datetime | None]
    mailbox_failed_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]
    entries: Mapped[list["Entry"]] = relationship(back_populates="person", order_by="Entry.tld")
    offices: Mapped[list["Office"]] = relationship(back_populates="person")


class Entry(Base):
    """One person speaks for one TLD: listed once vouched for; suspended or left later. Rows stay as history."""

    __tablename__ = "entries"
    __table_args__ = (Index("ix_entries_tld_state", "tld", "state"), Index("ix_entries_person", "person_id"))
    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    tld: Mapped[Label]
    state: Mapped[Word]
    since_at: Mapped[datetime]
    probation_until: Mapped[datetime]
    objections_until: Mapped[datetime]
    vouched_by: Mapped[Line]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("requests.id"))
    suspended_at: Mapped[datetime | None]
    suspended_because: Mapped[Line] = mapped_column(default="")
    final_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    person: Mapped[Person] = relationship(back_populates="entries")


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
    fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    blob: Mapped[bytes]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    is_revoked: Mapped[bool] = mapped_column(default=False)
    held_since: Mapped[datetime]
    refreshed_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None]


class CertificateKey(Base):
    """Which certificates claim a primary key or subkey, to find the signer's: anybody can bind another's key."""

    __tablename__ = "certificate_keys"
    key_fingerprint: Mapped[Fingerprint] = mapped_column(primary_key=True)
    key_id: Mapped[Word] = mapped_column(index=True)
    certificate: Mapped[Fingerprint] = mapped_column(
        ForeignKey("certificates.fingerprint", ondelete="CASCADE"), primary_key=True, index=True
    )


class Request(Base):
    """What waits for proofs or a decision: somebody wants to join, to change an address, or to change a key."""

    __tablename__ = "requests"
    __table_args__ = (Index("ix_requests_open", "state", "tld"),)
    id: Mapped[Key]
    kind: Mapped[Word]
    state: Mapped[Word]
    tld: Mapped[Label] = mapped_column(default="")
    email_key: Mapped[AddressText]
    details: Mapped[dict[str, Any]]
    fingerprint: Mapped[Fingerprint | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    asked_by: Mapped[AddressText]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    vouching_at: Mapped[datetime | None]
    vouched_at: Mapped[datetime | None]
    vouched_by: Mapped[Line] = mapped_column(default="")
    committee_because: Mapped[Line] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[Line] = mapped_column(default="")
    decided_because: Mapped[Line] = mapped_column(default="")


class Vote(Base):
    """One committee member's word on one request."""

    __tablename__ = "votes"
    __table_args__ = (UniqueConstraint("request_id", "person_id"),)
    id: Mapped[Key]
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    approves: Mapped[bool]
    because: Mapped[Line] = mapped_column(default="")
    at: Mapped[datetime]


class Token(Base):
    """A word sent to one mailbox, whose return proves that mailbox. Only its digest is kept."""

    __tablename__ = "tokens"
    id: Mapped[Key]
    digest: Mapped[Line] = mapped_column(unique=True)
    route: Mapped[Word] = mapped_column(unique=True)
    purpose: Mapped[Word] = mapped_column(index=True)
    address: Mapped[AddressText]
    fingerprint: Mapped[Fingerprint | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id"))
    inbox_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    answer: Mapped[Word] = mapped_column(default="")
    void_at: Mapped[datetime | None]


class TokenRequest(Base):
    """The requests that one token answers for: one mail per IANA address, however many TLDs it serves."""

    __tablename__ = "token_requests"
    token_id: Mapped[int] = mapped_column(ForeignKey("tokens.id"), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"), primary_key=True, index=True)


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


class InboxRow(Base):
    """One accepted mail. `raw` goes when retention says so; the row with its outcome stays.

    `urgency` 0 for what says it comes from a stored address: a flood of strangers does not stand before it.
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
    original: Mapped[bytes]
    original_form: Mapped[Word]
    signed_at: Mapped[datetime]
    received_at: Mapped[datetime]
    posted_at: Mapped[datetime]
    inbox_id: Mapped[int]


class AlertRecipient(Base):
    """Whom an alert was meant for, what they got, and whether they have seen it."""

    __tablename__ = "alert_recipients"
    alert_id: Mapped[Word] = mapped_column(ForeignKey("alerts.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    got: Mapped[Word]
    seen_at: Mapped[datetime | None]
    seen_how: Mapped[Word] = mapped_column(default="")
    words: Mapped[Words] = mapped_column(default="")


class RosterSend(Base):
    """A period's roster went (into the outbox) to this member: once, however often the clock ticks."""

    __tablename__ = "roster_sends"
    period_at: Mapped[datetime] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    made_at: Mapped[datetime]
    entries: Mapped[dict[str, Any]]


class Lookup(Base):
    """Who asked for whose details, for SHOW."""

    __tablename__ = "lookups"
    id: Mapped[Key]
    asked_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    command: Mapped[Line]
    at: Mapped[datetime]


class StrangerAnswer(Base):
    """Answers to addresses we do not know, counted so that nobody can make us a nuisance."""

    __tablename__ = "stranger_answers"
    id: Mapped[Key]
    digest: Mapped[Line] = mapped_column(index=True)
    kind: Mapped[Word]
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


class Fact(Base):
    """Single values the service must remember: MAC keys, the oldest acceptable signature time, the last backup."""

    __tablename__ = "facts"
    name: Mapped[Word] = mapped_column(primary_key=True)
    value: Mapped[Words]
