"""When to tell the owner of a key that it is about to expire: a ladder of days."""

from datetime import datetime, timedelta

RUNGS = (60, 30, 14, 7, 1)  # days ahead
NOT_TOLD = 0
EXPIRED = -1


def rung(expires_at: datetime | None, now: datetime, last_rung: int) -> int | None:
    """The warning to be sent now, or None: days ahead out of RUNGS, or EXPIRED.

    Each is sent once; skipped ones are not made up for. A rung that is not the one told last has been reached
    by time or by a renewal that was too short, and both are worth a letter.
    """
    reached = reached_rung(expires_at, now)
    return reached if reached not in (NOT_TOLD, last_rung) else None


def reached_rung(expires_at: datetime | None, now: datetime) -> int:
    """The rung a key has reached: NOT_TOLD while more time than the first rung is left."""
    if expires_at is None:
        return NOT_TOLD
    left = expires_at - now
    if left <= timedelta(0):
        return EXPIRED
    return min((days for days in RUNGS if left <= timedelta(days=days)), default=NOT_TOLD)
