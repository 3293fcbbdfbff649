"""The life of an entry: every state, every move from one to another, who makes it, by what, and who is told.

The store refuses a move that does not stand here; docs/life-of-an-entry.md and its picture are made from this table.
`of` says whose state it is: that of a request to join, of one for a new key, of a question to the committee about an
entry (an objection, a removal, a suspension), of an entry, or a mark of the person, which the roster shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tldops_bot.domain.request_kind import RequestKind

NOTHING = ""  # before there was anything


class Of(StrEnum):
    """Whose state."""

    JOINING = "joining"
    NEW_KEY = "new key"
    QUESTION = "question"
    ENTRY = "entry"
    MARK = "mark"


OF_REQUEST = {
    RequestKind.SUBSCRIBE: Of.JOINING,
    RequestKind.KEY: Of.NEW_KEY,
    RequestKind.OBJECTION: Of.QUESTION,
}


class NotAMove(Exception):
    """A state was to be written that can't follow the one before."""


@dataclass(frozen=True, slots=True)
class Move:
    """One state after another. `within` is the time-out that causes it, `job` what carries it out then."""

    of: Of
    before: str
    after: str
    by: str
    how: str
    tells: tuple[str, ...] = ()
    within: str = ""
    job: str = ""


CANDIDATE, VOUCHER, COMMITTEE, CLOCK = "the candidate", "an IANA contact", "the committee", "the clock"
CONTACT, COLLEAGUE, ANYBODY = "the contact", "another contact of the TLD", "anybody"
LIFETIME = "[membership] request_lifetime"

