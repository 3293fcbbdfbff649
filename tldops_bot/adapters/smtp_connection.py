"""One connection of an SMTP or LMTP client: aiosmtpd's command loop, hardened.

aiosmtpd reads command lines, speaks STARTTLS and ends idle connections. Added here: content in bounded
memory, an orderly end, patience that runs out, and errors that say nothing about the mail.
"""

import asyncio
import collections
import logging

from aiosmtpd.smtp import SMTP

from tldops_bot.adapters.smtp_content import Content
from tldops_bot.adapters.smtp_terms import Present, Terms

MAX_FRUITLESS = 100  # commands without a mail accepted in between
IDLE_SECONDS = 300.0  # RFC 5321 section 4.5.3.2.7
DATA_SECONDS = 600.0  # for one mail's whole content and its commit
_MAX_COMMAND_OCTETS = 2048  # with room for ORCPT (RFC 3461 section 4)
# aiosmtpd's own answers lack the code that ENHANCEDSTATUSCODES promises (RFC 2034).
_ENHANCED = {"221": "2.0.0", "454": "4.7.0", "500": "5.5.2", "501": "5.5.4", "503": "5.5.1", "530": "5.7.0"}

log = logging.getLogger(__name__)


class Connection(SMTP):
    """Knows octets, time and memory; `Dialogue` knows what the commands mean."""

    line_length_limit = _MAX_COMMAND_OCTETS

    def __init__(self, terms: Terms, present: Present, loop: asyncio.AbstractEventLoop) -> None:
        self._terms = terms
        self._present = present
        self._fruitless = 0
        self._content: Content | None = None
        self._content_read: asyncio.Future[None]
        self._held_bytes = 0
        self._ends_in_cr = False
        self._is_out_of_room = False
        self._is_busy = False
        self._is_finishing = False
        self._is_last_answer = False
        self._useful_at = loop.time()
        self.command_size_limits = collections.defaultdict(lambda: _MAX_COMMAND_OCTETS)
        super().__init__(
            None,
            enable_SMTPUTF8=True,
            hostname=terms.hostname,
            ident="LMTP tldops-bot" if terms.is_lmtp else "ESMTP tldops-bot",
            tls_context=terms.tls,
            timeout=IDLE_SECONDS,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Also called once STARTTLS is through: all that was said before is forgotten (RFC 3207, 4.2)."""
        super().connection_made(transport)
        self._present.arrive(self)
        assert self._handler_coroutine is not None
        self._handler_coroutine.add_done_callback(_retrieve)

    def connection_lost(self, error: Exception | None) -> None:
        self._present.leave(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Content goes to its own collector, everything else to aiosmtpd's reader of command lines."""
        content = self._content
        if content is None:
            self._commands_received(data)
            return
        rest = content.feed(data)
        self._hold(content.held)
        if self._present.held_bytes > self._terms.max_held_bytes and not content.is_too_large:
            self._is_out_of_room = True
            content.discard()
            self._hold(content.held)
        if rest is not None:
            self._content = None
            if not self._content_read.done():
                self._content_read.set_result(None)
            if rest:
                self._commands_received(rest)

    def _commands_received(self, data: bytes) -> None:
        """aiosmtpd takes a bare LF as a line end; a server in front may take it as an octet."""
        lines = b"\r" + data if self._ends_in_cr else data
        self._ends_in_cr = data.endswith(b"\r")
        if lines.count(b"\n") == lines.count(b"\r\n"):
            super().data_received(data)
        elif isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(b"500 5.5.2 Lines end in CR LF\r\n")
            self.transport.close()

    async def read_content(self) -> Content:
        """Ask for the content and read to its end. Call `release_content` when done with its octets."""
        content = self._content = Content(self._terms.max_message_bytes)
        self._content_read = self.loop.create_future()
        self._is_busy, self._is_out_of_room = True, False
        self._reset_timeout(DATA_SECONDS)
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._content_read
        return content

    def release_content(self) -> None:
        self._content = None
        self._hold(0)
        self._is_busy = False
        self._useful_at = self.loop.time()
        if self.transport is not None:
            self._reset_timeout()

    def finish(self) -> None:
        """Say goodbye now, or after the answer to the mail in hand."""
        self._is_finishing = True
        if self._is_busy or self._is_last_answer:
            return
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(b"421 4.3.2 Shutting down\r\n")
            self.transport.close()

    def idle_seconds(self) -> float:
        """For how long it has brought no mail; 0 while one is in hand."""
        return 0.0 if self._is_busy else self.loop.time() - self._useful_at

    def dismiss(self) -> None:
        """Make room for somebody else."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(b"421 4.4.2 Others wait, please come again with a mail\r\n")
        self.abort()

    def abort(self) -> None:
        """Hang up."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def push(self, status: str | bytes) -> None:
        if isinstance(status, str):
            code = _ENHANCED.get(status[:3])
            if code is not None and status[5:6] != ".":
                status = f"{status[:3]} {code} {status[4:]}"
            status = status.encode()
        await super().push(status)
        if self._is_last_answer and self.transport is not None:
            self.transport.close()
            # What was pipelined behind must not be carried out: wait until connection_lost() cancels this.
            await self.loop.create_future()

    async def handle_exception(self, error: Exception) -> str:
        """Something broke: name its kind only, since its text may quote the mail, and end the dialogue."""
        log.error("smtp dialogue broke: %s", type(error).__name__)
        self.end_with_next_answer()
        return "421 4.3.0 Something broke here, please try again"

    async def is_patient(self) -> bool:
        """Whether to go on with a client that keeps talking and brings no mail."""
        self._fruitless += 1
        if self._fruitless <= MAX_FRUITLESS:
            return True
        self.end_with_next_answer()
        await self.push("421 4.7.0 Too many commands without a mail")
        return False

    async def fruitless(self, reply: str) -> None:
        """Answer a command that brings no mail nearer."""
        if await self.is_patient():
            await self.push(reply)

    def end_with_next_answer(self) -> None:
        """Close after the next answer, and read nothing more."""
        self._is_last_answer = True

    @property
    def has_more_to_read(self) -> bool:
        """Whether the client sent more without waiting for the answer to the command in hand."""
        return bool(self._reader._buffer)  # type: ignore[attr-defined] # no public name; aiosmtpd does the same

    @property
    def is_tls(self) -> bool:
        return self.session is not None and self.session.ssl is not None

    def _timeout_cb(self) -> None:
        """Abort, not close(): that would wait for a client that doesn't read our answers."""
        self.abort()

    def _hold(self, octets: int) -> None:
        self._present.held_bytes += octets - self._held_bytes
        self._held_bytes = octets


class Busy(asyncio.Protocol):
    """Turns away whoever connects when too many are here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 tldops-bot has too many connections, please try again\r\n")
        transport.close()


def _retrieve(task: asyncio.Task[None]) -> None:
    """A client that resets its connection is no news, but asyncio would print a traceback."""
    if not task.cancelled():
        task.exception()
