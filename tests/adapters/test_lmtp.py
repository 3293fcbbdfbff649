"""Mail coming in over LMTP (RFC 2033)."""

import socket
from pathlib import Path

import pytest

from tests.adapters.smtp_talk import LIST, MAIL, Inbox, NotStored, Talk, listening, story, talking


@story
async def test_lhlo_announces_what_rfc_2033_obliges_to() -> None:
    async with talking(greet=False, protocol="lmtp") as (talk, _):
        assert await talk.reply() == "220 lists.example LMTP tldops-bot"
        assert {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME"} <= {
            line[4:] for line in (await talk.say("LHLO mx.example")).split("\n")
        }


@pytest.mark.parametrize("word", ["EHLO", "HELO"])
@story
async def test_helo_and_ehlo_are_no_lmtp(word: str) -> None:
    async with talking(greet=False, protocol="lmtp") as (talk, _):
        await talk.reply()
        assert (await talk.say(f"{word} mx.example")).startswith("500 ")
        assert (await talk.say("MAIL FROM:<ann@nic.example>")).startswith("503 ")


@pytest.mark.parametrize("count", [1, 2, 5])
@story
async def test_one_reply_for_each_recipient_taken_and_one_run(count: int) -> None:
    async with talking(protocol="lmtp") as (talk, inbox):
        await talk.say("MAIL FROM:<ann@nic.example>")
        assert (await talk.say("RCPT TO:<bob@nic.example>")).startswith("550 ")
        for number in range(count):
            await talk.say(f"RCPT TO:<{LIST.with_tag(f't.{number}')}>")
        assert (await talk.content(MAIL + b".\r\n")).startswith("250 ")
        for _ in range(count - 1):
            assert (await talk.reply()).startswith("250 ")
        assert (await talk.say("NOOP")).startswith("250 2.0.0 Ok")
        assert inbox.started == 1
        assert inbox.mails[0][1].protocol == "LMTP"


@story
async def test_a_recipient_named_twice_is_answered_twice() -> None:
    async with talking(protocol="lmtp") as (talk, inbox):
        await talk.deliver(MAIL, LIST.address, LIST.address)
        assert (await talk.reply()).startswith("250 ")
        assert inbox.started == 1


@pytest.mark.parametrize(
    ("octets", "fail", "code"),
    [
        (MAIL, NotStored(), "451 4.3.0"),
        (b"x" * 20_000 + b"\r\n", None, "552 5.3.4"),
        (b"a\rb\r\n", None, "554 5.6.0"),
    ],
)
@story
async def test_a_refusal_too_is_given_for_each_recipient(
    octets: bytes, fail: Exception | None, code: str
) -> None:
    async with talking(Inbox(fail=fail), protocol="lmtp", max_message_bytes=16_384) as (talk, _):
        assert (await talk.deliver(octets, LIST.address, LIST.with_tag("t.x"))).startswith(code)
        assert (await talk.reply()).startswith(code)


@story
async def test_no_recipient_no_content() -> None:
    async with talking(protocol="lmtp") as (talk, _):
        await talk.say("MAIL FROM:<ann@nic.example>")
        assert (await talk.say("DATA")).startswith("503 ")  # RFC 2033 section 4.2


@story
async def test_lmtp_over_a_unix_socket(short_path: Path) -> None:
    path = short_path / "lmtp.sock"
    async with listening(protocol="lmtp", socket=path) as (_, address, inbox):
        for _ in range(2):
            talk = await Talk.to(address)
            await talk.hello("LHLO")
            assert (await talk.deliver()).startswith("250 ")
            await talk.close()
        assert [envelope.peer for _, envelope in inbox.mails] == ["", ""]


@story
async def test_a_socket_at_which_somebody_listens_is_left_to_them(short_path: Path) -> None:
    path = short_path / "lmtp.sock"
    async with listening(protocol="lmtp", socket=path) as (_, address, inbox):
        with pytest.raises(OSError, match="in use"):
            async with listening(protocol="lmtp", socket=path):
                pass
        talk = await Talk.to(address)
        await talk.hello("LHLO")
        assert (await talk.deliver()).startswith("250 ")
        await talk.close()
        assert len(inbox.mails) == 1


@story
async def test_a_socket_left_behind_by_a_crash_is_no_hindrance(short_path: Path) -> None:
    path = short_path / "lmtp.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    async with listening(protocol="lmtp", socket=path) as (_, address, _):
        talk = await Talk.to(address)
        assert (await talk.reply()).startswith("220 ")
        await talk.close()
