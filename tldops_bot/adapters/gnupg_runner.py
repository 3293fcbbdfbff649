"""Runs gpg once: status on a pipe of its own, limits on time, memory and output, no secret in arguments.

Its exit code and stderr mean little: whoever calls judges the status lines.
"""

import contextlib
import os
import resource
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from tldops_bot.adapters.gnupg_processes import Processes
from tldops_bot.adapters.scratch_folder import ScratchFolder
from tldops_bot.domain.unavailable import Unavailable

MAX_STATUS_BYTES = 1024 * 1024
NEEDED_BYTES = (
    8 * 1024 * 1024
)  # of room for keyrings: on a full disk gpg says less than the truth, and no word of that
# No gpg.conf, no questions, no network, no agent started, no writes but those asked for.
ALWAYS = (
    "--no-options",
    "--batch",
    "--no-tty",
    "--quiet",
    "--no-verbose",
    "--no-greeting",
    "--no-auto-check-trustdb",
    "--no-random-seed-file",
    "--no-autostart",
    "--disable-dirmngr",
    "--no-auto-key-locate",
    "--no-auto-key-retrieve",
    "--no-auto-key-import",
    "--pinentry-mode=error",
    "--enable-special-filenames",
    "--no-symkey-cache",
)


class GpgUnavailable(Unavailable):
    """gpg or its agent could not do its work just now; the same mail may succeed later."""


class GpgTimedOut(GpgUnavailable):
    """gpg was killed because it took too long."""


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One line of gpg's status interface, doc/DETAILS of GnuPG."""

    keyword: str
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """What gpg said and wrote."""

    code: int
    status: tuple[StatusLine, ...]
    output: bytes

    def lines(self, *keywords: str) -> list[StatusLine]:
        return [line for line in self.status if line.keyword in keywords]

    @property
    def is_silent(self) -> bool:
        """Whether gpg was killed, or failed without a word: that says nothing of a key or a mail."""
        return self.code < 0 or (self.code != 0 and not self.status and not self.output)

    def heard(self) -> "Finished":
        """Itself; raises GpgUnavailable when gpg was killed, or failed without a word: that says nothing of a key."""
        if self.is_silent:
            raise GpgUnavailable("gpg failed without a word")
        return self

    def spoken(self) -> "Finished":
        """Itself; raises GpgUnavailable when gpg judged nothing, as for want of memory."""
        if self.code < 0 or not self.status:
            raise GpgUnavailable("gpg ended without a word")
        return self


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gpg process may use."""

    seconds: float = 20
    memory_bytes: int = 256 * 1024 * 1024
    output_bytes: int = 64 * 1024 * 1024


# What was done ("verify"), how many seconds it took, and whether gpg did its work, whatever it found.
Observe = Callable[[str, float, bool], None]


def unobserved(_operation: str, _seconds: float, _is_done: bool) -> None:
    """Nobody wants to know."""


class GpgRunner:
    """Runs at most `processes` at a time; synchronous, to be called from threads.

    `home` of its own is empty. What gpg reads and writes lies in memory, without a name.
    """

    def __init__(
        self,
        processes: int = 2,
        limits: Limits | None = None,
        program: str = "gpg",
        observe: Observe = unobserved,
    ) -> None:
        self._program = program
        self._observe = observe
        self.limits = limits or Limits()
        self.processes = Processes()
        self.turns = threading.BoundedSemaphore(processes)
        self._folder = ScratchFolder()
        self._scratch = self._folder.path
        self.home = self._scratch / "home"
        self.home.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove what lies on disk; done at the end of the process, too."""
        self._folder.close()

    @contextlib.contextmanager
    def view(self, certificate: bytes) -> Iterator[tuple[str, ...]]:
        """Arguments for a keyring that holds these keys and nothing else; it is gone afterwards."""
        with contextlib.ExitStack() as stack:
            with self._having_room():
                named = tempfile.NamedTemporaryFile(dir=self._scratch, suffix=".gpg")  # noqa: SIM115
                keyring = stack.enter_context(named)
                keyring.write(certificate)
                keyring.flush()
            yield ("--no-default-keyring", f"--keyring={keyring.name}", "--trust-model=always")

    @contextlib.contextmanager
    def fresh_home(self) -> Iterator[Path]:
        """An empty gpg home that may be written to."""
        with contextlib.ExitStack() as stack:
            with self._having_room():
                folder = stack.enter_context(tempfile.TemporaryDirectory(dir=self._scratch))
            yield Path(folder)

    @contextlib.contextmanager
    def _having_room(self) -> Iterator[None]:
        try:
            found = os.statvfs(self._scratch)
            if found.f_bavail * found.f_frsize < NEEDED_BYTES:
                raise GpgUnavailable("no room for what gpg needs")
            yield
        except OSError as error:
            raise GpgUnavailable("nothing can be written for gpg") from error

    @contextlib.contextmanager
    def observed(self, operation: str) -> Iterator[Callable[[], None]]:
        """Have it seen how long this takes, and whether gpg did its work: it did where what is yielded was called."""
        began, done = time.monotonic(), list[bool]()
        try:
            yield lambda: done.append(True)
        finally:
            self._observe(operation, time.monotonic() - began, bool(done))

    def run(
        self,
        arguments: Sequence[str],
        octets: bytes = b"",
        second: bytes | None = None,
        *,
        home: Path | None = None,
        at: datetime | None = None,
        max_output: int | None = None,
    ) -> Finished:
        """Run gpg with `octets` as its input, the clock standing at `at`.

        With `second`, two unnamed files are given as the last arguments: `octets`, then `second`.
        Raises GpgTimedOut, and GpgUnavailable when gpg can't be started.
        """
        with self.turns, self.observed(_operation(arguments)) as is_done, contextlib.ExitStack() as stack:
            first = self._file(stack, octets)
            files = [first] if second is None else [first, self._file(stack, second)]
            output = stack.enter_context(_file_in_memory())
            read_end, write_end = os.pipe()
            stack.callback(os.close, read_end)
            command = [self._program, *ALWAYS, f"--homedir={home or self.home}", f"--status-fd={write_end}"]
            command += self._limiting(at, max_output) + list(arguments)
            passed = [write_end] if second is None else [write_end, *(file.fileno() for file in files)]
            command += [] if second is None else ["--", *(f"-&{file.fileno()}" for file in files)]
            process = self._start(command, first, output, passed, write_end)
            try:
                status = _read_status(read_end, time.monotonic() + self.limits.seconds)
            except GpgTimedOut:
                process.kill()
                raise
            finally:
                code = process.wait()  # no polling: whatever lives on without a word is killed by `processes`
            output.seek(0)
            finished = Finished(code, _parse_status(status), output.read(self.limits.output_bytes))
            if not finished.is_silent:
                is_done()
            return finished

    def _file(self, stack: contextlib.ExitStack, octets: bytes) -> IO[bytes]:
        file = stack.enter_context(_file_in_memory())
        file.write(octets)
        file.seek(0)
        return file

    def _limiting(self, at: datetime | None, max_output: int | None) -> list[str]:
        clock = [f"--faked-system-time={int(at.timestamp())}!"] if at else []
        return [*clock, f"--max-output={max_output or self.limits.output_bytes}"]

    def _start(
        self, command: list[str], stdin: IO[bytes], stdout: IO[bytes], passed: list[int], write_end: int
    ) -> subprocess.Popen[bytes]:
        environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ.get("PATH", os.defpath)}
        try:
            process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.DEVNULL,
                pass_fds=passed,
                env=environment,
            )
        except OSError as error:
            raise GpgUnavailable("gpg could not be started") from error
        finally:
            os.close(write_end)
        self._limit(process.pid)
        self.processes.add(process, 2 * self.limits.seconds)
        return process

    def _limit(self, pid: int) -> None:
        """From outside, since code between fork and exec is unsafe in threads; gpg has read nothing yet.

        Not RLIMIT_CORE: gpg sets that itself, with the upper bound it has just read, and dies if we lower that
        in between.
        """
        seconds = int(self.limits.seconds) + 1
        bounds = {
            resource.RLIMIT_AS: self.limits.memory_bytes,
            resource.RLIMIT_FSIZE: self.limits.output_bytes,
            resource.RLIMIT_CPU: seconds,
        }
        if not hasattr(resource, "prlimit"):
            return  # only Linux has it; the limits on time and output hold everywhere
        for kind, bound in bounds.items():
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(pid, kind, (bound, bound))


