from datetime import date, timedelta

from tests.rosters import ANN, BOB, roster
from tldops_bot.domain.figures import Figures, figures_of, monthly, weekly
from tldops_bot.domain.roster import Share


def on(day: date, covered: int = 1) -> Figures:
    return Figures(day, 4, covered, 0, 1, 0, 1, 1, 0)


def test_a_day_s_figures_are_counts_and_no_names() -> None:
    day = date(2026, 3, 1)
    assert figures_of(day, roster(ANN, BOB).coverage) == Figures(day, 4, 2, 1, 1, 1, 2, 1, 1)


def test_shares_of_a_day() -> None:
    one = Figures(date(2026, 3, 1), 4, 2, 1, 1, 1, 2, 1, 1)
    assert (one.coverage, one.confirmation) == (Share(2, 4), Share(1, 4))


def test_of_a_week_and_of_a_month_the_last_day_counts() -> None:
    first = date(2026, 1, 1)  # a Thursday
    days = [on(first + timedelta(days=number), number) for number in range(60)]
    assert [one.day.isoformat() for one in weekly(reversed(days))][:2] == ["2026-01-04", "2026-01-11"]
    assert [one.day.isoformat() for one in monthly(days)] == ["2026-01-31", "2026-02-28", "2026-03-01"]
    assert weekly(days)[-1] == days[-1]
    assert weekly([]) == monthly([]) == ()


def test_a_week_around_new_year_is_one_week() -> None:
    assert len(weekly([on(date(2025, 12, 31)), on(date(2026, 1, 1))])) == 1
