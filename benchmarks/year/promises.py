"""What must hold on every day of the year, whatever people do; each is a sentence that says who or what breaks it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func, select

from benchmarks.year.world import World
from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.store import audit, people, requests
from tldops_bot.store.columns import Base
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Delivery, Entry, InboxRow, Person, Request, Token

A_DAY = timedelta(days=1)
SEATS = 3
OPEN = (requests.PROVING, requests.VOUCHING, requests.COMMITTEE, requests.WAITING)
PASSING = ("inbox", "messages", "deliveries", "audit", "job_runs")  # rows that show that somebody has looked
GOODBYES = (
    "letters/left",
    "letters/removal_final",
    "letters/replaced",
    "letters/rejected",
    "letters/forgotten",
)


class Promises:
    """Looks at the store once a day."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.broken: list[str] = []
        self._left: set[int] = set()

    def look(self) -> None:
        """Note what is broken today, each thing once."""
        now = self.world.now
        with self.world.app.database.read() as session:
            found = [
                *_stuck_requests(session, now),
                *self._silently_dropped(session),
                *_seats(session),
                *_tokens(session, now),
                *_mail(session, now),
                *_suspended(session),
                *_nobody_asks(session, now),
            ]
        self.broken += [one for one in found if one not in self.broken]

    def look_twice(self) -> None:
        """The jobs have just run: to run them again must change nothing."""
        before = self._rows()
        made = self.world.run_jobs()
        after = self._rows()
        changed = [name for name in before if before[name] != after[name]]
        if made or changed:
            self.broken.append(
                f"{self.world.now:%Y-%m-%d}: jobs run twice made {made} letters, changed {changed}"
            )

    def at_the_end(self) -> None:
        """The chain of the audit, from the first day."""
        with self.world.app.database.read() as session:
            count, tampered = audit.verify(session)
        if tampered is not None or not count:
            self.broken.append(f"audit: {count} entries, broken at {tampered}")

    def _rows(self) -> dict[str, int]:
        """A digest of every table whose rows mean something."""
        with self.world.app.database.read() as session:
            tables = [one for one in Base.metadata.sorted_tables if one.name not in PASSING]
            return {
                one.name: hash(tuple(tuple(map(repr, row)) for row in session.execute(select(one))))
                for one in tables
            }

    def _silently_dropped(self, session: Session) -> Iterator[str]:
        """Each entry that ended today: the person was told, and somebody else."""
        for entry in session.scalars(select(Entry).where(Entry.state == people.LEFT)):
            if entry.id in self._left:
                continue
            self._left.add(entry.id)
            own = {one.email_key for one in (entry.person,)} | {entry.person.emergency_email}
            told = [one for one in self.world.post.intake.posted if one.at == entry.left_at]
            if not any(one.template in GOODBYES and own & set(one.to) for one in told):
                yield f"entry {entry.id} ended without a word to the person"
            if not any(one.template == "letters/someone_left" and set(one.to) - own for one in told):
                yield f"entry {entry.id} ended without a word to anybody else"


def _stuck_requests(session: Session, now: datetime) -> Iterator[str]:
    """An open request has a next date: its own end, or the next reminder of the committee."""
    for one in session.scalars(select(Request).where(Request.state.in_(OPEN))):
        due = one.expires_at
        if one.state == requests.COMMITTEE:
            last = one.details.get("committee_reminded_at") or one.details.get("committee_at")
            due = (datetime.fromisoformat(last) if last else one.asked_at) + 8 * A_DAY
        if due < now - A_DAY:
            yield f"request {one.id} ({one.kind}) is {one.state} since {due:%Y-%m-%d}"


def _seats(session: Session) -> Iterator[str]:
    query = select(Entry.tld, func.count()).where(Entry.state == people.LISTED).group_by(Entry.tld)
    for tld, number in session.execute(query):
        if number > SEATS:
            yield f".{tld} has {number} contacts"


def _tokens(session: Session, now: datetime) -> Iterator[str]:
    """All end, and none is kept for ever."""
    longest, oldest = timedelta(days=100), now - timedelta(days=200)
    for one in session.scalars(select(Token)):
        if one.expires_at - one.made_at > longest or one.made_at < oldest:
            yield f"token {one.id} ({one.purpose}) of {one.made_at:%Y-%m-%d} is kept until {one.expires_at:%Y-%m-%d}"


def _mail(session: Session, now: datetime) -> Iterator[str]:
    stays = select(Delivery.id).where(
        Delivery.state.in_(("waiting", "sending")), Delivery.next_attempt_at < now - A_DAY
    )
    yield from (f"delivery {number} waits" for number in session.scalars(stays))
    undone = select(InboxRow.id).where(InboxRow.state != "done")
    yield from (f"mail {number} is not carried out" for number in session.scalars(undone))


def _suspended(session: Session) -> Iterator[str]:
    """Out of service for a time: there is an end, or the committee is asked."""
    for one in session.scalars(select(Entry).where(Entry.state == people.SUSPENDED)):
        asked = select(Request.id).where(
            Request.kind == "objection",
            Request.person_id == one.person_id,
            Request.tld == one.tld,
            Request.state == requests.COMMITTEE,
        )
        if one.final_at is None and session.scalar(asked) is None:
            yield f"entry {one.id} is suspended, and nobody is to decide"


def _nobody_asks(session: Session, now: datetime) -> Iterator[str]:
    """A contact has confirmed lately, or is being asked."""
    listed = select(Person).where(Person.entries.any(Entry.state == people.LISTED))
    for one in session.scalars(listed):
        last = max(moment for moment in (one.confirmed_at, one.created_at) if moment is not None)
        is_asked = one.asked_at is not None and now - one.asked_at <= 31 * A_DAY
        if now - last > FRESH_FOR and not is_asked:
            yield f"person {one.id} has not confirmed since {last:%Y-%m-%d}, and is not asked"
