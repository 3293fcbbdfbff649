"""The clock: calls each function at its interval, in threads of APScheduler. It knows no job.

A tick only says "look whether something is due", so a late, doubled or lost one does no harm.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

_log = logging.getLogger(__name__)

_MISFIRE_GRACE = timedelta(days=7)  # by default one second, and later ticks are dropped
_THREADS = 4
_SET_BACK_SECONDS = 1.0


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]  # it has no types
    """Goes on when the machine's clock is set back, where APScheduler waits until it shows the old time again."""

    _ahead = float("-inf")  # the machine's clock, of one that only runs forward

    def _process_jobs(self) -> float | None:
        now = datetime.now(UTC)
        ahead = now.timestamp() - time.monotonic()
        if ahead < self._ahead - _SET_BACK_SECONDS:
            _log.warning("the clock was set back by %.0f s", self._ahead - ahead)
            for one in self.get_jobs():
                one.modify(next_run_time=now)
        self._ahead = ahead
        wait_seconds: float | None = super()._process_jobs()
        return wait_seconds


class Ticks:
    """Calls functions at intervals: once at the start, then every so often, never two at a time."""

    def __init__(
        self,
        calls: Mapping[str, tuple[timedelta, Callable[[], object]]],
        threads: int = _THREADS,
        on_broken: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads)},
            job_defaults={
                "misfire_grace_time": int(_MISFIRE_GRACE.total_seconds()),
                "coalesce": True,
                "max_instances": 1,
            },
        )
        self._scheduler.add_listener(self._say_what_broke, EVENT_JOB_ERROR)
        self._calls, self._on_broken = calls, on_broken

    def start(self) -> None:
        """Begin; everything is called at once, since something may have become due while we were away."""
        # The executor would log exceptions with all their words, and those may hold somebody's address.
        logging.getLogger("apscheduler.executors.default").disabled = True
        # The scheduler would warn of each tick that finds the last one still at work; the next one comes anyway.
        logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
        for name, (every, call) in self._calls.items():
            now = datetime.now(UTC)
            trigger = IntervalTrigger(seconds=every.total_seconds(), start_date=now, timezone=UTC)
            self._scheduler.add_job(call, trigger, id=name, name=name, next_run_time=now)
        self._scheduler.start()

    def stop(self) -> None:
        """Call nothing more, and wait for what is running."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _say_what_broke(self, event: JobExecutionEvent) -> None:
        _log.error("job %s broke: %s", event.job_id, type(event.exception).__name__)
        self._on_broken(str(event.job_id))
