"""A few pages by HTTP: right answers, and nobody who is slow, rude or many keeps others from theirs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import pytest

from tldops_bot.adapters import http_pages
from tldops_bot.adapters.http_pages import MAX_CONNECTIONS, MAX_HEAD_OCTETS, Kept, Page, Pages

WAIT = 60.0


def page(words: str, status: HTTPStatus = HTTPStatus.OK) -> Callable[[], Awaitable[Page]]:
    async def make() -> Page:
        return Page(status, "text/plain", words.encode())

    return make


@asynccontextmanager
async def serving(**more: Callable[[], Awaitable[Page]]) -> AsyncIterator[int]:
    pages = Pages(
        {"/healthz": page("lives"), "/readyz": page("no", HTTPStatus.SERVICE_UNAVAILABLE)}
        | {f"/{name}": make for name, make in more.items()}
    )
    (where,) = await pages.start("127.0.0.1", 0)
    try:
        yield int(where.rpartition(":")[2])
    finally:
        await pages.stop()
        await pages.stop()  # once more does no harm


async def ask(port: int, octets: bytes) -> bytes:
    """What comes back until the server hangs up; "" where it did so without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(octets)
    try:
        async with asyncio.timeout(WAIT):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def get(path: str, version: str = "1.1") -> bytes:
    return f"GET {path} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode()


def test_a_page_is_answered_with_its_status_and_the_line_is_closed() -> None:
    async def test() -> None:
        async with serving() as port:
            head, _, body = (await ask(port, get("/healthz"))).partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            assert lines[0] == "HTTP/1.1 200 OK"
            assert {"Server: tldops-bot", "Content-Length: 5", "Connection: close"} <= set(lines)
            assert body == b"lives"
            assert (await ask(port, get("/readyz"))).startswith(b"HTTP/1.1 503 Service Unavailable\r\n")

    run(test())


@pytest.mark.parametrize(
    ("request_octets", "status"),
    [
        (get("/healthz?verbose=1"), 200),
        (get("/healthz", "1.0"), 200),
        (get("/"), 404),
        (get("/../etc/passwd"), 404),
        (get("http://169.254.169.254/healthz"), 404),
        (b"POST /healthz HTTP/1.1\r\n\r\n", 405),
        (b"GET /healthz\r\n\r\n", 400),
        (b"GET /healthz HTTP/2.0\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (b"EHLO x\r\nMAIL FROM:<>\r\n\r\n", 400),
    ],
)
def test_what_is_asked_otherwise(request_octets: bytes, status: int) -> None:
    async def test() -> None:
        async with serving() as port:
            assert (await ask(port, request_octets)).split(b" ", 2)[1] == str(status).encode()

    run(test())


def test_head_gets_no_body() -> None:
    async def test() -> None:
        async with serving() as port:
            head, _, body = (await ask(port, b"HEAD /healthz HTTP/1.1\r\n\r\n")).partition(b"\r\n\r\n")
            assert b"Content-Length: 5" in head
            assert body == b""

    run(test())


def test_a_head_without_end_is_cut_off() -> None:
    async def test() -> None:
        async with serving() as port:
            said = await ask(port, b"GET /healthz HTTP/1.1\r\n" + b"X: y\r\n" * MAX_HEAD_OCTETS + b"\r\n")
            assert said == b"" or said.split(b" ", 2)[1] == b"431"
            assert b"lives" in await ask(port, get("/healthz"))

    run(test())


def test_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pages, "REQUEST_SECONDS", 0.1)

    async def test() -> None:
        async with serving() as port:
            assert await ask(port, b"GET /healthz HTTP/1.1\r\n") == b""

    run(test())


def test_who_goes_away_in_the_middle_does_no_harm() -> None:
    async def test() -> None:
        async with serving() as port:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /hea")
            writer.transport.abort()
            assert b"lives" in await ask(port, get("/healthz"))

    run(test())


def test_a_flood_of_connections_is_bounded_and_passes() -> None:
    async def test() -> None:
        async with serving() as port:
            idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS)]
            async with asyncio.timeout(WAIT):
                while await ask(port, get("/healthz")):  # all places are taken once the loop has seen them
                    await asyncio.sleep(0.01)
            assert len(idle) == MAX_CONNECTIONS
            for _, writer in idle:
                writer.transport.abort()
            async with asyncio.timeout(WAIT):
                while b"lives" not in await ask(port, get("/healthz")):
                    await asyncio.sleep(0.01)

    run(test())


def test_who_does_not_read_the_answer_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_pages, "ANSWER_SECONDS", 0.2)
    octets = 50_000_000

    async def test() -> None:
        pages = Pages({"/large": page("x" * octets)})
        (where,) = await pages.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*where.split(":"), limit=1024)
        writer.write(get("/large"))
        async with asyncio.timeout(WAIT):
            while not pages._open:
                await asyncio.sleep(0.01)
            while pages._open:
                await asyncio.sleep(0.01)
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await reader.readexactly(octets)
        writer.close()
        await pages.stop()

    run(test())


def test_a_page_is_made_once_for_all_who_ask_together_and_kept_for_a_while() -> None:
    made = []

    async def make() -> Page:
        made.append(1)
        await asyncio.sleep(0.05)
        return Page(HTTPStatus.OK, "text/plain", str(len(made)).encode())

    async def test() -> None:
        kept = Kept(make, seconds=WAIT)
        async with serving(metrics=kept) as port:
            answers = await asyncio.gather(*(ask(port, get("/metrics")) for _ in range(20)))
            assert {one[-1:] for one in answers} == {b"1"}
        fresh = Kept(make, seconds=0.0)
        async with serving(metrics=fresh) as port:
            assert (await ask(port, get("/metrics")))[-1:] == b"2"
            assert (await ask(port, get("/metrics")))[-1:] == b"3"

    run(test())


def test_a_port_that_is_taken_is_an_error() -> None:
    async def test() -> None:
        async with serving() as port:
            with pytest.raises(OSError, match="address already in use"):
                await Pages({}).start("127.0.0.1", port)

    run(test())


def test_it_listens_by_ipv6_too() -> None:
    async def test() -> None:
        pages = Pages({})
        (where,) = await pages.start("::1", 0)
        assert where.startswith("[::1]:")
        await pages.stop()

    run(test())
