"""What listens at an address: nothing, so that we could; one of our own listeners; or something else."""

import contextlib
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

SECONDS: Final = 3.0
OURS: Final = b"tldops-bot"

Who = Literal["nobody", "us", "another", "not allowed", "no such address"]


@dataclass(frozen=True, slots=True)
class Place:
    """What was found at an address."""

    who: Who
    greeting: str = ""


def look_at_port(host: str, port: int, question: bytes = b"") -> Place:
    """Look at a TCP port; `question` is sent first where the server waits for the client to speak."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        return Place("no such address")
    with socket.socket(family, kind, number) as ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            ours.bind(address)
            ours.listen(1)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                return _greeted(lambda: socket.create_connection((host, port), SECONDS), question)
            return Place("not allowed" if problem.errno == errno.EACCES else "no such address")
    return Place("nobody")


def look_at_socket(path: Path) -> Place:
    """Look at a Unix socket; one that nobody listens on any more counts as free."""

    def connect() -> socket.socket:
        with contextlib.ExitStack() as stack:
            line = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            line.settimeout(SECONDS)
            line.connect(str(path))
            stack.pop_all()
            return line

    return _greeted(connect, b"") if path.is_socket() else Place("another" if path.exists() else "nobody")


def _greeted(connect: Callable[[], socket.socket], question: bytes) -> Place:
    said = b""
    try:
        with connect() as line:
            line.settimeout(SECONDS)
            if question:
                line.sendall(question)
            with contextlib.suppress(OSError):
                said = line.recv(500)
    except OSError:
        return Place("nobody")
    first = said.decode("ascii", "replace").partition("\n")[0]
    shown = "".join(one for one in first if one.isprintable())[:60].strip()
    return Place("us" if OURS in said else "another", shown)
