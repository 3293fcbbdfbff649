"""Brings mail from the outbox to the smarthost: when to claim, how much, when to write down the outcome.

Claims and marks are made together, in one transaction a turn. What is in flight stays below a limit, part of
which is kept for alerts, so that a new one never waits for other mail to finish.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from tldops_bot.adapters.outbox_aftermath import Aftermath
from tldops_bot.adapters.outbox_exchange import Exchange, Room, Taken
from tldops_bot.adapters.outbox_leases import LEASE, Leases
from tldops_bot.adapters.outbox_sealing import Copy, Encrypter, Sealing, Secrets, Sheet, Signer
from tldops_bot.adapters.outbox_stages import Result, Stages, Transport
from tldops_bot.config.settings import ListSettings
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import WAITING, Claimed, Mark, StoreBusy

IN_FLIGHT_PER_CONNECTION = 16
KEPT_FOR_ALERTS = 0.25  # of what may be in flight
TICK_SECONDS = 1.0
BREATH_SECONDS = 0.05  # from a turn until the next look for what is new: so answers go together
MARK_SECONDS = 0.2  # from a result until it is written down, unless a turn comes sooner
MOST_MARKS = 200
SAID_AGAIN_SECONDS = 60.0  # from one line about a store that can't be written to to the next

log = logging.getLogger(__name__)


def uncounted(_kind: str, _state: str) -> None:
    """For when nobody counts how copies end."""


class Delivery:
    """The loop. `run` it as a task; `wake` it, from any thread, after something was enqueued; `stop` it."""

    def __init__(
        self,
        database: Database,
        settings: ListSettings,
        signer: Signer,
        encrypter: Encrypter,
        transport: Transport,
        *,
        connections: int,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        random_octets: Callable[[int], bytes],
        on_keyless: Aftermath,
        on_too_large: Aftermath,
        lease: timedelta = LEASE,
        counted: Callable[[str, str], None] = uncounted,
    ) -> None:
        """`on_keyless`: for want of a key an alert is held, or a roster missed. `on_too_large`: refused for size."""
        self._counted = counted
        self._connections = connections
        self._window = connections * IN_FLIGHT_PER_CONNECTION
        self._sealing = Sealing(settings, signer, encrypter, Secrets((b"",), b""))
        self._stages = Stages(self._sealing, transport, self._finish, now, jitter, self._is_ours)
        self._leases = Leases(lease, now, random_octets(8).hex())
        self._exchange = Exchange(
            database, self._sealing, self._leases, now, random_octets, on_keyless, on_too_large
        )
        self._in_flight: dict[int, Claimed] = {}  # claimed and not yet marked
        self._unfinished = 0  # of these, without a result
        self._results: list[Result] = []
        self._sheets: dict[int, Sheet] = {}
        self._is_more_due = False
        self._turned_at = 0.0  # when the last turn began, by the loop's clock
        self._quiet_until = 0.0  # about a store that can't be written to
        self._look: asyncio.TimerHandle | None = None  # for what `wake` was called
        self._marking: asyncio.TimerHandle | None = None  # of what is finished
        self._is_turning = False
        self._stop_at: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due = asyncio.Event()
        self._over = asyncio.Event()

    def wake(self) -> None:
        """Something new is in the outbox. From any thread, at any time.

        Where a look is to come already, its transaction begins later than what is new was committed.
        """
        if self._look is None and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._look_soon)

    async def stop(self, grace: float = 10.0) -> None:
        """Claim no more, finish what is in flight for up to `grace` seconds, give the rest back."""
        if self._loop is None:
            return
        self._stop_at = self._loop.time() + grace
        self._due.set()
        await self._over.wait()

    async def run(self) -> None:
        """Deliver until `stop`. May raise StoreBusy at the start; what it raises later is a bug."""
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._exchange.begin)
            self._due.set()
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(one) for one in self._stages.workers(self._connections)]
                while not self._is_over():
                    await self._turn(is_woken=await self._wait())
                for worker in workers:
                    worker.cancel()
            await self._give_back()
        finally:
            self._over.set()

    # --- when

    def _is_over(self) -> bool:
        if self._stop_at is None or self._loop is None:
            return False
        return not self._in_flight or self._loop.time() >= self._stop_at

    def _look_soon(self) -> None:
        """Have a turn, but not right after the last one: each costs a transaction."""
        assert self._loop is not None
        if self._look is None:
            self._look = self._loop.call_at(self._turned_at + BREATH_SECONDS, self._look_now)

    def _look_now(self) -> None:
        self._look = None
        self._due.set()

    async def _wait(self) -> bool:
        """Until there is something to do, but not for ever; whether there is."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._due.wait(), TICK_SECONDS)
        is_woken = self._due.is_set()
        self._due.clear()
        return is_woken

    def _finish(self, result: Result) -> None:
        """A copy is finished; that is written down soon, together with others."""
        assert self._loop is not None
        self._unfinished -= 1
        self._results.append(result)
        self._counted(self._sheets[result.mark.delivery.message_id].message.kind.value, result.mark.state)
        if self._runs_dry() or len(self._results) >= MOST_MARKS or self._stop_at is not None:
            self._due.set()
        elif self._marking is None:
            self._marking = self._loop.call_later(MARK_SECONDS, self._due.set)

    def _runs_dry(self) -> bool:
        """More is known to be due, and half of what may be in flight is not used. Judged between turns."""
        return not self._is_turning and self._is_more_due and self._unfinished <= self._window // 2

    def _room(self) -> Room:
        if self._stop_at is not None or self._stages.pause.is_on:
            return Room(0, 0)
        free = self._window - self._unfinished
        if self._stages.pause.troubles:  # one goes ahead and looks
            return Room(1, 1) if not self._unfinished else Room(0, 0)
        return Room(free, max(0, free - int(self._window * KEPT_FOR_ALERTS)))

    # --- one turn

    async def _turn(self, is_woken: bool) -> None:
        assert self._loop is not None
        self._turned_at = self._loop.time()
        if self._marking is not None:
            self._marking.cancel()
            self._marking = None
        results, self._results = self._results, []
        signed, self._stages.newly_signed = self._stages.newly_signed, []
        room, leases = self._room(), self._look_at_leases()
        known = {number: sheet.message for number, sheet in self._sheets.items()}
        self._is_turning = True
        try:
            taken = await asyncio.to_thread(
                self._exchange.turn, results, signed, room, leases, known, is_woken
            )
        except StoreBusy:
            if self._loop.time() >= self._quiet_until:
                self._quiet_until = self._loop.time() + SAID_AGAIN_SECONDS
                log.warning("the store can't be written to just now")
            self._leases.turn_failed()
            self._results[:0] = results
            self._stages.newly_signed[:0] = signed
            await asyncio.sleep(TICK_SECONDS)
            return
        finally:
            self._is_turning = False
        self._leases.take(taken.renewed)
        for result in results:
            del self._in_flight[result.mark.delivery.id]
        if room.alerts:
            self._is_more_due = taken.is_more_due
        self._admit(taken)
        if self._runs_dry() and room.alerts:
            self._due.set()

    def _admit(self, taken: Taken) -> None:
        self._in_flight |= {one.id: one for one in taken.claimed}
        self._unfinished += len(taken.claimed)
        in_use = {one.message_id for one in self._in_flight.values()}
        self._sheets = {number: sheet for number, sheet in self._sheets.items() if number in in_use}
        copies: defaultdict[int, list[Copy]] = defaultdict(list)
        for one in taken.claimed:
            sheet = self._sheets.get(one.message_id)
            if sheet is None:
                sheet = self._sheets[one.message_id] = self._sealing.sheet(taken.messages[one.message_id])
            copies[one.message_id].append(Copy(one, taken.addressees[one.id], sheet))
        for number in taken.stopped & self._sheets.keys():
            self._sheets[number].is_stopped = True
        for group in copies.values():
            self._stages.admit(group)

    def _is_ours(self, one: Claimed) -> bool:
        if self._leases.are_over():
            self._due.set()  # see at once what is still ours
        return self._leases.is_ours(one)

    def _look_at_leases(self) -> tuple[Claimed, ...] | None:
        """What is in flight, when its leases are to be looked at; else None."""
        assert self._loop is not None
        return tuple(self._in_flight.values()) if self._leases.is_time(self._loop.time()) else None

    async def _give_back(self) -> None:
        """What could not be finished in time waits for the next start."""
        finished = {result.mark.delivery.id for result in self._results}
        rest = [one for one in self._in_flight.values() if one.id not in finished]
        self._results += [Result(Mark(one, WAITING, one.attempts)) for one in rest]
        try:
            await asyncio.to_thread(self._exchange.turn, self._results, (), Room(0, 0), None, {}, False)
        except StoreBusy:
            log.warning("%d deliveries could not be given back; their leases end by themselves", len(rest))
