"""Hands mails to a server over one connection already greeted (RFC 5321), pipelined if possible (RFC 2920).

Pipelining halves the waiting: MAIL, RCPT and DATA go in one write, and the content in the next. The content
is sent only after all three were accepted, so a mail never reaches anybody but its one recipient.
"""

import asyncio
import re
from dataclasses import dataclass

from tldops_bot.adapters.smtp_attempt import Attempt, Outgoing, Reply, Stage, judge, no_answer
from tldops_bot.adapters.smtp_content import is_clean

_ADDRESS = re.compile(r"[^\s<>\x00-\x20\x7f-\x9f\ud800-\udfff]+@[^\s<>\x00-\x20\x7f-\x9f\ud800-\udfff]+")
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MAX_REPLY_OCTETS = 32_768
_STAGES: tuple[Stage, ...] = ("MAIL", "RCPT", "DATA")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait. For the content, RFC 5321's ten minutes: giving up early duplicates mails."""

    connect: float = 30.0
    command: float = 120.0
    content: float = 600.0
    idle: float = 60.0


@dataclass(frozen=True, slots=True)
class Announced:
    """What the server said it can do (EHLO). `size` is 0 if no limit is known."""

    pipelining: bool = False
    eightbitmime: bool = False
    smtputf8: bool = False
    has_size: bool = False
    size: int = 0


