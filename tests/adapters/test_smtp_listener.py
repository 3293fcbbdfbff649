"""Mail coming in over SMTP: the dialogue, octet by octet."""

import asyncio
import contextlib
import logging
import ssl
from pathlib import Path

import pytest

from tests.adapters.smtp_talk import (
    LIST,
    MAIL,
    Inbox,
    NotStored,
    Talk,
    listening,
    make_certificate,
    story,
    talking,
)
from tldops_bot.adapters import smtp_connection, smtp_listener
from tldops_bot.domain.envelope import Envelope

SMALL = 16_384  # the smallest limit the configuration allows


@story
async def test_a_mail_arrives_as_sent_with_its_envelope() -> None:
    async with talking() as (talk, inbox):
        await talk.envelope("tld-ops@lists.example", "TLD-OPS+t.route@lists.example")
        assert await talk.content(MAIL + b".\r\n") == "250 2.0.0 Accepted"
        assert inbox.mails == [
            (
                MAIL,
                Envelope(
                    mail_from="ann@nic.example",
                    rcpt_tos=("tld-ops@lists.example", "TLD-OPS+t.route@lists.example"),
                    peer="127.0.0.1",
                    helo="client.example",
                    smtputf8=False,
                    protocol="ESMTP",
                ),
            )
        ]


@story
async def test_list_and_token_address_in_one_mail_run_once() -> None:
    async with talking() as (talk, inbox):
        await talk.deliver(MAIL, LIST.address, LIST.with_tag("t.x"), LIST.address)
        assert inbox.started == 1


@story
async def test_ehlo_announces_what_is_kept() -> None:
    async with talking(greet=False, max_message_bytes=SMALL) as (talk, _):
        assert await talk.reply() == "220 lists.example ESMTP tldops-bot"
        lines = (await talk.say("EHLO client.example")).split("\n")
        assert lines[0] == "250-lists.example"
        assert {line[4:] for line in lines[1:]} == {
            "PIPELINING",
            "ENHANCEDSTATUSCODES",
            "8BITMIME",
            "SMTPUTF8",
            f"SIZE {SMALL}",
        }


@story
async def test_helo_alone_is_enough() -> None:
    async with talking(greet=False) as (talk, inbox):
        assert await talk.hello("HELO") == "250 lists.example"
        await talk.deliver()
        assert inbox.mails[0][1].protocol == "SMTP"


@story
async def test_several_mails_in_one_connection() -> None:
    async with talking() as (talk, inbox):
        for number in range(3):
            assert (await talk.deliver(b"%d\r\n" % number)).startswith("250 ")
        assert [octets for octets, _ in inbox.mails] == [b"0\r\n", b"1\r\n", b"2\r\n"]
        assert await talk.say("QUIT") == "221 2.0.0 Bye"
        assert await talk.reply() == ""


@story
async def test_the_null_sender_is_an_empty_string() -> None:
    async with talking() as (talk, inbox):
        await talk.deliver(mail_from="")
        assert inbox.mails[0][1].mail_from == ""


