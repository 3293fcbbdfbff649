"""With a real Postfix in front, an instance of its own: mail in over LMTP (TCP, Unix socket) and SMTP."""

import asyncio
import contextlib
import grp
import os
import shutil
import smtplib
import socket
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.smtp_talk import Inbox, NotStored, listening, story
from tests.adapters.test_smuggling import FALSE_ENDS, SMUGGLED
from tests.ports import free_port
from tests.postfix import IS_THERE, running
from tests.sink import Sink
from tldops_bot.domain.list_address import ListAddress

pytestmark = pytest.mark.skipif(
    not IS_THERE, reason="needs Postfix installed, and root to start an instance of it"
)

DOMAINS = ("tcp.example", "unix.example", "smtp.example")
LISTS = {domain: ListAddress("tld-ops", domain) for domain in DOMAINS}
LIMIT = 100_000
MAIL = b"From: Ann Example <ann@nic.example>\r\nSubject: hello\r\n\r\n.\r\nHELP\r\n"

MAIN_CF = """
myhostname = mx.example
mynetworks = 127.0.0.0/8
relay_domains = {domains}
recipient_delimiter = +
default_transport = smtp:[127.0.0.1]:{sink_port}
transport_maps = inline:{{ {{tcp.example=lmtp:inet:127.0.0.1:{tcp_port}}},
    {{unix.example=lmtp:unix:{socket}}}, {{smtp.example=smtp:[127.0.0.1]:{smtp_port}}} }}
smtpd_forbid_bare_newline = normalize
smtpd_forbid_bare_newline_exclusions =
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running instance: where it listens, where it delivers to, and its log."""

    home: Path
    port: int
    tcp_port: int
    smtp_port: int
    sink_port: int
    socket: Path

    def send(
        self, *rcpts: str, octets: bytes = MAIL, mail_from: str = "ann@nic.example", **options: list[str]
    ) -> None:
        with smtplib.SMTP("127.0.0.1", self.port, "client.example", timeout=60) as client:
            client.ehlo()
            mail_options = [*options.get("mail", []), *(["SMTPUTF8"] if not mail_from.isascii() else [])]
            client.sendmail(mail_from, list(rcpts), octets, mail_options, options.get("rcpt", []))

    def log(self) -> str:
        """Its last words."""
        return "\n".join((self.home / "log").read_text(errors="replace").splitlines()[-40:])

    def waiting(self) -> int:
        """Mails in the queue."""
        queues = ("maildrop", "incoming", "active", "deferred")
        return sum(path.is_file() for name in queues for path in (self.home / "queue" / name).rglob("*"))


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    home = Path(tempfile.mkdtemp(prefix="pf", dir="/tmp"))  # short, since sockets lie in it
    home.chmod(0o755)
    (home / "run").mkdir(parents=True)
    instance = Postfix(home, *(free_port() for _ in range(4)), home / "run" / "lmtp.sock")
    values = {name: getattr(instance, name) for name in ("tcp_port", "smtp_port", "sink_port", "socket")}
    try:
        with running(home, instance.port, MAIN_CF.format(domains=", ".join(DOMAINS), **values)):
            yield instance
    finally:
        shutil.rmtree(home)


@contextlib.asynccontextmanager
async def behind(
    postfix: Postfix, domain: str, inbox: Inbox | None = None, **settings: Any
) -> AsyncIterator[Inbox]:
    """Our listener where Postfix delivers mail for `domain` to."""
    where: dict[str, Any] = {
        "tcp.example": {"protocol": "lmtp", "port": postfix.tcp_port},
        "unix.example": {"protocol": "lmtp", "socket": postfix.socket},
        "smtp.example": {"protocol": "smtp", "port": postfix.smtp_port},
    }[domain]
    async with listening(inbox, is_ours=LISTS[domain].owns, **where, **settings) as (_, _, kept):
        if domain == "unix.example":
            os.chown(postfix.socket, 0, grp.getgrnam("postfix").gr_gid)
        yield kept


async def arrived(inbox: Inbox, count: int, postfix: Postfix) -> None:
    for _ in range(1200):
        if len(inbox.mails) >= count and not postfix.waiting():
            break
        await asyncio.sleep(0.05)
    assert len(inbox.mails) == count, postfix.log()


@pytest.mark.parametrize("domain", DOMAINS)
@story
async def test_a_mail_through_postfix_arrives_with_its_own_line_ends(postfix: Postfix, domain: str) -> None:
    async with behind(postfix, domain) as inbox:
        await asyncio.to_thread(postfix.send, LISTS[domain].address)
        await arrived(inbox, 1, postfix)
        octets, envelope = inbox.mails[0]
        assert octets.endswith(b"\r\n\r\n.\r\nHELP\r\n")
        assert (envelope.mail_from, envelope.rcpt_tos) == ("ann@nic.example", (LISTS[domain].address,))
        assert envelope.protocol == ("ESMTP" if domain == "smtp.example" else "LMTP")
        assert envelope.helo == "mx.example"


@pytest.mark.parametrize("domain", DOMAINS)
@story
async def test_two_recipients_at_once_run_once_and_leave_nothing_queued(
    postfix: Postfix, domain: str
) -> None:
    async with behind(postfix, domain) as inbox:
        both = (LISTS[domain].address, LISTS[domain].with_tag("t.abc"))
        await asyncio.to_thread(postfix.send, *both)
        await arrived(inbox, 1, postfix)
        assert inbox.started == 1
        assert sorted(inbox.mails[0][1].rcpt_tos) == sorted(both)


