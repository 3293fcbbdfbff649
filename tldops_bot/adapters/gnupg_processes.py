"""The gpg processes running now: any that takes too long is killed, and all of them when the service ends."""

import subprocess
import threading
import time
from typing import Any

import gnupg

TICK_SECONDS = 1.0


class Processes:
    """Watched by a thread for as long as there are any."""

    def __init__(self) -> None:
        self._running: dict[subprocess.Popen[Any], float] = {}  # each with its deadline
        self._changing = threading.Lock()
        self._is_watched = self._is_over = False

    def add(self, process: "subprocess.Popen[Any]", seconds: float) -> None:
        """Kill it after that many seconds, unless somebody has waited for its end by then."""
        with self._changing:
            self._running[process] = time.monotonic() + seconds
            if self._is_over:
                process.kill()
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, name="gpg-watch", daemon=True).start()

    def end_all(self) -> None:
        """Kill all that run, and from now on every one that is started."""
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
    """python-gnupg with a time limit: it waits for gpg for ever, as gpg does for its agent."""

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
