"""`python -m faults.resources`: what the service takes in a flood and over a month, and how quickly it ends."""

import contextlib
import os
import smtplib
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.year.run import live
from benchmarks.year.world import a_world
from faults.ending import LONGEST_END, ended
from faults.kills import finish
from faults.looking import Watch, agents_of, open_files, resident, rested, scratch_of
from faults.measured import Measured, print_measured
from faults.post import Post, Wish, send_aside
from faults.process import Process
from faults.town import FaultTown, fault_town
from tests.keys import LIST_ADDRESS, mail, next_number, text_entity
from tldops_bot.adapters.scratch_folder import LOCK
from tldops_bot.adapters.smtp_listener import HELD_MAILS

MOST_MEMORY = 250_000_000
MOST_FILES = 450  # 200 connections, 200 more that are turned away at once, and what the program needs itself
MOST_GROWTH = 30_000_000  # of memory, from one flood to the next
MOST_HELPERS = 2  # the encryption, and what Python starts beside it to clear up
MOST_JOURNAL = 64_000_000
MOST_DATABASE = 5_000_000
ALWAYS_THERE = (LOCK, "home")  # in the folder for temporary files


def flooded(mails: int, say: Callable[[str], None]) -> list[Measured]:
    """Strangers, members, large mails, and 250 connections that say nothing; twice, to see what stays."""
    with fault_town() as town, Process(town.config.file) as process:
        post = Post(town.people, Random(1))
        assert process.port, process.words()
        _flood(process, town, post, mails // 4)
        before = rested(process)
        floods = [Watch(process), Watch(process)]
        for number, watch in enumerate(floods, 1):
            say(f"flood {number}")
            with watch.watching():
                _flood(process, town, post, mails)
        after, helpers = rested(process), len(process.children())
        scratch = scratch_of(process.pid)
        left = [one for one in scratch.iterdir() if one.name not in ALWAYS_THERE]
        journal = (town.home / "var/tldops.sqlite-wal").stat().st_size
        # What is held of mails that come in, and once more while it is written down.
        most_memory = MOST_MEMORY + 2 * HELD_MAILS * town.config.listener.max_message_bytes
        most_gpg = 2 * max(2, os.cpu_count() or 2)
        code, seconds = process.end()
        left += [one for one in (scratch,) if one.exists()]
        return [
            Measured("flood: memory before", before[0], MOST_MEMORY, "MB"),
            Measured("flood: open files before", before[1], MOST_FILES, ""),
            Measured("flood: memory at most, first", floods[0].memory, most_memory, "MB"),
            Measured("flood: memory at most, second", floods[1].memory, most_memory, "MB"),
            Measured("flood: memory that stays", after[0] - before[0], MOST_GROWTH, "MB"),
            Measured("flood: open files at most", max(one.files for one in floods), MOST_FILES, ""),
            Measured("flood: open files that stay", after[1] - before[1], 4, ""),
            Measured("flood: gpg processes at once", max(one.gpg for one in floods), most_gpg, ""),
            Measured("flood: agents of the list's key", agents_of(town.gnupg), 1, ""),
            Measured("flood: processes that stay", helpers, MOST_HELPERS, ""),
            Measured("flood: temporary files left", len(left), 0, ""),
            Measured("flood: journal left", journal, MOST_JOURNAL, "MB"),
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
    """Every tenth mail is of a megabyte, some of nine. Whoever is turned away tries again, as mail servers do."""
    sent = 0
    while sent < mails:
        with (
            contextlib.suppress(OSError, smtplib.SMTPException),
            smtplib.SMTP("127.0.0.1", port, timeout=60) as client,
        ):
            while sent < mails:
                sender = f"a{next_number()}@client.example"
                lines = 1_000_000 if sent % 100 == 50 else 110_000 if sent % 10 == 0 else 20
                words = "buy this\n" * lines
                head = {"From": sender, "To": LIST_ADDRESS, "Subject": "x"}
                client.sendmail(sender, [LIST_ADDRESS], mail(head, text_entity(words)))
                sent += 1


def a_month(days: int, tlds: int, say: Callable[[str], None]) -> list[Measured]:
    """A year's world, with raw mail kept for a week: between the second and the last week nothing may pile up."""
    with a_world(1, tlds, 2, more='[retention]\nraw_mail = "7d"\n') as world:
        file = world.app.database.file
        assert file is not None
        live(world, days // 2, lambda day: say(f"day {day}"))
        half, files = _live_octets(file), open_files(os.getpid())
        memory = resident(os.getpid())
        live(world, days - days // 2, lambda day: say(f"day {days // 2 + day}"))
        end = _live_octets(file)
        return [
            Measured("month: database half-way", half, MOST_DATABASE, "MB"),
            Measured("month: database in the end", end, MOST_DATABASE, "MB"),
            Measured("month: database grows a day", (end - half) / (days - days // 2), 200_000, "kB"),
            Measured("month: memory that stays", resident(os.getpid()) - memory, MOST_GROWTH, "MB"),
            Measured("month: open files that stay", open_files(os.getpid()) - files, 4, ""),
            Measured("month: agents of the list's key", agents_of(world.app.config.openpgp.home), 1, ""),
        ]


def _live_octets(file: Path) -> int:
    """Without the pages that are free to be used again."""
    with contextlib.closing(sqlite3.connect(file)) as session:
        pages, free, size = (
            session.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
    return int((pages - free) * size)


def main(
    mails: Annotated[int, typer.Option(help="In one flood.", min=10)] = 2000,
    days: Annotated[int, typer.Option(help="Of the month.", min=2)] = 30,
    tlds: Annotated[int, typer.Option(help="In the month's world.", min=10)] = 40,
    only: Annotated[list[str] | None, typer.Option(help="end, flood, month.")] = None,
) -> None:
    """Measure. Exit status 1 where something is more than it may be."""
    say = Console(stderr=True).print
    parts = {
        "end": lambda: ended(say),
        "flood": lambda: flooded(mails, say),
        "month": lambda: a_month(days, tlds, say),
    }
    statuses = [print_measured(measure()) for name, measure in parts.items() if not only or name in only]
    raise typer.Exit(max(statuses, default=0))


if __name__ == "__main__":
    application = typer.Typer(pretty_exceptions_enable=False)
    application.command()(main)
    application()
