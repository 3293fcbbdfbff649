"""Encrypts one signed part to many public keys with pysequoia, in a process of its own.

In a thread it would hold the interpreter's lock. It only encrypts: it judges nothing and sees no secret key.
"""

import asyncio
import contextlib
import hashlib
import logging
import multiprocessing
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime

import pysequoia

from tldops_bot.adapters.child_process import live_and_die_with_parent
from tldops_bot.domain.certificate import NotEncrypted

Recipient = tuple[str, bytes]
Outcome = bytes | NotEncrypted

MAX_CACHED = 2_000  # about 20 kB each
START_SECONDS = 60.0
MOST_SECONDS = 10.0  # the largest mail takes less than one

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Encryption:
    """A pool of `processes` workers (one is enough); each caches the certificates it has parsed.

    A worker that dies, or takes longer than `seconds`, is replaced. The certificate that caused it is refused
    from then on, and the others are served.
    """

    def __init__(
        self, processes: int = 1, clock: Callable[[], datetime] = utc_now, seconds: float = MOST_SECONDS
    ) -> None:
        self._processes = processes
        self._clock = clock
        self._seconds = seconds
        self._poison: set[bytes] = set()  # digests of certificates that killed a worker or made it hang
        self._context = multiprocessing.get_context("spawn")
        self._changing = threading.Lock()
        self._pool = self._new_pool()

    def close(self) -> None:
        """End the workers without waiting: one of them may hang."""
        _end(self._pool)

    async def warm_up(self) -> None:
        """Start the worker now, so that the first alert does not wait for it."""
        await self.encrypt_many(b"", [])

    async def parse_ahead(self, certificates: Sequence[bytes]) -> None:
        """Parse these now, so that the first alert need not; what can't be parsed is left out."""
        pool = self._pool
        try:
            async with asyncio.timeout(self._seconds):
                await asyncio.wrap_future(pool.submit(parse_here, list(certificates)))
        except (BrokenProcessPool, TimeoutError):
            self._replace(pool)

    async def encrypt_many(self, signed_part: bytes, recipients: Sequence[Recipient]) -> list[Outcome]:
        """One armored message for each (fingerprint, binary certificate), in their order."""
        pool = self._pool
        if not self._holds_poison(recipients):
            try:
                async with asyncio.timeout(self._seconds):
                    return await asyncio.wrap_future(self._submit(pool, signed_part, recipients))
            except (BrokenProcessPool, TimeoutError):
                self._replace(pool)
        return await asyncio.to_thread(self._one_by_one, signed_part, recipients)

    def _holds_poison(self, recipients: Sequence[Recipient]) -> bool:
        return bool(self._poison) and any(_digest(one) in self._poison for _, one in recipients)

    def _one_by_one(self, signed_part: bytes, recipients: Sequence[Recipient]) -> list[Outcome]:
        return [self._alone(signed_part, recipient) for recipient in recipients]

    def _alone(self, signed_part: bytes, recipient: Recipient) -> Outcome:
        if _digest(recipient[1]) in self._poison:
            return NotEncrypted("unusable_key")
        for _ in range(2):  # the first failure may be the fault of another certificate in the same worker
            with contextlib.suppress(BrokenProcessPool):
                self._see_it_start()
                return self._encrypted(signed_part, [recipient])[0]
        log.error("a certificate that Sequoia fails at is not given to it again")
        self._poison.add(_digest(recipient[1]))
        return NotEncrypted("unusable_key")

    def _see_it_start(self) -> None:
        """Wait for a new worker to start: however long that takes, it is no certificate's fault."""
        pool = self._pool
        try:
            pool.submit(int).result(START_SECONDS)
        except (BrokenProcessPool, TimeoutError):
            self._replace(pool)

    def _encrypted(self, signed_part: bytes, recipients: Sequence[Recipient]) -> list[Outcome]:
        """Raises BrokenProcessPool if the worker died or took too long; by then there is a new one."""
        pool = self._pool
        try:
            return self._submit(pool, signed_part, recipients).result(self._seconds)
        except (BrokenProcessPool, TimeoutError):
            self._replace(pool)
            raise BrokenProcessPool("it died, or took too long") from None

    def _submit(
        self, pool: ProcessPoolExecutor, signed_part: bytes, recipients: Sequence[Recipient]
    ) -> "Future[list[Outcome]]":
        return pool.submit(encrypt_here, signed_part, list(recipients), self._clock())

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._processes, self._context, initializer=live_and_die_with_parent)

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        with self._changing:
            if self._pool is broken:
                self._pool = self._new_pool()
                _end(broken)


def _digest(certificate: bytes) -> bytes:
    return hashlib.sha256(certificate).digest()


def _end(pool: ProcessPoolExecutor) -> None:
    """End a pool and kill its workers: one that hangs would outlive us."""
    workers = list((pool._processes or {}).values())  # no public name
    pool.shutdown(wait=False)
    for one in workers:
        one.kill()


# --- in the worker


@dataclass(frozen=True, slots=True)
class _Parsed:
    """pysequoia looks for a live encryption subkey, but not whether the whole key is revoked or expired."""

    cert: pysequoia.Cert
    fingerprint: str
    is_revoked: bool
    expires_at: datetime | None


_parsed: OrderedDict[bytes, _Parsed] = OrderedDict()


def encrypt_here(signed_part: bytes, recipients: Sequence[Recipient], now: datetime) -> list[Outcome]:
    """In this process: one outcome for each recipient, in their order."""
    return [_encrypt_one(signed_part, *recipient, now) for recipient in recipients]


def parse_here(certificates: Sequence[bytes]) -> None:
    """In this process: what `encrypt_here` will need of these certificates."""
    for certificate in certificates:
        with contextlib.suppress(RuntimeError):
            _parse(certificate)


def _encrypt_one(signed_part: bytes, fingerprint: str, certificate: bytes, now: datetime) -> Outcome:
    try:
        parsed = _parse(certificate)
        if problem := _problem(parsed, fingerprint, now):
            return NotEncrypted(problem)
        return pysequoia.encrypt(signed_part, [parsed.cert])
    except RuntimeError:  # what pysequoia raises for all that Sequoia refuses
        return NotEncrypted("unusable_key")


def _problem(parsed: _Parsed, fingerprint: str, now: datetime) -> str:
    if parsed.fingerprint != fingerprint:
        return "other_key"
    if parsed.is_revoked:
        return "revoked_key"
    return "expired_key" if parsed.expires_at and parsed.expires_at <= now else ""


def _parse(certificate: bytes) -> _Parsed:
    """Parsing costs as much as encrypting, so the most recently used are kept."""
    known_as = _digest(certificate)
    parsed = _parsed.get(known_as) or _read(certificate)
    _parsed[known_as] = parsed
    _parsed.move_to_end(known_as)
    if len(_parsed) > MAX_CACHED:
        _parsed.popitem(last=False)
    return parsed


def _read(certificate: bytes) -> _Parsed:
    cert = pysequoia.Cert.from_bytes(certificate)
    return _Parsed(cert, cert.fingerprint.upper(), cert.is_revoked, cert.expiration)
