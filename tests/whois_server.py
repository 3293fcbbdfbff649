"""A WHOIS server on loopback for tests (RFC 3912: a line in, text out, close) that can misbehave.

with LoopbackWhois({"aa": answer, "bb": HANG}) as server:
    server.port, server.asked
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

HANG: Final = "HANG"  # never answer
DRIP: Final = "DRIP"  # one octet now and then, for ever
FLOOD: Final = "FLOOD"  # octets without end
RESET: Final = "RESET"  # hang up hard, without reading
Behaviour = bytes | str

NOT_FOUND = (
    b"% IANA WHOIS server\n% for more information on IANA, visit http://www.iana.org\n"
    b"% This query returned 0 objects.\n%\n"
    b"% You queried for NAME but this server does not have\n% any data for NAME.\n"
)


class LoopbackWhois:
    """Answers by the name asked for; what isn't in the mapping is not found."""

    def __init__(self, answers: Mapping[str, Behaviour]) -> None:
        self.asked: list[str] = []
        self._answers = answers
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]

    def __enter__(self) -> Self:
        self._run(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _run(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._run(self._answer, connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            query = connection.makefile("rb").readline(512)
            assert query.endswith(b"\r\n")
            name = query.strip().decode("ascii")
            self.asked.append(name)
            behaviour = self._answers.get(name, NOT_FOUND.replace(b"NAME", name.encode("ascii")))
            self._behave(connection, behaviour)

    def _behave(self, connection: socket.socket, behaviour: Behaviour) -> None:
        if isinstance(behaviour, bytes):
            connection.sendall(behaviour)
        elif behaviour == HANG:
            self._over.wait()
        elif behaviour == RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            while not self._over.wait(0.02 if behaviour == DRIP else 0):
                connection.sendall(b"%" if behaviour == DRIP else b"%" * 8192)
