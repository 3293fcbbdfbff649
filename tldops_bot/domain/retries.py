"""When a delivery that was put off is tried again (RFC 5321 section 4.5.4.1): sooner for alerts."""

from datetime import datetime, timedelta

URGENT_SECONDS = (5, 15, 30, 60, 120, 300, 600, 1200, 2400, 3600)
NORMAL_SECONDS = (60, 300, 900, 1800, 3600, 7200, 14400)
SPREAD = 0.2  # a delay is lengthened by up to this share, so that a thousand deliveries don't return at once


def next_attempt(attempts: int, now: datetime, urgent: bool, jitter: float) -> datetime:
    """The time of the attempt after `attempts` failed ones (at least 1); `jitter` is random, in [0, 1].

    Alerts: 5 s, 15 s, 30 s … and from then on every hour; other mail: 1 min … and every 4 hours.
    """
    if attempts < 1 or not 0.0 <= jitter <= 1.0:
        raise ValueError("attempts counts from 1, and jitter lies between 0 and 1")
    steps = URGENT_SECONDS if urgent else NORMAL_SECONDS
    delay = steps[min(attempts, len(steps)) - 1]
    return now + timedelta(seconds=delay * (1.0 + SPREAD * jitter))
