"""What the year comes to in figures: how true the list stays, how soon anything is noticed, and what it costs in mail."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import mean, median, quantiles

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from benchmarks.year.offices import Officer
from benchmarks.year.registry import Role
from benchmarks.year.world import BEGINS, World
from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.store import people, requests
from tldops_bot.store.database import Session
from tldops_bot.store.tables import CertificateRow, Entry, Person, Request

A_DAY = timedelta(days=1)
A_MONTH = 30 * A_DAY
ROSTERS = frozenset({"jobs/send_roster", "jobs/roster_waiting"})
QUESTIONS = frozenset(
    f"letters/{name}" for name in ("still_right", "still_there", "probe", "key_expires", "mailbox_failed")
)
# In answer to what the reader asked for; everything else is news of others.
OWN = frozenset(
    f"letters/{name}"
    for name in (
        *("prove", "prove_key", "new_address", "leave", "left", "stay", "removal_final", "welcome", "held"),
        *("held_mailbox", "key_registered", "update", "record_changed", "decided", "takes_long", "rejected"),
        *("with_committee", "not_possible", "key_blocked", "emergency", "recovery_waits", "restored"),
    )
) | {"reply", "repeated"}
KINDS = ("rosters", "questions", "news of others", "answers")

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number of mails a month is spread."""

    mean: float
    high: float
    most: float

    @property
    def words(self) -> str:
        return f"mean {self.mean:.2f}, 95 % have at most {self.high:.0f}, most {self.most:.0f}"


def kind_of(template: str) -> str:
    """What a mail is to its reader, in a word."""
    if template in ROSTERS:
        return "rosters"
    if template in QUESTIONS:
        return "questions"
    return "answers" if template in OWN else "news of others"


def spread(numbers: Iterable[float]) -> Spread:
    """Of many; of none, nothing."""
    held = sorted(numbers) or [0.0]
    return Spread(mean(held), held[int(0.95 * (len(held) - 1))], held[-1])


class Measured:
    """All figures of a world that has lived its days."""

    def __init__(self, world: World, coverage: Sequence[tuple[datetime, int, int]]) -> None:
        self.world, self.coverage = world, coverage
        with world.app.database.read() as session:
            self.listed = _listed(session)
            self.keyed = _keyed(session)
            self.joined = list(_joined(session))
            self.open_long = sum(
                world.now - one.asked_at > A_MONTH
                for one in session.scalars(select(Request).where(Request.state.in_(requests.OPEN)))
            )

    # --- mail

    def of_contacts(self, with_key: bool) -> dict[str, Spread]:
        """Mails in a month to each listed contact, month by month of their time in the list, by kind and in all."""
        sent: defaultdict[int, list[tuple[datetime, str]]] = defaultdict(list)
        for one in self.world.delivered:
            if one.person is not None:
                sent[one.person].append((one.at, kind_of(one.template)))
        months = [
            Counter(kind for at, kind in sent[person] if begin <= at < begin + A_MONTH)
            for person, (since, until) in self.listed.items()
            for begin in _months(since, min(until, self.world.now))
            if (self.keyed.get(person, self.world.now) <= begin) is with_key
        ]
        found = {kind: spread(month[kind] for month in months) for kind in KINDS}
        found["without rosters and answers"] = spread(
            month["questions"] + month["news of others"] for month in months
        )
        return found | {"in all": spread(month.total() for month in months)}

    def of_boxes(self, kind: type, without: frozenset[str] = frozenset()) -> Spread:
        """Mails in a month to each mailbox of a kind, in every month of the year."""
        boxes = {key for key, one in self.world.boxes.items() if type(one) is kind}
        sent: Counter[tuple[str, int]] = Counter()
        for one in self.world.delivered:
            if one.address in boxes and one.template not in without:
                sent[one.address, self._month(one.at)] += 1
        months = range(self._month(self.world.now - A_DAY) + 1)
        return spread(sent[box, month] for box in boxes for month in months)

    def _month(self, at: datetime) -> int:
        return (at - BEGINS) // A_MONTH

    # --- how true

    def unnoticed(self, how: str) -> tuple[list[float], list[float]]:
        """Days until somebody unreachable was noticed; and for how long those are gone who are not noticed yet."""
        mine = [one for one in self.world.gone if one.how == how]
        noticed = [(one.noticed_at - one.at) / A_DAY for one in mine if one.noticed_at is not None]
        return noticed, [(self.world.now - one.at) / A_DAY for one in mine if one.noticed_at is None]

    def confirmed(self) -> tuple[int, int, int]:
        """TLDs with a contact who confirmed in the last 200 days, TLDs with a contact, TLDs."""
        with self.world.app.database.read() as session:
            return confirmed_tlds(session, self.world.now, self.world.records)

    def rows(self) -> Iterator[Row]:
        """Each figure as a line."""
        fresh, covered, total = self.confirmed()
        yield "TLDs with a contact", f"{covered} of {total} ({covered / total:.0%})"
        yield "of these, confirmed within 200 days", f"{fresh} ({fresh / max(covered, 1):.1%})"
        yield "from request to listed", _days(self.joined)
        for how in ("mailbox dead", "nobody reads it", "silent"):
            noticed, waiting = self.unnoticed(how)
            rest = f"; {len(waiting)} not yet, for at most {max(waiting):.0f} days" if waiting else ""
            yield f"until noticed: {how}", _days(noticed) + rest
        for name, with_key in (("member", True), ("contact without a key", False)):
            for kind, found in self.of_contacts(with_key).items():
                yield f"mails a month to a {name}: {kind}", found.words
        yield "mails a month to an IANA address", self.of_boxes(Role).words
        yield "the same, without answers", self.of_boxes(Role, OWN).words
        yield "mails a month to a committee member, without rosters", self.of_boxes(Officer, ROSTERS).words
        yield "requests open for more than 30 days", str(self.open_long)

    def table(self, console: Console) -> None:
        """All of it, with the coverage of each month."""
        made = Table(title="A year of the list", title_justify="left", box=SIMPLE)
        made.add_column("what")
        made.add_column("figure")
        for what, figure in self.rows():
            made.add_row(what, figure)
        for at, fresh, covered in self.coverage:
            made.add_row(
                f"on {at:%Y-%m-%d}", f"{covered} TLDs with a contact, {fresh} confirmed within 200 days"
            )
        console.print(made)