@story
async def test_orcpt_and_notify_are_no_hindrance_and_postfix_reports_success(postfix: Postfix) -> None:
    async with sink_of(postfix) as sink, behind(postfix, "tcp.example") as inbox:
        list_address = LISTS["tcp.example"].address
        options = {
            "mail": ["RET=HDRS", "ENVID=QQ314159"],
            "rcpt": ["NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT=rfc822;{list_address}"],
        }
        await asyncio.to_thread(lambda: postfix.send(list_address, **options))
        await arrived(inbox, 1, postfix)
        (report,) = await sink.wait_for(1)
        assert (report.mail_from, report.rcpt) == ("", "ann@nic.example")
        assert b"Action: relayed" in report.octets


@pytest.mark.parametrize("domain", ["tcp.example", "smtp.example"])
@story
async def test_a_mail_too_large_is_bounced_by_postfix(postfix: Postfix, domain: str) -> None:
    async with sink_of(postfix) as sink, behind(postfix, domain, max_message_bytes=LIMIT) as inbox:
        large = MAIL + (b"x" * 70 + b"\r\n") * (LIMIT // 72 + 10)
        await asyncio.to_thread(lambda: postfix.send(LISTS[domain].address, octets=large))
        (bounce,) = await sink.wait_for(1)
        assert (bounce.mail_from, bounce.rcpt) == ("", "ann@nic.example")
        assert b"Status: 5.3.4" in bounce.octets
        assert inbox.started == 0


@pytest.mark.parametrize("domain", ["tcp.example", "smtp.example"])
@story
async def test_a_stranger_beside_the_list_is_bounced_alone(postfix: Postfix, domain: str) -> None:
    async with sink_of(postfix) as sink, behind(postfix, domain) as inbox:
        await asyncio.to_thread(postfix.send, LISTS[domain].address, f"bob@{domain}")
        await arrived(inbox, 1, postfix)
        (bounce,) = await sink.wait_for(1)
        assert b"Status: 5.1.1" in bounce.octets
        assert f"bob@{domain}".encode() in bounce.octets
        assert inbox.mails[0][1].rcpt_tos == (LISTS[domain].address,)


@pytest.mark.parametrize("domain", ["unix.example", "smtp.example"])
@story
async def test_what_could_not_be_stored_comes_again(postfix: Postfix, domain: str) -> None:
    inbox = Inbox(fail=NotStored())
    async with behind(postfix, domain, inbox):
        await asyncio.to_thread(postfix.send, LISTS[domain].address, LISTS[domain].with_tag("t.x"))
        while not inbox.started:
            await asyncio.sleep(0.05)
        inbox.fail = None
        await arrived(inbox, 1, postfix)
        assert len(inbox.mails[0][1].rcpt_tos) == 2


@story
async def test_eight_bit_mail_and_senders_in_other_scripts_come_through(postfix: Postfix) -> None:
    async with behind(postfix, "tcp.example") as inbox:
        subject, text = "Subject: \u00e4\r\n".encode(), "\u043f\u0440\u0438\u0432\u0435\u0442\r\n".encode()
        sender, octets = "\u00e4nn@nic.example", subject + b"\r\n" + text
        options = {"mail": ["BODY=8BITMIME"]}
        await asyncio.to_thread(
            lambda: postfix.send("tld-ops@tcp.example", octets=octets, mail_from=sender, **options)
        )
        await arrived(inbox, 1, postfix)
        arrived_octets, envelope = inbox.mails[0]
        assert b"\r\n" + subject in arrived_octets
        assert arrived_octets.endswith(b"\r\n\r\n" + text)
        assert (envelope.mail_from, envelope.protocol) == (sender, "UTF8LMTP")


@story
async def test_nothing_is_smuggled_through_postfix(postfix: Postfix) -> None:
    async with sink_of(postfix), behind(postfix, "tcp.example") as inbox:
        for false_end in FALSE_ENDS.values():
            await asyncio.to_thread(smuggle, postfix, false_end)
        for _ in range(1200):
            if not postfix.waiting():
                break
            await asyncio.sleep(0.05)
        assert not postfix.waiting(), postfix.log()
        assert inbox.mails, "none of the baits came through, so nothing was tried"
        assert {envelope.mail_from for _, envelope in inbox.mails} == {"ann@nic.example"}


def smuggle(postfix: Postfix, false_end: bytes) -> None:
    """One mail whose content pretends to end and to be followed by another."""
    with socket.create_connection(("127.0.0.1", postfix.port), 60) as sock, sock.makefile("rb") as replies:
        replies.readline()
        for line in (
            b"HELO client.example",
            b"MAIL FROM:<ann@nic.example>",
            b"RCPT TO:<tld-ops@tcp.example>",
            b"DATA",
        ):
            sock.sendall(line + b"\r\n")
            replies.readline()
        smuggled = SMUGGLED.replace(b"lists.example", b"tcp.example")
        sock.sendall(b"Subject: bait\r\n\r\nx" + false_end + smuggled + b"\r\n.\r\nQUIT\r\n")
        with contextlib.suppress(OSError):
            replies.read()


@contextlib.asynccontextmanager
async def sink_of(postfix: Postfix) -> AsyncIterator[Sink]:
    """Takes what Postfix sends to the rest of the world: bounces and reports."""
    async with Sink(port=postfix.sink_port) as sink:
        yield sink