_JOINING = (
    Move(Of.JOINING, NOTHING, "proving", ANYBODY, "SUBSCRIBE", tells=("prove",)),
    Move(Of.JOINING, "proving", "vouching", CANDIDATE, "CONFIRM", tells=("vouch",)),
    Move(Of.JOINING, "proving", "withdrawn", CANDIDATE, "DECLINE"),
    Move(
        Of.JOINING,
        "proving",
        "expired",
        CLOCK,
        "nobody answered",
        tells=("unproven",),
        within=LIFETIME,
        job="advance_requests",
    ),
    Move(Of.JOINING, "proving", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(Of.JOINING, "vouching", "done", VOUCHER, "CONFIRM", tells=("welcome", "told")),
    Move(
        Of.JOINING,
        "vouching",
        "committee",
        VOUCHER,
        "DECLINE, or a grey case",
        tells=("decide", "with_committee"),
    ),
    Move(
        Of.JOINING,
        "vouching",
        "committee",
        CLOCK,
        "no IANA contact answered",
        tells=("decide", "with_committee"),
        within=LIFETIME,
        job="advance_requests",
    ),
    Move(Of.JOINING, "vouching", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(Of.JOINING, "vouching", "withdrawn", CANDIDATE, "DECLINE, after a CONFIRM"),
    Move(Of.JOINING, "vouching", "withdrawn", CONTACT, "FORGET"),
    Move(
        Of.JOINING,
        "vouching",
        "expired",
        CLOCK,
        "the TLD is gone",
        tells=("not_possible",),
        job="advance_requests",
    ),
    Move(Of.JOINING, "committee", "done", COMMITTEE, "APPROVE", tells=("welcome", "told")),
    Move(
        Of.JOINING,
        "committee",
        "done",
        VOUCHER,
        "CONFIRM, where nothing but an answer was missing",
        tells=("welcome", "told", "decided"),
    ),
    Move(Of.JOINING, "committee", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(Of.JOINING, "committee", "withdrawn", CANDIDATE, "DECLINE, after a CONFIRM"),
    Move(Of.JOINING, "committee", "withdrawn", CONTACT, "FORGET"),
    Move(
        Of.JOINING,
        "committee",
        "expired",
        CLOCK,
        "the TLD is gone",
        tells=("not_possible",),
        job="advance_requests",
    ),
)
_TAKEN = "the key has become somebody else's"
_NEW_KEY = (
    Move(Of.NEW_KEY, NOTHING, "proving", CONTACT, "KEY", tells=("prove_key",)),
    Move(Of.NEW_KEY, "proving", "vouching", CONTACT, "CONFIRM", tells=("vouch",)),
    Move(Of.NEW_KEY, "proving", "withdrawn", CONTACT, "FORGET"),
    Move(Of.NEW_KEY, "proving", "expired", CLOCK, "nobody answered", within=LIFETIME, job="advance_requests"),
    Move(Of.NEW_KEY, "proving", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(
        Of.NEW_KEY,
        "vouching",
        "done",
        VOUCHER,
        "CONFIRM, of a first key",
        tells=("key_registered", "key_told"),
    ),
    Move(Of.NEW_KEY, "vouching", "waiting", VOUCHER, "CONFIRM, of another key", tells=("recovery_waits",)),
    Move(Of.NEW_KEY, "vouching", "committee", VOUCHER, "DECLINE", tells=("decide", "with_committee")),
    Move(
        Of.NEW_KEY,
        "vouching",
        "committee",
        CLOCK,
        "no IANA contact answered",
        tells=("decide", "with_committee"),
        within=LIFETIME,
        job="advance_requests",
    ),
    Move(Of.NEW_KEY, "vouching", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(Of.NEW_KEY, "vouching", "withdrawn", CONTACT, "FORGET"),
    Move(Of.NEW_KEY, "vouching", "expired", CLOCK, _TAKEN, tells=("not_possible",), job="advance_requests"),
    Move(
        Of.NEW_KEY,
        "waiting",
        "done",
        CLOCK,
        "nobody said no",
        tells=("key_registered", "key_told"),
        within="[membership] key_recovery_wait",
        job="finish_key_recoveries",
    ),
    Move(Of.NEW_KEY, "waiting", "committee", COLLEAGUE, "DECLINE", tells=("decide", "with_committee")),
    Move(Of.NEW_KEY, "waiting", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(Of.NEW_KEY, "waiting", "withdrawn", CONTACT, "FORGET"),
    Move(Of.NEW_KEY, "waiting", "expired", CLOCK, "all has changed since", job="finish_key_recoveries"),
    Move(
        Of.NEW_KEY, "waiting", "expired", CLOCK, _TAKEN, tells=("not_possible",), job="finish_key_recoveries"
    ),
    Move(Of.NEW_KEY, "committee", "done", COMMITTEE, "APPROVE", tells=("key_registered", "key_told")),
    Move(Of.NEW_KEY, "committee", "rejected", COMMITTEE, "REJECT", tells=("rejected",)),
    Move(Of.NEW_KEY, "committee", "withdrawn", CONTACT, "FORGET"),
    Move(Of.NEW_KEY, "committee", "expired", CLOCK, _TAKEN, tells=("not_possible",), job="advance_requests"),
)
_QUESTION = (
    Move(
        Of.QUESTION,
        NOTHING,
        "committee",
        "whoever suspends",
        "OBJECT, REMOVE, SUSPEND",
        tells=("decide_objection",),
    ),
    Move(Of.QUESTION, "committee", "done", COMMITTEE, "APPROVE, RESTORE", tells=("restored",)),
    Move(Of.QUESTION, "committee", "rejected", COMMITTEE, "REJECT", tells=("rejected", "someone_left")),
    Move(
        Of.QUESTION,
        "committee",
        "rejected",
        CLOCK,
        "the time to restore has passed",
        tells=("someone_left",),
        within="7 days after REMOVE",
        job="finish_removals",
    ),
    Move(Of.QUESTION, "committee", "withdrawn", CONTACT, "UNSUBSCRIBE, FORGET", tells=("someone_left",)),
)
_ENTRY = (
    Move(Of.ENTRY, NOTHING, "listed", "whoever vouches", "CONFIRM, APPROVE", tells=("welcome", "told")),
    Move(
        Of.ENTRY,
        "listed",
        "suspended",
        COLLEAGUE,
        "REMOVE; or a new contact: OBJECT",
        tells=("removed", "objected"),
    ),
    Move(Of.ENTRY, "listed", "suspended", "secretariat or committee", "SUSPEND", tells=("suspended",)),
    Move(
        Of.ENTRY, "listed", "suspended", CONTACT, "UNSUBSCRIBE, FORGET, unsigned", tells=("stay", "removed")
    ),
    Move(Of.ENTRY, "listed", "left", CONTACT, "UNSUBSCRIBE, FORGET, signed", tells=("left", "someone_left")),
    Move(
        Of.ENTRY, "suspended", "listed", CONTACT, "DECLINE, where unsigned mail did it", tells=("restored",)
    ),
    Move(Of.ENTRY, "suspended", "listed", COMMITTEE, "RESTORE, APPROVE", tells=("restored",)),
    Move(Of.ENTRY, "suspended", "left", COMMITTEE, "REJECT", tells=("rejected", "someone_left")),
    Move(
        Of.ENTRY,
        "suspended",
        "left",
        CLOCK,
        "the time to restore has passed",
        tells=("someone_left",),
        within="7 days after REMOVE",
        job="finish_removals",
    ),
)
_MARK = (
    Move(Of.MARK, NOTHING, "member", CONTACT, "KEY, or SUBSCRIBE with a key", tells=("key_registered",)),
    Move(Of.MARK, "member", NOTHING, CONTACT, "KEY LOST, KEY STOLEN", tells=("key_blocked",)),
    Move(
        Of.MARK,
        NOTHING,
        "stale",
        CLOCK,
        "no answer to four mails",
        tells=("still_there", "silent"),
        within="[membership] confirm_every, and 28 days",
        job="ask_still_right",
    ),
    Move(Of.MARK, "stale", NOTHING, CONTACT, "CONFIRM, UPDATE"),
)
MOVES: tuple[Move, ...] = (*_JOINING, *_NEW_KEY, *_QUESTION, *_ENTRY, *_MARK)

# Nothing follows these states, and nothing needs to: a new request or entry starts at the beginning.
ENDS = frozenset({"done", "rejected", "withdrawn", "expired", "left"})


def states(of: Of) -> tuple[str, ...]:
    """The states of one kind, in the order of the table."""
    named = (name for one in MOVES if one.of is of for name in (one.before, one.after) if name)
    return tuple(dict.fromkeys(named))


def moves(of: Of, before: str, after: str) -> Sequence[Move]:
    """The lines of the table about one step; several may lead to the same."""
    return [one for one in MOVES if (one.of, one.before, one.after) == (of, before, after)]


def check(of: Of, before: str, after: str) -> None:
    """Whether this state may follow that one; writing the same one again is not a move. Raises NotAMove.

    A row may begin in any state: what an operator imports has a past.
    """
    is_move = before == after or (
        after in states(of) if before == NOTHING else bool(moves(of, before, after))
    )
    if not is_move:
        raise NotAMove(f"{of}: {before or 'nothing'} to {after or 'nothing'}")
