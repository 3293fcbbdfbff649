"""The gpg processes that run just now: one that takes too long is killed, and all are when the service ends."""

import subprocess
import threading
import time
from typing import Any

import gnupg

TICK_SECONDS = 1.0


class Processes:
    """A thread watches over them as long as there are any."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[Any], float] = {}  # each with the moment of its end
        self._changing = threading.Lock()
        self._is_watched = self._is_over = False

    def add(self, process: "subprocess.Popen[Any]", seconds: float) -> None:
        """Kill it after so long, unless somebody has waited for its end by then."""
        with self._changing:
            self._running[process] = time.monotonic() + seconds
            if self._is_over:
                process.kill()
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, name="gpg-watch", daemon=True).start()

    def end_all(self) -> None:
        """From now on nothing runs for longer than it takes to kill it."""
        with self._changing:
            self._is_over = True
            for process in self._running:
                _kill(process)

    def _watch(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            with self._changing:
                self._running = {one: end for one, end in self._running.items() if one.returncode is None}
                if not self._running:
                    self._is_watched = False
                    return
                for process, end in self._running.items():
                    if time.monotonic() > end:
                        _kill(process)


class BoundedGpg(gnupg.GPG):  # type: ignore[misc]  # it has no types
    """python-gnupg waits for gpg without end, and gpg does so for its agent."""

    def __init__(self, processes: Processes, seconds: float, **more: Any) -> None:
        self._processes, self._seconds = processes, seconds
        super().__init__(**more)

    def _open_subprocess(self, args: Any, passphrase: bool = False) -> Any:
        process = super()._open_subprocess(args, passphrase)
        self._processes.add(process, self._seconds)
        return process


def _kill(process: "subprocess.Popen[Any]") -> None:
    if process.returncode is None:
        process.kill()
