"""Mail going out: what becomes of it when the smarthost behaves, misbehaves, or is not there."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.adapters.smtp_talk import make_certificate, story
from tests.ports import free_port
from tests.sink import DROP, EXTENSIONS, HANG, Sink
from tldops_bot.adapters.smtp_attempt import Reply, judge, masked
from tldops_bot.adapters.smtp_delivery import Attempt, Outgoing, Patience, Smarthost, Unreachable
from tldops_bot.adapters.smtp_handover import wire_form
from tldops_bot.config.settings import SmarthostSettings

PLAIN = b"Subject: hello\r\n\r\nhello\r\n"
NO_PIPELINING = EXTENSIONS[1:]
PATIENT = Patience(connect=60.0, command=60.0, content=60.0)
QUICK = Patience(connect=0.5, command=0.3, content=0.3)  # where nobody answers


def outgoing(key: int = 1, rcpt_to: str = "bob@nic.example", octets: bytes = PLAIN) -> Outgoing:
    return Outgoing(key, "tld-ops+b.1.x@lists.example", rcpt_to, octets)


@contextlib.asynccontextmanager
async def delivering(
    *, extensions: tuple[str, ...] = EXTENSIONS, connections: int = 1, patience: Patience = PATIENT
) -> AsyncIterator[tuple[Sink, Smarthost]]:
    async with Sink(extensions=extensions) as sink:
        settings = SmarthostSettings(host=sink.host, port=sink.port, connections=connections)
        smarthost = Smarthost(settings, "lists.example", patience=patience)
        try:
            yield sink, smarthost
        finally:
            await smarthost.close()


both_ways = pytest.mark.parametrize(
    "extensions", [EXTENSIONS, NO_PIPELINING], ids=["pipelined", "one by one"]
)


@both_ways
@story
async def test_a_mail_is_taken_as_it_is(extensions: tuple[str, ...]) -> None:
    async with delivering(extensions=extensions) as (sink, smarthost):
        octets = b"Subject: dots\r\n\r\n.\r\n..\r\n.x\r\n"
        assert await smarthost.send_one(outgoing(7, octets=octets)) == Attempt(
            7, "taken", 250, "2.0.0", "2.0.0 Taken"
        )
        (mail,) = sink.mails
        assert (mail.mail_from, mail.rcpt_tos, mail.octets) == (
            "tld-ops+b.1.x@lists.example",
            ("bob@nic.example",),
            octets,
        )


@pytest.mark.parametrize(
    ("octets", "wire"),
    [
        (b"", b".\r\n"),
        (b".", b"..\r\n.\r\n"),
        (b"a\nb\rc\r\nd", b"a\r\nb\r\nc\r\nd\r\n.\r\n"),
        (b"a\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n", b"a\r\n..\r\nMAIL FROM:<eve@evil.example>\r\n.\r\n"),
        (b"a\n.\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
    ],
)
def test_no_content_can_end_the_mail_early(octets: bytes, wire: bytes) -> None:
    assert wire_form(octets) == wire


# What a refusal means


@both_ways
@pytest.mark.parametrize("verb", ["RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("reply", "result", "enhanced", "too_large"),
    [
        ("550 5.1.1 No such user", "refused", "5.1.1", False),
        ("554 Go away", "refused", "", False),
        ("550-5.7.1 Two\r\n550 5.7.1 lines", "refused", "5.7.1", False),
        ("552 5.3.4 Too big", "refused", "5.3.4", True),
        ("552 5.2.3 Too big for the mailbox", "refused", "5.2.3", True),
        ("451 4.7.1 Greylisted", "later", "4.7.1", False),
        ("450 Busy", "later", "", False),
    ],
)
@story
async def test_an_answer_about_the_recipient_is_that_recipients_alone(
    extensions: tuple[str, ...], verb: str, reply: str, result: str, enhanced: str, too_large: bool
) -> None:
    async with delivering(extensions=extensions) as (sink, smarthost):
        sink.answer(verb, reply, times=1)
        attempt = await smarthost.send_one(outgoing())
        assert (attempt.result, attempt.code, attempt.enhanced) == (result, int(reply[:3]), enhanced)
        assert (attempt.too_large, attempt.ours) == (too_large, False)
        assert (await smarthost.send_one(outgoing(2))).result == "taken"
        assert [mail.rcpt for mail in sink.mails] == ["bob@nic.example"]


@both_ways
@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", "550 5.7.1 Sender refused"),
        ("MAIL", "451 4.3.0 Sender later"),
        ("RCPT", "530 5.7.0 Log in first"),
        ("RCPT", "503 5.5.1 What?"),
        ("RCPT", "354 What?"),
        ("DATA", "250 What?"),
        (".", "354 What?"),
        ("MAIL", "421 4.3.2 Shutting down"),
        ("RCPT", "421 4.3.2 Shutting down"),
        (".", "421 4.3.2 Shutting down"),
    ],
)
@story
async def test_an_answer_about_us_puts_off_and_blames_no_recipient(
    extensions: tuple[str, ...], verb: str, reply: str
) -> None:
    async with delivering(extensions=extensions) as (sink, smarthost):
        sink.answer(verb, reply, times=1)
        attempt = await smarthost.send_one(outgoing())
        assert (attempt.result, attempt.ours, attempt.code) == ("later", True, int(reply[:3]))
        assert (await smarthost.send_one(outgoing(2))).result == "taken"
        assert len(sink.mails) == 1


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (Reply(552, "Too many recipients"), "later"),
        (Reply(552, "5.2.2 Mailbox full"), "later"),
        (Reply(552, "5.2.3 Too large"), "refused"),
        (Reply(501, "5.1.3 Bad address"), "refused"),
    ],
)
def test_552_at_rcpt_is_read_as_452_unless_it_speaks_of_size(reply: Reply, message: str) -> None:
    assert judge(1, "RCPT", reply).result == message


def test_a_size_refused_at_mail_is_the_mails_fault_not_ours() -> None:
    attempt = judge(1, "MAIL", Reply(552, "5.3.4 Message too large"))
    assert (attempt.result, attempt.too_large, attempt.ours) == ("refused", True, False)


@story
async def test_a_mail_over_the_announced_size_is_not_even_sent() -> None:
    async with delivering(extensions=("SIZE 1000", "PIPELINING")) as (sink, smarthost):
        attempt = await smarthost.send_one(outgoing(octets=b"x" * 1001))
        assert (attempt.result, attempt.code, attempt.too_large) == ("refused", 552, True)
        sink.record = True
        assert (await smarthost.send_one(outgoing(octets=b"x" * 998 + b"\r\n"))).result == "taken"
        assert sink.commands[0].endswith(" SIZE=1000")


@pytest.mark.parametrize(
    "rcpt_to",
    [
        "",
        "bob",
        "bob@nic.example>\r\nRCPT TO:<eve@evil.example",
        "bob@nic.example\nRSET",
        "bob@nic.example> NOTIFY=NEVER",
        "b ob@nic.example",
        "bob@nic.example\x00",
        "bob@nic.example\udcff",
    ],
)
@story
async def test_an_address_that_is_none_never_reaches_the_wire(rcpt_to: str) -> None:
    async with delivering() as (sink, smarthost):
        sink.record = True
        attempt = await smarthost.send_one(outgoing(rcpt_to=rcpt_to))
        assert (attempt.result, attempt.code) == ("refused", 501)
        bad_sender = replace(outgoing(), mail_from="a@b\r\nRSET")
        assert (await smarthost.send_one(bad_sender)).ours
        assert [line[:4] for line in sink.commands] == ["EHLO"]


@story
async def test_smtputf8_and_8bitmime_are_asked_for_only_where_needed_and_announced() -> None:
    async with delivering() as (sink, smarthost):
        sink.record = True
        await smarthost.send_one(outgoing())
        await smarthost.send_one(outgoing(rcpt_to="b\u00f6b@nic.example", octets="\u00f6\r\n".encode()))
        opened = [line for line in sink.commands if line.startswith("MAIL")]
        assert "SMTPUTF8" not in opened[0]
        assert "BODY" not in opened[0]
        assert opened[1].endswith(" BODY=8BITMIME SMTPUTF8")
    async with delivering(extensions=()) as (sink, smarthost):
        attempt = await smarthost.send_one(outgoing(rcpt_to="b\u00f6b@nic.example"))
        assert (attempt.result, attempt.enhanced) == ("refused", "5.6.7")
        attempt = await smarthost.send_one(outgoing(octets="\u00f6\r\n".encode()))
        assert (attempt.result, attempt.enhanced) == ("refused", "5.6.3")
        assert (await smarthost.send_one(outgoing())).result == "taken"
        assert len(sink.mails) == 1


@story
async def test_the_servers_words_are_kept_without_addresses() -> None:
    async with delivering() as (sink, smarthost):
        sink.answer("RCPT", "550 5.1.1 <bob@nic.example>: see http://nic.example \x1b[2J" + "x" * 500)
        attempt = await smarthost.send_one(outgoing())
        assert attempt.text.startswith("5.1.1 <address> see http://nic.example [2Jx")
        assert len(attempt.text) <= 200


def test_masking_leaves_one_printable_line() -> None:
    assert masked("a\r\nb <ann@nic.example>\x00 c") == "a b <address> c"


# Connections


@story
async def test_connections_are_kept() -> None:
    async with delivering() as (sink, smarthost):
        for key in range(5):
            await smarthost.send_one(outgoing(key))
        assert sink.connections == 1


@both_ways
@story
async def test_a_connection_that_went_in_the_meantime_costs_no_attempt(extensions: tuple[str, ...]) -> None:
    async with delivering(extensions=extensions) as (sink, smarthost):
        await smarthost.send_one(outgoing(1))
        sink.drop_all()
        assert (await smarthost.send_one(outgoing(2))).result == "taken"
        sink.drop_all()
        await asyncio.sleep(0.02)
        assert (await smarthost.send_one(outgoing(3))).result == "taken"
        assert (sink.connections, len(sink.mails)) == (3, 3)


@both_ways
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", [DROP, "421 4.7.0 Enough on this connection"])
@story
async def test_a_used_connection_that_ends_before_the_content_is_replaced_at_once(
    extensions: tuple[str, ...], verb: str, reply: str
) -> None:
    async with delivering(extensions=extensions) as (sink, smarthost):
        await smarthost.send_one(outgoing(1))
        sink.answer(verb, reply, times=1)
        assert (await smarthost.send_one(outgoing(2))).result == "taken"
        assert len(sink.mails) == 2


@both_ways
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("reply", [DROP, HANG, "nonsense", "999 What", "250-never ending"])
@story
async def test_a_server_that_breaks_off_puts_off_and_never_gets_the_content_twice(
    extensions: tuple[str, ...], verb: str, reply: str
) -> None:
    async with delivering(extensions=extensions) as (sink, smarthost):
        sink.answer(verb, reply)
        smarthost._patience = QUICK
        attempt = await smarthost.send_one(outgoing())
        assert (attempt.result, attempt.ours) == ("later", True)
        assert sink.connections <= 1
        sink.behave()
        smarthost._patience = PATIENT
        assert (await smarthost.send_one(outgoing(2))).result == "taken"


@story
async def test_a_drop_after_the_content_is_not_repeated() -> None:
    async with delivering() as (sink, smarthost):
        await smarthost.send_one(outgoing(1))
        sink.record = True
        sink.answer(".", DROP)
        attempt = await smarthost.send_one(outgoing(2))
        assert (attempt.result, attempt.code, attempt.ours) == ("later", 0, True)
        assert sum(line == "DATA" for line in sink.commands) == 1


@story
async def test_an_answer_to_nothing_is_never_taken_for_the_next_mails() -> None:
    async with delivering() as (sink, smarthost):
        sink.answer(".", "250 2.0.0 Taken\r\n250 2.1.0 Early\r\n250 2.1.5 Early", times=1)
        await smarthost.send_one(outgoing(1))
        sink.answer("RCPT", "550 5.1.1 No")
        assert (await smarthost.send_one(outgoing(2))).result == "refused"
        assert sink.connections == 2


@story
async def test_a_refused_mail_with_354_behind_it_gets_no_content() -> None:
    async with delivering() as (sink, smarthost):
        sink.answer("RCPT", "550 5.1.1 No", times=1)
        sink.answer("DATA", "354 Go on anyway", times=1)
        assert (await smarthost.send_one(outgoing())).result == "refused"
        assert (await smarthost.send_one(outgoing(2))).result == "taken"
        assert [mail.rcpt for mail in sink.mails] == ["bob@nic.example"]


@story
async def test_an_endless_answer_is_cut_off() -> None:
    async with delivering() as (sink, smarthost):
        sink.answer("MAIL", "250-" + "x" * 100_000 + "\r\n250 Fine")
        assert (await smarthost.send_one(outgoing())).result == "later"


@story
async def test_a_cancelled_delivery_leaves_no_connection_behind() -> None:
    async with delivering() as (sink, smarthost):
        sink.answer(".", "250 2.0.0 late", delay=5.0, times=1)
        sending = asyncio.create_task(smarthost.send_one(outgoing(1)))
        while sink._rules[0].times:
            await asyncio.sleep(0.01)
        sending.cancel()
        await asyncio.wait([sending])
        assert sending.cancelled()
        sink.answer("RCPT", "550 5.1.1 No")
        assert (await smarthost.send_one(outgoing(2))).result == "refused"


@story
async def test_an_idle_connection_is_closed_after_a_while() -> None:
    async with delivering(patience=replace(PATIENT, idle=0.05)) as (sink, smarthost):
        sink.record = True
        await smarthost.send_one(outgoing())
        while sink.open:
            await asyncio.sleep(0.01)
        assert sink.commands[-1] == "QUIT"


# A smarthost that cannot be had


@story
async def test_a_smarthost_that_is_not_there_is_known_at_once() -> None:
    smarthost = Smarthost(SmarthostSettings(port=free_port()), "lists.example")
    attempt = await smarthost.send_one(outgoing())
    assert (attempt.result, attempt.code, attempt.ours) == ("later", 0, True)
    with pytest.raises(Unreachable):
        await smarthost.check()


@pytest.mark.parametrize(
    ("verb", "reply", "code"),
    [
        ("CONNECT", "554 5.7.1 Not you", 554),
        ("CONNECT", "421 4.7.0 Too many of you", 421),
        ("CONNECT", DROP, 0),
        ("CONNECT", HANG, 0),
        ("CONNECT", "SSH-2.0-whatever", 0),
        ("EHLO", "550 5.7.1 Not you, ann@nic.example", 550),
        ("EHLO", DROP, 0),
        ("EHLO", HANG, 0),
    ],
)
@story
async def test_a_greeting_that_fails_is_ours_whatever_its_code(verb: str, reply: str, code: int) -> None:
    async with delivering() as (sink, smarthost):
        sink.answer(verb, reply)
        smarthost._patience = QUICK if reply == HANG else PATIENT
        attempt = await smarthost.send_one(outgoing())
        assert (attempt.result, attempt.ours) == ("later", True)
        assert attempt.code in (code, -1)
        assert "@" not in attempt.text
        sink.behave()
        smarthost._patience = PATIENT
        assert (await smarthost.send_one(outgoing(2))).result == "taken"


@story
async def test_a_server_with_helo_only_will_do() -> None:
    async with delivering() as (sink, smarthost):
        sink.answer("EHLO", "502 5.5.1 No", match="EHLO")
        assert (await smarthost.send_one(outgoing())).result == "taken"


# Many


@both_ways
@story
async def test_each_of_many_mails_is_tried_once_over_few_connections(extensions: tuple[str, ...]) -> None:
    async with delivering(extensions=extensions, connections=4) as (sink, smarthost):
        sink.answer("RCPT", "550 5.1.1 No", match="r7@")
        sink.answer("RCPT", "450 4.2.0 Later", match="r13@")
        mails = [outgoing(key, f"r{key}@nic.example", b"%d\r\n" % key) for key in range(200)]
        attempts = await asyncio.gather(*map(smarthost.send_one, mails))
        assert sorted(attempt.key for attempt in attempts) == list(range(200))
        assert {a.key: a.result for a in attempts if a.result != "taken"} == {7: "refused", 13: "later"}
        assert {mail.rcpt: mail.octets for mail in sink.mails} == {
            f"r{key}@nic.example": b"%d\r\n" % key for key in range(200) if key not in (7, 13)
        }
        assert len(sink.mails) == 198
        assert sink.connections == 4


@story
async def test_fewer_connections_than_wanted_will_do() -> None:
    async with delivering(connections=4) as (sink, smarthost):
        sink.answer("CONNECT", "421 4.7.0 Too many connections", times=3)
        attempts = await asyncio.gather(*(smarthost.send_one(outgoing(key)) for key in range(50)))
        assert sorted(attempt.result for attempt in attempts) == ["later"] * 3 + ["taken"] * 47
        assert len(sink.mails) == 47


@story
async def test_a_drop_in_the_middle_loses_no_mail_and_doubles_none() -> None:
    async with delivering(connections=3) as (sink, smarthost):
        attempts: list[Attempt] = []

        async def send(key: int) -> None:
            attempts.append(await smarthost.send_one(outgoing(key, f"r{key}@a.example")))
            if len(attempts) % 40 == 0:
                sink.drop_all()

        await asyncio.gather(*map(send, range(300)))
        assert sorted(attempt.key for attempt in attempts) == list(range(300))
        recipients = [mail.rcpt for mail in sink.mails]
        assert len(recipients) == len(set(recipients))
        assert {f"r{a.key}@a.example" for a in attempts if a.result == "taken"} <= set(recipients)


# TLS and login, against aiosmtpd as a second opinion


class Relay:
    """A smarthost by other people's hands."""

    def __init__(self) -> None:
        self.taken: list[tuple[bytes, bool]] = []
        self.passwords: list[tuple[bytes, bytes]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        secured = server.transport is not None and server.transport.get_extra_info("sslcontext") is not None
        self.taken.append((envelope.content, secured))
        return "250 2.0.0 Ok"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.passwords.append((data.login, data.password))
        return AuthResult(success=data.password == b"right", handled=False)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@contextlib.asynccontextmanager
async def relaying(
    certificate: tuple[Path, Path], tls: str, **options: Any
) -> AsyncIterator[tuple[Relay, SmarthostSettings, ssl.SSLContext]]:
    relay = Relay()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    loop = asyncio.get_running_loop()
    if tls == "starttls":
        options |= {"tls_context": context}

    def protocol() -> SMTP:
        return SMTP(relay, hostname="relay.example", loop=loop, authenticator=relay.authenticate, **options)

    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if tls == "tls" else None)
    port = server.sockets[0].getsockname()[1]
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    try:
        yield relay, SmarthostSettings(host="127.0.0.1", port=port, tls=tls, connections=2), trust
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
@story
async def test_mail_goes_over_tls_where_so_configured(certificate: tuple[Path, Path], tls: str) -> None:
    async with relaying(certificate, tls, require_starttls=tls == "starttls") as (relay, settings, trust):
        smarthost = Smarthost(settings, "lists.example", patience=PATIENT, tls=trust)
        for key in range(3):
            attempt = await smarthost.send_one(outgoing(key, octets=PLAIN + b"x" * 70 + b"\r\n"))
            assert attempt.result == "taken"
        assert relay.taken == [(PLAIN + b"x" * 70 + b"\r\n", tls != "none")] * 3
        await smarthost.close()


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@story
async def test_a_certificate_nobody_vouches_for_gets_no_mail(
    certificate: tuple[Path, Path], tls: str
) -> None:
    async with relaying(certificate, tls) as (relay, settings, _):
        attempt = await Smarthost(settings, "lists.example", patience=PATIENT).send_one(outgoing())
        assert (attempt.result, attempt.ours) == ("later", True)
        assert relay.taken == []