@story
async def test_a_whole_mail_may_be_pipelined_up_to_data() -> None:
    async with talking() as (talk, inbox):
        talk.send(b"MAIL FROM:<ann@nic.example>\r\nRCPT TO:<tld-ops@lists.example>\r\nDATA\r\n")
        assert [(await talk.reply())[:3] for _ in range(3)] == ["250", "250", "354"]
        talk.send(MAIL + b".\r\nMAIL FROM:<bob@nic.example>\r\nRCPT TO:<tld-ops@lists.example>\r\nDATA\r\n")
        assert [(await talk.reply())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        talk.send(b"two\r\n.\r\nQUIT\r\n")
        assert [(await talk.reply())[:3] for _ in range(2)] == ["250", "221"]
        assert [octets for octets, _ in inbox.mails] == [MAIL, b"two\r\n"]


# What is refused at RCPT


@pytest.mark.parametrize(
    "rcpt",
    [
        "<bob@nic.example>",
        "<tld-ops@evil.example>",
        "<tld-ops-request@lists.example>",
        "<tld-ops+@lists.example>",
        "<postmaster>",
        "<Postmaster@lists.example>",
        "<tld-ops%evil.example@lists.example>",
        "<tld-op\u017f@lists.example>",
        "<tld-ops@[127.0.0.1]>",
        '<"tld-ops"@lists.example>',
    ],
)
@story
async def test_only_the_list_and_its_sub_addresses_are_taken(rcpt: str) -> None:
    async with talking() as (talk, _):
        await talk.say("MAIL FROM:<ann@nic.example> SMTPUTF8")
        assert (await talk.say(f"RCPT TO:{rcpt}")).startswith("550 5.1.1 ")
        assert (await talk.say("DATA")).startswith("503 ")


@pytest.mark.parametrize(
    "rcpt",
    [
        "",
        "<>",
        "tld-ops@lists.example",
        "<tld-ops@lists.example",
        "<<tld-ops@lists.example>>",
        "<@evil.example:tld-ops@lists.example>",
        "<tld-ops@lists.example>RCPT",
        "<tld-ops@lists.example> =",
        "<tld-ops@lists.example> A=1 A=2",
        "<tld-ops@lists.example@evil.example>",
        "<tld-ops@lists.example\x00>",
        "<tld-ops@lists.example\r>",
        "<tld-ops@lists.example\udcff>",
        "<" + "x" * 65 + "@lists.example>",
        "<x@" + "y" * 254 + ">",
    ],
)
@story
async def test_what_is_no_path_is_refused(rcpt: str) -> None:
    async with talking() as (talk, _):
        await talk.say("MAIL FROM:<ann@nic.example>")
        assert (await talk.say(f"RCPT TO:{rcpt}")).startswith("501 5.5.4 ")
        assert (await talk.say(f"RCPT TO:<{LIST.address}>")).startswith("250 ")


@story
async def test_parameters_of_postfix_are_tolerated() -> None:
    async with talking() as (talk, inbox):
        options = "SIZE=100 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ314159 AUTH=<>"
        assert (await talk.say(f"MAIL FROM:<ann@nic.example> {options}")).startswith("250 ")
        orcpt = "ORCPT=rfc822;tld-ops@lists.example NOTIFY=SUCCESS,FAILURE,DELAY X-NEW=1 FLAG"
        assert (await talk.say(f"RCPT TO:<{LIST.address}> {orcpt}")).startswith("250 ")
        long = "ORCPT=utf-8;" + "x" * 900
        assert (await talk.say(f"RCPT TO:<{LIST.address}> {long}")).startswith("250 ")
        assert (await talk.content(MAIL + b".\r\n")).startswith("250 ")
        assert inbox.mails[0][1].protocol == "UTF8SMTP"


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        ("", "501 5.5.4"),
        ("<ann@nic.example", "501 5.5.4"),
        ("ann@nic.example", "501 5.5.4"),
        ("<ann@nic.example> SIZE=", "501 5.5.4"),
        ("<ann@nic.example> SIZE=x", "501 5.5.4"),
        ("<ann@nic.example> SIZE=-1", "501 5.5.4"),
        ("<ann@nic.example> SIZE=\u0661", "501 5.5.4"),
        ("<ann@nic.example> SIZE=" + "9" * 900, "501 5.5.4"),
        ("<ann@nic.example> BODY=BINARYMIME", "501 5.5.4"),
        ("<ann@nic.example> SMTPUTF8=yes", "501 5.5.4"),
        ("<ann@nic.example> REQUIRETLS", "555 5.5.4"),
        ("<ann>", "553 5.1.7"),
        ("<\u00e4nn@nic.example>", "553 5.6.7"),
    ],
)
@story
async def test_a_sender_or_a_demand_that_cannot_be_kept_is_refused(mail: str, code: str) -> None:
    async with talking() as (talk, _):
        assert (await talk.say(f"MAIL FROM:{mail}")).startswith(code + " ")
        assert (await talk.say(f"RCPT TO:<{LIST.address}>")).startswith("503 ")


@pytest.mark.parametrize(
    "mail_from", ['"ann b"@nic.example', "ann@[192.0.2.1]", "ann+x=y@nic.example", "a/b@nic.example"]
)
@story
async def test_unusual_senders_are_taken(mail_from: str) -> None:
    async with talking() as (talk, inbox):
        await talk.deliver(mail_from=mail_from)
        assert inbox.mails[0][1].mail_from == mail_from


@story
async def test_a_sender_in_another_script_is_taken_with_smtputf8() -> None:
    async with talking() as (talk, inbox):
        await talk.say("MAIL FROM:<\u00e4nn@\u043f\u0440\u0438\u043c\u0435\u0440.example> SMTPUTF8")
        await talk.say(f"RCPT TO:<{LIST.address}>")
        await talk.content("Subject: \u00e4\r\n\r\n".encode() + b".\r\n")
        octets, envelope = inbox.mails[0]
        assert envelope.mail_from == "\u00e4nn@\u043f\u0440\u0438\u043c\u0435\u0440.example"
        assert (envelope.smtputf8, octets) == (True, b"Subject: \xc3\xa4\r\n\r\n")


