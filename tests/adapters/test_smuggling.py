"""SMTP smuggling (CVE-2023-51764 and kin): only CRLF.CRLF ends a mail, and nothing follows a false end."""

import asyncio

import pytest

from tests.adapters.smtp_talk import LIST, MAIL, story, talking
from tldops_bot.adapters.smtp_content import Content, is_clean

FALSE_ENDS = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CR . CRLF": b"\r.\r\n",
    "CRLF . CR": b"\r\n.\r",
    "CR . LF": b"\r.\n",
    "LF . CR": b"\n.\r",
    "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CRLF NUL . CRLF": b"\r\n\x00.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\x00\r\n",
    "CR CRLF . LF": b"\r\r\n.\n",
    "LF LF . CRLF": b"\n\n.\r\n",
    "CRLF LF . CRLF": b"\r\n\n.\r\n",
    "CR NUL LF . CRLF": b"\r\x00\n.\r\n",
}
SMUGGLED = (
    b"MAIL FROM:<eve@evil.example>\r\nRCPT TO:<tld-ops@lists.example>\r\nDATA\r\n"
    b"Subject: smuggled\r\n\r\nx\r\n"
)


@pytest.mark.parametrize("false_end", FALSE_ENDS.values(), ids=FALSE_ENDS.keys())
@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
@story
async def test_a_false_end_smuggles_no_mail_and_is_refused_whole(false_end: bytes, protocol: str) -> None:
    async with talking(protocol=protocol) as (talk, inbox):
        await talk.envelope()
        reply = await talk.content(
            b"Subject: bait\r\n\r\nx" + false_end + SMUGGLED + b".\r\n" + SMUGGLED + b".\r\n"
        )
        assert reply.startswith("554 5.6.0 ")
        assert await talk.reply() == ""
        assert inbox.started == 0


@pytest.mark.parametrize(
    "octets", [b"a\rb\r\n", b"a\nb\r\n", b"a\x00b\r\n", b"\n", b"\r\r\n", b"a\r\n\n", b"\x00\r\n"]
)
@story
async def test_bare_cr_bare_lf_and_nul_are_refused_before_anything_is_stored(octets: bytes) -> None:
    async with talking() as (talk, inbox):
        await talk.envelope()
        assert (await talk.content(octets + b"\r\n.\r\n")).startswith("554 5.6.0 ")
        assert inbox.started == 0


@story
async def test_content_sent_before_354_ends_the_connection() -> None:
    async with talking() as (talk, inbox):
        talk.send(
            b"MAIL FROM:<ann@nic.example>\r\nRCPT TO:<tld-ops@lists.example>\r\nDATA\r\n" + MAIL + b".\r\n"
        )
        assert [(await talk.reply())[:9] for _ in range(3)] == ["250 2.1.0", "250 2.1.5", "503 5.5.0"]
        assert await talk.reply() == ""
        assert inbox.started == 0


@story
async def test_content_without_a_recipient_is_never_read_as_content() -> None:
    async with talking() as (talk, inbox):
        talk.send(b"MAIL FROM:<ann@nic.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\n" + MAIL + b".\r\n")
        assert [(await talk.reply())[:3] for _ in range(3)] == ["250", "550", "503"]
        assert (await talk.reply()).startswith("500 ")
        assert inbox.started == 0


@pytest.mark.parametrize(
    "wire",
    [
        b"MAIL FROM:<ann@nic.example>\nRCPT TO:<tld-ops@lists.example>\n",
        b"MAIL FROM:<ann@nic.example>\nRCPT TO:<tld-ops@lists.example>\r\n",
        b"NOOP\r\n\nNOOP\r\n",
    ],
)
@pytest.mark.parametrize("cut", [0, 5, 6, 7, 27, 28, 29])
@story
async def test_a_bare_lf_ends_no_command_but_the_connection(wire: bytes, cut: int) -> None:
    async with talking() as (talk, _):
        talk.send(wire[:cut])
        await asyncio.sleep(0.02)
        talk.send(wire[cut:])
        replies = (await asyncio.wait_for(talk.reader.read(), 60)).decode().splitlines()
        assert replies[-1].startswith("500 5.5.2 ")
        assert not any("Recipient" in reply for reply in replies)


@story
async def test_commands_cut_between_cr_and_lf_are_whole() -> None:
    async with talking() as (talk, _):
        for piece in (b"NOOP\r", b"\nNO", b"OP\r", b"\n"):
            talk.send(piece)
            await asyncio.sleep(0.02)
        assert [(await talk.reply())[:3] for _ in range(2)] == ["250", "250"]


@story
async def test_an_address_carries_no_second_command() -> None:
    async with talking() as (talk, _):
        await talk.say("MAIL FROM:<ann@nic.example>")
        assert (await talk.say(f"RCPT TO:<{LIST.address}>\rDATA")).startswith("501 ")
        assert (await talk.say(f"RCPT TO:<{LIST.address}\nDATA>")).startswith("5")


@pytest.mark.parametrize("cut", range(1, 9))
def test_the_end_is_seen_across_any_cut(cut: int) -> None:
    wire = b"a\r\n..\r\n.\r\nQUIT"
    content = Content(100)
    assert content.feed(wire[:cut]) is None
    assert content.feed(wire[cut:]) == b"QUIT"
    assert content.finish() == b"a\r\n.\r\n"


@pytest.mark.parametrize("octets", [b"", b"\r\n", b"a\r\n\r\nb", b"\r\n" * 9])
def test_content_with_true_line_ends_is_clean(octets: bytes) -> None:
    assert is_clean(octets)


@pytest.mark.parametrize("octets", [b"\r", b"\n", b"\x00", b"\n\r", b"\r\r\n", b"\r\n\n", b"\r\n\r"])
def test_content_with_other_line_ends_is_not_clean(octets: bytes) -> None:
    assert not is_clean(octets)
