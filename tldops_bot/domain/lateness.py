"""When a job of the clock is late: it should have run again long ago."""

from datetime import datetime, timedelta
from typing import Final

GRACE: Final = timedelta(minutes=30)  # a job may take a while, and waits for its turn


def lateness(every: timedelta, done_at: datetime, now: datetime) -> timedelta:
    """By how much a job is overdue; zero if it is in time."""
    return max(timedelta(), now - done_at - every)


def is_late(every: timedelta, done_at: datetime, now: datetime) -> bool:
    """Whether somebody should have a look: two intervals and some grace have passed."""
    return lateness(every, done_at, now) > every + GRACE