@story
async def test_a_hundred_recipients_and_no_more() -> None:
    async with talking() as (talk, inbox):
        await talk.envelope(*[LIST.with_tag(f"t.{number}") for number in range(100)])
        assert (await talk.say(f"RCPT TO:<{LIST.address}>")).startswith("452 4.5.3 ")
        assert (await talk.content(MAIL + b".\r\n")).startswith("250 ")
        assert len(inbox.mails[0][1].rcpt_tos) == 100


# The order of commands


@pytest.mark.parametrize("line", ["MAIL FROM:<ann@nic.example>", "RCPT TO:<tld-ops@lists.example>", "DATA"])
@story
async def test_nothing_goes_before_the_greeting(line: str) -> None:
    async with talking(greet=False) as (talk, _):
        await talk.reply()
        assert (await talk.say(line)).startswith("503 5.5.1 ")


@pytest.mark.parametrize("argument", ["", " ", " a b", " \u00e4.example", " " + "x" * 256, " a\x01"])
@story
async def test_a_greeting_has_a_plain_name(argument: str) -> None:
    async with talking(greet=False) as (talk, _):
        await talk.reply()
        assert (await talk.say(f"EHLO{argument}")).startswith("501 ")
        assert (await talk.say("MAIL FROM:<ann@nic.example>")).startswith("503 ")


@pytest.mark.parametrize("line", ["RSET", "EHLO again.example", "HELO again.example"])
@story
async def test_rset_and_a_new_greeting_forget_the_mail_in_hand(line: str) -> None:
    async with talking() as (talk, _):
        await talk.envelope()
        assert (await talk.say("MAIL FROM:<bob@nic.example>")).startswith("503 ")
        assert (await talk.say(line)).startswith("250")
        assert (await talk.say("DATA")).startswith("503 ")
        await talk.envelope(mail_from="bob@nic.example")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("VRFY ann@nic.example", "252 2.5.2"),
        ("EXPN tld-ops", "502 5.5.1"),
        ("HELP", "214 2.0.0"),
        ("NOOP", "250 2.0.0"),
        ("AUTH PLAIN AGEAYg==", "500 5.5.2"),
        ("STARTTLS", "500 5.5.2"),
        ("LHLO client.example", "500 5.5.2"),
        ("BDAT 10 LAST", "500 5.5.2"),
        ("QUIT now", "501 5.5.4"),
        ("DATA now", "501 5.5.4"),
        ("", "500 5.5.2"),
        ("\u00e4", "500 5.5.2"),
        ("NOOP " + "x" * 3000, "500 5.5.2"),
    ],
)
@story
async def test_other_commands_have_an_answer_with_an_enhanced_code(line: str, code: str) -> None:
    async with talking() as (talk, _):
        await talk.envelope()
        assert (await talk.say(line)).startswith(code + " ")
        assert (await talk.content(MAIL + b".\r\n")).startswith("250 ")


@story
async def test_who_only_talks_is_sent_away() -> None:
    async with talking() as (talk, _):
        talk.send(b"NOOP\r\n" * 150)
        replies = [await talk.reply() for _ in range(100)]
        assert replies[98].startswith("250 ")
        assert replies[99].startswith("421 4.7.0 ")
        assert await talk.reply() == ""


@story
async def test_who_tries_many_addresses_is_sent_away() -> None:
    async with talking() as (talk, _):
        await talk.say("MAIL FROM:<ann@nic.example>")
        talk.send(b"".join(b"RCPT TO:<guess%d@lists.example>\r\n" % number for number in range(150)))
        assert (await asyncio.wait_for(talk.reader.read(), 60)).endswith(b"without a mail\r\n")


@story
async def test_patience_is_renewed_by_a_mail() -> None:
    async with talking() as (talk, inbox):
        for _ in range(3):
            for _ in range(60):
                assert (await talk.say("NOOP")).startswith("250 ")
            await talk.deliver()
        assert len(inbox.mails) == 3


# Content


