"""Accepted mail: committed before its 250, claimed with a token of its own, carried out exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import (
    Integer,
    String,
    Table,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.domain.envelope import Envelope
from tldops_bot.store import audit
from tldops_bot.store.columns import Moment
from tldops_bot.store.tables import InboxRow, Person

WAITING, DONE, STUCK = "waiting", "done", "stuck"
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 5  # of a mail that breaks
# Where something needed is away: five hours. Or a mail makes it so, and then that is enough.
MAX_PATIENCE = 14
LONGEST_PAUSE = timedelta(minutes=30)
SUSPECT = 3  # claims of one mail without an end: perhaps it is what ends the process


class ClaimLost(Exception):
    """Somebody else holds the row now; everything done under the old claim must be rolled back."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One mail in hand."""

    id: int
    claim: str
    raw: bytes
    envelope: Envelope
    received_at: datetime
    attempts: int
    bound_at: datetime | None
    person_id: int | None
    is_urgent: bool = False


def accept(session: Session, mails: Sequence[tuple[bytes, Envelope, datetime]]) -> None:
    """Store several raw mails at once; they share one commit."""
    if not mails:
        return
    session.connection().execute(
        _ACCEPT,
        [
            {
                "received_at": at,
                "mail_from": envelope.mail_from,
                "rcpt_tos": list(envelope.rcpt_tos),
                "peer": envelope.peer[:255],
                "raw": raw,
                "state": WAITING,
                # Whose mail is urgent is asked in the same statement; who does not sign has no key there.
                "key": address_key(envelope.mail_from) if _OPENPGP in raw else "",
                "address": envelope.mail_from,
                "attempts": 0,
                "next_attempt_at": at,
                "verdict": "",
                "outcome": "",
                "last_problem": "",
            }
            for raw, envelope, at in mails
        ],
    )


def stored_addresses(session: Session, senders: Sequence[str]) -> set[str]:
    """Which of these belong to people; anybody can claim one, so it makes a mail urgent and no more."""
    keys = {address_key(one) for one in senders if one}
    asked = {"keys": list(keys), "addresses": list({*keys, *senders} - {""})}
    found = session.connection().execute(_STORED, asked) if keys else ()
    return {address_key(one) for pair in found for one in pair if one}


def is_anything_due(session: Session, now: datetime) -> bool:
    """Whether a claim would find something: a look that takes no lock."""
    return session.connection().execute(_DUE, {"now": now, "most": 1}).first() is not None


def claim(
    session: Session, claim_word: str, now: datetime, limit: int = 1, lease: timedelta = LEASE
) -> list[Claimed]:
    """Take the mails that are due, urgent ones first, then old ones; expired leases are due, too."""
    asked = {"now": now, "most": limit, "word": claim_word, "until": now + lease}
    rows = session.connection().execute(_CLAIM, asked).all()
    return [
        Claimed(
            row.id,
            claim_word,
            row.raw or b"",
            Envelope(row.mail_from, tuple(row.rcpt_tos), row.peer, "", False, ""),
            row.received_at,
            row.attempts,
            row.bound_at,
            row.person_id,
            row.urgency == 0,
        )
        for row in sorted(rows, key=lambda row: (row.urgency, row.id))
    ]


_OPENPGP = b"-----BEGIN PGP "
# What is said for every mail is built once, below the ORM.
_INBOX = cast(Table, InboxRow.__table__)
_ROW = _INBOX.c
_PERSON = cast(Table, Person.__table__).c
_IS_STORED = exists().where(
    bindparam("key", type_=String) != "",
    or_(
        _PERSON.email_key == bindparam("key", type_=String),
        _PERSON.emergency_email.in_((bindparam("key", type_=String), bindparam("address", type_=String))),
    ),
)
_ACCEPT = insert(_INBOX).values(urgency=case((_IS_STORED, 0), else_=1)).inline()
_STORED = select(_PERSON.email_key, _PERSON.emergency_email).where(
    or_(
        _PERSON.email_key.in_(bindparam("keys", expanding=True)),
        _PERSON.emergency_email.in_(bindparam("addresses", expanding=True)),
    )
)
_DUE = (
    select(_ROW.id)
    .where(
        _ROW.state == WAITING,
        _ROW.next_attempt_at <= bindparam("now", type_=Moment),
        or_(_ROW.lease_until.is_(None), _ROW.lease_until < bindparam("now", type_=Moment)),
    )
    .order_by(_ROW.urgency, _ROW.id)
    .limit(bindparam("most", type_=Integer))
)
# Found once: a plain subquery PostgreSQL may ask again for each row, and then take more than was asked for.
_TAKEN = _DUE.with_for_update(skip_locked=True).cte("taken")
_CLAIM = (
    update(_INBOX)
    .where(_ROW.id.in_(select(_TAKEN.c.id)))
    .values(
        claim=bindparam("word"),
        lease_until=bindparam("until", type_=Moment),
        attempts=_ROW.attempts + 1,
    )
    .returning(
        _ROW.id,
        _ROW.urgency,
        _ROW.raw,
        _ROW.mail_from,
        _ROW.rcpt_tos,
        _ROW.peer,
        _ROW.received_at,
        _ROW.attempts,
        _ROW.bound_at,
        _ROW.person_id,
    )
)
_FINISH = (
    update(_INBOX)
    .where(_ROW.id == bindparam("number"), _ROW.claim == bindparam("word"), _ROW.state == WAITING)
    .values(
        state=DONE,
        claim=None,
        lease_until=None,
        done_at=bindparam("at", type_=Moment),
        verdict=bindparam("verdict_word"),
        fingerprint=bindparam("key"),
        person_id=bindparam("person"),
        outcome=bindparam("summary"),
        last_problem="",
    )
    .returning(func.coalesce(audit.NEWEST_HELD, audit.FIRST))
)


