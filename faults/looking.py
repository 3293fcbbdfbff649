"""What a process and its children have: memory, open files, temporary files, gpg and its agents."""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from faults.process import Process, command_of, in_session, until
from tldops_bot.adapters.scratch_folder import LOCK


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
        self.memory = max(self.memory, sum(resident(pid) for pid in everything))
        self.files = max(self.files, open_files(self.process.pid))
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


def rested(process: Process) -> tuple[int, int]:
    """Memory and open files once nothing happens."""
    until(lambda: not [pid for pid in process.children() if b"--status-fd" in command_of(pid)])
    return sum(resident(pid) for pid in in_session(process.pid)), open_files(process.pid)


def resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def open_files(pid: int) -> int:
    with contextlib.suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def scratch_of(pid: int) -> Path:
    """The folder in memory that a process keeps locked."""
    opened = [one.readlink() for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
    (found,) = [one.parent for one in opened if one.name == LOCK]
    return found


def agents_of(home: Path) -> int:
    found = 0
    for one in Path("/proc").glob("[0-9]*"):
        command = command_of(int(one.name)).split(b"\0")
        found += command[0].endswith(b"gpg-agent") and str(home).encode() in command
    return found