def _file_in_memory() -> IO[bytes]:
    """Where the system has such; else one that is removed already."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("tldops"), "w+b")
    return tempfile.TemporaryFile()


_OPERATIONS = {
    "--verify": "verify",
    "--decrypt": "decrypt",
    "--encrypt": "encrypt",
    "--import": "import",
    "--detach-sign": "sign",
}


def _operation(arguments: Sequence[str]) -> str:
    """What gpg is asked to do, by its command."""
    return next((_OPERATIONS[word] for word in arguments if word in _OPERATIONS), "other")


def _read_status(read_end: int, deadline: float) -> bytes:
    """Everything until gpg closes the pipe, which it does when it ends."""
    poller = select.poll()
    poller.register(read_end, select.POLLIN | select.POLLHUP)
    chunks: list[bytes] = []
    size = 0
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not poller.poll(remaining * 1000) or size > MAX_STATUS_BYTES:
            raise GpgTimedOut("gpg took too long or said too much")
        chunk = os.read(read_end, 65_536)
        if not chunk:
            return b"".join(chunks)
        size += len(chunk)
        chunks.append(chunk)


def _parse_status(octets: bytes) -> tuple[StatusLine, ...]:
    prefix = "[GNUPG:] "
    texts = octets.decode("utf-8", errors="replace").split("\n")
    words = [text.removeprefix(prefix).split(" ") for text in texts if text.startswith(prefix)]
    return tuple(StatusLine(line[0], tuple(line[1:])) for line in words)
