"""A lean recording SMTP server for tests and benchmarks (RFC 5321, PIPELINING) that can be told to misbehave.

    async with Sink() as sink:              # or: with ThreadedSink() as sink
        sink.answer("RCPT", "550 5.1.1 No such user", match="bob@")
        sink.answer(".", DROP, times=1)     # take the content, then hang up without an answer
        ...
        await sink.wait_for(3)
        sink.mails[0].rcpt, sink.mails[0].octets

Verbs that can be scripted: CONNECT, EHLO, MAIL, RCPT, DATA, "." (the end of the content; matched against the
recipients), RSET, QUIT. The first matching rule with uses left wins.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

DROP: Final = "DROP"  # hang up instead of answering
HANG: Final = "HANG"  # never answer
EXTENSIONS: Final = ("PIPELINING", "SIZE 10485760", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_MAX_COMMAND: Final = 8192
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class SunkMail:
    """One mail taken: envelope, content without dot-stuffing, and `time.monotonic()` of the 250."""

    mail_from: str
    rcpt_tos: tuple[str, ...]
    octets: bytes
    at: float

    @property
    def rcpt(self) -> str:
        return self.rcpt_tos[0]


@dataclass(slots=True)
class _Rule:
    verb: str
    reply: str
    match: str
    times: int | None
    delay: float


class Sink:
    """Listens on a loopback port (0: a free one) while the context lasts. `keep=False` only counts mails."""

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        extensions: tuple[str, ...] = EXTENSIONS,
        keep: bool = True,
    ) -> None:
        self.host = host
        self.port = port
        self.extensions = extensions
        self.keep = keep
        self.mails: list[SunkMail] = []
        self.taken = 0
        self.connections = 0  # ever opened
        self.commands: list[str] = []  # every command line seen, when `record` is on
        self.record = False
        self.open: set[_Dialogue] = set()
        self._rules: list[_Rule] = []
        self._server: asyncio.Server | None = None
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []

    def answer(
        self, verb: str, reply: str = "", *, match: str = "", times: int | None = None, delay: float = 0.0
    ) -> None:
        """Answer `verb` with `reply` ("": as usual), `delay` seconds late, where `match` is in its line."""
        self._rules.append(_Rule(verb, reply, match, times, delay))

    def behave(self) -> None:
        """Forget all rules."""
        self._rules.clear()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Dialogue(self), self.host, self.port, backlog=512
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and hang up on everybody; the port can be listened on again with `__aenter__`."""
        if self._server is not None:
            self._server.close()
        self.drop_all()
        await asyncio.sleep(0)
        if self._server is not None:
            await self._server.wait_closed()

    def drop_all(self) -> None:
        """Hang up on every open connection."""
        for dialogue in list(self.open):
            dialogue.drop()

    async def wait_for(self, count: int, timeout: float = 60.0) -> list[SunkMail]:
        """Wait until `count` mails were taken in all; raises TimeoutError."""
        if self.taken < count:
            future = asyncio.get_running_loop().create_future()
            self._waiters.append((count, future))
            try:
                await asyncio.wait_for(future, timeout)
            except TimeoutError:
                raise TimeoutError(f"{self.taken} mails taken, {count} expected") from None
        return self.mails

    def rule(self, verb: str, line: str) -> _Rule | None:
        for rule in self._rules:
            if rule.verb == verb and rule.match in line and rule.times != 0:
                if rule.times is not None:
                    rule.times -= 1
                return rule
        return None

    def take(self, mail: SunkMail) -> None:
        self.taken += 1
        if self.keep:
            self.mails.append(mail)
        if self._waiters:
            for count, future in self._waiters:
                if count <= self.taken and not future.done():
                    future.set_result(None)
            self._waiters = [waiter for waiter in self._waiters if not waiter[1].done()]


