"""The three stages of what is in flight (signing, encrypting, sending), most urgent first.

No copy stands in the way of another: each ends with a result of its own.
"""

import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from tldops_bot.adapters.asyncio_lines import Line
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.outbox_pause import Pause
from tldops_bot.adapters.outbox_sealing import Copy, Sealing, Sheet, made_as_signed
from tldops_bot.adapters.outbox_troubles import MOST_FAILURES, MOST_STUMBLES, Troubles
from tldops_bot.adapters.smtp_delivery import Attempt, Outgoing
from tldops_bot.domain import retries
from tldops_bot.domain.certificate import NotEncrypted
from tldops_bot.domain.entitlement import Right, Treatment, without_key
from tldops_bot.domain.outgoing import Kind
from tldops_bot.mail.compose import BadAddress
from tldops_bot.store.outbox import (
    BROKEN,
    DROPPED,
    HELD,
    NO_GPG,
    NO_KEY,
    NO_SIGNATURE,
    REFUSED,
    SMARTHOST_FAILS,
    TAKEN,
    WAITING,
    Claimed,
    Mark,
)

GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321 section 4.5.4.1; an alert is never given up
SIGNERS = ENCRYPTERS = 2  # the second prepares its work while the first one's is done
FIRST_TOGETHER = 1  # the first copy of an alert waits for no other
GROWTH = 8  # from then on
MOST_TOGETHER = 32
MOST_OCTETS_TOGETHER = 1_000_000
MOST_OCTETS_WAITING = 8_000_000
LONGEST_STUMBLE = timedelta(seconds=60)
LONGEST_FAILURE = timedelta(minutes=5)
STOPPED = Right(Treatment.DROP, "stopped")

log = logging.getLogger(__name__)


class Transport(Protocol):
    """What is needed of the smarthost."""

    async def send_one(self, mail: Outgoing) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class Result:
    """What is to be written down about one delivery, and whether somebody must hear of it."""

    mark: Mark
    is_keyless: bool = False
    is_too_large: bool = False


