"""Where the demo happens: the real service and a small smarthost in one event loop, on loopback ports."""

import asyncio
import smtplib
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from tldops_bot.app import App
from tldops_bot.serving import Service
from tldops_bot.store import inbox, inbox_control

PATIENCE_SECONDS = 120.0  # with a slow machine
_T = TypeVar("_T")


class DemoFailed(Exception):
    """Something did not come out as told; the text says what."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One mail, as the smarthost took it."""

    number: int
    rcpt_to: str
    octets: bytes


class Smarthost:
    """Takes every mail and keeps it, in place of people's mailboxes."""

    def __init__(self) -> None:
        self._mails: list[Delivered] = []
        self._changed = threading.Condition()

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """aiosmtpd's hook for one mail with its envelope."""
        with self._changed:
            for address in envelope.rcpt_tos:
                self._mails.append(
                    Delivered(len(self._mails), address, bytes(envelope.original_content or b""))
                )
            self._changed.notify_all()
        return "250 2.0.0 Taken"

    def mails(self) -> tuple[Delivered, ...]:
        """Everything taken so far."""
        with self._changed:
            return tuple(self._mails)

    def wait_for(self, is_it: Callable[[Delivered], bool]) -> Delivered | None:
        """The oldest mail that is it; None when none comes."""
        until = time.monotonic() + PATIENCE_SECONDS
        with self._changed:
            while True:
                found = next((one for one in self._mails if is_it(one)), None)
                left = until - time.monotonic()
                if found is not None or left <= 0:
                    return found
                self._changed.wait(left)


class Town:
    """A thread with an event loop, in which the smarthost runs and, from `serve` on, the service."""

    def __init__(self) -> None:
        self.smarthost = Smarthost()
        self.smarthost_port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo", daemon=True)
        self._server: asyncio.Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._stop: asyncio.Event | None = None
        self._where = ""
        self._app: App | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.smarthost_port = self._do(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._do(self._close())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(PATIENCE_SECONDS)
            self._loop.close()
            if self._app is not None:
                self._app.close()

    def serve(self, app: App) -> str:
        """Start the whole service, as `tldops-bot serve` does; where it listens."""
        self._app = app
        self._where = self._do(self._start(app))
        return self._where

    def hand_in(self, octets: bytes, mail_from: str, rcpt_to: str) -> None:
        """One mail over SMTP to the service; 250 when this returns. Raises DemoFailed."""
        host, _, port = self._where.rpartition(":")
        try:
            with smtplib.SMTP(host, int(port), timeout=PATIENCE_SECONDS) as client:
                client.sendmail(mail_from, [rcpt_to], octets)
        except (OSError, smtplib.SMTPException) as problem:
            raise DemoFailed(f"the listener did not take a mail: {type(problem).__name__}") from problem

    def settle(self) -> None:
        """Wait until everything handed in so far has been carried out."""
        assert self._app is not None
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            with self._app.database.read() as session:
                if all(one.state == inbox.DONE for one, _ in inbox_control.listing(session)):
                    return
            time.sleep(0.02)
        raise DemoFailed("a mail was not carried out")

    def print_roster(self) -> None:
        """See that the roster's files are there: whoever asks while they are being made waits for seconds."""
        assert self._app is not None
        if self._app.roster_press.prepare().edition is None:
            raise DemoFailed("the files of the roster were not made")

    # --- in the loop

    async def _open(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._dialogue, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def _dialogue(self) -> SMTP:
        return SMTP(self.smarthost, hostname="smarthost.example", enable_SMTPUTF8=True, loop=self._loop)

    async def _start(self, app: App) -> str:
        self._stop = asyncio.Event()
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        service = Service(app)
        self._serving = asyncio.create_task(
            service.run(self._stop, lambda addresses: ready.set_result(addresses[0]))
        )
        both: set[asyncio.Future[Any]] = {self._serving, ready}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            raise DemoFailed("the service did not start") from self._serving.exception()
        return ready.result()

    async def _close(self) -> None:
        if self._serving is not None and self._stop is not None:
            self._stop.set()
            await asyncio.wait({self._serving})
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(2 * PATIENCE_SECONDS)
        except TimeoutError:
            raise DemoFailed("the service neither starts nor stops") from None
