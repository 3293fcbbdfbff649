"""What else befalls a server under load: a full disk, a lost database, a bad smarthost, a wrong clock, a dead gpg.

Each is done to a running service; then it ends, everything is sent again, and the accounts are drawn up.
"""

import contextlib
import os
import resource
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from faults.accounts import Accounts, draw_up
from faults.disks import can_mount, small_disk
from faults.ending import LONGEST_END
from faults.kills import AWAY_SECONDS, Say, finish
from faults.moved_clock import CLOCK
from faults.post import Post
from faults.process import Process, agent_of, command_of, living_agent_of, until
from faults.scene import Scene
from faults.town import CONNECTIONS, FaultTown, fault_town
from tests.sink import DROP

HOUR = 3600
Misfortune = Callable[[Scene], int]  # how many blows
Setting = Callable[[], AbstractContextManager[FaultTown]]


@dataclass(frozen=True)
class Fault:
    """One kind of misfortune, where it can happen, and how many repeats may come of it in one life."""

    name: str
    befall: Misfortune
    setting: Setting = fault_town
    most_repeats: int = 0
    is_possible: Callable[[], bool] = lambda: True


def suffered(
    fault: Fault, seed: int, say: Say, pace: float = 1.0, longest_end: float = LONGEST_END
) -> Accounts:
    """The misfortune, what comes after it, and the accounts."""
    say(fault.name)
    chance = Random(seed)
    with fault.setting() as town, ExitStack() as stack:
        clock = stack.enter_context(_clock_file())
        town.new_life()
        moved: Any = {"module": "faults.moved_clock", "environment": {CLOCK: str(clock)}}
        process = stack.enter_context(Process(town.config.file, **moved))
        scene = Scene(town, Post(town.people, chance), process, chance, clock, pace)
        assert process.port, process.words()
        scene.hand_in(6)
        blows = fault.befall(scene)
        town.sink.behave()
        scene.hand_in(6)
        _hurried(scene)
        code, seconds = process.end()
        made = draw_up(fault.name, blows, town, scene.post, fault.most_repeats)
        made.wrong += scene.wrong
        made.must(code == 0, f"it ended with status {code}: {process.words()[-300:]}")
        made.must(seconds <= longest_end, f"it took {seconds:.1f} s to end")
        made.must("Traceback" not in process.words(), process.words()[-600:])
        made.must(process.is_alone(), "something of it kept running")
    return made


def _hurried(scene: Scene) -> None:
    """Everything comes to rest; what was put off for minutes is tried at once."""
    end = time.monotonic() + AWAY_SECONDS
    while time.monotonic() < end and scene.process.is_alive:
        with contextlib.suppress(Exception):  # the store may still be on its way back
            scene.town.hurry()
        finish(scene.process, scene.town, scene.post, 5)
        if scene.town.left() == (0, 0) and not scene.post.unanswered():
            return


# --- the disk and the database


def _full_disk(scene: Scene) -> int:
    ballast = scene.town.home / "ballast"
    for _ in range(2):
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65_536, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size) == size:
                        pass
        scene.hand_in()
        scene.some_time(1.5)
        ballast.unlink()
        scene.hand_in(6)
    return 2