def confirmed_tlds(session: Session, now: datetime, tlds: Iterable[str]) -> tuple[int, int, int]:
    """How many have a contact who confirmed lately, how many have one at all, how many there are."""
    query = select(Entry.tld, Person.confirmed_at).join(Person).where(Entry.state == people.LISTED)
    held: defaultdict[str, list[datetime | None]] = defaultdict(list)
    for tld, confirmed_at in session.execute(query):
        held[tld].append(confirmed_at)
    wanted = list(tlds)
    fresh = sum(any(at is not None and now - at <= FRESH_FOR for at in held[tld]) for tld in wanted)
    return fresh, sum(bool(held[tld]) for tld in wanted), len(wanted)


def note_gone(world: World) -> None:
    """Who of those who are gone is marked by now, or no longer listed."""
    waiting = [one for one in world.gone if one.noticed_at is None]
    if not waiting:
        return
    with world.app.database.read() as session:
        keys = [one.address for one in waiting]
        held = {
            one.email_key: one for one in session.scalars(select(Person).where(Person.email_key.in_(keys)))
        }
        for one in waiting:
            who = held.get(one.address)
            if who is None or not any(entry.state == people.LISTED for entry in who.entries):
                one.noticed_at, one.by = world.now, "somebody"
            elif who.stale_at is not None or who.mailbox_failed_at is not None:
                one.noticed_at, one.by = world.now, "the program"


def _listed(session: Session) -> Mapping[int, tuple[datetime, datetime]]:
    """From when to when each person was a contact."""
    found: dict[int, tuple[datetime, datetime]] = {}
    for entry in session.scalars(select(Entry)):
        until = entry.left_at or datetime.max.replace(tzinfo=entry.since_at.tzinfo)
        since, last = found.get(entry.person_id, (entry.since_at, until))
        found[entry.person_id] = (min(since, entry.since_at), max(last, until))
    return found


def _keyed(session: Session) -> Mapping[int, datetime]:
    """Since when each person has a key."""
    found: dict[int, datetime] = {}
    for row in session.scalars(select(CertificateRow).where(CertificateRow.person_id.is_not(None))):
        held = row.person_id or 0
        found[held] = min(row.held_since, found.get(held, row.held_since))
    return found


def _joined(session: Session) -> Iterator[float]:
    query = select(Request.asked_at, Entry.since_at).join(Entry, Entry.request_id == Request.id)
    yield from ((since - asked) / A_DAY for asked, since in session.execute(query))


def _months(since: datetime, until: datetime) -> Iterator[datetime]:
    begin = since
    while begin + A_MONTH <= until:
        yield begin
        begin += A_MONTH


def _days(numbers: Sequence[float]) -> str:
    if len(numbers) < 2:
        return f"{len(numbers)} cases"
    high = quantiles(numbers, n=20, method="inclusive")[-1]  # of few cases, never more than the most
    return (
        f"median {median(numbers):.1f} days, 95 % {high:.1f}, most {max(numbers):.1f} ({len(numbers)} cases)"
    )
