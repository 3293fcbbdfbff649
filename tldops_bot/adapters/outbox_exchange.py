"""One turn between the outbox and what is in flight: marks outcomes and claims copies, in one transaction."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tldops_bot.adapters.outbox_aftermath import Aftermath, told
from tldops_bot.adapters.outbox_leases import Leases, Renewed
from tldops_bot.adapters.outbox_sealing import Sealing, Secrets, Sheet
from tldops_bot.adapters.outbox_stages import Result
from tldops_bot.domain.outgoing import Kind
from tldops_bot.store import facts, outbox, outbox_control, outbox_copies, outbox_leases, recipients
from tldops_bot.store.database import Database, Urgency
from tldops_bot.store.outbox import Claimed, OutboxMessage
from tldops_bot.store.recipients import Addressee

MESSAGE_ID_KEY = "message_id_key"


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


class Exchange:
    """Called in threads, never twice at a time. Everything may raise StoreBusy."""

    def __init__(
        self,
        database: Database,
        sealing: Sealing,
        leases: Leases,
        now: Callable[[], datetime],
        random_octets: Callable[[int], bytes],
        on_keyless: Aftermath,
        on_too_large: Aftermath,
    ) -> None:
        self._database, self._sealing, self._leases = database, sealing, leases
        self._now, self._random_octets = now, random_octets
        self._on_keyless, self._on_too_large = on_keyless, on_too_large

    def begin(self) -> None:
        """What has to be done before the first turn."""
        with self._database.write(Urgency.DELIVERY) as session:
            if self._database.is_sqlite:  # one process only: who claimed what is claimed is gone
                outbox_leases.take_back(session, self._now(), everything=True)
            if not facts.mac_keys(session):
                facts.new_mac_key(session, self._random_octets)
            if not facts.get(session, MESSAGE_ID_KEY):
                facts.put(session, MESSAGE_ID_KEY, self._random_octets(32).hex())
            self._sealing.secrets = self._read_secrets(session)

    def _read_secrets(self, session: Any) -> Secrets:
        return Secrets(facts.mac_keys(session), bytes.fromhex(facts.get(session, MESSAGE_ID_KEY)))

    def turn(
        self,
        results: Sequence[Result],
        signed: Sequence[Sheet],
        room: Room,
        leases: Sequence[Claimed] | None,
        known: Mapping[int, OutboxMessage],
        is_woken: bool,
    ) -> Taken:
        """Write down `results` and what was `signed`, look at `leases` if any, and claim what there is `room` for.

        `known` are the messages in flight; `is_woken` says that something is probably due.
        """
        now = self._now()
        if not (results or signed or leases is not None or (room.alerts and is_woken)):
            with self._database.read() as session:  # mostly nothing is due, and no other writer has to wait
                is_due = room.alerts and outbox.most_urgent_due(session, now) is not None
                if not is_due and outbox_copies.next_to_come(session) is None:
                    return Taken(stopped=_stopped(session, known))
        with self._database.write(Urgency.DELIVERY) as session:
            self._write_down(session, results, signed, now)
            if leases is None:
                return self._claim(session, room, known, now)
            self._sealing.secrets = self._read_secrets(session)  # they may have been renewed
            renewed = self._leases.look(session, leases, now)
            return replace(self._claim(session, room, known, now), renewed=renewed)

    def _write_down(
        self, session: Any, results: Sequence[Result], signed: Iterable[Sheet], now: datetime
    ) -> None:
        marked = outbox.mark(session, [result.mark for result in results], now)
        for result in results:
            if result.mark.delivery.id in marked.ours and result.is_keyless:
                told(self._on_keyless, session, result.mark.delivery)
            if result.mark.delivery.id in marked.ours and result.is_too_large:
                told(self._on_too_large, session, result.mark.delivery)
        for sheet in signed:
            if sheet.message.id not in marked.finished:
                outbox.store_sealed(session, sheet.message.id, sheet.sealed)

    def _claim(self, session: Any, room: Room, known: Mapping[int, OutboxMessage], now: datetime) -> Taken:
        is_more_to_come = _write_lot(session, room, known, now)
        most_urgent = outbox.most_urgent_due(session, now) if room.alerts else None
        if most_urgent is None:
            return Taken(stopped=_stopped(session, known), is_more_due=is_more_to_come)
        # Where there are alerts, other mail waits for the next turn.
        is_alert = most_urgent <= Kind.ALERT.priority
        least, limit = (Kind.ALERT.priority, room.alerts) if is_alert else (outbox.LEAST_URGENT, room.all)
        until = now + self._leases.length
        claimed = outbox.claim(session, now, limit, until, self._leases.next_turn(), least) if limit else []
        is_more_due = 0 < limit <= len(claimed) or is_more_to_come
        new = {one.message_id for one in claimed} - known.keys()
        messages = {**known, **(outbox.load(session, new) if new else {})}
        return Taken(
            claimed,
            messages,
            recipients.look_up(session, claimed, messages, now),
            _stopped(session, messages),
            is_more_due,
        )


def _write_lot(session: Any, room: Room, known: Collection[int], now: datetime) -> bool:
    """Write some of the copies that are to come, unless the first ones of that message have to go before."""
    to_come = outbox_copies.next_to_come(session)
    if to_come is None:
        return False
    due = outbox.most_urgent_due(session, now) if room.alerts and to_come.message_id not in known else None
    if due is None or due > to_come.priority:
        outbox_copies.write_lot(session, to_come, now)
    return True


def _stopped(session: Any, messages: Mapping[int, OutboxMessage]) -> set[int]:
    alerts = [number for number, one in messages.items() if one.kind is Kind.ALERT and one.alert_id]
    return outbox_control.stopped_messages(session, alerts) if alerts else set()
