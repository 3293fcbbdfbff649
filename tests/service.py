"""The whole service on loopback: real listener, intake, delivery and clock in a thread, a sink as smarthost.

with town() as place, place.serving():
    place.send(ann.pgp_mime_signed("SHOW"), ann.address)      # answered 250 when it returns
    got = place.next_to(ann)                                  # opened with ann's gpg, signature verified
"""

import asyncio
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import text as sql

from tests.desk import LIST_LINE, Desk, fresh_home
from tests.keys import LIST_ADDRESS, KeyPair, mail, next_number, text_entity
from tests.letterbox import Got, open_mail
from tests.sink import SunkMail, ThreadedSink
from tldops_bot.app import App, utc_now
from tldops_bot.config import Config, load_config
from tldops_bot.domain.address import address_key
from tldops_bot.domain.schedule import last_due
from tldops_bot.serving import Service
from tldops_bot.store import roster_sends

# Nobody waits that long but a test that fails: a machine may have twenty times as much to do as it can.
PATIENCE_SECONDS = 300.0


class Running:
    """One `Service` in a thread of its own."""

    def __init__(self, config: Config, now: Callable[[], datetime] = utc_now) -> None:
        self.app = App(config, now)
        self.service = Service(self.app)
        self.where = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="service", daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_SECONDS), "the service does not come up"
        if self._problem is not None:
            raise self._problem

    def stop(self) -> None:
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), "the service does not stop"
        self.app.close()
        if self._problem is not None:
            raise self._problem

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as problem:  # noqa: BLE001  handed on to the test's own thread
            self._problem = problem
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await self.service.run(self._stop, self._is_ready)

    def _is_ready(self, where: tuple[str, ...]) -> None:
        self.where = where[0]
        self._ready.set()


