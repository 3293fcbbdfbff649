import logging
import threading
import time
from datetime import datetime, timedelta, tzinfo
from typing import Self

import apscheduler.schedulers.base
import pytest

from tldops_bot.adapters import apscheduler_ticks
from tldops_bot.adapters.apscheduler_ticks import Ticks


class Calls:
    """Counts its calls; can be told to take a while, or to break."""

    def __init__(self, seconds: float = 0.0, breaks: bool = False) -> None:
        self.count = self.at_once = self.most_at_once = 0
        self._seconds, self._breaks = seconds, breaks
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.count += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self._changed.notify_all()
        time.sleep(self._seconds)
        with self._changed:
            self.at_once -= 1
        if self._breaks:
            raise LookupError("ann@nic.example")

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= count, timeout=60)


def test_everything_is_called_at_once_on_start_and_then_at_its_interval() -> None:
    often, rarely = Calls(), Calls()
    ticks = Ticks({"often": (timedelta(seconds=0.1), often), "rarely": (timedelta(days=1), rarely)})
    ticks.start()
    often.wait_for(3)
    rarely.wait_for(1)
    ticks.stop()
    assert rarely.count == 1


def test_a_slow_job_is_never_called_twice_at_a_time_and_stop_waits_for_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow = Calls(seconds=0.3)
    ticks = Ticks({"slow": (timedelta(seconds=0.05), slow)})
    ticks.start()
    slow.wait_for(2)
    ticks.stop()
    assert slow.most_at_once == 1
    assert slow.at_once == 0
    assert caplog.text == ""  # ticks that came meanwhile are no news


def test_a_job_that_breaks_is_called_again_and_its_words_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, told = Calls(breaks=True), list[str]()
    ticks = Ticks({"broken": (timedelta(seconds=0.05), broken)}, on_broken=told.append)
    with caplog.at_level(logging.DEBUG):
        ticks.start()
        broken.wait_for(2)
        ticks.stop()
    assert "job broken broke: LookupError" in caplog.text
    assert "ann@nic.example" not in caplog.text
    assert set(told) == {"broken"}


def test_a_late_tick_is_not_dropped() -> None:
    blocker, late = Calls(seconds=1.5), Calls()
    ticks = Ticks({"blocker": (timedelta(days=1), blocker), "late": (timedelta(days=1), late)}, threads=1)
    ticks.start()
    late.wait_for(1)  # more than a second after its time, APScheduler's own limit
    ticks.stop()
    assert (blocker.count, late.count) == (1, 1)


def test_a_clock_that_is_set_back_silences_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    set_back = [timedelta(0)]

    class MachinesClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) - set_back[0]

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", MachinesClock)
    monkeypatch.setattr(apscheduler_ticks, "datetime", MachinesClock)
    often, rarely = Calls(), Calls()
    ticks = Ticks({"often": (timedelta(seconds=0.05), often), "rarely": (timedelta(days=1), rarely)})
    ticks.start()
    often.wait_for(2)
    set_back[0] = timedelta(hours=2)
    often.wait_for(often.count + 3)
    rarely.wait_for(2)  # once more, since it can't be known when it was called
    ticks.stop()
    assert rarely.count == 2


def test_stopping_what_was_never_started_does_nothing() -> None:
    never = Calls()
    Ticks({"never": (timedelta(seconds=0.05), never)}).stop()
    assert never.count == 0
