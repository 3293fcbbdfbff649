"""The smarthost: a pool of lasting connections, opened with aiosmtplib."""

import asyncio
import ssl

import aiosmtplib

from tldops_bot.adapters.smtp_attempt import Attempt, Outgoing, masked, no_answer
from tldops_bot.adapters.smtp_handover import Announced, Handover, Patience
from tldops_bot.config.settings import SmarthostSettings

__all__ = ["Attempt", "Outgoing", "Patience", "Smarthost", "Unreachable"]


class Unreachable(Exception):
    """There is no connection that takes mail. The text is masked; `code` is 0 if the server said nothing."""

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(masked(text))
        self.code = code


class Smarthost:
    """Takes mails of one recipient each over at most `connections` connections; says how each went.

    It never sends the content of a mail twice, and leaves waiting and retrying to the caller.
    """

    def __init__(
        self,
        settings: SmarthostSettings,
        hostname: str,
        *,
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._hostname = hostname
        self._patience = patience or Patience()
        self._tls = tls
        self._slots = asyncio.Semaphore(settings.connections)
        self._idle: dict[Handover, asyncio.TimerHandle] = {}

    async def send_one(self, mail: Outgoing) -> Attempt:
        """Try one mail once."""
        async with self._slots:
            try:
                connection, attempt = await self._attempt(self._take_idle(), mail)
            except Unreachable as error:
                return no_answer(mail.key, str(error), error.code)
            self._put_idle(connection)
            return attempt

    async def check(self) -> None:
        """Open a connection, greeted, secured and logged in, and close it. Raises Unreachable."""
        (await self._connect()).quit()

    async def close(self) -> None:
        """Close idle connections."""
        while (connection := self._take_idle()) is not None:
            connection.quit()
        await asyncio.sleep(0)

    async def _attempt(self, connection: Handover | None, mail: Outgoing) -> tuple[Handover, Attempt]:
        """Try `mail` on `connection`, else on a new one; also the connection used. Raises Unreachable."""
        if connection is not None and connection.is_open:
            attempt = await connection.deliver(mail)
            if attempt is not None:
                return connection, attempt
        connection = await self._connect()
        attempt = await connection.deliver(mail)
        return connection, attempt or no_answer(mail.key, "connection lost before the content")

    def _take_idle(self) -> Handover | None:
        while self._idle:
            connection, timer = self._idle.popitem()
            timer.cancel()
            if connection.is_open:
                return connection
        return None

    def _put_idle(self, connection: Handover) -> None:
        if connection.is_open:
            loop = asyncio.get_running_loop()
            self._idle[connection] = loop.call_later(self._patience.idle, self._expire, connection)

    def _expire(self, connection: Handover) -> None:
        del self._idle[connection]
        connection.quit()

    async def _connect(self) -> Handover:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=self._password(),
            local_hostname=self._hostname,
            timeout=self._patience.connect,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=self._tls if settings.tls != "none" else None,
        )
        try:
            await client.connect()
            await _greet(client)
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise Unreachable(error.message, error.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            client.close()
            raise Unreachable(str(error)) from None
        return _take_over(client, self._patience)

    def _password(self) -> str | None:
        """Read for each new connection, so that it can be changed while the service runs."""
        if self._settings.password_file is None:
            return None
        try:
            return self._settings.password_file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise Unreachable("the password file of the smarthost cannot be read") from None


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Connecting only greets where TLS or a login needs it; after STARTTLS everything must be asked again."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


def _take_over(client: aiosmtplib.SMTP, patience: Patience) -> Handover:
    """From here on the octets are ours: aiosmtplib waits for each answer before the next command."""
    transport = client.protocol.transport if client.protocol is not None else None
    if not isinstance(transport, asyncio.Transport) or transport.is_closing():
        raise Unreachable("connection lost after the greeting")
    can = client.esmtp_extensions
    size = can.get("size", "")
    announced = Announced(
        pipelining="pipelining" in can,
        eightbitmime="8bitmime" in can,
        smtputf8="smtputf8" in can,
        has_size="size" in can,
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 20 else 0,
    )
    handover = Handover(transport, announced, patience)
    transport.set_protocol(handover)
    return handover