class _Dialogue(asyncio.Protocol):
    """One connection to the sink."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._in_data = False
        self._busy = False
        self._out: list[bytes] = []
        self._mail_from: str | None = None
        self._rcpts: list[str] = []
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._sink.open.add(self)
        self._sink.connections += 1
        self._reply("CONNECT", "", "220 sink.example ESMTP")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._work()

    def drop(self) -> None:
        self._transport.abort()

    def _work(self) -> None:
        while not self._busy and (self._content() if self._in_data else self._line()):
            pass
        self._flush()

    def _flush(self) -> None:
        if self._out and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _line(self) -> bool:
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > _MAX_COMMAND:
                self.drop()
            return False
        line = self._buffer[:end].decode("utf-8", "surrogateescape")
        del self._buffer[: end + 2]
        self._command(line)
        return True

    def _content(self) -> bool:
        # The buffer starts with the line end of the DATA command, put back by _data().
        end = self._buffer.find(b"\r\n.\r\n")
        if end < 0:
            return False
        octets = bytes(self._buffer[: end + 2].replace(b"\r\n.", b"\r\n"))[2:]
        del self._buffer[: end + 5]
        self._in_data = False
        mail_from, rcpt_tos = self._mail_from or "", tuple(self._rcpts)
        self._reset()

        def take() -> None:
            self._sink.take(SunkMail(mail_from, rcpt_tos, octets, time.monotonic()))

        self._reply(".", " ".join(rcpt_tos), "250 2.0.0 Taken", then=take)
        return True

    def _command(self, line: str) -> None:
        if self._sink.record:
            self._sink.commands.append(line)
        verb = line[:4].upper()
        if verb in ("EHLO", "HELO", "LHLO"):
            lines = ("sink.example", *self._sink.extensions)
            usual = "\r\n".join(f"250-{text}" for text in lines[:-1])
            self._reply("EHLO", line, f"{usual}\r\n250 {lines[-1]}" if usual else f"250 {lines[-1]}")
        elif verb == "MAIL":
            self._reply("MAIL", line, "250 2.1.0 Ok", then=lambda: self._mail(_path(line)))
        elif verb == "RCPT":
            refused = "503 5.5.1 MAIL first" if self._mail_from is None else "250 2.1.5 Ok"
            self._reply("RCPT", line, refused, then=lambda: self._rcpts.append(_path(line)))
        elif verb == "DATA":
            usual = "354 Go on" if self._rcpts else "554 5.5.1 No valid recipients"
            self._reply("DATA", line, usual, then=self._data)
        elif verb in ("RSET", "NOOP"):
            self._reply(verb, line, "250 2.0.0 Ok", then=self._reset if verb == "RSET" else None)
        elif verb == "QUIT":
            self._reply("QUIT", line, "221 2.0.0 Bye", then=self._transport.close)
        else:
            self._reply(verb, line, "502 5.5.1 Not here")

    def _mail(self, mail_from: str) -> None:
        self._mail_from = mail_from

    def _data(self) -> None:
        self._in_data = True
        self._buffer[:0] = b"\r\n"

    def _reset(self) -> None:
        self._mail_from, self._rcpts = None, []

    def _reply(self, verb: str, line: str, usual: str, then: Callable[[], object] | None = None) -> None:
        """Answer, at once or late; `then` happens only where the answer is a positive one."""
        rule = self._sink.rule(verb, line) if self._sink._rules else None
        if rule is None:
            self._send(verb, usual, then)
        elif rule.delay:
            self._busy = True
            reply = rule.reply or usual
            asyncio.get_running_loop().call_later(rule.delay, self._late, verb, reply, then)
        else:
            self._send(verb, rule.reply or usual, then)

    def _late(self, verb: str, reply: str, then: Callable[[], object] | None) -> None:
        self._busy = False
        if not self._transport.is_closing():
            self._send(verb, reply, then)
            self._work()

    def _send(self, verb: str, reply: str, then: Callable[[], object] | None) -> None:
        if reply == DROP:
            self._flush()
            self._transport.close()
            self._busy = True
            return
        if reply == HANG:
            self._busy = True
            return
        self._out.append(reply.encode() + b"\r\n")
        if then is not None and reply[0] == ("3" if verb == "DATA" else "2"):
            if then == self._transport.close:
                self._flush()
            then()


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]


class ThreadedSink:
    """The same sink on a loop and thread of its own, for tests that are not coroutines."""

    def __init__(self, *, extensions: tuple[str, ...] = EXTENSIONS, keep: bool = True) -> None:
        self.sink = Sink(extensions=extensions, keep=keep)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)

    @property
    def port(self) -> int:
        return self.sink.port

    @property
    def host(self) -> str:
        return self.sink.host

    @property
    def mails(self) -> list[SunkMail]:
        return list(self.sink.mails)

    @property
    def taken(self) -> int:
        return self.sink.taken

    def answer(
        self, verb: str, reply: str = "", *, match: str = "", times: int | None = None, delay: float = 0.0
    ) -> None:
        self.sink.answer(verb, reply, match=match, times=times, delay=delay)

    def behave(self) -> None:
        self.sink.behave()

    def wait_for(self, count: int, timeout: float = 60.0) -> list[SunkMail]:
        """Wait until `count` mails were taken in all; raises TimeoutError."""
        return list(self._run(self.sink.wait_for(count, timeout)))

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self.sink.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self.sink.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(120)
