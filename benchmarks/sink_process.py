"""A sink in a process of its own, so that it does not take the service's interpreter time."""

import asyncio
import contextlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from tests.sink import Sink, SunkMail

PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Taken:
    """When (`time.monotonic()`) each mail was taken, in that order, and the first one whole."""

    at: list[float]
    first: SunkMail


class _Counting(Sink):
    """Keeps the times of mails that have the mark in their octets, and the first of these mails."""

    def __init__(self) -> None:
        super().__init__(keep=False)
        self.forget(b"")

    def forget(self, mark: bytes) -> None:
        self.mark, self.taken = mark, 0
        self.times: list[float] = []
        self.first: SunkMail | None = None

    def take(self, mail: SunkMail) -> None:
        if self.mark in mail.octets:
            self.times.append(mail.at)
            self.first = self.first or mail
            super().take(mail)


class SinkProcess:
    """The parent's end. Listen for marked mails first, cause them, then wait for them."""

    def __init__(self, pipe: "Connection[Any, Any]", port: int) -> None:
        self.port = port
        self._pipe = pipe

    def listen_for(self, mark: bytes = b"") -> None:
        """From now on only mails with these octets in them count."""
        self._ask(("listen_for", mark))

    def wait_for(self, count: int) -> Taken:
        """Wait until so many were taken. Raises TimeoutError."""
        answer = self._ask(("wait_for", count))
        if isinstance(answer, str):
            raise TimeoutError(answer)
        return Taken(*answer)

    def _ask(self, question: tuple[str, object]) -> Any:
        self._pipe.send(question)
        return self._pipe.recv()


@contextlib.contextmanager
def sink_process() -> Iterator[SinkProcess]:
    """Start a sink; it ends with the context."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs,), daemon=True)
    process.start()
    try:
        yield SinkProcess(ours, ours.recv())
    finally:
        ours.send(None)
        process.join(10)


# --- in the other process


def _main(pipe: "Connection[Any, Any]") -> None:
    asyncio.run(_serve(pipe))


async def _serve(pipe: "Connection[Any, Any]") -> None:
    async with _Counting() as sink:
        pipe.send(sink.port)
        while (question := await asyncio.to_thread(pipe.recv)) is not None:
            verb, value = question
            if verb == "listen_for":
                sink.forget(value)
                pipe.send(None)
            else:
                pipe.send(await _wait(sink, value))


async def _wait(sink: _Counting, count: int) -> object:
    try:
        await sink.wait_for(count, PATIENCE_SECONDS)
    except TimeoutError as problem:
        return str(problem)
    return sink.times, sink.first
