"""Makes the wake-up calls that are waiting: a thread per gateway, so that nothing waits for a slow one."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from tldops_bot.commands._waking import TEXTS, word_failed
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.wake import NO_ANSWER
from tldops_bot.store import wakes
from tldops_bot.store.database import Database, Session, Urgency
from tldops_bot.store.tables import Person
from tldops_bot.store.wakes import Call

TOGETHER = 8
POLL_SECONDS = 5.0
LEASE = timedelta(minutes=2)

log = logging.getLogger(__name__)


class Sender(Protocol):
    """What makes the calls; for each "" or why not."""

    def send(self, gateway: str, calls: Sequence[tuple[str, str]]) -> list[str]: ...


class WakeDelivery:
    """Claims calls, makes them while no transaction is open, and marks what came of them."""

    def __init__(
        self,
        database: Database,
        sender: Sender,
        gateways: Sequence[str],
        per_minute: int,
        render: Callable[[str, Mapping[str, Any], str], str],
        post: Callable[[Session, Sequence[Letter], datetime], None],
        now: Callable[[], datetime],
        random: Callable[[int], bytes],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._sender, self._per_minute = database, sender, per_minute
        self._render, self._post = render, post
        self._now, self._random, self._after = now, random, after
        self._is_stopping = threading.Event()
        self._due = {name: threading.Event() for name in gateways}
        self._threads = [
            threading.Thread(target=self._work, args=(name,), name=f"wake-{name}", daemon=True)
            for name in gateways
        ]

    def start(self) -> None:
        """Begin; what waits since the last run is looked at first."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """There may be something to do. From any thread."""
        for due in self._due.values():
            due.set()

    def stop(self, within_seconds: float) -> None:
        """Make no new calls. Those in hand get a moment; what is unknown then is retried after its lease."""
        self._is_stopping.set()
        self.wake()
        for thread in self._threads:
            if thread.ident is not None:  # else it was never started
                thread.join(within_seconds / len(self._threads))

    def run_once(self, gateway: str) -> bool:
        """Make the next few calls of one gateway; whether to look for more at once."""
        now = self._now()
        with self._database.read() as session:
            if not wakes.is_anything_due(session, gateway, now):
                return False
        with self._database.write(Urgency.DELIVERY) as session:
            token = self._random(8).hex()
            calls = wakes.claim(session, gateway, now, TOGETHER, now + LEASE, token, self._per_minute)
        if not calls:
            return False
        results = self._sender.send(gateway, [(one.target, self._words(one)) for one in calls])
        with self._database.write(Urgency.DELIVERY) as session:
            for call, problem in zip(calls, results, strict=True):
                self._mark(session, call, problem)
        taken = results.count("")
        log.info("gateway %s: %d woken, %d not", gateway, taken, len(results) - taken)
        self._after()
        return set(results) != {NO_ANSWER}

    def _words(self, call: Call) -> str:
        values = {"id": call.alert_id or "", "is_exercise": call.kind == wakes.EXERCISE, "token": call.words}
        return self._render(TEXTS[call.kind], values, call.language)

    def _mark(self, session: Session, call: Call, problem: str) -> None:
        state = wakes.mark(session, call, problem, self._now())
        person = session.get(Person, call.person_id)
        if state == wakes.FAILED and call.kind == wakes.TOKEN and person is not None:
            self._post(session, [word_failed(person, call.gateway)], self._now())

    def _work(self, gateway: str) -> None:
        due = self._due[gateway]
        while not self._is_stopping.is_set():
            try:
                is_more = self.run_once(gateway)
            except Exception as problem:  # noqa: BLE001  whatever breaks, later calls are made; its words stay here
                log.error("gateway %s: %s", gateway, type(problem).__name__)
                is_more = False
            if not is_more:
                due.wait(POLL_SECONDS)
                due.clear()