class Stages:
    """Takes copies in by `admit`; each comes out by one call of `finish`."""

    def __init__(
        self,
        sealing: Sealing,
        transport: Transport,
        finish: Callable[[Result], None],
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        is_ours: Callable[[Claimed], bool] = lambda _: True,
    ) -> None:
        """`is_ours`: whether a delivery may still be handed over; another node may have taken it over."""
        self.pause = Pause(jitter)
        self._stumbles, self._failures = Troubles(MOST_STUMBLES), Troubles(MOST_FAILURES)
        self.newly_signed: list[Sheet] = []
        self._sealing = sealing
        self._transport = transport
        self._finish = finish
        self._now = now
        self._jitter = jitter
        self._is_ours = is_ours
        self._to_sign: Line[Sequence[Copy]] = Line()
        self._to_encrypt: Line[Sequence[Copy]] = Line()
        self._to_send: Line[tuple[Copy, Outgoing]] = Line()
        self._to_send.holds_back(self._to_encrypt, MOST_OCTETS_WAITING)

    def workers(self, connections: int) -> list[Coroutine[Any, Any, None]]:
        """What runs as tasks until it is cancelled."""
        return (
            [self._sign() for _ in range(SIGNERS)]
            + [self._encrypt() for _ in range(ENCRYPTERS)]
            + [self._send() for _ in range(connections)]
        )

    def admit(self, copies: Sequence[Copy]) -> None:
        """Copies of one message, in the order in which they should go."""
        kept = [copy for copy in copies if self._is_entitled(copy)]
        if kept and kept[0].sheet.is_broken:
            for copy in kept:
                self._put_off(copy, BROKEN)
        elif kept:
            self._to_sign.put(kept[0].delivery.priority, kept)

    def _is_entitled(self, copy: Copy) -> bool:
        right = copy.addressee.right
        if not copy.sheet.sealed and copy.sheet.message.entity is None:
            right = Right(Treatment.DROP, "no-content")
        if copy.sheet.is_stopped:
            right = STOPPED
        if right.treatment in (Treatment.DROP, Treatment.HOLD):
            self._withhold(copy, right)
            return False
        return True

    # --- signing

    async def _sign(self) -> None:
        while True:
            copies = await self._to_sign.get()
            try:
                signed = await self._sealing.sign(copies[0].sheet, made_as_signed(copies))
            except GpgUnavailable:
                log.warning("gpg could not sign message %d", copies[0].delivery.message_id)
                for copy in copies:
                    self._put_off(copy, NO_SIGNATURE)
            except Exception as problem:  # noqa: BLE001  whatever breaks over one mail, the others go
                self._broke(copies, problem)
            else:
                if signed is not None:
                    self.newly_signed.append(copies[0].sheet)
                self._to_be_encrypted(copies, signed.first if signed is not None else None)

    def _to_be_encrypted(self, copies: Sequence[Copy], first: bytes | NotEncrypted | None) -> None:
        encrypted = [copy for copy in copies if copy.addressee.right.treatment is Treatment.ENCRYPT]
        for copy in copies:
            if copy.addressee.right.treatment is Treatment.SIGN_ONLY:
                self._to_be_sent(copy, None)
        sheet = copies[0].sheet
        together = min(MOST_TOGETHER, max(1, MOST_OCTETS_TOGETHER // len(sheet.sealed)))
        size, at = together if sheet.is_under_way else FIRST_TOGETHER, 0
        sheet.is_under_way = True
        if isinstance(first, bytes):
            self._to_be_sent(encrypted[0], first)
            at, size = 1, min(together, GROWTH)
        while at < len(encrypted):
            self._to_encrypt.put(encrypted[at].delivery.priority, encrypted[at : at + size])
            at, size = at + size, min(together, size * GROWTH)

    # --- encrypting

    async def _encrypt(self) -> None:
        while True:
            copies = await self._to_encrypt.get()
            try:
                outcomes = await self._sealing.encrypt(copies[0].sheet, copies)
            except Exception as problem:  # noqa: BLE001  the same
                self._broke(copies, problem)
                continue
            refused: list[tuple[Copy, NotEncrypted]] = []
            for copy, outcome in zip(copies, outcomes, strict=True):
                if isinstance(outcome, NotEncrypted):
                    refused.append((copy, outcome))
                else:
                    self._to_be_sent(copy, outcome)
            for copy, reason in refused:
                await self._encrypt_otherwise(copy, reason)

    async def _encrypt_otherwise(self, copy: Copy, refused: NotEncrypted) -> None:
        """Let gpg encrypt what Sequoia can't; never to a key that is revoked or not the one on record."""
        try:
            if refused.reason == "unusable_key":
                outcome = await self._sealing.encrypt_by_gpg(copy)
                if not isinstance(outcome, NotEncrypted):
                    self._to_be_sent(copy, outcome)
                    return
        except GpgUnavailable:
            self._put_off(copy, NO_GPG)
            return
        except Exception as problem:  # noqa: BLE001  the same
            self._broke([copy], problem)
            return
        right = without_key(copy.addressee.claim)
        if right.treatment is Treatment.SIGN_ONLY:
            self._to_be_sent(copy, None)
        else:
            self._withhold(copy, right)

    # --- sending

    def _to_be_sent(self, copy: Copy, ciphertext: bytes | None) -> None:
        try:
            mail = self._sealing.mail(copy, ciphertext)
        except BadAddress:
            mark = Mark(copy.delivery, REFUSED, copy.delivery.attempts, status="bad-address")
            self._finish(Result(mark))
        except Exception as problem:  # noqa: BLE001  the same
            self._broke([copy], problem)
        else:
            self._failures.worked()
            self._to_send.put(copy.delivery.priority, (copy, mail), len(mail.octets))

    async def _send(self) -> None:
        while True:
            copy, mail = await self._to_send.get()
            if copy.sheet.is_stopped:
                self._withhold(copy, STOPPED)
            elif self.pause.is_on or not self._is_ours(copy.delivery):
                self._finish(Result(Mark(copy.delivery, WAITING, copy.delivery.attempts)))
            else:
                await self._hand_over(copy, mail)

    async def _hand_over(self, copy: Copy, mail: Outgoing) -> None:
        try:
            attempt = await self._transport.send_one(mail)
        except Exception as problem:  # noqa: BLE001  the same
            self._broke([copy], problem)
        else:
            self._judge(copy, attempt)

    def _judge(self, copy: Copy, attempt: Attempt) -> None:
        if attempt.ours:
            self._stumble(copy, attempt)
            return
        self.pause.end()
        self._stumbles.worked()
        self._stumbles.forget(copy.delivery.id)
        self._failures.forget(copy.delivery.id)
        counted, again = copy.delivery.attempts + 1, None
        if attempt.result == "taken":
            state = TAKEN
        elif attempt.result == "refused" or self._is_hopeless(copy):
            state = REFUSED
        else:
            state, again = WAITING, self._next_attempt(copy, counted)
        mark = Mark(copy.delivery, state, counted, again, attempt.code, attempt.enhanced)
        self._finish(Result(mark, is_too_large=attempt.too_large and state == REFUSED))

    def _stumble(self, copy: Copy, attempt: Attempt) -> None:
        """The smarthost failed, so no attempt is counted.

        The copy goes behind the others of its kind, a little further each time, in case it is this very mail
        that brings the smarthost down; never for long, since an alert must go as soon as the smarthost is
        back. One that keeps failing while others are taken is set aside: each try of it holds up all the
        rest.
        """
        self.pause.begin(attempt.code)
        number = self._stumbles.failed(copy.delivery.id)
        if self._stumbles.is_its_own(copy.delivery.id):
            self._set_aside(copy, SMARTHOST_FAILS, attempt.code)
            return
        again = min(self._next_attempt(copy, number), self._now() + LONGEST_STUMBLE)
        why = attempt.enhanced or SMARTHOST_FAILS
        mark = Mark(copy.delivery, WAITING, copy.delivery.attempts, again, attempt.code, why)
        self._finish(Result(mark))

    def _is_hopeless(self, copy: Copy) -> bool:
        message = copy.sheet.message
        return message.kind is not Kind.ALERT and self._now() - message.made_at > GIVE_UP_AFTER

    # --- results

    def _withhold(self, copy: Copy, right: Right) -> None:
        is_held = right.treatment is Treatment.HOLD
        mark = Mark(copy.delivery, HELD if is_held else DROPPED, copy.delivery.attempts, status=right.reason)
        is_missed = copy.addressee.claim.kind is Kind.ROSTER and right.reason == NO_KEY
        self._finish(Result(mark, is_keyless=is_held or is_missed))

    def _put_off(self, copy: Copy, status: str) -> None:
        """We failed: try again, no attempt counted; what keeps failing while others go is set aside."""
        times = self._failures.failed(copy.delivery.id)
        if self._failures.is_its_own(copy.delivery.id):
            self._set_aside(copy, status)
            return
        again = min(self._next_attempt(copy, times), self._now() + LONGEST_FAILURE)
        self._finish(Result(Mark(copy.delivery, WAITING, copy.delivery.attempts, again, status=status)))

    def _broke(self, copies: Sequence[Copy], problem: Exception) -> None:
        log.error("message %d broke: %s", copies[0].delivery.message_id, type(problem).__name__)
        for copy in copies:
            self._put_off(copy, BROKEN)

    def _set_aside(self, copy: Copy, status: str, code: int = 0) -> None:
        """Held until the operator says so; a job tells them."""
        self._stumbles.forget(copy.delivery.id)
        self._failures.forget(copy.delivery.id)
        self._finish(Result(Mark(copy.delivery, HELD, copy.delivery.attempts, code=code, status=status)))

    def _next_attempt(self, copy: Copy, attempts: int) -> datetime:
        is_urgent = copy.sheet.message.kind is Kind.ALERT
        return retries.next_attempt(attempts, self._now(), is_urgent, self._jitter())
