"""`python -m faults.resources`: what the service takes in a flood and over a month, and how quickly it ends."""

import contextlib
import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.year.run import live
from benchmarks.year.world import a_world
from faults.kills import finish
from faults.misfortunes import command_of
from faults.post import Post, Wish, send_aside
from faults.process import Process, in_session, living_agent_of, until
from faults.town import FaultTown, fault_town
from tests.keys import LIST_ADDRESS, mail, next_number, text_entity
from tests.sink import HANG

MOST_MEMORY = 250_000_000
MOST_FILES = 450  # 200 connections, 200 more that are turned away at once, and what the program needs itself
MOST_GROWTH = 30_000_000  # of memory, from one flood to the next
LONGEST_END = 10.0
SCRATCH = Path("/dev/shm")


@dataclass(frozen=True, slots=True)
class Measured:
    """One line: what was measured, how it is shown, and what it may be."""

    what: str
    value: float
    most: float
    unit: str

    @property
    def is_held(self) -> bool:
        return self.value <= self.most


@dataclass
class Watch:
    """Looks every few milliseconds at what a process and its children have."""

    process: Process
    memory: int = 0
    files: int = 0
    gpg: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        everything = in_session(self.process.pid)
        self.memory = max(self.memory, sum(_resident(pid) for pid in everything))
        self.files = max(self.files, _files(self.process.pid))
        self.gpg = max(self.gpg, sum(b"--status-fd" in command_of(pid) for pid in everything))

    @contextmanager
    def watching(self) -> Iterator["Watch"]:
        def look_on() -> None:
            while not self._over.wait(0.05):
                self.look()

        thread = threading.Thread(target=look_on, daemon=True)
        thread.start()
        yield self
        self._over.set()
        thread.join(60)
        self.look()


