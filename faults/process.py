"""`tldops-bot serve` as a process of its own that can be killed at any moment, and what it leaves running."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

PROGRAM = (sys.executable, "-m", "tldops_bot")
ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300.0


class Process:
    """One life of one verb, in a session of its own, so that whatever it started can be found."""

    def __init__(
        self,
        config: Path,
        *verb: str,
        environment: Mapping[str, str] | None = None,
        module: str = "tldops_bot",
    ) -> None:
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as we do
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, "--config", str(config), *(verb or ("serve",))],
            stdout=subprocess.PIPE,
            stderr=self._words,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        self._is_ready = threading.Event()
        self._port = 0
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.fullmatch(rb"listening on \S+:(\d+)\n", line)
            self._port = int(found[1]) if found else self._port
            self._is_ready.set()
        self._is_ready.set()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def port(self) -> int:
        """Where it listens, once it does; 0 when it has died before."""
        assert self._is_ready.wait(PATIENCE_SECONDS), "the service does not come up"
        return self._port

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL, whatever it is doing."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Its words are not asked for any more."""
        self._words.close()
        if self._process.stdout is not None:
            self._listening.join(PATIENCE_SECONDS)
            self._process.stdout.close()

    def end(self, within: float = PATIENCE_SECONDS) -> tuple[int, float]:
        """SIGTERM; its exit status, and how many seconds it took. Raises subprocess.TimeoutExpired."""
        self._process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        code = self._process.wait(within)
        return code, time.monotonic() - began

    def wait(self) -> int:
        return self._process.wait(PATIENCE_SECONDS)

    def send_signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    def words(self) -> str:
        """What it has written to stderr."""
        size = os.fstat(self._words.fileno()).st_size
        return os.pread(self._words.fileno(), size, 0).decode("utf-8", "replace")

    def children(self) -> list[int]:
        """What runs in its session beside itself, dead or alive: encryption, gpg. (The agent has its own.)"""
        return [pid for pid in in_session(self.pid) if pid != self.pid]

    def is_alone(self, within: float = PATIENCE_SECONDS) -> bool:
        """Whether nothing it started outlives it for longer than that."""
        return until(lambda: not in_session(self.pid), within)


def in_session(session: int) -> list[int]:
    """The processes of one session that are no zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(stat.parent.name))
    return found


def command_of(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def run(config: Path, *verb: str) -> subprocess.CompletedProcess[str]:
    """One verb of the command line, to its end."""
    command = [*PROGRAM, "--config", str(config), *verb]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def until(happened: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    """Wait for it; whether it happened."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def agent_of(home: Path) -> int:
    """The pid of the gpg-agent of a home, 0 where none runs."""
    command: Sequence[str] = ("gpg-connect-agent", "--homedir", str(home), "--no-autostart")
    asked = subprocess.run([*command, "getinfo pid", "/bye"], capture_output=True, text=True, check=False)
    found = re.search(r"^D (\d+)$", asked.stdout, re.MULTILINE)
    return int(found[1]) if found else 0


def living_agent_of(home: Path) -> int:
    """The same; one is started where none runs. (Pid 0 would be ourselves.)"""
    subprocess.run(["gpgconf", "--homedir", str(home), "--launch", "gpg-agent"], check=True)
    found = agent_of(home)
    assert found > 0, "no gpg-agent"
    return found
