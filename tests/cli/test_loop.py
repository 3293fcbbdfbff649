"""`doctor --loop` mails itself, and says what became of the mail on its way out and back in."""

import base64
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.desk import Desk
from tests.dns_server import LoopbackDns
from tests.service import Town, reconfigure, town
from tldops_bot.app import App
from tldops_bot.cli._loop import loop_test
from tldops_bot.domain.finding import Finding, State
from tldops_bot.store.tables import InboxRow, Message

Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def serving_place() -> Iterator[Town]:
    """One service for all; `doctor` is another process anyway, with a configuration it reads itself."""
    with town() as one, one.serving() as running:
        reconfigure(one, "listener", f"port = {running.where.rpartition(':')[2]}")
        yield one


@pytest.fixture
def place(serving_place: Town) -> Iterator[Town]:
    yield serving_place
    serving_place.sink.behave()
    reconfigure(serving_place, "dns", 'resolver = "none"')


@contextmanager
def mail_server(place: Town, change: Change = bytes, bounces: bool = False) -> Iterator[None]:
    """What the smarthost and the MX would do: bring what it took back to the listener."""
    assert place.running is not None
    host, _, port = place.running.where.rpartition(":")
    over, before = threading.Event(), len(place.sink.mails)

    def work() -> None:
        done = before
        while not over.wait(0.01):
            for mail in place.sink.mails[done:]:
                done += 1
                with smtplib.SMTP(host, int(port), timeout=60) as client:
                    sender = "" if bounces else mail.mail_from
                    client.sendmail(sender, [mail.rcpt], change(mail.octets))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def findings(place: Town, patience: float = 60.0) -> list[Finding]:
    """Of the loop, by parts that are not the service's."""
    app = App(place.config)
    try:
        return list(loop_test(app, time.sleep, patience))
    finally:
        app.close()


def received(at: datetime) -> Change:
    return lambda raw: b"Received: from a by b; " + format_datetime(at).encode() + b"\r\n" + raw


def test_it_comes_back_whole(place: Town) -> None:
    before = len(place.sink.mails)
    with mail_server(place, received(datetime.now(UTC))):
        found = findings(place)
        place.quiet(0.3)
    assert [(one.check, one.state) for one in found] == [
        ("loop", State.OK),
        ("dkim", State.SKIPPED),
        ("clock", State.OK),
    ]
    assert found[0].says.startswith("signed, encrypted, sent, taken and opened again in ")
    (mail,) = place.sink.mails[before:]
    assert b"Auto-Submitted: auto-generated" in mail.octets
    assert b"comes back" not in mail.octets  # encrypted
    with place.desk.look() as session:
        assert [row.outcome for row in session.query(InboxRow)][-1:] == ["silent: automatic (auto_submitted)"]
        assert session.query(Message).count() == 0  # nobody is answered


def test_a_server_that_rewrites_mail_is_found(place: Town) -> None:
    spoil: Change = lambda raw: raw.replace(b"-----BEGIN PGP MESSAGE-----\r\n\r\n", b"X", 1)  # noqa: E731
    with mail_server(place, spoil):
        found = findings(place)
    assert (found[0].check, found[0].state) == ("loop", State.BROKEN)
    assert "rewrites mail" in found[0].mend


def test_one_changed_letter_is_noticed(place: Town) -> None:
    def spoil(raw: bytes) -> bytes:
        at = raw.index(b"-----BEGIN PGP MESSAGE-----") + 120
        return raw[:at] + (b"A" if raw[at : at + 1] != b"A" else b"B") + raw[at + 1 :]

    with mail_server(place, spoil):
        found = findings(place)
    assert found[0].says == "it came back changed, and cannot be opened"


def test_what_never_comes_back_is_said_with_where_to_look(place: Town) -> None:
    (found,) = findings(place, patience=0.0)
    assert found.state is State.BROKEN
    assert "did not come back within 0 s" in found.says
    assert "MX record" in found.mend


def test_a_bounce_is_no_success(place: Town) -> None:
    with mail_server(place, bounces=True):
        (found,) = findings(place)
    assert found.says == "it came back as a bounce"


def test_a_smarthost_that_refuses_it(place: Town) -> None:
    place.sink.answer("RCPT", "550 5.1.1 <tld-ops@lists.example>: No such user")
    (found,) = findings(place)
    assert found.says == "the smarthost did not take it: 550 5.1.1 <address> No such user"


def test_clocks_that_differ(place: Town) -> None:
    with mail_server(place, received(datetime.now(UTC) - timedelta(hours=1))):
        found = findings(place)
    assert (found[-1].check, found[-1].state) == ("clock", State.WARNING)
    assert "3" in found[-1].says


def test_without_the_service_there_is_nobody_to_take_it(desk: Desk) -> None:
    (found,) = loop_test(desk.app)
    assert (found.check, found.state, found.mend) == ("loop", State.SKIPPED, "tldops-bot serve")


@pytest.mark.parametrize(
    ("key_is_right", "state"), [(True, State.OK), (False, State.BROKEN), (None, State.WARNING)]
)
def test_its_dkim_signature_is_looked_at(place: Town, key_is_right: bool | None, state: State) -> None:
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    shown = key if key_is_right else rsa.generate_private_key(65537, 2048)
    public = shown.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    record = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"

    def sign(raw: bytes) -> bytes:
        if key_is_right is None:
            return raw
        return bytes(dkim.sign(raw, b"list", b"lists.example", private)) + raw

    with LoopbackDns({("list._domainkey.lists.example", "TXT"): [record]}) as dns:
        reconfigure(place, "dns", f'resolver = "127.0.0.1:{dns.port}"')
        with mail_server(place, sign):
            found = findings(place)
    (about,) = [one for one in found if one.check == "dkim"]
    assert about.state is state
