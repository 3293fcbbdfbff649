"""The accounts: what became of every mail, from the store, the audit chain and what the smarthost has taken.

What must hold is compared, and whatever differs is named.
"""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Any

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from faults.post import Post, Wish, number_of
from faults.town import IN_FLIGHT, FaultTown
from tests.sink import SunkMail
from tldops_bot.adapters.outbox_exchange import MESSAGE_ID_KEY
from tldops_bot.mail.compose import message_id
from tldops_bot.store import audit, facts
from tldops_bot.store.tables import (
    Alert,
    AuditEntry,
    CopiesToCome,
    Delivery,
    InboxRow,
    Message,
    UsedSignature,
)

_CARRIED_OUT = re.compile(r"(SUCCESS|WAITING): ")
_TAKEN = "taken"


@dataclass
class Accounts:
    """The figures of one fault, and what is wrong with them."""

    name: str
    blows: int = 0  # kills, or whatever was done to it
    written: int = 0
    answered: int = 0
    carried_out: int = 0
    deliveries: int = 0
    taken: int = 0
    repeated: int = 0
    most_repeated: int = 0  # through one blow
    wrong: list[str] = field(default_factory=list)

    def must(self, holds: bool, what: str) -> None:
        if not holds:
            self.wrong.append(what)


def draw_up(name: str, blows: int, town: FaultTown, post: Post, most_repeats: int = IN_FLIGHT) -> Accounts:
    """After everything has come to rest."""
    made = Accounts(name, blows, len(post.written), post.answered)
    with town.desk.look() as session:
        repeats = _mails_in(made, session, post)
        _mails_out(made, session, town, most_repeats)
        _store(made, session)
    _answers(made, town, post, repeats)
    return made


def _mails_in(made: Accounts, session: Session, post: Post) -> Counter[int]:
    """Answered 250: carried out, and once. Not answered: once at most. Which came again and were told so."""
    ends: defaultdict[int, list[str]] = defaultdict(list)
    owners: dict[int, int] = {}
    for row in session.scalars(select(InboxRow)):
        number = number_of(row.raw or b"")
        made.must(row.state == "done", f"mail {row.id} is {row.state}: {row.last_problem}")
        if number is not None:
            ends[number].append(row.outcome)
            owners[row.id] = number
    for number, one in post.written.items():
        times = sum(bool(_CARRIED_OUT.match(end)) for end in ends[number])
        made.carried_out += times
        made.must(times <= 1, f"no. {number} was carried out {times} times")
        if one.is_answered:
            made.must(times == 1, f"no. {number} was answered 250, and became {ends[number] or 'nothing'}")
    _effects(made, session, post, owners)
    told = {number: sum(end.startswith("repeated: ") for end in found) for number, found in ends.items()}
    return Counter(told)


def _effects(made: Accounts, session: Session, post: Post, owners: dict[int, int]) -> None:
    """What was carried out stands in the audit chain once, its signature is used up, and its alert is there."""
    entries = Counter(
        owners[row.inbox_id or 0]
        for row in session.scalars(select(AuditEntry).where(AuditEntry.action == "mail"))
        if row.inbox_id in owners
    )
    used = Counter(
        owners[row.inbox_id] for row in session.scalars(select(UsedSignature)) if row.inbox_id in owners
    )
    for counted, what in ((entries, "audit entries"), (used, "signatures used")):
        for number, times in counted.items():
            made.must(times == 1, f"no. {number} has {times} {what}")
        made.must(sum(counted.values()) == made.carried_out, f"{sum(counted.values())} {what}")
    alerts = session.scalars(select(Alert)).all()
    wanted = [one for one in post.written.values() if one.wish is Wish.ALERT and entries[one.number]]
    made.must(len(alerts) == len(wanted), f"{len(alerts)} alerts of {len(wanted)} mails")


def _mails_out(made: Accounts, session: Session, town: FaultTown, most_repeats: int) -> None:
    """Each copy was taken by the smarthost; what came twice came under the same Message-ID."""
    secret = bytes.fromhex(facts.get(session, MESSAGE_ID_KEY) or "")
    made_at = {row.id: row.made_at for row in session.scalars(select(Message))}
    expected: dict[str, str] = {}
    for row in session.scalars(select(Delivery)):
        own = message_id(row.id, made_at[row.message_id], secret, town.config.list)
        expected[own] = row.rcpt_to
        made.must(row.state == _TAKEN, f"copy {row.id} is {row.state}: {row.last_status}")
    made.deliveries = len(expected)
    made.must(session.scalar(select(CopiesToCome)) is None, "copies of an alert were never written")
    came = _by_message_id(town)
    for own, rcpt_to in expected.items():
        made.must(own in came, "a copy was marked as taken, and the smarthost has none")
        made.must(all(one.rcpt == rcpt_to for one, _ in came.get(own, ())), "a copy went to somebody else")
    made.must(set(came) <= set(expected), "the smarthost has a mail that no delivery knows")
    made.taken = sum(len(copies) for copies in came.values())
    _repeats(made, came, most_repeats)


def _repeats(made: Accounts, came: dict[str, list[tuple[SunkMail, int]]], most: int) -> None:
    """A copy that comes again was in flight when the life ended in which it came the time before."""
    by_blow: Counter[int] = Counter()
    for copies in came.values():
        by_blow.update(life for _, life in copies[:-1])
    made.repeated = by_blow.total()
    made.most_repeated = max(by_blow.values(), default=0)
    made.must(made.most_repeated <= most, f"{made.most_repeated} repeats after one blow; {most} may be")


def _by_message_id(town: FaultTown) -> dict[str, list[tuple[SunkMail, int]]]:
    came: defaultdict[str, list[tuple[SunkMail, int]]] = defaultdict(list)
    for one, life in zip(town.sink.mails, list(town.sink.remembering.lives), strict=False):
        head: Any = BytesHeaderParser().parsebytes(one.octets.partition(b"\r\n\r\n")[0])
        came[str(head["Message-ID"])].append((one, life))
    return came


def _answers(made: Accounts, town: FaultTown, post: Post, repeats: Counter[int]) -> None:
    """Each mail carried out was answered, and by one answer; one that came again may have been told so."""
    answers: defaultdict[int, set[str]] = defaultdict(set)
    for own, copies in _by_message_id(town).items():
        head: Any = BytesHeaderParser().parsebytes(copies[0][0].octets.partition(b"\r\n\r\n")[0])
        number = number_of(copies[0][0].octets)
        if number is not None and str(head["Subject"]).startswith(("SUCCESS: no.", "WAITING: no.")):
            answers[number].add(own)
    for number, one in post.written.items():
        if one.is_answered:
            made.must(bool(answers[number]), f"no. {number} was never answered")
        most = 1 + repeats[number]
        made.must(len(answers[number]) <= most, f"no. {number} was answered {len(answers[number])} times")


def _store(made: Accounts, session: Session) -> None:
    """The file is sound, and the chain of the audit unbroken."""
    sound = session.scalar(sql("PRAGMA integrity_check"))
    made.must(sound == "ok", f"the database says {sound}")
    broken = audit.verify(session)[1]
    made.must(broken is None, f"the audit chain breaks: {broken}")
    stale = session.scalar(
        sql(
            "SELECT count(*) FROM messages WHERE done_at IS NOT NULL AND (entity NOT NULL OR sealed NOT NULL)"
        )
    )
    made.must(not stale, f"{stale} messages that are done keep their content")