def flooded(mails: int, say: Callable[[str], None]) -> list[Measured]:
    """Strangers, members, large mails, and 250 connections that say nothing; twice, to see what stays."""
    with fault_town() as town, Process(town.config.file) as process:
        post = Post(town.people, Random(1))
        assert process.port, process.words()
        _flood(process, town, post, mails // 4)
        scratch, rested = _scratch(), _rested(process)
        watch = Watch(process)
        with watch.watching():
            for number in range(2):
                say(f"flood {number + 1}")
                _flood(process, town, post, mails)
        after = _rested(process)
        left = [one for one in _scratch() - scratch if one.parent == SCRATCH]
        sizes = {one.name: one.stat().st_size for one in (town.home / "var").glob("tldops.sqlite-wal")}
        code, seconds = process.end()
        return [
            Measured("flood: memory at most", watch.memory, MOST_MEMORY, "MB"),
            Measured("flood: memory that stays", after[0] - rested[0], MOST_GROWTH, "MB"),
            Measured("flood: open files at most", watch.files, MOST_FILES, ""),
            Measured("flood: open files that stay", after[1] - rested[1], 4, ""),
            Measured("flood: gpg processes at once", watch.gpg, 2 * max(2, os.cpu_count() or 2), ""),
            Measured("flood: agents of the list's key", _agents(town), 1, ""),
            Measured("flood: temporary files left", len(left), 0, ""),
            Measured("flood: journal left", sum(sizes.values()), 64_000_000, "MB"),
            Measured("flood: mails not done with", sum(town.left()) + code, 0, ""),
            Measured("flood: then to end", seconds, LONGEST_END, "s"),
        ]


def _flood(process: Process, town: FaultTown, post: Post, mails: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", process.port), 60) for _ in range(250)]
    members = send_aside(process.port, [post.write(Wish.QUERY) for _ in range(mails // 10)])
    strangers = [threading.Thread(target=_strangers, args=(process.port, mails // 4)) for _ in range(4)]
    for one in strangers:
        one.start()
    for one in (*members, *strangers):
        one.join(300)
    for connection in idle:
        connection.close()
    finish(process, town, post)


def _strangers(port: int, mails: int) -> None:
    """Every tenth mail is of a megabyte. Whoever is turned away for want of room tries again, as mail servers do."""
    sent = 0
    while sent < mails:
        with (
            contextlib.suppress(OSError, smtplib.SMTPException),
            smtplib.SMTP("127.0.0.1", port, timeout=60) as client,
        ):
            while sent < mails:
                sender = f"a{next_number()}@client.example"
                words = "buy this\n" * (110_000 if sent % 10 == 0 else 20)
                head = {"From": sender, "To": LIST_ADDRESS, "Subject": "x"}
                client.sendmail(sender, [LIST_ADDRESS], mail(head, text_entity(words)))
                sent += 1


def a_month(days: int, tlds: int, say: Callable[[str], None]) -> list[Measured]:
    """A year's world, with raw mail kept for a week: between the second and the last week nothing may pile up."""
    with a_world(1, tlds, 2, more='[retention]\nraw_mail = "7d"\n') as world:
        file = world.app.database.file
        assert file is not None
        live(world, days // 2, lambda day: say(f"day {day}"))
        half, files = _live_octets(file), _files(os.getpid())
        memory = _resident(os.getpid())
        live(world, days - days // 2, lambda day: say(f"day {days // 2 + day}"))
        return [
            Measured(
                "month: database grows a day", (_live_octets(file) - half) / (days - days // 2), 200_000, "kB"
            ),
            Measured("month: memory that stays", _resident(os.getpid()) - memory, MOST_GROWTH, "MB"),
            Measured("month: open files that stay", _files(os.getpid()) - files, 4, ""),
            Measured("month: agents of the list's key", _count_agents(world.app.config.openpgp.home), 1, ""),
        ]


# --- how it ends

Hold = Callable[[FaultTown, Process, Post, ExitStack], None]


def _smarthost_hangs(town: FaultTown, process: Process, post: Post, _: ExitStack) -> None:
    town.sink.answer(".", HANG)
    _hand_in(process, post)
    until(lambda: bool(town.sink.sink.open))


def _gpg_hangs(town: FaultTown, process: Process, post: Post, stack: ExitStack) -> None:
    _hand_in(process, post)
    agent = living_agent_of(town.gnupg)
    os.kill(agent, signal.SIGSTOP)
    stack.callback(os.kill, agent, signal.SIGCONT)
    _hand_in(process, post)


def _encryption_hangs(_town: FaultTown, process: Process, post: Post, _: ExitStack) -> None:
    for pid in process.children():
        if b"spawn_main" in command_of(pid):
            os.kill(pid, signal.SIGSTOP)
    _hand_in(process, post)


def _client_hangs(_town: FaultTown, process: Process, _post: Post, stack: ExitStack) -> None:
    for _ in range(20):
        client = stack.enter_context(socket.create_connection(("127.0.0.1", process.port), 60))
        client.sendall(b"EHLO client.example\r\nMAIL FROM:<a@client.example>\r\n")
        client.sendall(b"RCPT TO:<tld-ops@lists.example>\r\nDATA\r\n")
        until(lambda client=client: b"354" in client.recv(4096))
        client.sendall(b"Subject: half a mail\r\n\r\nand")


def _database_locked(town: FaultTown, process: Process, post: Post, stack: ExitStack) -> None:
    other = sqlite3.connect(town.home / "var/tldops.sqlite", isolation_level=None, timeout=60)
    stack.callback(other.close)
    other.execute("BEGIN IMMEDIATE")
    threading.Thread(target=_hand_in, args=(process, post), daemon=True).start()


HOLDS: dict[str, tuple[Hold, ...]] = {
    "nothing in hand": (),
    "a smarthost that hangs": (_smarthost_hangs,),
    "a gpg that hangs": (_gpg_hangs,),
    "an encryption that hangs": (_encryption_hangs,),
    "clients in the middle of a mail": (_client_hangs,),
    "a database that is locked": (_database_locked,),
    "all of them": (_client_hangs, _smarthost_hangs, _encryption_hangs, _gpg_hangs, _database_locked),
}


def ended(say: Callable[[str], None]) -> list[Measured]:
    """SIGTERM while something hangs, and whether everything was accounted for after the next start."""
    return [time_to_end(name, holds, say) for name, holds in HOLDS.items()]


def time_to_end(name: str, holds: tuple[Hold, ...], say: Callable[[str], None]) -> Measured:
    say(f"end with {name}")
    with fault_town() as town, ExitStack() as stack:
        post = Post(town.people, Random(1))
        process = stack.enter_context(Process(town.config.file))
        assert process.port, process.words()
        for hold in holds:
            hold(town, process, post, stack)
        try:
            _, seconds = process.end(30)
        except subprocess.TimeoutExpired:
            seconds = 30.0
    alone = process.is_alone(10)
    return Measured(f"to end, with {name}", seconds if alone else 60.0, LONGEST_END, "s")


def _hand_in(process: Process, post: Post) -> None:
    for one in send_aside(process.port, [post.write(Wish.QUERY) for _ in range(6)]):
        one.join(60)


# --- looking


def _rested(process: Process) -> tuple[int, int]:
    """Memory and open files once nothing happens."""
    until(lambda: not [pid for pid in process.children() if b"--status-fd" in command_of(pid)])
    return sum(_resident(pid) for pid in in_session(process.pid)), _files(process.pid)


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _files(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def _scratch() -> set[Path]:
    return set(SCRATCH.glob("tldops-*/*")) | set(SCRATCH.glob("tldops-*"))


def _agents(town: FaultTown) -> int:
    return _count_agents(town.gnupg)


def _count_agents(home: Path) -> int:
    found = 0
    for one in Path("/proc").glob("[0-9]*"):
        command = command_of(int(one.name)).split(b"\0")
        found += command[0].endswith(b"gpg-agent") and str(home).encode() in command
    return found


def _live_octets(file: Path) -> int:
    """Without the pages that are free to be used again."""
    with contextlib.closing(sqlite3.connect(file)) as session:
        pages, free, size = (
            session.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def print_measured(found: list[Measured]) -> int:
    """Print it; 1 where anything is more than it may be."""
    table = Table("", "measured", "at most", "")
    for column in table.columns[1:3]:
        column.justify = "right"
    for one in found:
        table.add_row(
            one.what,
            _said(one.value, one.unit),
            _said(one.most, one.unit),
            "" if one.is_held else "[red]more[/]",
        )
    console = Console()
    (console if console.is_terminal else Console(width=100)).print(table)
    return 0 if all(one.is_held for one in found) else 1


def _said(value: float, unit: str) -> str:
    scale = {"MB": 1e6, "kB": 1e3}.get(unit, 1.0)
    return f"{value / scale:,.1f} {unit}" if unit else f"{value:,.0f}"


def main(
    mails: Annotated[int, typer.Option(help="In one flood.", min=10)] = 2000,
    days: Annotated[int, typer.Option(help="Of the month.", min=2)] = 30,
    tlds: Annotated[int, typer.Option(help="In the month's world.", min=10)] = 40,
) -> None:
    """Measure. Exit status 1 where something is more than it may be."""
    say = Console(stderr=True).print
    found = [*ended(say), *flooded(mails, say), *a_month(days, tlds, say)]
    raise typer.Exit(print_measured(found))


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