@pytest.mark.parametrize(
    ("wire", "octets"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b".a\r\n..b\r\nc.\r\n...\r\n.\r\n", b"a\r\n.b\r\nc.\r\n..\r\n"),
        (b"x" * 5000 + b"\r\n.\r\n", b"x" * 5000 + b"\r\n"),
        (bytes(range(0x80, 0x100)) + b"\r\n.\r\n", bytes(range(0x80, 0x100)) + b"\r\n"),
    ],
)
@pytest.mark.parametrize("piece", [1, 2, 3, 100_000])
@story
async def test_content_is_kept_to_the_octet_however_it_is_cut(wire: bytes, octets: bytes, piece: int) -> None:
    async with talking() as (talk, inbox):
        talk.writer.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY
        await talk.envelope()
        assert (await talk.say("DATA")).startswith("354 ")
        for start in range(0, len(wire), piece if len(wire) < 1000 else 100_000):
            talk.send(wire[start : start + (piece if len(wire) < 1000 else 100_000)])
            await asyncio.sleep(0)
        assert (await talk.reply()).startswith("250 ")
        assert inbox.mails[0][0] == octets


@story
async def test_an_announced_size_over_the_limit_is_refused_at_mail() -> None:
    async with talking(max_message_bytes=SMALL) as (talk, _):
        assert (await talk.say(f"MAIL FROM:<ann@nic.example> SIZE={SMALL + 1}")).startswith("552 5.3.4 ")
        assert (await talk.say(f"MAIL FROM:<ann@nic.example> SIZE={SMALL}")).startswith("250 ")


@story
async def test_a_size_over_the_limit_is_refused_after_data_and_the_dialogue_goes_on() -> None:
    async with talking(max_message_bytes=SMALL) as (talk, inbox):
        for too_much in (SMALL + 2, 3 * SMALL):
            await talk.envelope()
            assert (await talk.content(b"x" * (too_much - 2) + b"\r\n.\r\n")).startswith("552 5.3.4 ")
        assert inbox.started == 0
        assert (await talk.deliver(b"x" * (SMALL - 2) + b"\r\n")).startswith("250 ")


@story
async def test_stuffed_dots_do_not_count_against_the_size() -> None:
    async with talking(max_message_bytes=SMALL) as (talk, inbox):
        lines = SMALL // 3
        await talk.envelope()
        assert (await talk.content(b"..\r\n" * lines + b".\r\n")).startswith("250 ")
        assert inbox.mails[0][0] == b".\r\n" * lines


@story
async def test_endless_content_is_read_in_bounded_memory() -> None:
    async with listening(max_message_bytes=SMALL) as (listener, address, inbox):
        talk = await Talk.to(address)
        await talk.hello()
        await talk.envelope()
        await talk.say("DATA")
        most = 0
        for _ in range(100):
            talk.send(b"x" * 65536)
            await talk.writer.drain()
            most = max(most, listener._present.held_bytes)
        talk.send(b"\r\n.\r\n")
        assert (await talk.reply()).startswith("552 ")
        assert most <= 2 * SMALL
        assert listener._present.held_bytes == 0
        assert inbox.started == 0
        await talk.close()


@story
async def test_too_much_content_from_all_together_is_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_listener, "MIN_HELD_BYTES", 0)
    monkeypatch.setattr(smtp_listener, "HELD_MAILS", 2)
    async with listening(max_message_bytes=SMALL) as (listener, address, inbox):
        talks = [await Talk.to(address) for _ in range(4)]
        for talk in talks:
            await talk.hello()
            await talk.envelope()
            await talk.say("DATA")
            talk.send(b"x" * (SMALL - 10))
            await asyncio.sleep(0.02)
        for talk in talks:
            talk.send(b"\r\n.\r\n")
        assert [(await talk.reply())[:9] for talk in talks] == [
            "250 2.0.0",
            "250 2.0.0",
            "452 4.3.1",
            "452 4.3.1",
        ]
        assert listener._present.held_bytes == 0
        assert len(inbox.mails) == 2
        for talk in talks:
            await talk.close()


# Promise 1: 250 only for what is committed


@story
async def test_a_mail_that_is_not_stored_is_put_off_and_may_come_again() -> None:
    inbox = Inbox(fail=NotStored("disk full"))
    async with talking(inbox) as (talk, _):
        assert (await talk.deliver()).startswith("451 4.3.0 ")
        inbox.fail = None
        assert (await talk.deliver()).startswith("250 ")


