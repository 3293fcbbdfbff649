"""Brings mail from the outbox to the smarthost: when to claim, how much, when to write down the outcome.

Claims and marks are made together, in one transaction a turn. What is in flight stays below a limit, part of
which is kept for alerts, so that a new one never waits for other mail to finish.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tldops_bot.adapters.outbox_aftermath import Aftermath, told
from tldops_bot.adapters.outbox_leases import LEASE, Leases, Renewed
from tldops_bot.adapters.outbox_sealing import Copy, Encrypter, Sealing, Secrets, Sheet, Signer
from tldops_bot.adapters.outbox_stages import Result, Stages, Transport
from tldops_bot.config.settings import ListSettings
from tldops_bot.domain.outgoing import Kind
from tldops_bot.store import facts, outbox, outbox_control, recipients
from tldops_bot.store.database import Database, Urgency
from tldops_bot.store.outbox import WAITING, Claimed, Mark, OutboxMessage, StoreBusy
from tldops_bot.store.recipients import Addressee

IN_FLIGHT_PER_CONNECTION = 16
KEPT_FOR_ALERTS = 0.25  # of what may be in flight
TICK_SECONDS = 1.0
MARK_SECONDS = 0.2
MOST_MARKS = 200
MESSAGE_ID_KEY = "message_id_key"
_ANYTHING = 99

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """How many deliveries may be claimed: of alerts, and of everything."""

    alerts: int
    all: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What a turn brought: claimed deliveries, with all that is needed to send them."""

    claimed: Sequence[Claimed] = ()
    messages: Mapping[int, OutboxMessage] = field(default_factory=dict)
    addressees: Mapping[int, Addressee] = field(default_factory=dict)
    stopped: Set[int] = frozenset()  # messages in flight of which no copy may go any more
    is_more_due: bool = False
    renewed: Renewed | None = None