def take_back(session: Session, now: datetime) -> None:
    """Free all claims: whoever held them is gone. Mails that were claimed often let the others go first."""
    lost = (InboxRow.state == WAITING, InboxRow.claim.is_not(None))
    later = now + timedelta(seconds=30)
    session.execute(update(InboxRow).where(*lost, InboxRow.attempts >= SUSPECT).values(next_attempt_at=later))
    session.execute(update(InboxRow).where(*lost).values(claim=None, lease_until=None))


def finish(
    session: Session,
    claimed: Claimed,
    now: datetime,
    verdict: str,
    fingerprint: str,
    person_id: int | None,
    outcome: str,
) -> str:
    """Mark a mail carried out, in the transaction that carries it out. Raises ClaimLost.

    Gives back the hash of the newest audit entry, for the entry about this mail.
    """
    session.flush()
    found = {
        "number": claimed.id,
        "word": claimed.claim,
        "at": now,
        "verdict_word": verdict,
        "key": fingerprint or None,
        "person": person_id,
        "summary": outcome[:255],
    }
    newest = session.connection().scalar(_FINISH, found)
    if newest is None:
        raise ClaimLost(f"inbox row {claimed.id}")
    return str(newest)


def give_back(session: Session, claim_word: str) -> None:
    """Free what was claimed with that word: perhaps nothing, if the claim itself failed."""
    session.execute(
        update(InboxRow)
        .where(InboxRow.state == WAITING, InboxRow.claim == claim_word)
        .values(claim=None, lease_until=None, attempts=InboxRow.attempts - 1)
    )


def to_its_turn(session: Session, claimed: Claimed) -> None:
    """It borrowed a stored address, and waits as if it had not: quickness tells nobody who is here."""
    session.execute(update(InboxRow).where(InboxRow.claim == claimed.claim).values(urgency=1))
    give_back(session, claimed.claim)


def put_off(
    session: Session, claimed: Claimed, now: datetime, problem: str, most: int | None = MAX_ATTEMPTS
) -> bool:
    """Leave a mail for another try, later each time; True when it is set aside as stuck. Not ours any more: nothing.

    `most` attempts are made; None: this one does not count.
    """
    is_stuck = most is not None and claimed.attempts >= most
    pause = min(timedelta(seconds=2 ** min(2 * claimed.attempts, 20)), LONGEST_PAUSE)
    put = session.execute(
        update(InboxRow)
        .where(InboxRow.id == claimed.id, InboxRow.claim == claimed.claim)
        .values(
            state=STUCK if is_stuck else WAITING,
            claim=None,
            lease_until=None,
            attempts=claimed.attempts - (most is None),
            next_attempt_at=now + pause,
            last_problem=problem[:255],
        )
    )
    return is_stuck and int(put.rowcount) == 1  # type: ignore[attr-defined]


def release_held(session: Session, inbox_id: int, now: datetime, person_id: int | None) -> bool:
    """Let a mail that waited for its token be carried out now. False if it is gone or not available."""
    row = session.get(InboxRow, inbox_id)
    if row is None or row.state != DONE or row.raw is None or row.bound_at is not None:
        return False
    row.state, row.bound_at, row.next_attempt_at, row.attempts = WAITING, now, now, 0
    row.person_id, row.lease_until, row.claim = person_id, None, None
    return True


def forget_raw(session: Session, before: datetime) -> int:
    """Drop the octets of mails that were carried out before then; the rows with their outcomes stay."""
    done = session.execute(
        update(InboxRow)
        .where(InboxRow.state == DONE, InboxRow.done_at < before, InboxRow.raw.is_not(None))
        .values(raw=None)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def forget_strangers(session: Session, before: datetime) -> int:
    """Drop the rows of mails from nobody we know that were done with before then: anybody can fill a table.

    The newest row stays, so that no number is ever given twice.
    """
    newest = select(func.max(InboxRow.id)).scalar_subquery()
    old = (InboxRow.state == DONE, InboxRow.done_at < before, InboxRow.person_id.is_(None))
    gone = session.execute(delete(InboxRow).where(*old, InboxRow.id < newest))
    return int(gone.rowcount)  # type: ignore[attr-defined]
