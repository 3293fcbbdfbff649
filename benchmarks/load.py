"""Hands mails to a listener over several connections at once, from a process of its own."""

import asyncio
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests.keys import LIST_ADDRESS


@dataclass(frozen=True, slots=True)
class Accepted:
    """When (`time.monotonic()`) the first mail was begun, and when each was answered 250, in that order."""

    begun_at: float
    at: list[float]

    @property
    def rate(self) -> float:
        """Mails a second."""
        return len(self.at) / (self.at[-1] - self.begun_at)


def send_all(port: int, mails: Sequence[tuple[str, bytes]], connections: int) -> Accepted:
    """Send each (MAIL FROM, octets) once. Raises RuntimeError unless every one is answered 250."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs, port, connections), daemon=True)
    process.start()
    ours.send(list(mails))
    answer = ours.recv()
    process.join(10)
    if isinstance(answer, str):
        raise RuntimeError(answer)
    return Accepted(*answer)


class Knocking:
    """While the context lasts, a process hands over one small mail every 50 ms.

    Then `waits` has when each 250 came, and how many seconds it took.

    The mails are bounces of nothing: nobody is answered.
    """

    def __init__(self, port: int) -> None:
        self.waits: list[tuple[float, float]] = []
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_knock_main, args=(theirs, port), daemon=True)

    def __enter__(self) -> "Knocking":
        self._process.start()
        self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.send(None)
        self.waits = self._pipe.recv()
        self._process.join(10)


# --- in the other process


KNOCK_SECONDS = 0.05
_NOTHING = b"From: <>\r\nSubject: nothing\r\nAuto-Submitted: auto-generated\r\n\r\nNothing.\r\n"


def _knock_main(pipe: "Connection[Any, Any]", port: int) -> None:
    pipe.send(asyncio.run(_knock(pipe, port)))


async def _knock(pipe: "Connection[Any, Any]", port: int) -> list[tuple[float, float]]:
    client = await _Client.connect(port)
    waits: list[tuple[float, float]] = []
    while not pipe.poll():
        at: list[float] = []
        await client.work(deque([("", _NOTHING)]), at, is_last=False)
        waits.append((at[0], client.waited))
        if len(waits) == 1:
            pipe.send(None)
        await asyncio.sleep(KNOCK_SECONDS)
    return waits


def _main(pipe: "Connection[Any, Any]", port: int, connections: int) -> None:
    mails = deque(pipe.recv())
    try:
        pipe.send(asyncio.run(_send(port, mails, connections)))
    except (OSError, RuntimeError) as problem:
        pipe.send(f"{type(problem).__name__}: {problem}")
    # An interpreter that tidies up takes half a second of a processor, from the service that is being measured.
    os._exit(0)


async def _send(port: int, mails: deque[tuple[str, bytes]], connections: int) -> tuple[float, list[float]]:
    clients = [await _Client.connect(port) for _ in range(connections)]
    at: list[float] = []
    begun_at = time.monotonic()
    await asyncio.gather(*(client.work(mails, at) for client in clients))
    return begun_at, at


class _Client:
    """As lean as can be: MAIL, RCPT and DATA in one write, as RFC 2920 allows, where `PIPELINING` is offered."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._is_pipelining = False
        self.waited = 0.0  # seconds from the end of the last content to its 250

    @classmethod
    async def connect(cls, port: int) -> "_Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        await client._answer("220")
        client._writer.write(b"EHLO client.example\r\n")
        client._is_pipelining = "PIPELINING" in await client._answer("250")
        return client

    async def work(self, mails: deque[tuple[str, bytes]], at: list[float], is_last: bool = True) -> None:
        while mails:
            sender, octets = mails.popleft()
            lines = (f"MAIL FROM:<{sender}>", f"RCPT TO:<{LIST_ADDRESS}>", "DATA")
            commands = [f"{line}\r\n".encode() for line in lines]
            if self._is_pipelining:
                self._writer.write(b"".join(commands))
            for command, code in zip(commands, ("250", "250", "354"), strict=True):
                if not self._is_pipelining:
                    self._writer.write(command)
                await self._answer(code)
            self._writer.write(octets.replace(b"\r\n.", b"\r\n..") + b".\r\n")
            ended_at = time.monotonic()
            await self._answer("250")
            at.append(time.monotonic())
            self.waited = at[-1] - ended_at
        if is_last:
            self._writer.write(b"QUIT\r\n")
            self._writer.close()

    async def _answer(self, code: str) -> str:
        whole = ""
        while True:
            line = (await self._reader.readline()).decode()
            whole += line
            if line[3:4] != "-":
                break
        if not line.startswith(code):
            raise RuntimeError(f"{code} expected, but {line.strip()!r}")
        return whole
