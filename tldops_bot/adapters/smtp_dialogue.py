"""What the commands of SMTP and LMTP mean: mail for the list, 250 after the commit (RFC 5321, RFC 2033)."""

import asyncio
import logging

from tldops_bot.adapters.smtp_arguments import Path, is_helo, parse_path
from tldops_bot.adapters.smtp_connection import Connection
from tldops_bot.adapters.smtp_content import Content, is_clean
from tldops_bot.adapters.smtp_terms import NotStored, Present, Terms
from tldops_bot.domain.envelope import Envelope

MAX_RECIPIENTS = 100  # of one mail; RFC 5321 section 4.5.3.1.8 wants no fewer
# Parameters that may be ignored without harm; any other unknown one may demand what we don't do.
_HARMLESS_OF_MAIL = frozenset(("AUTH", "RET", "ENVID"))

log = logging.getLogger(__name__)


class Dialogue(Connection):
    """One client's mails, one after the other."""

    def __init__(self, terms: Terms, present: Present, loop: asyncio.AbstractEventLoop) -> None:
        self._helo = ""
        self._mail_from: str | None = None
        self._rcpt_tos: list[str] = []
        self._smtputf8 = False
        super().__init__(terms, present, loop)
        for verb in (*(("HELO", "EHLO") if terms.is_lmtp else ("LHLO",)), "AUTH"):
            self._smtp_methods.pop(verb)
        if terms.tls is None:
            self._smtp_methods.pop("STARTTLS")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._helo = ""
        self._forget_mail()
        super().connection_made(transport)

    # Greetings

    async def smtp_HELO(self, hostname: str | None) -> None:  # noqa: N802
        await self._greet(hostname, extensions=())

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802
        await self._greet(hostname, self._extensions())

    async def smtp_LHLO(self, hostname: str | None) -> None:  # noqa: N802
        await self._greet(hostname, self._extensions())

    async def _greet(self, hostname: str | None, extensions: tuple[str, ...]) -> None:
        if not is_helo(hostname):
            await self.fruitless("501 5.5.4 A host name is needed")
        elif await self.is_patient():
            assert hostname is not None
            assert self.session is not None
            self._forget_mail()
            self._helo = self.session.host_name = hostname
            self.session.extended_smtp = bool(extensions)
            *first, last = (self.hostname, *extensions)
            await self.push("".join(f"250-{line}\r\n" for line in first) + f"250 {last}")

    def _extensions(self) -> tuple[str, ...]:
        """RFC 2033 section 5 obliges LMTP to the first three."""
        offered = ("PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8")
        can_start_tls = self._terms.tls is not None and not self.is_tls
        return (*offered, f"SIZE {self._terms.max_message_bytes}", *(("STARTTLS",) if can_start_tls else ()))

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        if self.is_tls:
            await self.fruitless("503 5.5.1 TLS is on already")
        elif self.has_more_to_read:
            # Commands that somebody in between put behind STARTTLS must not be read as the client's own.
            self.end_with_next_answer()
            await self.push("501 5.5.1 Nothing may follow STARTTLS")
        else:
            await super().smtp_STARTTLS(arg or "")

    # One mail

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if not self._helo:
            await self.fruitless("503 5.5.1 Greet first")
        elif self._mail_from is not None:
            await self.fruitless("503 5.5.1 One sender at a time")
        elif (path := parse_path("FROM:", arg)) is None:
            await self.fruitless("501 5.5.4 Syntax: MAIL FROM:<address> [parameters]")
        elif refusal := self._wrong_with_mail(path):
            await self.fruitless(refusal)
        else:
            self._mail_from = path.address
            self._smtputf8 = "SMTPUTF8" in path.parameters
            await self.push("250 2.1.0 Sender ok")

    def _wrong_with_mail(self, path: Path) -> str:
        """The refusal, or "" where nothing is wrong."""
        given = dict(path.parameters)
        size = given.pop("SIZE", "0")
        if not (size.isascii() and size.isdigit() and len(size) <= 20):
            return "501 5.5.4 SIZE is a number"
        if int(size) > self._terms.max_message_bytes:
            return "552 5.3.4 Message too large"
        if given.pop("BODY", "7BIT").upper() not in ("7BIT", "8BITMIME"):
            return "501 5.5.4 BODY is 7BIT or 8BITMIME"
        if given.pop("SMTPUTF8", ""):
            return "501 5.5.4 SMTPUTF8 takes no value"
        if given.keys() - _HARMLESS_OF_MAIL:
            return "555 5.5.4 Parameter not known here"
        if path.address and "@" not in path.address:
            return "553 5.1.7 Sender without a domain"
        if not path.address.isascii() and "SMTPUTF8" not in path.parameters:
            return "553 5.6.7 Address needs SMTPUTF8"
        return ""

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Parameters such as ORCPT and NOTIFY are skipped, announced or not: Postfix may send them."""
        if self._mail_from is None:
            await self.fruitless("503 5.5.1 MAIL first")
        elif (path := parse_path("TO:", arg)) is None or not path.address:
            await self.fruitless("501 5.5.4 Syntax: RCPT TO:<address> [parameters]")
        elif not self._terms.is_ours(path.address):
            # postmaster too (RFC 5321 section 4.5.1): that one lives at the MTA in front.
            await self.fruitless("550 5.1.1 Only the list and its sub-addresses are here")
        elif len(self._rcpt_tos) >= MAX_RECIPIENTS:
            await self.fruitless("452 4.5.3 Too many recipients")
        else:
            self._rcpt_tos.append(path.address)
            await self.push("250 2.1.5 Recipient ok")

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        if arg:
            await self.fruitless("501 5.5.4 DATA takes no argument")
        elif not self._rcpt_tos:
            await self.fruitless("503 5.5.1 No valid recipients")
        elif self.has_more_to_read:
            # Content before our 354 comes from somebody who guesses our answers: a smuggler, not an MTA.
            self.end_with_next_answer()
            await self.push("503 5.5.0 Content came before 354")
        else:
            await self._take_mail()

    async def _take_mail(self) -> None:
        try:
            reply = await self._judge(await self.read_content())
        finally:
            self.release_content()
        replies = len(self._rcpt_tos) if self._terms.is_lmtp else 1  # RFC 2033 section 4.2
        self._forget_mail()
        if self._is_finishing:
            self.end_with_next_answer()
        await self.push("\r\n".join([reply] * replies))

    async def _judge(self, content: Content) -> str:
        """Commit the mail, or say why not; the answer holds for all its recipients."""
        octets = content.finish()
        if content.is_too_large:
            return "452 4.3.1 No room just now" if self._is_out_of_room else "552 5.3.4 Message too large"
        if not is_clean(octets):
            self.end_with_next_answer()  # what follows may be a smuggled mail
            return "554 5.6.0 Bare CR, bare LF or NUL in the content"
        try:
            await self._commit(octets)
        except NotStored:
            return "451 4.3.0 Cannot store the mail just now, please try again"
        self._fruitless = 0
        return "250 2.0.0 Accepted"

    async def _commit(self, octets: bytes) -> None:
        """In a task of its own: a client that hangs up must not cancel a commit halfway."""
        commit = self.loop.create_task(self._accept(octets))
        self._present.commits.add(commit)
        commit.add_done_callback(self._committed)
        await asyncio.shield(commit)

    async def _accept(self, octets: bytes) -> None:
        await self._terms.accept(octets, self._envelope())

    def _committed(self, commit: asyncio.Task[None]) -> None:
        self._present.commits.discard(commit)
        error = None if commit.cancelled() else commit.exception()
        if error is not None:
            log.error("raw mail not stored: %s", type(error).__name__)

    def _envelope(self) -> Envelope:
        assert self._mail_from is not None
        assert self.session is not None
        peer = self.session.peer[0] if isinstance(self.session.peer, tuple) else ""
        return Envelope(
            self._mail_from, tuple(self._rcpt_tos), peer, self._helo, self._smtputf8, self._protocol()
        )

    def _protocol(self) -> str:
        """The word for a Received line (RFC 3848, RFC 6531 section 4.3)."""
        word = "LMTP" if self._terms.is_lmtp else "SMTP"
        extended = self.session is not None and self.session.extended_smtp
        head = "UTF8" if self._smtputf8 else "E" if extended and not self._terms.is_lmtp else ""
        return f"{head}{word}{'S' if self.is_tls else ''}"

    def _forget_mail(self) -> None:
        self._mail_from, self._smtputf8 = None, False
        self._rcpt_tos = []

    # The rest

    async def smtp_RSET(self, arg: str | None) -> None:  # noqa: N802
        self._forget_mail()
        await self.fruitless("250 2.0.0 Ok")

    async def smtp_NOOP(self, arg: str | None) -> None:  # noqa: N802
        await self.fruitless("250 2.0.0 Ok")

    async def smtp_VRFY(self, arg: str | None) -> None:  # noqa: N802
        await self.fruitless("252 2.5.2 Send a mail, and see")

    async def smtp_EXPN(self, arg: str | None) -> None:  # noqa: N802
        await self.fruitless("502 5.5.1 Who is on the list is not told here")

    async def smtp_HELP(self, arg: str | None) -> None:  # noqa: N802
        await self.fruitless("214 2.0.0 Mail the word HELP to the list")