@story
async def test_no_answer_before_the_commit() -> None:
    inbox = Inbox(gate=asyncio.Event())
    async with talking(inbox) as (talk, _):
        await talk.envelope()
        await talk.say("DATA")
        talk.send(MAIL + b".\r\n")
        while not inbox.started:
            await asyncio.sleep(0.01)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(talk.reader.read(1), 0.1)
        assert inbox.gate is not None
        inbox.gate.set()
        assert (await talk.reply()).startswith("250 ")


@story
async def test_a_client_that_hangs_up_does_not_cancel_a_commit() -> None:
    inbox = Inbox(gate=asyncio.Event())
    async with listening(inbox) as (listener, address, _):
        for reset in (False, True):
            talk = await Talk.to(address)
            await talk.hello()
            await talk.envelope()
            await talk.say("DATA")
            talk.send(MAIL + b".\r\n")
            while inbox.started < 1 + reset:
                await asyncio.sleep(0.01)
            talk.writer.transport.abort() if reset else await talk.close()
        while listener.connections:
            await asyncio.sleep(0.01)
        assert inbox.gate is not None
        inbox.gate.set()
        while len(inbox.mails) < 2:
            await asyncio.sleep(0.01)


@story
async def test_breakage_tells_its_kind_to_the_log_and_nothing_to_anybody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inbox = Inbox(fail=RuntimeError("ann@nic.example +44 20 7946 0123"))
    async with talking(inbox) as (talk, _):
        assert (await talk.deliver()).startswith("421 4.3.0 ")
        assert await talk.reply() == ""
    assert "RuntimeError" in caplog.text
    assert "nic.example" not in caplog.text
    assert "7946" not in caplog.text


@story
async def test_nothing_of_a_dialogue_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with talking() as (talk, _):
        await talk.deliver(b"Subject: secret\r\n\r\nsecret\r\n")
        await talk.say("SECRET ann@nic.example")
        await talk.say("MAIL FROM:<>x")
    for word in ("ann@", "127.0.0.1", "secret", "SECRET", "client.example"):
        assert word not in caplog.text


# Connections


@story
async def test_an_unfinished_mail_is_nothing() -> None:
    async with listening() as (listener, address, inbox):
        for half_closed in (True, False):
            talk = await Talk.to(address)
            await talk.hello()
            await talk.envelope()
            await talk.say("DATA")
            talk.send(MAIL)
            await talk.writer.drain()
            if half_closed:
                talk.writer.write_eof()
            else:
                talk.writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                assert await talk.reader.read() == b""
            await talk.close()
        while listener.connections:
            await asyncio.sleep(0.01)
        assert inbox.started == 0
        assert listener._present.held_bytes == 0


@story
async def test_too_many_connections_are_turned_away_and_find_room_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp_listener, "MAX_CONNECTIONS", 3)
    async with listening() as (listener, address, _):
        talks = [await Talk.to(address) for _ in range(3)]
        for talk in talks:
            await talk.hello()
        fourth = await Talk.to(address)
        assert (await fourth.reply()).startswith("421 4.3.2 ")
        assert await fourth.reply() == ""
        await fourth.close()
        await talks[0].say("QUIT")
        while listener.connections > 2:
            await asyncio.sleep(0.01)
        fifth = await Talk.to(address)
        assert (await fifth.reply()).startswith("220 ")
        for talk in (*talks, fifth):
            await talk.close()


