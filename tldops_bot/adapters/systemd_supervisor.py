"""The service manager systemd: the sockets it passes in, what it is told, and its watchdog (sd_notify(3))."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping

FIRST_DESCRIPTOR = 3
_MICROSECONDS = 1_000_000


class Supervisor:
    """What the environment says of the service manager; without one, no sockets come and nobody is told."""

    def __init__(self, environment: Mapping[str, str], own_pid: int) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self._handed = (
            _number(environment, "LISTEN_FDS") if _is_for(environment, "LISTEN_PID", own_pid) else 0
        )
        watched = environment.get("WATCHDOG_PID") is None or _is_for(environment, "WATCHDOG_PID", own_pid)
        self._patience = _number(environment, "WATCHDOG_USEC") / _MICROSECONDS if watched else 0.0

    def sockets(self) -> tuple[socket.socket, ...]:
        """The listening sockets it opened, for us to use but not to remove. Call this once."""
        return tuple(
            socket.socket(fileno=number)
            for number in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + self._handed)
        )

    def ready(self, addresses: tuple[str, ...]) -> None:
        self._tell(f"READY=1\nSTATUS=listening on {', '.join(addresses)}")

    def stopping(self) -> None:
        self._tell("STOPPING=1\nSTATUS=finishing what is in hand")

    async def keep_informed(self, is_well: Callable[[], bool]) -> None:
        """While the event loop turns and all is well, say so twice as often as asked; else it restarts us."""
        while self._patience:
            if is_well():
                self._tell("WATCHDOG=1")
            await asyncio.sleep(self._patience / 2)

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # That nobody is there to be told is no reason to stop accepting mail.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.connect(address)
            line.send(state.encode())


def _is_for(environment: Mapping[str, str], key: str, pid: int) -> bool:
    """Whether it is meant for this process, and not for one whose environment we inherited."""
    return environment.get(key, "") == str(pid)


def _number(environment: Mapping[str, str], key: str) -> int:
    value = environment.get(key, "")
    return int(value) if value.isascii() and value.isdigit() else 0
