"""How far an alert got, TLD by TLD, and when its reach is reported: after 5 minutes, an hour and a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

REPORTED_AFTER = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=24))
SEEN, CALLED, REACHED, WAITING, FAILED = "seen", "called", "reached", "waiting", "failed"
SIGNED = "signed"  # of who has seen it: said so with their key, not by a word that can be read on the way
BEST_FIRST = (SEEN, CALLED, REACHED, WAITING, FAILED)


@dataclass(frozen=True, slots=True)
class Reach:
    """What became of an alert for one person: seen, reached, waiting, or failed and why, in our own words."""

    person_id: int
    state: str
    why: str = ""
    words: str = ""
    seen_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What came of phoning a TLD."""

    tld: str
    reached: bool
    by: str
    at: datetime
    words: str = ""


@dataclass(frozen=True, slots=True)
class TldReach:
    """The best that any contact of a TLD got, and, if none got it, why."""

    tld: str
    state: str
    why: str = ""
    people: tuple[int, ...] = ()
    calls: tuple[Call, ...] = ()
    seen_after: timedelta | None = None

    @property
    def is_to_be_called(self) -> bool:
        """Whether nobody there has said that they know."""
        return self.state not in (SEEN, CALLED)


def by_tld(
    reach: Iterable[Reach], tlds_of: Mapping[int, Sequence[str]], calls: Sequence[Call] = ()
) -> list[TldReach]:
    """Each TLD with the best that any of its contacts got; being reached by phone beats the mail server."""
    found: dict[str, list[Reach]] = {}
    for one in reach:
        for tld in tlds_of.get(one.person_id, ()):
            found.setdefault(tld, []).append(one)
    return [_tld_reach(tld, found[tld], [one for one in calls if one.tld == tld]) for tld in sorted(found)]


def _tld_reach(tld: str, reach: Sequence[Reach], calls: Sequence[Call]) -> TldReach:
    best = min(reach, key=lambda one: BEST_FIRST.index(one.state))
    state = best.state
    if state != SEEN and calls and calls[-1].reached:
        state = CALLED
    why = ", ".join(sorted({one.why for one in reach if one.why})) if state == FAILED else ""
    times = [one.seen_after for one in reach if one.seen_after is not None]
    people = tuple(one.person_id for one in reach)
    return TldReach(tld, state, why, people, tuple(calls), min(times, default=None))


@dataclass(frozen=True, slots=True)
class Response:
    """How quickly TLDs said that they know: half within `median`, nine of ten within `ninety`; None where too few did."""

    tlds: int
    answered: int
    median: timedelta | None
    ninety: timedelta | None

    @property
    def never(self) -> int:
        return self.tlds - self.answered


def response(lines: Sequence[TldReach]) -> Response:
    """Shares of all TLDs, including those that never answered: half of all, not half of the quick ones."""
    times = sorted(one.seen_after for one in lines if one.seen_after is not None)

    def within(percent: int) -> timedelta | None:
        needed = -(-len(lines) * percent // 100)
        return times[needed - 1] if 0 < needed <= len(times) else None

    return Response(len(lines), len(times), within(50), within(90))


def due_report(posted_at: datetime, reported: int, now: datetime) -> int:
    """Which report is due: its number from 1, or 0. After a standstill, only the latest."""
    due = sum(posted_at + after <= now for after in REPORTED_AFTER)
    return due if due > reported else 0


def shares(among: int, lines: Sequence[TldReach]) -> list[list[TldReach]]:
    """The TLDs to be called, dealt out evenly, so that nobody is called twice and nobody is forgotten."""
    if not among:
        return []
    return [list(lines[first::among]) for first in range(among)]