class Handover(asyncio.Protocol):
    """Talks to a server that waits for MAIL. One mail at a time; not for use by two tasks at once."""

    def __init__(self, transport: asyncio.Transport, announced: Announced, patience: Patience) -> None:
        self._transport = transport
        self._announced = announced
        self._patience = patience
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._replies: list[Reply] = []
        self._wanted = 0
        self._answered: asyncio.Future[None] | None = None
        self._is_lost = False
        self._is_confused = False
        self._was_used = False

    @property
    def is_open(self) -> bool:
        return not self._is_lost and not self._transport.is_closing()

    async def deliver(self, mail: Outgoing) -> Attempt | None:
        """Try once. None: the connection was gone before any content went; try another at once."""
        is_over = False
        try:
            attempt = await self._deliver(mail)
            is_over = True
            return attempt
        except TimeoutError:
            return no_answer(mail.key, "no answer in time")
        finally:
            # Whatever the server still says is about this mail, and must not be read as about the next.
            if not is_over:
                self.abort()

    def quit(self) -> None:
        """Say goodbye without waiting for an answer."""
        if self.is_open:
            self._transport.write(b"QUIT\r\n")
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # What asyncio calls

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) > _MAX_REPLY_OCTETS:
            self.abort()
            return
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in lines:
            if not self._is_confused:
                self._line(bytes(line).rstrip(b"\r"))
        if len(self._replies) > self._wanted:  # an answer to nothing: a 421 before hanging up, or confusion
            self.abort()
        if len(self._replies) >= self._wanted or any(reply.code == 421 for reply in self._replies):
            self._wake()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._wake()

    def _line(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        if match is None or len(self._lines) > 100:
            self._is_confused = True  # from here on, no line can be matched to a command
            self.abort()
            return
        self._lines.append((match[3] or b"").decode("utf-8", "replace"))
        if match[2] != b"-":
            self._replies.append(Reply(int(match[1]), " ".join(self._lines)))
            self._lines.clear()

    def _wake(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    async def _expect(self, count: int, seconds: float) -> list[Reply]:
        """The next `count` replies; fewer where the connection ends before. Raises TimeoutError."""
        self._wanted = count
        if len(self._replies) < count and not self._is_lost:
            self._answered = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(seconds):
                await self._answered
        replies, self._replies, self._wanted = self._replies, [], 0
        return replies

    # One mail

    async def _deliver(self, mail: Outgoing) -> Attempt | None:
        refused = self._cannot_carry(mail)
        if refused is not None:
            return judge(mail.key, *refused)
        was_used, self._was_used = self._was_used, True
        replies = await self._open(mail)
        if replies is None:
            self.abort()
            return None
        for stage, reply in zip(_STAGES, replies, strict=False):
            if reply.code // 100 != (3 if stage == "DATA" else 2):
                await self._recover(reply, replies)
                return None if was_used and reply.code == 421 else judge(mail.key, stage, reply)
        self._transport.write(wire_form(mail.octets))
        final = await self._expect(1, self._patience.content)
        if not final:
            return no_answer(mail.key, "connection lost after the content")
        if final[0].code == 421 or final[0].code // 100 == 3:
            self.abort()
        return judge(mail.key, ".", final[0])

    async def _open(self, mail: Outgoing) -> list[Reply] | None:
        """MAIL, RCPT and DATA; the replies at least up to the first bad one. None: the connection is gone."""
        lines = self._opening(mail)
        if self._announced.pipelining:
            self._transport.write(b"".join(lines))
            replies = await self._expect(len(lines), self._patience.command)
            if len(replies) < len(lines) and all(reply.code < 400 for reply in replies):
                return None
            return replies
        replies = []
        for line in lines:
            self._transport.write(line)
            answer = await self._expect(1, self._patience.command)
            if not answer:
                return None
            replies += answer
            if answer[0].code >= 400:
                break
        return replies

    def _opening(self, mail: Outgoing) -> tuple[bytes, bytes, bytes]:
        options = ""
        if self._announced.has_size:
            options += f" SIZE={len(mail.octets)}"
        if not mail.octets.isascii():
            options += " BODY=8BITMIME"
        if not (mail.mail_from + mail.rcpt_to).isascii():
            options += " SMTPUTF8"
        sender, recipient = f"MAIL FROM:<{mail.mail_from}>{options}\r\n", f"RCPT TO:<{mail.rcpt_to}>\r\n"
        return sender.encode(), recipient.encode(), b"DATA\r\n"

    async def _recover(self, bad: Reply, replies: list[Reply]) -> None:
        """Make the connection fit for the next mail after a refusal, or end it."""
        codes = [reply.code for reply in replies]
        # 354 after a refusal: the server waits for content that must not be sent, not even an empty one.
        if bad.code < 400 or 421 in codes or 354 in codes or not self.is_open:
            self.abort()
            return
        self._transport.write(b"RSET\r\n")
        answer = await self._expect(1, self._patience.command)
        if not answer or answer[0].code // 100 != 2:
            self.abort()

    def _cannot_carry(self, mail: Outgoing) -> tuple[Stage, Reply] | None:
        """A refusal of our own, where the server could only misunderstand the mail."""
        if mail.mail_from and not _ADDRESS.fullmatch(mail.mail_from):
            return "MAIL", Reply(501, "5.1.7 Not an address")
        if not _ADDRESS.fullmatch(mail.rcpt_to):
            return "RCPT", Reply(501, "5.1.3 Not an address")
        if not (mail.mail_from + mail.rcpt_to).isascii() and not self._announced.smtputf8:
            return "RCPT", Reply(553, "5.6.7 The smarthost has no SMTPUTF8")
        if not mail.octets.isascii() and not self._announced.eightbitmime:
            return "RCPT", Reply(554, "5.6.3 The smarthost has no 8BITMIME")
        if 0 < self._announced.size < len(mail.octets):
            return "RCPT", Reply(552, "5.3.4 Larger than the smarthost takes")
        return None


def wire_form(octets: bytes) -> bytes:
    """Octets as they follow DATA: CRLF line ends, dots stuffed, and the end (RFC 5321 section 4.5.2)."""
    if not is_clean(octets):
        octets = _LINE_END.sub(b"\r\n", octets)
    octets = octets.replace(b"\r\n.", b"\r\n..")
    first = b"." if octets.startswith(b".") else b""
    return b"".join((first, octets, b".\r\n" if octets.endswith(b"\r\n") or not octets else b"\r\n.\r\n"))