@story
async def test_starttls_that_is_not_offered_is_no_reason_to_send_in_clear(
    certificate: tuple[Path, Path],
) -> None:
    async with relaying(certificate, "none") as (relay, settings, trust):
        wants_tls = settings.model_copy(update={"tls": "starttls"})
        attempt = await Smarthost(wants_tls, "lists.example", patience=PATIENT, tls=trust).send_one(
            outgoing()
        )
        assert (attempt.result, attempt.ours) == ("later", True)
        assert relay.taken == []


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    path = tmp_path / "password"
    path.write_text("right\n")
    return path


@story
async def test_it_logs_in_with_the_password_of_the_file(
    certificate: tuple[Path, Path], password_file: Path
) -> None:
    async with relaying(certificate, "starttls", auth_required=True) as (relay, settings, trust):
        who = {"username": "list", "password_file": password_file}
        smarthost = Smarthost(settings.model_copy(update=who), "lists.example", patience=PATIENT, tls=trust)
        assert (await smarthost.send_one(outgoing())).result == "taken"
        assert relay.passwords == [(b"list", b"right")]
        await smarthost.close()
        password_file.write_text("wrong\n")
        attempt = await smarthost.send_one(outgoing(2))
        assert (attempt.result, attempt.ours, attempt.code) == ("later", True, 535), attempt
        assert "wrong" not in attempt.text
        password_file.unlink()
        attempt = await smarthost.send_one(outgoing(3))
        assert (attempt.result, attempt.ours) == ("later", True)
        assert str(password_file) not in attempt.text
        assert len(relay.taken) == 1
