"""What is counted of the list each day, and how a series of days is thinned to weeks or months."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tldops_bot.domain.roster import Coverage, Share


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of one day (UTC), none of which is about a TLD or a person."""

    day: date
    cctlds: int
    covered: int
    confirmed: int
    idn_cctlds: int
    idn_covered: int
    contacts: int
    with_key: int
    stale: int

    @property
    def coverage(self) -> Share:
        """ccTLDs with a contact."""
        return Share(self.covered, self.cctlds)

    @property
    def confirmation(self) -> Share:
        """ccTLDs with a contact who confirmed their entry lately."""
        return Share(self.confirmed, self.cctlds)


def figures_of(day: date, coverage: Coverage) -> Figures:
    """What is kept about a day."""
    return Figures(
        day=day,
        cctlds=coverage.cctlds.total,
        covered=coverage.cctlds.covered,
        confirmed=coverage.confirmed.covered,
        idn_cctlds=coverage.idn_cctlds.total,
        idn_covered=coverage.idn_cctlds.covered,
        contacts=coverage.contacts,
        with_key=coverage.with_key,
        stale=coverage.stale,
    )


def weekly(days: Iterable[Figures]) -> tuple[Figures, ...]:
    """The last day on record of each week (ISO 8601), oldest first."""
    return tuple({one.day.isocalendar()[:2]: one for one in _in_order(days)}.values())


def monthly(days: Iterable[Figures]) -> tuple[Figures, ...]:
    """The last day on record of each month, oldest first."""
    return tuple({(one.day.year, one.day.month): one for one in _in_order(days)}.values())


def _in_order(days: Iterable[Figures]) -> list[Figures]:
    return sorted(days, key=lambda one: one.day)
