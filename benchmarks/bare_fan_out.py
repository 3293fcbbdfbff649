"""The floor of an alert: the same octets encrypted to the same keys and handed over, with nothing else."""

import asyncio
import multiprocessing
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import aiosmtplib
import pysequoia

from benchmarks.people import Member
from benchmarks.sink_process import SinkProcess
from tests.sink import SunkMail
from tldops_bot.adapters.smtp_attempt import Outgoing
from tldops_bot.adapters.smtp_delivery import Smarthost
from tldops_bot.config.settings import SmarthostSettings
from tldops_bot.mail.mime_entities import encrypted_part

_TOGETHER = 32  # certificates for each call of the other process
_OCTETS_TOGETHER = 1_000_000
_AHEAD = 4  # calls, so that a fan-out of large mails does not fill the memory
_BEGIN, _END = b"-----BEGIN PGP MESSAGE-----", b"-----END PGP MESSAGE-----"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one copy of an alert was made of: its headers, and what was encrypted."""

    mail_from: str
    head: bytes
    signed_part: bytes

    @classmethod
    def of(cls, copy: SunkMail, members: Iterable[Member]) -> "Pattern":
        """Taken from a copy the service sent; its recipient opens it."""
        reader = next(one for one in members if one.address == copy.rcpt)
        head, _, _ = copy.octets.partition(b"Content-Type: multipart/encrypted")
        cipher = copy.octets[copy.octets.index(_BEGIN) : copy.octets.index(_END) + len(_END)]
        return cls(copy.mail_from, head, reader.decrypt(cipher))


_HandOver = Callable[[Pattern], Awaitable[float]]
_Send = Callable[[Outgoing], Awaitable[object]]


class BareFanOut:
    """One process that encrypts, and two ways to hand over; certificates it has parsed it keeps, as ours does."""

    def __init__(self, members: Sequence[Member], sink: SinkProcess, connections: int) -> None:
        self._members, self._sink, self._connections = members, sink, connections
        self._pool = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
        self._pool.submit(_encrypt, b"", []).result()

    def close(self) -> None:
        self._pool.shutdown()

    def by_aiosmtplib(self, pattern: Pattern) -> float:
        """Seconds until the sink has taken the last copy; connections are open before."""
        return asyncio.run(self._measure(pattern, self._by_aiosmtplib))

    def by_smarthost(self, pattern: Pattern) -> float:
        """The same with the hand-over of the program, which sends MAIL, RCPT and DATA in one go."""
        return asyncio.run(self._measure(pattern, self._by_smarthost))

    async def _measure(self, pattern: Pattern, hand_over: _HandOver) -> float:
        self._sink.listen_for(b"multipart/encrypted")
        begun_at = await hand_over(pattern)
        taken = await asyncio.to_thread(self._sink.wait_for, len(self._members))
        return taken.at[-1] - begun_at

    async def _by_aiosmtplib(self, pattern: Pattern) -> float:
        clients = [
            aiosmtplib.SMTP(hostname="127.0.0.1", port=self._sink.port) for _ in range(self._connections)
        ]
        for client in clients:
            await client.connect()
            await client.ehlo()
        begun_at = time.monotonic()
        await self._share_out(pattern, [_sending(client) for client in clients])
        for client in clients:
            await client.quit()
        return begun_at

    async def _by_smarthost(self, pattern: Pattern) -> float:
        settings = SmarthostSettings(port=self._sink.port, connections=self._connections)
        smarthost = Smarthost(settings, socket.gethostname())
        begun_at = time.monotonic()
        await self._share_out(pattern, [smarthost.send_one] * self._connections)
        await smarthost.close()
        return begun_at

    async def _share_out(self, pattern: Pattern, senders: Sequence[_Send]) -> None:
        copies = self._copies(pattern)
        turn = asyncio.Lock()

        async def work(send: _Send) -> None:
            while True:
                async with turn:
                    mail = await anext(copies, None)
                if mail is None:
                    return
                await send(mail)

        await asyncio.gather(*map(work, senders))

    async def _copies(self, pattern: Pattern) -> AsyncIterator[Outgoing]:
        together = max(1, min(_TOGETHER, _OCTETS_TOGETHER // len(pattern.signed_part)))
        groups = [self._members[start : start + together] for start in range(0, len(self._members), together)]
        futures = deque(self._encrypted(pattern, some) for some in groups[:_AHEAD])
        for number, some in enumerate(groups):
            ciphers = await asyncio.wrap_future(futures.popleft())
            futures.extend(
                self._encrypted(pattern, one) for one in groups[number + _AHEAD : number + _AHEAD + 1]
            )
            for one, cipher in zip(some, ciphers, strict=True):
                octets = pattern.head + encrypted_part(cipher)
                yield Outgoing(one.number, pattern.mail_from, one.address, octets)

    def _encrypted(self, pattern: Pattern, some: Sequence[Member]) -> Future[list[bytes]]:
        return self._pool.submit(_encrypt, pattern.signed_part, [one.certificate for one in some])


def _sending(client: aiosmtplib.SMTP) -> _Send:
    return lambda mail: client.sendmail(mail.mail_from, [mail.rcpt_to], mail.octets)


# --- in the other process

_parsed: dict[bytes, pysequoia.Cert] = {}


def _encrypt(octets: bytes, certificates: Sequence[bytes]) -> list[bytes]:
    return [pysequoia.encrypt(octets, [_parse(one)]) for one in certificates]


def _parse(certificate: bytes) -> pysequoia.Cert:
    if certificate not in _parsed:
        _parsed[certificate] = pysequoia.Cert.from_bytes(certificate)
    return _parsed[certificate]