def _files_that_cannot_grow(scene: Scene) -> int:
    """No file may be written at all: what a read-only file system is to a process, and anybody can do it to their own."""
    _, hard = resource.prlimit(scene.process.pid, resource.RLIMIT_FSIZE)
    for _ in range(2):
        resource.prlimit(scene.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        scene.hand_in()
        scene.some_time(1.5)
        resource.prlimit(scene.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        scene.hand_in(6)
    return 2


def _database_gone(scene: Scene) -> int:
    """Moved away with all that belongs to it, and back; the second time a copy is in its place meanwhile."""
    folder, away = scene.town.home / "var", scene.town.home / "away"
    away.mkdir()
    for is_replaced in (False, True):
        names = [one.name for one in folder.glob("tldops.sqlite*")]
        for name in names:
            (folder / name).rename(away / name)
        if is_replaced:
            _copy(away / "tldops.sqlite", folder)
        there, answered = sorted(folder.iterdir()), scene.post.answered
        scene.hand_in()
        scene.some_time(1)
        scene.must(scene.post.answered == answered, "a mail was answered 250 with the database gone")
        scene.must(sorted(folder.iterdir()) == there, "a file was made where the database had been")
        for name in names:
            (away / name).replace(folder / name)
    return 2


def _copy(file: Path, folder: Path) -> None:
    """By another process: ours would lose its locks on a file that it closes (sqlite.org/howtocorrupt.html, 2.2)."""
    subprocess.run(["cp", str(file), str(folder)], check=True)


def _database_locked(scene: Scene) -> int:
    """By somebody who looks at it with another tool."""
    for _ in range(2):
        other = sqlite3.connect(scene.town.home / "var/tldops.sqlite", isolation_level=None, timeout=60)
        other.execute("BEGIN IMMEDIATE")
        scene.hand_in(wait=False)
        scene.some_time(2)
        other.execute("ROLLBACK")
        other.close()
    return 2


# --- the smarthost


def _slow(scene: Scene) -> int:
    scene.town.sink.answer(".", delay=0.3)
    scene.hand_in()
    scene.some_time(1)
    return 1


def _refusing(scene: Scene) -> int:
    """Not now: for the recipient, for all, at every step."""
    for verb, reply in (
        ("RCPT", "451 4.7.1 Greylisted"),
        ("MAIL", "421 4.3.2 Too busy"),
        ("CONNECT", "554 5.3.2 Away"),
        ("DATA", "451 4.3.0 Not now"),
        (".", "452 4.3.1 No room"),
    ):
        scene.town.sink.behave()
        scene.town.sink.answer(verb, reply)
        scene.hand_in(6)
        scene.some_time(0.5)
    return 5


def _dropping(scene: Scene) -> int:
    """Hangs up before it has taken the mail, and (which nobody can tell apart) after."""
    scene.town.sink.answer(".", DROP, times=2)
    scene.hand_in(12)
    until(lambda: scene.town.left() == (0, 0), 10)
    scene.town.sink.remembering.hang_ups = 2
    scene.hand_in(12)
    until(lambda: not scene.town.sink.remembering.hang_ups, 20)
    return 4


# --- the clock


@contextmanager
def _clock_file() -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="clock", dir="/tmp", suffix=".txt") as file:
        yield Path(file.name)


def _clock_jumps(scene: Scene) -> int:
    """Ahead by hours, back behind where it began, ahead by days, back; mails are signed by the true time."""
    jumps = (2 * HOUR, -0.7 * HOUR, 40 * HOUR, -0.7 * HOUR, 720 * HOUR, 0)
    for jump in jumps:
        scene.clock.write_text(str(jump))
        # Thirty days ahead, whatever is signed now is too old, and says nothing of what is counted here.
        if jump < 100 * HOUR:
            scene.hand_in(4)
        scene.some_time(0.4)
    return len(jumps)


# --- what works beside it


def _agent_killed(scene: Scene) -> int:
    killed = 0
    for _ in range(4):
        scene.hand_in(6, wait=False)
        for _ in range(3):
            if pid := agent_of(scene.town.gnupg):
                os.kill(pid, signal.SIGKILL)
                killed += 1
            scene.some_time(scene.chance.uniform(0, 0.2))
    return killed


def _agent_hangs(scene: Scene) -> int:
    pid = living_agent_of(scene.town.gnupg)
    os.kill(pid, signal.SIGSTOP)
    scene.hand_in(12)
    scene.some_time(3)
    os.kill(pid, signal.SIGCONT)
    return 1


def _encryption_killed(scene: Scene) -> int:
    killed = 0
    for _ in range(4):
        scene.hand_in(6, wait=False)
        for pid in scene.process.children():
            if b"spawn_main" in command_of(pid):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        scene.some_time(scene.chance.uniform(0, 0.4))
    return killed


FAULTS = (
    Fault("disk full", _full_disk, small_disk, is_possible=can_mount),
    Fault("nothing can be written", _files_that_cannot_grow),
    Fault("database gone and back", _database_gone),
    Fault("database locked", _database_locked),
    Fault("smarthost slow", _slow),
    Fault("smarthost refuses", _refusing),
    Fault("smarthost hangs up", _dropping, most_repeats=2 * CONNECTIONS),
    Fault("clock jumps", _clock_jumps),
    Fault("gpg-agent killed", _agent_killed),
    Fault("gpg-agent hangs", _agent_hangs),
    Fault("encryption killed", _encryption_killed),
)


def in_one_life() -> Fault:
    """All that is possible here, one after the other, to one process."""
    wanted = [one for one in FAULTS if one.is_possible()]

    def befall(scene: Scene) -> int:
        blows = 0
        for one in wanted:
            blows += one.befall(scene)
            scene.town.sink.behave()
            scene.join()
            scene.town.hurry()
        return blows

    return Fault(
        "everything in one life",
        befall,
        small_disk if can_mount() else fault_town,
        sum(one.most_repeats for one in wanted),
    )
