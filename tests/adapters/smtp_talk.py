"""Raw SMTP and LMTP dialogues with a listener of our own, for the tests of this room."""

import asyncio
import contextlib
import functools
import gc
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, Self

from tldops_bot.adapters.smtp_listener import Accept, Listener, NotStored
from tldops_bot.config.settings import ListenerSettings
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.list_address import ListAddress

LIST = ListAddress.parse("tld-ops@lists.example")
MAIL = b"Subject: hello\r\n\r\nHELP\r\n"


_P = ParamSpec("_P")


def story(coroutine: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Run a test that is a coroutine, for three minutes at most; what its event loop complains of fails it too."""

    @functools.wraps(coroutine)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        complaints: list[dict[str, Any]] = []

        async def told() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
            async with asyncio.timeout(180):
                await coroutine(*args, **kwargs)
            gc.collect()  # tasks whose exception nobody looked at speak up when collected
            await asyncio.sleep(0)

        asyncio.run(told())
        assert complaints == []

    return run


@dataclass(slots=True)
class Inbox:
    """Keeps what was accepted; `fail` makes every mail fail, `gate` holds commits back until it is set."""

    mails: list[tuple[bytes, Envelope]] = field(default_factory=list)
    fail: Exception | None = None
    gate: asyncio.Event | None = None
    started: int = 0

    async def accept(self, octets: bytes, envelope: Envelope) -> None:
        self.started += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        self.mails.append((octets, envelope))


class Talk:
    """A client that says exactly what it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, address: str) -> Self:
        """Connect to what `Listener.start` returned."""
        if address.startswith("/"):
            return cls(*await asyncio.open_unix_connection(address))
        host, _, port = address.rpartition(":")
        return cls(*await asyncio.open_connection(host.strip("[]"), int(port)))

    async def reply(self) -> str:
        """One reply; the lines of a longer one joined with newlines. "" at the end of the connection."""
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 60)).decode()
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def say(self, line: str) -> str:
        self.send(line.encode("utf-8", "surrogateescape") + b"\r\n")
        return await self.reply()

    async def hello(self, word: str = "EHLO") -> str:
        await self.reply()
        return await self.say(f"{word} client.example")

    async def envelope(self, *rcpts: str, mail_from: str = "ann@nic.example") -> None:
        assert (await self.say(f"MAIL FROM:<{mail_from}>")).startswith("250 ")
        for rcpt in rcpts or (LIST.address,):
            assert (await self.say(f"RCPT TO:<{rcpt}>")).startswith("250 ")

    async def content(self, octets: bytes) -> str:
        """DATA, the octets as they are, and the reply to them (the first one, under LMTP)."""
        assert (await self.say("DATA")).startswith("354 ")
        self.send(octets)
        return await self.reply()

    async def deliver(self, octets: bytes = MAIL, *rcpts: str, mail_from: str = "ann@nic.example") -> str:
        await self.envelope(*rcpts, mail_from=mail_from)
        return await self.content(octets + b".\r\n")

    async def start_tls(self, context: ssl.SSLContext, *, injected: bytes = b"") -> str:
        self.send(b"STARTTLS\r\n" + injected)
        reply = await self.reply()
        if reply.startswith("220 "):
            await self.writer.start_tls(context, server_hostname="localhost")
        return reply

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def listening(
    inbox: Inbox | None = None,
    *,
    accept: Accept | None = None,
    is_ours: Callable[[str], bool] = LIST.owns,
    **settings: Any,
) -> AsyncIterator[tuple[Listener, str, Inbox]]:
    """A listener on a free port (or `socket=`), where it listens, and its inbox."""
    inbox = inbox or Inbox()
    table = ListenerSettings(**{"port": 0, **settings})
    listener = Listener(table, "lists.example", is_ours, accept or inbox.accept)
    (address,) = await listener.start()
    try:
        yield listener, address, inbox
    finally:
        await listener.stop(grace=0.2)


@contextlib.asynccontextmanager
async def talking(
    inbox: Inbox | None = None, *, greet: bool = True, **settings: Any
) -> AsyncIterator[tuple[Talk, Inbox]]:
    """A listener, and a client that has greeted it."""
    async with listening(inbox, **settings) as (_, address, kept):
        talk = await Talk.to(address)
        try:
            if greet:
                await talk.hello("LHLO" if settings.get("protocol") == "lmtp" else "EHLO")
            yield talk, kept
        finally:
            await talk.close()


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost and 127.0.0.1, and its key."""
    certificate, key = directory / "cert.pem", directory / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


__all__ = [
    "LIST",
    "MAIL",
    "Inbox",
    "NotStored",
    "Talk",
    "listening",
    "make_certificate",
    "story",
    "talking",
]