def uncounted(_kind: str, _state: str) -> None:
    """Nobody counts how copies end."""


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
        self._database = database
        self._counted = counted
        self._now = now
        self._random_octets = random_octets
        self._on_keyless = on_keyless
        self._on_too_large = on_too_large
        self._connections = connections
        self._window = connections * IN_FLIGHT_PER_CONNECTION
        self._sealing = Sealing(settings, signer, encrypter, Secrets((b"",), b""))
        self._stages = Stages(self._sealing, transport, self._finish, now, jitter, self._is_ours)
        self._leases = Leases(lease, now, random_octets(8).hex())
        self._in_flight: dict[int, Claimed] = {}  # claimed and not yet marked
        self._unfinished = 0  # of these, without a result
        self._results: list[Result] = []
        self._sheets: dict[int, Sheet] = {}
        self._is_more_due = False
        self._is_turning = False
        self._stop_at: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due = asyncio.Event()
        self._over = asyncio.Event()

    def wake(self) -> None:
        """There is something new in the outbox. From any thread, at any time."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._due.set)

    async def stop(self, grace: float = 10.0) -> None:
        """Claim no more, finish what is in flight for up to `grace` seconds, give the rest back."""
        if self._loop is None:
            return
        self._stop_at = self._loop.time() + grace
        self._due.set()
        await self._over.wait()

    async def run(self) -> None:
        """Deliver until `stop`. Whatever it raises is a mistake of ours; what was in flight is sent again."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._begin)
        self._due.set()
        try:
            async with asyncio.TaskGroup() as group:
                workers = [group.create_task(one) for one in self._stages.workers(self._connections)]
                while not self._is_over():
                    await self._wait()
                    await self._turn()
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

    async def _wait(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._due.wait(), TICK_SECONDS)
        self._due.clear()

    def _finish(self, result: Result) -> None:
        """A copy has come to its end; it is written down soon, together with others."""
        assert self._loop is not None
        self._unfinished -= 1
        self._results.append(result)
        self._counted(self._sheets[result.mark.delivery.message_id].message.kind.value, result.mark.state)
        if self._runs_dry() or len(self._results) >= MOST_MARKS or self._stop_at is not None:
            self._due.set()
        elif len(self._results) == 1:
            self._loop.call_later(MARK_SECONDS, self._due.set)

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

    async def _turn(self) -> None:
        results, self._results = self._results, []
        signed, self._stages.newly_signed = self._stages.newly_signed, []
        room, leases = self._room(), self._look_at_leases()
        known = {number: sheet.message for number, sheet in self._sheets.items()}
        self._is_turning = True
        try:
            taken = await asyncio.to_thread(self._exchange, results, signed, room, leases, known)
        except StoreBusy:
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
            await asyncio.to_thread(self._exchange, self._results, (), Room(0, 0), None, {})
        except StoreBusy:
            log.warning("%d deliveries could not be given back; their leases end by themselves", len(rest))

    # --- in the store's thread

    def _begin(self) -> None:
        with self._database.write(Urgency.DELIVERY) as session:
            if (
                self._database.is_sqlite
            ):  # one process only: whatever is claimed was claimed by one that is gone
                outbox.take_back(session, self._now(), everything=True)
            if not facts.mac_keys(session):
                facts.new_mac_key(session, self._random_octets)
            if not facts.get(session, MESSAGE_ID_KEY):
                facts.put(session, MESSAGE_ID_KEY, self._random_octets(32).hex())
            self._sealing.secrets = self._read_secrets(session)

    def _read_secrets(self, session: Any) -> Secrets:
        return Secrets(facts.mac_keys(session), bytes.fromhex(facts.get(session, MESSAGE_ID_KEY)))

    def _exchange(
        self,
        results: Sequence[Result],
        signed: Iterable[Sheet],
        room: Room,
        leases: Sequence[Claimed] | None,
        known: Mapping[int, OutboxMessage],
    ) -> Taken:
        now = self._now()
        if not results and leases is None and not self._is_anything_due(room, now):
            with self._database.read() as session:
                return Taken(stopped=_stopped(session, known))
        with self._database.write(Urgency.DELIVERY) as session:
            self._write_down(session, results, signed, now)
            if leases is None:
                return self._claim(session, room, known, now)
            self._sealing.secrets = self._read_secrets(session)  # they may have been renewed
            renewed = self._leases.look(session, leases, now)
            return replace(self._claim(session, room, known, now), renewed=renewed)

    def _is_anything_due(self, room: Room, now: datetime) -> bool:
        if not room.alerts:
            return False
        with self._database.read() as session:
            return outbox.is_anything_due(session, now, _ANYTHING if room.all else Kind.ALERT.priority)

    def _write_down(
        self, session: Any, results: Sequence[Result], signed: Iterable[Sheet], now: datetime
    ) -> None:
        ours = outbox.mark(session, [result.mark for result in results], now)
        for result in results:
            if result.mark.delivery.id in ours and result.is_keyless:
                told(self._on_keyless, session, result.mark.delivery)
            if result.mark.delivery.id in ours and result.is_too_large:
                told(self._on_too_large, session, result.mark.delivery)
        for sheet in signed:
            outbox.store_sealed(session, sheet.message.id, sheet.sealed)

    def _claim(self, session: Any, room: Room, known: Mapping[int, OutboxMessage], now: datetime) -> Taken:
        if not room.alerts:
            return Taken(stopped=_stopped(session, known))
        token, until = self._leases.next_turn(), now + self._leases.length
        claimed = outbox.claim(session, now, room.alerts, until, token, Kind.ALERT.priority)
        is_more_due = len(claimed) >= room.alerts
        if not claimed and room.all:  # where there were alerts, other mail waits for the next turn
            claimed = outbox.claim(session, now, room.all, until, token, _ANYTHING)
            is_more_due = len(claimed) >= room.all
        new = {one.message_id for one in claimed} - known.keys()
        messages = {**known, **(outbox.load(session, new) if new else {})}
        return Taken(
            claimed,
            messages,
            recipients.look_up(session, claimed, messages, now),
            _stopped(session, messages),
            is_more_due,
        )


def _stopped(session: Any, messages: Mapping[int, OutboxMessage]) -> set[int]:
    alerts = [number for number, one in messages.items() if one.kind is Kind.ALERT and one.alert_id]
    return outbox_control.stopped_messages(session, alerts) if alerts else set()
