"""Encrypts one signed part to many public keys with pysequoia, in a process of its own.

In a thread it would hold the interpreter's lock, and a certificate it dies of would take the service along. It
only encrypts: it judges nothing and sees no secret key.
"""

import contextlib
import hashlib
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pysequoia

from tldops_bot.adapters.child_worker import Worker, WorkerGone, WorkerNotStarted
from tldops_bot.domain.certificate import NotEncrypted

Recipient = tuple[str, bytes]
Outcome = bytes | NotEncrypted
T = TypeVar("T")

MAX_CACHED = 2_000  # about 20 kB each
MOST_SECONDS = 10.0  # the largest mail takes less than one
_LANES = 4  # as many as ask at the same time

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Encryption:
    """One worker, which caches the certificates it has parsed. To be called from threads.

    A worker that dies, or takes longer than `seconds`, is replaced. The certificate that caused it is refused
    from then on, and the others are served.
    """

    def __init__(self, clock: Callable[[], datetime] = utc_now, seconds: float = MOST_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._poison: set[bytes] = set()  # digests of certificates that killed a worker or made it hang
        self._changing = threading.Lock()
        self._suspecting = threading.Lock()  # held while one is tried alone, so that no other takes the blame
        self._worker: Worker | None = None
        self._is_closed = False

    def close(self) -> None:
        """End the worker without waiting: it may hang."""
        with self._changing:
            self._is_closed = True
            if self._worker is not None:
                self._worker.end()

    def warm_up(self) -> None:
        """Start the worker now, so that the first alert does not wait for it; it ends with the thread that does."""
        self.parse_ahead(())

    def parse_ahead(self, certificates: Sequence[bytes]) -> None:
        """Parse these now, so that the first alert need not; what can't be parsed is left out."""
        with contextlib.suppress(WorkerGone, WorkerNotStarted):
            self._ask(parse_here, certificates)

    def encrypt_many(self, signed_part: bytes, recipients: Sequence[Recipient]) -> list[Outcome]:
        """One armored message for each (fingerprint, binary certificate), in their order.

        Raises WorkerNotStarted.
        """
        if not self._holds_poison(recipients):
            with contextlib.suppress(WorkerGone):
                return self._ask(encrypt_here, signed_part, recipients, self._clock())
        return [self._alone(signed_part, recipient) for recipient in recipients]

    def _holds_poison(self, recipients: Sequence[Recipient]) -> bool:
        return bool(self._poison) and any(_digest(one) in self._poison for _, one in recipients)

    def _alone(self, signed_part: bytes, recipient: Recipient) -> Outcome:
        if _digest(recipient[1]) in self._poison:
            return NotEncrypted("unusable_key")
        with self._suspecting:
            for _ in range(2):  # the first failure may be the fault of another certificate in the same worker
                with contextlib.suppress(WorkerGone):
                    return self._ask(encrypt_here, signed_part, [recipient], self._clock())[0]
            log.error("a certificate that Sequoia fails at is not given to it again")
            self._poison.add(_digest(recipient[1]))
            return NotEncrypted("unusable_key")

    def _ask(self, work: Callable[..., T], *arguments: Any) -> T:
        """Raises WorkerGone if the worker died or took too long; there will be a new one."""
        worker = self._at_work()
        try:
            return worker.ask(work, *arguments)
        except (WorkerGone, WorkerNotStarted):
            self._replace(worker)
            raise

    def _at_work(self) -> Worker:
        with self._changing:
            if self._is_closed:
                raise WorkerNotStarted
            if self._worker is None:
                self._worker = Worker(_LANES, self._seconds)
            return self._worker

    def _replace(self, broken: Worker) -> None:
        """The next who asks starts another."""
        with self._changing:
            if self._worker is broken:
                self._worker = None
                broken.end()


def _digest(certificate: bytes) -> bytes:
    return hashlib.sha256(certificate).digest()


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