@dataclass
class Town:
    """A service's folder, its smarthost, and the mailboxes behind that."""

    config: Config
    sink: ThreadedSink
    desk: Desk
    running: Running | None = None
    read: set[int] = field(default_factory=set)

    @contextmanager
    def serving(self, idle: bool = False) -> Iterator[Running]:
        """The service while the block lasts; `idle`: mail is accepted, and nobody works on it."""
        self.running = Running(self.config)
        if idle:
            self.running.service.workers.carry_out_one = lambda: False  # type: ignore[method-assign]
        self.running.start()
        try:
            yield self.running
        finally:
            self.running.stop()
            self.running = None

    # --- mails in

    def send(self, raw: bytes, mail_from: str, rcpt_to: str = LIST_ADDRESS) -> None:
        """Hand one mail to the listener; it has said 250 when this returns."""
        assert self.running is not None
        where = self.running.where
        if self.config.listener.protocol == "lmtp":
            client: smtplib.SMTP = smtplib.LMTP(*_host_port(where), timeout=PATIENCE_SECONDS)
        else:
            client = smtplib.SMTP(*_host_port(where), timeout=PATIENCE_SECONDS)
        with client:
            client.sendmail(mail_from, [rcpt_to], raw)

    def say(self, who: KeyPair, text: str, rcpt_to: str = LIST_ADDRESS, **more: object) -> bytes:
        """A PGP/MIME signed mail; its octets, for whoever wants to send it again."""
        raw = who.pgp_mime_signed(text, **more)  # type: ignore[arg-type]
        self.send(raw, who.address, rcpt_to)
        return raw

    def say_bound(self, who: KeyPair, text: str, **more: object) -> bytes:
        return self.say(who, f"{LIST_LINE}\n{text}", **more)

    def write(self, address: str, text: str, rcpt_to: str = LIST_ADDRESS, **headers: str) -> None:
        """A plain mail."""
        top = {"From": address, "To": rcpt_to, "Subject": "hello"}
        top |= {"Message-ID": f"<{next_number()}@client.example>"} | headers
        self.send(mail(top, text_entity(text)), address, rcpt_to)

    def answer(self, got: Got, who: KeyPair | str, word: str = "CONFIRM") -> None:
        """Send a token back to the address made for it: signed by a person, or plain from an address."""
        line = f"{word} {got.token(word)}"
        if isinstance(who, KeyPair):
            self.say(who, line, rcpt_to=got.reply_to)
        else:
            self.write(who, f"{line}\n\n> Yes or no?\n", rcpt_to=got.reply_to)

    # --- mails out

    def next_to(self, who: KeyPair | str, subject: str = "") -> Got:
        """The oldest unread mail to somebody whose subject holds these words, opened; waits for it."""
        address = who.address if isinstance(who, KeyPair) else who
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            for number, sunk in enumerate(self.sink.mails):
                if number not in self.read and _is_for(sunk, address):
                    got = self._open(sunk, who)
                    if subject in got.subject:
                        self.read.add(number)
                        return got
            time.sleep(0.01)
        there = [self._open(one, who).subject for one in self.sink.mails if _is_for(one, address)]
        raise AssertionError(f"no unread mail {subject!r} to {address}; there are {there}")

    def unread(self, who: KeyPair | str, subject: str = "") -> list[Got]:
        address = who.address if isinstance(who, KeyPair) else who
        mails = [one for number, one in enumerate(self.sink.mails) if number not in self.read]
        found = [self._open(one, who) for one in mails if _is_for(one, address)]
        return [one for one in found if subject in one.subject]

    def all_to(self, who: KeyPair | str) -> list[Got]:
        address = who.address if isinstance(who, KeyPair) else who
        return [self._open(one, who) for one in self.sink.mails if _is_for(one, address)]

    def _open(self, sunk: SunkMail, who: KeyPair | str) -> Got:
        return open_mail(sunk.octets, who if isinstance(who, KeyPair) else None, self.list_key)

    @cached_property
    def list_key(self) -> KeyPair:
        """The list's public key, in the people's own gpg home."""
        return KeyPair.of(self.desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)

    def roster_is_sent(self) -> None:
        """As if this period's roster had gone out, so that the first tick of the clock sends none."""
        app = self.desk.app
        with app.database.write() as session:
            settings = app.config.roster
            period_at = last_due(settings.schedule, ZoneInfo(settings.timezone), self.desk.now)
            roster_sends.count_as_sent(session, period_at, self.desk.now)
            assert roster_sends.period_is_sent(session, period_at)

    def quiet(self, seconds: float = 1.5) -> None:
        """Wait until everything accepted is carried out and delivered, and nothing more comes."""
        until = time.monotonic() + PATIENCE_SECONDS
        calm = 0
        while calm < seconds / 0.1:
            assert time.monotonic() < until, "it never gets quiet"
            calm = calm + 1 if not self._is_busy() else 0
            time.sleep(0.1)

    def _is_busy(self) -> bool:
        with self.desk.app.database.read() as session:
            mails = session.scalar(sql("SELECT count(*) FROM inbox WHERE state = 'waiting'")) or 0
            copies = session.scalar(
                sql("SELECT count(*) FROM deliveries WHERE state IN ('waiting', 'sending')")
            )
            to_come = session.scalar(sql("SELECT count(*) FROM copies_to_come"))
        return bool(mails + (copies or 0) + (to_come or 0))


@contextmanager
def town(more: str = "") -> Iterator[Town]:
    """A folder in which `init` was run, and a smarthost that takes everything."""
    with ThreadedSink() as sink, fresh_home(sink.port, more) as config:
        desk = Desk(App(config), datetime.now(UTC).replace(microsecond=0))
        try:
            yield Town(config, sink, desk)
        finally:
            desk.app.close()


def reconfigure(place: Town, table: str, line: str) -> None:
    """Another line in a table of config.toml, from the next start on."""
    file = place.config.file
    key = line.partition(" ")[0]
    before, _, after = file.read_text().partition(f"[{table}]\n")
    own, bracket, others = after.partition("[")
    kept = [one for one in own.splitlines() if not one.startswith(f"{key} ")]
    file.write_text("\n".join([f"{before}[{table}]", line, *kept, bracket + others]))
    place.config = load_config(file)


def wait_until(happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


def _is_for(sunk: SunkMail, address: str) -> bool:
    return address_key(sunk.rcpt) == address_key(address)


def _host_port(where: str) -> tuple[str, int]:
    host, _, port = where.rpartition(":")
    return host.strip("[]"), int(port)
