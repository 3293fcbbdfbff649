"""A few pages over HTTP (RFC 9112) in the caller's event loop, for monitoring; one request per connection.

Connections, octets and seconds are all limited: whoever is slow or floods is cut off, and a page is made once
for everybody who asks at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

MAX_CONNECTIONS: Final = 32
MAX_HEAD_OCTETS: Final = 8192
REQUEST_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 30.0
KEPT_SECONDS: Final = 1.0
_METHODS: Final = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Page:
    """What is answered."""

    status: HTTPStatus
    content_type: str
    octets: bytes


Make = Callable[[], Awaitable[Page]]


class Kept:
    """A page that is made at most once in `seconds`; whoever asks meanwhile waits for the same one."""

    def __init__(self, make: Make, seconds: float = KEPT_SECONDS) -> None:
        self._make, self._seconds = make, seconds
        self._page: Page | None = None
        self._made_at = 0.0
        self._making = asyncio.Lock()

    async def __call__(self) -> Page:
        async with self._making:
            now = asyncio.get_running_loop().time()
            if self._page is None or now - self._made_at >= self._seconds:
                self._page = await self._make()
                self._made_at = asyncio.get_running_loop().time()
            return self._page


class Pages:
    """Serves pages by path while started."""

    def __init__(self, pages: Mapping[str, Make]) -> None:
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self, host: str, port: int) -> tuple[str, ...]:
        """Listen; returns where. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD_OCTETS)
        return tuple(_name(one.getsockname()) for one in self._server.sockets)

    async def stop(self) -> None:
        """Stop listening, and hang up."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._open):
            writer.transport.abort()
        await self._server.wait_closed()
        self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._open) >= MAX_CONNECTIONS:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            async with asyncio.timeout(ANSWER_SECONDS):
                writer.write(await self._answer(head))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except asyncio.LimitOverrunError:
            writer.write(_octets(_plain(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), True))
        except (TimeoutError, asyncio.IncompleteReadError, OSError):  # gone, or too slow
            writer.transport.abort()
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        words = head.partition(b"\r\n")[0].decode("ascii", "replace").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _octets(_plain(HTTPStatus.BAD_REQUEST), True)
        method, path = words[0], words[1].partition("?")[0]
        if method not in _METHODS:
            return _octets(_plain(HTTPStatus.METHOD_NOT_ALLOWED), True)
        make = self._pages.get(path)
        page = _plain(HTTPStatus.NOT_FOUND) if make is None else await make()
        return _octets(page, method == "GET")


def _plain(status: HTTPStatus) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{status.phrase}\n".encode())


def _octets(page: Page, with_body: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        "Server: tldops-bot",
        f"Content-Type: {page.content_type}",
        f"Content-Length: {len(page.octets)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if page.status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append(f"Allow: {', '.join(_METHODS)}")
    head = "\r\n".join([*lines, "", ""]).encode()
    return head + (page.octets if with_body else b"")


def _name(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
