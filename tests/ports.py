"""TCP and UDP ports of 127.0.0.1 for a server that is told its port, or for one that shall not be there."""

import random
import socket
from contextlib import suppress

# Below those that systems give to whoever asks for any port (Linux: ip_local_port_range, from 32,768).
_PORTS = range(12_000, 30_000)
_taken: list[socket.socket] = []


def free_port() -> int:
    """A port that is given to nobody else while this process lives: to no test beside it, to no client."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with suppress(OSError):
            _take(port)
            return port
    raise AssertionError("no port is free")


def _take(port: int) -> None:
    """Raises OSError if another test has it (a name that all processes share says so), or somebody listens."""
    mark = socket.socket(socket.AF_UNIX)
    try:
        mark.bind(f"\0tldops-bot-test-port-{port}")
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as tried:
                tried.bind(("127.0.0.1", port))
    except OSError:
        mark.close()
        raise
    _taken.append(mark)
