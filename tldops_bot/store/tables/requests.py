"""What waits for proofs or a decision, and the tokens that prove."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from tldops_bot.domain.entry_life import NOTHING, OF_REQUEST, check
from tldops_bot.domain.request_details import RequestDetails
from tldops_bot.domain.request_kind import RequestKind
from tldops_bot.domain.token import Purpose
from tldops_bot.store.columns import AddressText, Base, Fingerprint, Key, Label, Line, Word, one_of


class Request(Base):
    """What waits for proofs or a decision: somebody wants to join, to change an address, or to change a key."""

    __tablename__ = "requests"
    # People have its number in their mail: none is ever given twice, even if the newest rows are lost.
    __table_args__ = (Index("ix_requests_open", "state", "tld"), {"sqlite_autoincrement": True})
    id: Mapped[Key]
    kind: Mapped[RequestKind] = mapped_column(one_of(RequestKind))
    state: Mapped[Word]
    tld: Mapped[Label] = mapped_column(default="")
    email_key: Mapped[AddressText]
    details: Mapped[RequestDetails] = mapped_column(JSON)
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

    @validates("state")
    def _moves(self, _column: str, after: str) -> str:
        """A state that can't follow the one before is a bug of ours. Raises NotAMove."""
        of = OF_REQUEST.get(self.kind)
        if of is not None:
            check(of, self.state or NOTHING, after)
        return after


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
    purpose: Mapped[Purpose] = mapped_column(one_of(Purpose), index=True)
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
