"""How quickly `serve` ends at SIGTERM, whatever hangs then."""

import os
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack
from random import Random

from faults.measured import Measured
from faults.post import Post, Wish, send_aside
from faults.process import Process, command_of, living_agent_of, until
from faults.town import FaultTown, fault_town
from tests.sink import HANG

LONGEST_END = 10.0
NEVER = 60.0  # also on a machine that has far too much to do

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
    until(lambda: any(b"--detach-sign" in command_of(pid) for pid in process.children()))


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
            _, seconds = process.end(NEVER)
        except subprocess.TimeoutExpired:
            seconds = NEVER
    alone = process.is_alone()
    return Measured(f"to end, with {name}", seconds if alone else NEVER, LONGEST_END, "s")


def _hand_in(process: Process, post: Post) -> None:
    for one in send_aside(process.port, [post.write(Wish.QUERY) for _ in range(6)]):
        one.join(60)
