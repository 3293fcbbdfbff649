"""How many mails a second are accepted, against a bare aiosmtpd that commits one row per mail."""

import asyncio
import contextlib
import multiprocessing
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.figures import Figure, Say, middle
from benchmarks.load import send_all
from benchmarks.people import Member
from benchmarks.sink_process import SinkProcess
from benchmarks.site import new_site
from tests.keys import LIST_ADDRESS, mail, text_entity

LEAST = 0.7
CONNECTIONS = 16
_LINES = 40


def measure(members: Sequence[Member], sink: SinkProcess, mails: int, rounds: int, say: Say) -> list[Figure]:
    """Mails that ask for nothing, so that what is done about them afterwards weighs little."""
    ours, floors = [], []
    for number in range(rounds):
        say(f"accepting mail, round {number + 1}")
        load = [("", _mail(nth)) for nth in range(mails)]
        with bare_aiosmtpd() as port:
            floors.append(send_all(port, load, CONNECTIONS).rate)
        with new_site(members[:1]) as site, site.serve(sink.port, 1):
            ours.append(send_all(site.port, load, CONNECTIONS).rate)
    ratio = middle([mine / floor for mine, floor in zip(ours, floors, strict=True)])
    words = f"{middle(ours):,.0f}/s", f"{middle(floors):,.0f}/s", f"{ratio:.2f}"
    return [Figure(f"accepting mail, {CONNECTIONS} connections", *words, f"≥ {LEAST}", ratio >= LEAST)]


def _mail(number: int) -> bytes:
    headers = {
        "From": "robot@client.example",
        "To": LIST_ADDRESS,
        "Subject": f"report {number}",
        "Message-ID": f"<{number}@client.example>",
        "Auto-Submitted": "auto-generated",
    }
    return mail(headers, text_entity("A line of a report that nobody will answer.\n" * _LINES))


@contextlib.contextmanager
def bare_aiosmtpd() -> Iterator[int]:
    """The port of an aiosmtpd in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)


# --- in the other process


class _OneRowEach:
    """A handler as one would write it: a row, a commit, a 250; as durable as our store."""

    def __init__(self, file: Path) -> None:
        self._database = sqlite3.connect(file, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("CREATE TABLE mails (id INTEGER PRIMARY KEY, sender, recipients, octets)")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        row = (envelope.mail_from, ",".join(envelope.rcpt_tos), envelope.content)
        with self._database:
            self._database.execute("INSERT INTO mails (sender, recipients, octets) VALUES (?, ?, ?)", row)
        return "250 2.0.0 Taken"


def _main(pipe: "Connection[Any, Any]") -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        asyncio.run(_serve(pipe, _OneRowEach(Path(folder) / "bare.sqlite")))


async def _serve(pipe: "Connection[Any, Any]", handler: _OneRowEach) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="bare.example"), "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(pipe.recv)
    server.close()
