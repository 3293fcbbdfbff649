"""Runs gpg once: status in a file of its own, limits on time, memory and output, no secret in arguments.

Its exit code and stderr mean little; callers judge the status lines.
"""

import contextlib
import itertools
import os
import resource
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tldops_bot.adapters.gnupg_files import file_in_memory, must_have_room
from tldops_bot.adapters.gnupg_processes import Processes
from tldops_bot.adapters.scratch_folder import ScratchFolder
from tldops_bot.domain.unavailable import Unavailable

KEYRING = "pubring.gpg"  # in a home; where gpg finds it, it makes no keybox
MAX_STATUS_BYTES = 1024 * 1024
# No gpg.conf, no questions, no network, no agent started, nothing written that was not asked for.
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
        """Whether gpg was killed, or failed without a word; that says nothing about a key or a mail."""
        return self.code < 0 or (self.code != 0 and not self.status and not self.output)

    def heard(self) -> "Finished":
        """Itself; raises GpgUnavailable if gpg was killed, or failed without a word."""
        if self.is_silent:
            raise GpgUnavailable("gpg failed without a word")
        return self

    def spoken(self) -> "Finished":
        """Itself; raises GpgUnavailable if gpg judged nothing, for example for want of memory."""
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
    """For when nobody is counting."""


class GpgRunner:
    """Runs at most `processes` gpg at a time; synchronous, to be called from threads.

    Its own `home` is empty. What gpg reads and writes is in memory, without a name.
    """

    def __init__(
        self,
        processes: int = 2,
        limits: Limits | None = None,
        program: str = "gpg",
        observe: Observe = unobserved,
    ) -> None:
        self._program = shutil.which(program) or program  # looked for once, not before each run
        self._observe = observe
        self.limits = limits or Limits()
        self.processes = Processes()
        self.turns = threading.BoundedSemaphore(processes)
        self._folder = ScratchFolder()
        self._scratch = self._folder.path
        self._numbers = itertools.count()  # of keyrings; the folder is ours alone
        self.home = self._scratch / "home"
        self.home.mkdir(mode=0o700)

    def close(self) -> None:
        """Remove what is on disk; this also happens when the process ends."""
        self._folder.close()

    @contextlib.contextmanager
    def view(self, certificate: bytes) -> Iterator[tuple[str, ...]]:
        """Arguments for a keyring that holds these keys and nothing else; it is gone afterwards."""
        keyring = self._scratch / f"{next(self._numbers)}.gpg"
        try:
            with self._having_room():
                keyring.write_bytes(certificate)
            # Nobody writes to it, so there is nothing to lock.
            yield ("--no-default-keyring", f"--keyring={keyring}", "--trust-model=always", "--lock-never")
        finally:
            keyring.unlink(missing_ok=True)

    @contextlib.contextmanager
    def fresh_home(self, keys: bytes | None = None) -> Iterator[Path]:
        """A gpg home that may be written to: empty, or with these keys in KEYRING."""
        with contextlib.ExitStack() as stack:
            with self._having_room():
                home = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self._scratch)))
                if keys is not None:
                    (home / KEYRING).write_bytes(keys)
            yield home

    @contextlib.contextmanager
    def _having_room(self) -> Iterator[None]:
        with _what_can_be_written():
            must_have_room(self._scratch)
            yield

    @contextlib.contextmanager
    def observed(self, operation: str) -> Iterator[Callable[[], None]]:
        """Report how long the block took, and whether gpg did its work: call what is yielded if it did."""
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
            with _what_can_be_written():
                first = stack.enter_context(file_in_memory(octets))
                files = [first] if second is None else [first, stack.enter_context(file_in_memory(second))]
                output = stack.enter_context(file_in_memory())
                # Not a pipe: this thread would have to wake, and take the interpreter's lock, for each line.
                status = stack.enter_context(file_in_memory())
            command = [self._program, *ALWAYS, f"--homedir={home or self.home}"]
            command += [f"--status-fd={status}", *self._limiting(at, max_output), *arguments]
            passed = [status] if second is None else [status, *files]
            command += [] if second is None else ["--", *(f"-&{file}" for file in files)]
            began = time.monotonic()
            code = self._end_of(self._start(command, first, output, passed), began)
            said = _read(status, MAX_STATUS_BYTES + 1)
            if len(said) > MAX_STATUS_BYTES:
                raise GpgTimedOut("gpg said too much")
            finished = Finished(code, _parse_status(said), _read(output, self.limits.output_bytes))
            if not finished.is_silent:
                is_done()
            return finished

    def _limiting(self, at: datetime | None, max_output: int | None) -> list[str]:
        clock = [f"--faked-system-time={int(at.timestamp())}!"] if at else []
        return [*clock, f"--max-output={max_output or self.limits.output_bytes}"]

    def _start(
        self, command: list[str], stdin: int, stdout: int, passed: list[int]
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
        self._limit(process.pid)
        self.processes.add(process, self.limits.seconds)
        return process

    def _end_of(self, process: "subprocess.Popen[bytes]", began: float) -> int:
        """Its exit code; `processes` kills it if it takes too long. It was about to be started when it `began`."""
        code = process.wait()
        if code < 0 and time.monotonic() - began >= self.limits.seconds:
            raise GpgTimedOut("gpg took too long")
        return code

    def _limit(self, pid: int) -> None:
        """Set limits from outside: code between fork and exec is unsafe in threads. gpg has read nothing yet.

        Not RLIMIT_CORE: gpg sets that itself to the upper bound it has just read, and dies if we lower the
        bound in between.
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


@contextlib.contextmanager
def _what_can_be_written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GpgUnavailable("nothing can be written for gpg") from error


_OPERATIONS = {
    "--verify": "verify",
    "--decrypt": "decrypt",
    "--encrypt": "encrypt",
    "--import": "import",
    "--detach-sign": "sign",
}


def _operation(arguments: Sequence[str]) -> str:
    """What gpg is asked to do, going by its command."""
    return next((_OPERATIONS[word] for word in arguments if word in _OPERATIONS), "other")


def _read(file: int, most: int) -> bytes:
    """What gpg has written; `most` is far more, and room for so much would be cleared first."""
    return os.pread(file, min(os.fstat(file).st_size, most), 0)


def _parse_status(octets: bytes) -> tuple[StatusLine, ...]:
    prefix = "[GNUPG:] "
    texts = octets.decode("utf-8", errors="replace").split("\n")
    words = [text.removeprefix(prefix).split(" ") for text in texts if text.startswith(prefix)]
    return tuple(StatusLine(line[0], tuple(line[1:])) for line in words)
