"""A process of our own that does what it is asked, one thing after another, however it may end.

Whoever asks writes the question to a socket and reads the answer, in a thread of theirs: where a pool has two
threads in between, each of which must first get the interpreter's lock.
"""

import contextlib
import multiprocessing
import pickle
import queue
import selectors
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from tldops_bot.adapters.child_process import live_and_die_with_parent

START_SECONDS = 60.0
_BUFFER_BYTES = 65_536  # most answers are read at once
_SIZE_BYTES = 8  # in front of each question and answer
_GREETING = "at work"
_NO_ANSWER = (OSError, EOFError)  # late, or ended by us; dead

T = TypeVar("T")


class WorkerGone(Exception):
    """It died over what it was asked, or took too long, or was ended."""


class WorkerNotStarted(Exception):
    """It never came to be asked anything."""


class Worker:
    """One process, and `lanes` sockets to it: so many may ask at once, and the next question is there in time.

    Once anything was raised but what the work itself raised, `end` it: it can't be used any more.
    """

    def __init__(self, lanes: int, seconds: float) -> None:
        """An answer may take `seconds`; the first one also as long as the process needs to start.

        Raises WorkerNotStarted if no process can be made.
        """
        pairs = [socket.socketpair() for _ in range(lanes)]
        self._lanes = [_Lane(ours, seconds) for ours, _ in pairs]
        self._is_ended = False
        self._free = queue.SimpleQueue[_Lane]()
        for lane in self._lanes:
            self._free.put(lane)
        context = multiprocessing.get_context("spawn")
        self.process = context.Process(target=_serve, args=([theirs for _, theirs in pairs],), daemon=True)
        try:
            self.process.start()
        except OSError:  # no memory, too many processes
            self._hang_up()
            raise WorkerNotStarted from None
        finally:
            for _, theirs in pairs:
                theirs.close()

    def ask(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` returns or raises there. Raises WorkerGone and WorkerNotStarted. From any thread."""
        lane = self._free.get()
        try:
            answer = lane.ask((work, arguments))
        finally:
            if self._is_ended:
                lane.close()
            self._free.put(lane)
        if isinstance(answer, Exception):
            raise answer
        found: T = answer
        return found

    def end(self) -> None:
        """Kill it; whoever waits for an answer hears of that."""
        self.process.kill()
        self._hang_up()

    def _hang_up(self) -> None:
        """A lane in use is closed by who uses it: its number could be another file's by then."""
        self._is_ended = True
        for lane in self._lanes:
            lane.shut_down()
        idle: list[_Lane] = []
        with contextlib.suppress(queue.Empty):
            while True:
                idle.append(self._free.get_nowait())
        for lane in idle:
            lane.close()
            self._free.put(lane)


class _Lane:
    """One of the sockets, for one question at a time."""

    def __init__(self, ours: socket.socket, seconds: float) -> None:
        self._socket = ours
        self._seconds = seconds
        _be_patient(ours, START_SECONDS)
        self._is_greeted = False

    def ask(self, question: object) -> Any:
        if not self._is_greeted:
            try:
                _receive(self._socket)
            except _NO_ANSWER:
                raise WorkerNotStarted from None
            self._is_greeted = True
            _be_patient(self._socket, self._seconds)
        try:
            _send(self._socket, question)
            return _receive(self._socket)
        except _NO_ANSWER:
            raise WorkerGone from None

    def shut_down(self) -> None:
        """Also while somebody reads, who then finds the end."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.close()


def _be_patient(one: socket.socket, seconds: float) -> None:
    """For so long and no longer. Not `settimeout`: each call would let go of the interpreter's lock twice."""
    whole = int(seconds)
    limit = struct.pack("ll", whole, int((seconds - whole) * 1_000_000))
    one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


def _send(to: socket.socket, what: object) -> None:
    octets = pickle.dumps(what)
    to.sendall(len(octets).to_bytes(_SIZE_BYTES) + octets)


def _receive(source: socket.socket) -> Any:
    """The next thing that was sent whole. Raises EOFError at the end."""
    got, wanted = bytearray(), _SIZE_BYTES
    while len(got) < wanted:
        more = source.recv(_BUFFER_BYTES)
        if not more:
            raise EOFError
        got += more
        if wanted == _SIZE_BYTES <= len(got):
            wanted += int.from_bytes(got[:_SIZE_BYTES])
    return pickle.loads(memoryview(got)[_SIZE_BYTES:])  # noqa: S301  from a process of ours


# --- in the process


def _serve(lanes: Sequence[socket.socket]) -> None:
    """Answer for as long as the one who asks lives. What is no Exception (Rust panics) ends this process."""
    live_and_die_with_parent()
    with selectors.DefaultSelector() as waiting:
        for lane in lanes:
            waiting.register(lane, selectors.EVENT_READ, lane)
            _send(lane, _GREETING)
        while True:
            for ready, _ in waiting.select():
                try:
                    work, arguments = _receive(ready.data)
                except EOFError:
                    return
                _send(ready.data, _outcome(work, arguments))


def _outcome(work: Callable[..., object], arguments: Sequence[Any]) -> object:
    try:
        return work(*arguments)
    except Exception as problem:  # noqa: BLE001  it is raised where it was asked for
        return problem
