"""Where mail comes in: a TCP port or Unix socket, SMTP or LMTP, in the caller's event loop."""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

from tldops_bot.adapters.smtp_connection import Busy
from tldops_bot.adapters.smtp_dialogue import Dialogue
from tldops_bot.adapters.smtp_terms import Accept, IsOurs, NotStored, Present, Terms
from tldops_bot.config.settings import ListenerSettings

MAX_CONNECTIONS = 200
IDLE_WHEN_FULL_SECONDS = 10.0  # after which a client that brings no mail makes room for others
MIN_HELD_BYTES = 32 * 1024 * 1024
HELD_MAILS = 6  # content in memory at once, as mails of the largest size; beyond it the answer is 452
_BACKLOG = 512
_SOCKET_MODE = 0o660  # the MTA in front reaches the socket through the group

__all__ = ["Accept", "Listener", "NotStored"]


class Listener:
    """Takes mail for those addresses that `is_ours` knows and hands it to `accept`, once for each mail.

    `accept(octets, envelope)` returns when the raw mail is committed (then the client reads 250), and raises
    NotStored when it cannot be (451). It is never cancelled because a client hung up.
    """

    def __init__(self, settings: ListenerSettings, hostname: str, is_ours: IsOurs, accept: Accept) -> None:
        self._settings = settings
        self._present = Present()
        self._servers: list[asyncio.Server] = []
        self._own_path: Path | None = None
        self._terms = Terms(
            hostname=hostname,
            is_lmtp=settings.protocol == "lmtp",
            max_message_bytes=settings.max_message_bytes,
            max_held_bytes=max(MIN_HELD_BYTES, HELD_MAILS * settings.max_message_bytes),
            tls=_tls_context(settings),
            is_ours=is_ours,
            accept=accept,
        )

    @property
    def connections(self) -> int:
        """How many dialogues are open now."""
        return len(self._present.dialogues)

    @property
    def is_listening(self) -> bool:
        """Whether somebody could connect right now."""
        return bool(self._servers)

    async def start(self, handed: Sequence[socket.socket] = ()) -> tuple[str, ...]:
        """Listen; returns where ("127.0.0.1:8025", or the socket's path). Raises OSError.

        If sockets were `handed` over, it listens on those; whoever opened them also removes them.
        """
        # aiosmtpd logs peers, addresses and command lines, all of which are personal.
        logging.getLogger("mail.log").setLevel(logging.CRITICAL + 1)
        loop = asyncio.get_running_loop()
        if handed:
            # Unix sockets, too: create_unix_server would unlink them in the end, from Python 3.13.
            for one in handed:
                self._servers.append(await loop.create_server(self._protocol, sock=one, backlog=_BACKLOG))
        elif self._settings.socket is not None:
            path = self._own_path = self._settings.socket
            if not path.parent.is_dir():
                raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))
            _must_be_free(path)
            self._servers.append(await loop.create_unix_server(self._protocol, path, backlog=_BACKLOG))
            path.chmod(_SOCKET_MODE)
        else:
            host, port = self._settings.host, self._settings.port
            self._servers.append(await loop.create_server(self._protocol, host, port, backlog=_BACKLOG))
        return tuple(_name(sock.getsockname()) for server in self._servers for sock in server.sockets)

    async def stop(self, grace: float) -> None:
        """Accept nobody new, let mails in hand be answered for up to `grace` seconds, then hang up."""
        if not self._servers:
            return
        for server in self._servers:
            server.close()
        if self._own_path is not None:
            self._own_path.unlink(missing_ok=True)
        for dialogue in list(self._present.dialogues):
            dialogue.finish()
        await self._wait_until_gone(grace)
        for dialogue in list(self._present.dialogues):
            dialogue.abort()
        await self._wait_until_gone(1.0)
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()

    async def _wait_until_gone(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                if self._present.dialogues:
                    await self._present.all_gone.wait()
                if self._present.commits:  # of clients that hung up
                    await asyncio.wait(self._present.commits)

    def _protocol(self) -> asyncio.Protocol:
        if len(self._present.dialogues) >= MAX_CONNECTIONS and not self._has_made_room():
            return Busy()
        return Dialogue(self._terms, self._present, asyncio.get_running_loop())

    def _has_made_room(self) -> bool:
        longest = max(self._present.dialogues, key=lambda one: one.idle_seconds())
        if longest.idle_seconds() < IDLE_WHEN_FULL_SECONDS:
            return False
        longest.dismiss()
        self._present.leave(longest)  # now, not when its transport is closed: others may connect before that
        return True


def _must_be_free(path: Path) -> None:
    """asyncio removes any socket that is in its way. Raises OSError if somebody listens there."""
    with socket.socket(socket.AF_UNIX) as line:
        line.setblocking(False)
        try:
            line.connect(str(path))
        except BlockingIOError:  # somebody does, and has much to do
            pass
        except OSError:  # nobody; or it says itself what is in its way
            return
    raise OSError(errno.EADDRINUSE, "address already in use", str(path))


def _tls_context(settings: ListenerSettings) -> ssl.SSLContext | None:
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    return context


def _name(address: str | tuple[str, int]) -> str:
    if isinstance(address, str):
        return address
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