@story
async def test_whoever_brings_no_mail_makes_room_for_others_and_whoever_brings_one_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(smtp_listener, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(smtp_listener, "IDLE_WHEN_FULL_SECONDS", 0.0)
    async with listening() as (listener, address, inbox):
        bringing, silent = await Talk.to(address), await Talk.to(address)
        await bringing.hello()
        await bringing.envelope()
        await bringing.say("DATA")
        await silent.hello()
        other = await Talk.to(address)
        assert (await other.reply()).startswith("220 ")
        assert (await silent.reply()).startswith("421 4.4.2 ")
        assert await silent.reply() == ""
        bringing.send(MAIL + b".\r\n")
        assert (await bringing.reply()).startswith("250 ")
        assert len(inbox.mails) == 1
        assert listener.connections == 2
        for talk in (bringing, silent, other):
            await talk.close()


@pytest.mark.parametrize("stage", ["silent", "endless line", "in content"])
@story
async def test_who_dawdles_is_cut_off(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setattr(smtp_connection, "DATA_SECONDS", 0.3)
    async with listening() as (listener, address, inbox):
        talk = await Talk.to(address)
        await talk.hello()
        await talk.envelope()
        for dialogue in listener._present.dialogues:  # only now, so that a slow machine comes that far
            assert dialogue._timeout_duration == smtp_connection.IDLE_SECONDS
            dialogue._timeout_duration = 0.3
        assert await talk.say("DATA" if stage == "in content" else "NOOP")

        async def dribble() -> None:
            while stage != "silent":
                talk.send(b"x")
                await asyncio.sleep(0.02)

        dribbling = asyncio.create_task(dribble())
        async with asyncio.timeout(60):
            with contextlib.suppress(ConnectionError):
                assert await talk.reader.read() == b""
        dribbling.cancel()
        await talk.close()
        assert inbox.started == 0


@story
async def test_stop_lets_the_mail_in_hand_be_answered_and_ends_the_idle() -> None:
    inbox = Inbox(gate=asyncio.Event())
    async with listening(inbox) as (listener, address, _):
        busy, idle = await Talk.to(address), await Talk.to(address)
        await busy.hello()
        await idle.hello()
        await busy.envelope()
        await busy.say("DATA")
        busy.send(MAIL + b".\r\n")
        while not inbox.started:
            await asyncio.sleep(0.01)
        stopping = asyncio.create_task(listener.stop(grace=60))
        assert (await idle.reply()).startswith("421 4.3.2 ")
        with pytest.raises(ConnectionRefusedError):
            await Talk.to(address)
        assert not stopping.done()
        assert inbox.gate is not None
        inbox.gate.set()
        assert (await busy.reply()).startswith("250 ")
        assert await busy.reply() == ""
        await stopping
        await busy.close()
        await idle.close()


@story
async def test_stop_waits_no_longer_than_its_grace() -> None:
    inbox = Inbox(gate=asyncio.Event())
    async with listening(inbox) as (listener, address, _):
        talk = await Talk.to(address)
        await talk.hello()
        await talk.envelope()
        await talk.say("DATA")
        async with asyncio.timeout(60):
            await listener.stop(grace=0.1)
        assert listener.connections == 0
        await talk.close()


@story
async def test_a_unix_socket_is_for_owner_and_group_and_goes_with_the_listener(short_path: Path) -> None:
    path = short_path / "smtp.sock"
    async with listening(socket=path) as (_, address, inbox):
        assert address == str(path)
        assert path.stat().st_mode & 0o777 == 0o660
        talk = await Talk.to(address)
        await talk.hello()
        await talk.deliver()
        assert inbox.mails[0][1].peer == ""
        await talk.close()
    assert not path.exists()


# STARTTLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: tuple[Path, Path]) -> dict[str, Path]:
    return {"tls_certificate": certificate[0], "tls_key": certificate[1]}


@story
async def test_starttls_is_offered_and_forgets_all_that_was_said_in_clear(tls: dict[str, Path]) -> None:
    trust = ssl.create_default_context(cafile=str(tls["tls_certificate"]))
    async with talking(greet=False, **tls) as (talk, inbox):
        assert "STARTTLS" in await talk.hello()
        await talk.envelope()
        assert (await talk.start_tls(trust)).startswith("220 ")
        assert (await talk.say("DATA")).startswith("503 ")
        assert (await talk.say("MAIL FROM:<ann@nic.example>")).startswith("503 5.5.1 Greet")
        assert "STARTTLS" not in await talk.say("EHLO client.example")
        assert (await talk.say("STARTTLS")).startswith("503 ")
        await talk.deliver(b"x" * 300_000 + b"\r\n")
        assert inbox.mails[0][1].protocol == "ESMTPS"
        assert len(inbox.mails[0][0]) == 300_002


@story
async def test_commands_injected_behind_starttls_end_the_connection(tls: dict[str, Path]) -> None:
    async with talking(**tls) as (talk, inbox):
        talk.send(b"STARTTLS\r\nMAIL FROM:<eve@evil.example>\r\n")
        assert (await talk.reply()).startswith("501 ")
        assert await talk.reply() == ""
        assert inbox.started == 0


@story
async def test_plain_text_instead_of_a_handshake_ends_the_connection(tls: dict[str, Path]) -> None:
    async with listening(**tls) as (listener, address, _):
        talk = await Talk.to(address)
        await talk.hello()
        assert (await talk.say("STARTTLS")).startswith("220 ")
        talk.send(b"MAIL FROM:<eve@evil.example>\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"250" not in await asyncio.wait_for(talk.reader.read(), 60)
        await talk.close()
        while listener.connections:
            await asyncio.sleep(0.01)
