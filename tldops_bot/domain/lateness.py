"""When a job of the clock is late: it should have been done again long ago."""

from datetime import datetime, timedelta
from typing import Final

GRACE: Final = timedelta(minutes=30)  # a job may take its time, and waits for its turn


def lateness(every: timedelta, done_at: datetime, now: datetime) -> timedelta:
    """How much longer than its interval ago it was done; none when it is in time."""
    return max(timedelta(), now - done_at - every)


def is_late(every: timedelta, done_at: datetime, now: datetime) -> bool:
    """Whether somebody should look: two intervals and some grace have passed."""
    return lateness(every, done_at, now) > every + GRACE
