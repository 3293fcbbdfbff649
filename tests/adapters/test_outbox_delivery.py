"""Mail on its way out, with real gpg, real Sequoia, a real store and an SMTP sink that can misbehave."""

import asyncio
import contextlib
import email
import email.policy
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.keys import KeyPair, person
from tests.made_up import make_officer, make_people
from tests.postgres import new_store
from tests.sink import DROP, Sink
from tldops_bot.adapters import outbox_delivery
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.adapters.outbox_delivery import Delivery
from tldops_bot.adapters.outbox_leases import LEASE
from tldops_bot.adapters.sequoia_encryption import Encryption
from tldops_bot.adapters.smtp_attempt import Attempt
from tldops_bot.adapters.smtp_delivery import Outgoing, Smarthost
from tldops_bot.config.settings import ListSettings, SmarthostSettings
from tldops_bot.domain.certificate import NotEncrypted
from tldops_bot.domain.list_address import ListAddress
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.mail import bounce_address
from tldops_bot.mail.compose import draft
from tldops_bot.mail.render import Rendered
from tldops_bot.store import facts, outbox, outbox_control, outbox_copies, outbox_leases
from tldops_bot.store.database import Database
from tldops_bot.store.outbox import DROPPED, HELD, REFUSED, TAKEN, WAITING
from tldops_bot.store.tables import CertificateRow, Message, Person
from tldops_bot.store.tables import Delivery as Row

LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")
HOME = ListAddress.parse(LIST.address)
START = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PATIENCE = 60.0  # with a machine that has much else to do


@pytest.fixture(scope="module")
def gnupg() -> Iterator[Gnupg]:
    home = Path(tempfile.mkdtemp(prefix="out", dir="/tmp"))
    made = Gnupg(home)
    made.keyring.make(LIST.address)
    yield made
    made.close()
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True, check=False)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def encryption() -> Iterator[Encryption]:
    made = Encryption()
    made.warm_up()  # here and not in a thread of a loop: the worker would end with that
    yield made
    made.close()


@pytest.fixture
def database() -> Iterator[Database]:
    with new_store() as made:
        yield made


@dataclass
class Clock:
    """Wall time that tests can move; it also moves by itself, as time does."""

    ahead: timedelta = timedelta(0)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return START + (datetime.now(UTC) - self.began) + self.ahead


class Encrypter:
    """Sequoia, and a record of how many copies were made together; `refuse` plays a key it can't use."""

    def __init__(self, encryption: Encryption) -> None:
        self._encryption = encryption
        self.sizes: list[int] = []
        self.refuse: dict[str, str] = {}
        self.go_on_after_the_first = threading.Event()
        self.go_on_after_the_first.set()

    def encrypt_many(
        self, signed_part: bytes, recipients: Sequence[tuple[str, bytes]]
    ) -> list[bytes | NotEncrypted]:
        self.sizes.append(len(recipients))
        if len(self.sizes) > 1:
            assert self.go_on_after_the_first.wait(PATIENCE)
        found = self._encryption.encrypt_many(signed_part, recipients)
        return [
            NotEncrypted(self.refuse[one[0]]) if one[0] in self.refuse else outcome
            for one, outcome in zip(recipients, found, strict=True)
        ]


class Signer:
    """gpg, and a count of signatures; `is_down` plays an agent that doesn't answer."""

    def __init__(self, gnupg: Gnupg) -> None:
        self._gnupg = gnupg
        self.signatures = 0
        self.encryptions = 0
        self.is_down = False

    def sign_detached(self, octets: bytes) -> bytes:
        if self.is_down:
            raise GpgUnavailable("no agent")
        self.signatures += 1
        return self._gnupg.sign_detached(octets)

    def encrypt(self, octets: bytes, certificate: bytes) -> bytes | NotEncrypted:
        self.encryptions += 1
        return self._gnupg.encrypt(octets, certificate)


@dataclass
class Post:
    """One post office: everything a test needs, around a delivery that runs while `open` lasts."""

    database: Database
    signer: Signer
    encrypter: Encrypter
    sink: Sink
    clock: Clock = field(default_factory=Clock)
    connections: int = 4
    keyless: list[int] = field(default_factory=list)
    too_large: list[int] = field(default_factory=list)
    delivery: Delivery | None = None

    @contextlib.asynccontextmanager
    async def open(self, transport: Any = None) -> AsyncIterator[Delivery]:
        settings = SmarthostSettings(host="127.0.0.1", port=self.sink.port, connections=self.connections)
        smarthost = Smarthost(settings, "lists.example")
        self.delivery = Delivery(
            self.database,
            LIST,
            self.signer,
            self.encrypter,
            transport or smarthost,
            connections=self.connections,
            now=self.clock,
            jitter=lambda: 0.0,
            random_octets=os.urandom,
            on_keyless=lambda _session, one: self.keyless.append(one.id),
            on_too_large=lambda _session, one: self.too_large.append(one.id),
        )
        running = asyncio.create_task(self.delivery.run())
        try:
            yield self.delivery
        finally:
            await self.delivery.stop(PATIENCE)
            await running
            await smarthost.close()

    def put(self, letter: Letter, text: str = "Hello\n") -> list[int]:
        now = self.clock()
        with self.database.write() as session:
            rendered = draft(letter, Rendered("A word", text), LIST, now)
            message = outbox_copies.enqueue(session, letter, rendered, now)
            ids = list(session.scalars(select(Row.id).where(Row.message_id == message).order_by(Row.id)))
        if self.delivery is not None:
            self.delivery.wake()
        return ids

    def rows(self) -> dict[int, Row]:
        with self.database.read() as session:
            found = {row.id: row for row in session.scalars(select(Row))}
            session.expunge_all()
            return found

    def states(self) -> list[str]:
        return [row.state for row in self.rows().values()]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.02)

    def content_left(self) -> int:
        with self.database.read() as session:
            messages = session.scalars(select(Message))
            return sum(bool(one.entity or one.sealed) for one in messages)


def post(database: Database, gnupg: Gnupg, encryption: Encryption, sink: Sink, **more: Any) -> Post:
    return Post(database, Signer(gnupg), Encrypter(encryption), sink, **more)


def members(database: Database, keys: Sequence[KeyPair]) -> list[Recipient]:
    """One listed person with each of these keys, as recipients of members' mail."""
    certificates = [key.certificate for key in keys]
    tlds = ["nl", "be", "br", "ca", "jp", "nz", "tz", "uy"][: len(keys)]
    with database.write() as session:
        people = make_people(session, tlds, per_tld=1, now=START, certificates=certificates)
        return [Recipient(one.email, Entitled.MEMBER, one.id) for one in people]


def strangers(count: int, name: str = "noc") -> tuple[Recipient, ...]:
    return tuple(Recipient(f"{name}{n}@nic.example", Entitled.ADDRESS) for n in range(count))


def alert(to: Sequence[Recipient], alert_id: str = "A-2026-0001") -> Letter:
    return Letter(Kind.ALERT, "x", {}, tuple(to), is_confidential=True, alert_id=alert_id)


def parse(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def boundary_of(message: EmailMessage) -> bytes:
    found = message.get_boundary()
    assert found
    return found.encode()


def verified_text(part: bytes, gnupg: Gnupg) -> str:
    """The text of a multipart/signed part, after gpg judged the list's signature over its raw octets good."""
    message = parse(part)
    assert message.get_content_type() == "multipart/signed"
    edge = b"--" + boundary_of(message)
    _, signed, signature, _ = part.split(edge)
    signed = signed[2:-2]
    key = gnupg.list_certificate(datetime.now(UTC))
    armored = parse(signature[2:]).get_payload(decode=True)
    assert isinstance(armored, bytes)
    verdict = gnupg.verify_detached(signed, armored, key.blob, datetime.now(UTC))
    assert verdict.standing == "good", verdict
    assert verdict.fingerprint == key.fingerprint
    inner = parse(signed)
    text = inner.get_body(("plain",))
    assert text is not None
    return str(text.get_content()).replace("\r\n", "\n")


def decrypted_text(octets: bytes, key: KeyPair, gnupg: Gnupg) -> str:
    message = parse(octets)
    assert message.get_content_type() == "multipart/encrypted"
    control, data = message.iter_parts()
    assert control.get_content() == b"Version: 1\r\n"
    payload = data.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return verified_text(key.decrypt(payload), gnupg)


def run(main: Callable[[Sink], Any]) -> None:
    async def body() -> None:
        async with asyncio.timeout(3 * PATIENCE), Sink() as sink:
            await main(sink)

    asyncio.run(body())


ANN = ("Ann Example", "ann@nic.example")
BOB = ("Bob Example", "bob@nic.example")
CAT = ("Cat Example", "cat@nic.example")


def test_each_gets_a_copy_only_they_can_read_with_the_lists_good_signature_inside(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    keys = [person(*ANN), person(*BOB), person(*CAT)]
    to = members(database, keys)

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.put(alert(to), "The TLD is under attack: Ünïcode, and a line\nFrom here.\n")
        async with office.open():
            await sink.wait_for(3)
        by_address = {mail.rcpt: mail for mail in sink.mails}
        for recipient, key in zip(to, keys, strict=True):
            mail = by_address[recipient.address]
            text = decrypted_text(mail.octets, key, gnupg)
            assert text == "The TLD is under attack: Ünïcode, and a line\nFrom here.\n"
            assert b"attack" not in mail.octets
            assert parse(mail.octets)["To"] == recipient.address
            wrong = subprocess.run(
                ["gpg", "--homedir", str(key.home), "--batch", "--list-only", "--list-packets"],
                input=mail.octets[mail.octets.index(b"-----BEGIN") :],
                capture_output=True,
                check=False,
            )
            assert wrong.stdout.count(b":pubkey enc packet:") == 1
        assert office.signer.signatures == 1
        assert set(office.states()) == {TAKEN}
        assert office.content_left() == 0

    run(main)


def test_mail_for_who_has_no_key_is_signed_and_not_encrypted(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.put(Letter(Kind.TOKEN, "x", {}, strangers(1), route="r7"))
        async with office.open():
            await sink.wait_for(1)
        mail = sink.mails[0]
        message = parse(mail.octets)
        assert message["Reply-To"] == "tld-ops+t.r7@lists.example"
        part = mail.octets[mail.octets.index(b"Content-Type: multipart/signed") :]
        assert verified_text(part, gnupg) == "Hello\n"

    run(main)


def test_a_bounce_comes_back_to_an_address_that_names_the_delivery(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        ids = office.put(Letter(Kind.NOTICE, "x", {}, strangers(2)))
        async with office.open():
            await sink.wait_for(2)
        with database.read() as session:
            keys = facts.mac_keys(session)
        assert {bounce_address.read(HOME, mail.mail_from, keys) for mail in sink.mails} == set(ids)
        assert len({parse(mail.octets)["Message-ID"] for mail in sink.mails}) == 2

    run(main)


def test_one_mailbox_that_is_refused_or_put_off_never_stops_another(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        sink.answer("RCPT", "550 5.1.1 No such user", match="noc3@")
        sink.answer("RCPT", "451 4.7.1 Greylisted", match="noc5@", times=1)
        sink.answer(".", "552 5.3.4 Too large", match="noc6@")
        office = post(database, gnupg, encryption, sink)
        ids = office.put(Letter(Kind.NOTICE, "x", {}, strangers(20)))
        async with office.open():
            await sink.wait_for(17)
            await office.until(lambda: office.states().count(TAKEN) == 17)
            rows = office.rows()
            assert (rows[ids[3]].state, rows[ids[3]].last_status) == (REFUSED, "5.1.1")
            assert rows[ids[3]].last_code == 550
            assert (rows[ids[5]].state, rows[ids[5]].attempts) == (WAITING, 1)
            assert rows[ids[5]].next_attempt_at > START + timedelta(seconds=30)
            assert office.too_large == [ids[6]]
            assert office.content_left() == 1
            office.clock.ahead = timedelta(minutes=2)
            await office.until(lambda: office.rows()[ids[5]].state == TAKEN)
            assert office.content_left() == 0
        assert office.signer.signatures == 1

    run(main)


def test_one_key_that_can_not_be_used_never_stops_another(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    to = members(database, [person(*ANN), person(*BOB), person(*CAT)])
    with database.write() as session:
        bob = session.get_one(Person, to[1].person_id)
        session.get_one(CertificateRow, bob.fingerprint).blob = b"\x98rubbish"

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        roster = office.put(Letter(Kind.ROSTER, "x", {}, tuple(to), is_confidential=True))
        ids = office.put(alert(to))
        async with office.open():
            await sink.wait_for(4)
            await office.until(lambda: office.states().count(TAKEN) == 4)
            rows = office.rows()
            assert (rows[roster[1]].state, rows[roster[1]].last_status) == (DROPPED, "no-key")
            assert (rows[ids[1]].state, rows[ids[1]].last_status) == (HELD, "no-key")
            assert office.keyless == [ids[1], roster[1]]
            # The key is mended: the alert follows.
            with database.write() as session:
                bob = session.get_one(Person, to[1].person_id)
                session.get_one(CertificateRow, bob.fingerprint).blob = person(*BOB).certificate
                assert outbox_control.release_held(session, bob.id, office.clock()) == 1
            assert office.delivery is not None
            office.delivery.wake()
            await sink.wait_for(5)
        assert decrypted_text(sink.mails[-1].octets, person(*BOB), gnupg) == "Hello\n"
        assert office.content_left() == 0

    run(main)


def test_a_key_that_sequoia_finds_unusable_gets_its_copy_from_gpg_and_a_revoked_one_gets_none(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    keys = [person(*ANN), person(*BOB)]
    to = members(database, keys)

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.encrypter.refuse = {
            keys[0].fingerprint: "unusable_key",
            keys[1].fingerprint: "revoked_key",
        }
        ids = office.put(alert(to))
        async with office.open():
            await sink.wait_for(1)
            await office.until(lambda: office.rows()[ids[1]].state == HELD)
        assert office.signer.encryptions == 1
        assert decrypted_text(sink.mails[0].octets, keys[0], gnupg) == "Hello\n"

    run(main)


def test_rights_are_looked_at_when_a_mail_is_delivered_not_when_it_was_written(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    to = members(database, [person(*ANN), person(*BOB), person(*CAT)])

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        ids = office.put(alert(to))
        with database.write() as session:
            session.get_one(Person, to[0].person_id).entries[0].state = "left"
            session.get_one(Person, to[1].person_id).key_blocked_at = office.clock()
        async with office.open():
            await sink.wait_for(1)
            await office.until(lambda: DROPPED in office.states() and HELD in office.states())
        rows = office.rows()
        assert [(rows[one].state, rows[one].last_status) for one in ids[:2]] == [
            (DROPPED, "left"),
            (HELD, "no-key"),
        ]
        assert [mail.rcpt for mail in sink.mails] == [to[2].address]

    run(main)


def test_an_officer_of_the_committee_is_served_without_a_tld(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    with database.write() as session:
        cat = make_officer(session, "committee", "Cat Example", CAT[1], person(*CAT).certificate, START)
        to = Recipient(cat.email, Entitled.MEMBER, cat.id)

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.put(alert([to]))
        async with office.open():
            await sink.wait_for(1)
        assert decrypted_text(sink.mails[0].octets, person(*CAT), gnupg) == "Hello\n"

    run(main)


def test_a_candidate_gets_mail_encrypted_to_the_key_they_offered(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    ann = person(*ANN)
    with database.write() as session:
        session.add(
            CertificateRow(
                fingerprint=ann.fingerprint, blob=ann.certificate, created_at=START, held_since=START
            )
        )

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        to = Recipient(ann.address, Entitled.KEY, fingerprint=ann.fingerprint)
        nobody = Recipient(ann.address, Entitled.KEY, fingerprint="F" * 40)
        ids = office.put(Letter(Kind.TOKEN, "x", {}, (to, nobody), is_confidential=True))
        async with office.open():
            await sink.wait_for(1)
            await office.until(lambda: office.rows()[ids[1]].state == DROPPED)
        assert decrypted_text(sink.mails[0].octets, ann, gnupg) == "Hello\n"

    run(main)


def test_an_alert_overtakes_500_rosters(database: Database, gnupg: Gnupg, encryption: Encryption) -> None:
    ann = person(*ANN)
    to = members(database, [ann])

    async def main(sink: Sink) -> None:
        sink.answer(".", delay=0.02, times=30)
        sink.answer(".", delay=0.5)  # slow enough to have rosters in flight for a minute
        office = post(database, gnupg, encryption, sink)
        office.put(Letter(Kind.ROSTER, "x", {}, strangers(500)))
        async with office.open():
            await sink.wait_for(30)
            office.put(alert(to))
            await office.until(lambda: any(mail.rcpt == to[0].address for mail in sink.mails))
            assert len(sink.mails) < 200
            sink.behave()

    run(main)


def test_what_one_turn_has_written_down_needs_no_other(
    database: Database, gnupg: Gnupg, encryption: Encryption, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each turn makes a further one a little later, and that one too."""
    monkeypatch.setattr(outbox_delivery, "MARK_SECONDS", 3600.0)

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        async with office.open() as delivery:
            (first,) = office.put(Letter(Kind.NOTICE, "x", {}, strangers(1)))
            await office.until(lambda: delivery._marking is not None)
            marking = delivery._marking
            office.put(Letter(Kind.NOTICE, "x", {}, strangers(1)))
            await office.until(lambda: office.rows()[first].state == TAKEN)
            assert marking is not None
            assert marking.cancelled()

    run(main)


def test_the_first_copy_of_an_alert_waits_for_no_other(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    keys = [person(*ANN), person(*BOB), person(*CAT)]
    to = members(database, keys) * 40

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        async with office.open():
            office.encrypter.go_on_after_the_first.clear()
            office.put(alert(to))
            await sink.wait_for(1)
            assert office.encrypter.sizes[0] == 1
            office.encrypter.go_on_after_the_first.set()
            await sink.wait_for(120)
        assert office.signer.signatures == 1

    run(main)


class Crash(BaseException):
    """The end of the whole process; what is less than that would be one copy's own failure."""


def test_after_a_crash_everything_is_sent_and_what_is_repeated_has_the_same_message_id(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    class Dying:
        """Hands over, and dies with the process after 60 mails, before anything about them is written."""

        def __init__(self, smarthost: Smarthost) -> None:
            self.smarthost, self.left, self.is_dead = smarthost, 60, False

        async def send_one(self, mail: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                self.is_dead = True
                raise Crash
            return await self.smarthost.send_one(mail)

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.put(Letter(Kind.NOTICE, "x", {}, strangers(200)))
        smarthost = Smarthost(
            SmarthostSettings(host="127.0.0.1", port=sink.port, connections=4), "lists.example"
        )
        dying = Dying(smarthost)
        with pytest.raises(BaseExceptionGroup):
            async with office.open(dying):
                await office.until(lambda: dying.is_dead)
        await smarthost.close()
        before = len(sink.mails)
        assert 0 < before <= 60
        assert "sending" in office.states()
        if not database.is_sqlite:  # another node might have them in hand: their leases must end first
            office.clock.ahead += 2 * LEASE
        async with office.open():
            await office.until(lambda: set(office.states()) == {TAKEN})
        ids: dict[str, set[str]] = {}
        for mail in sink.mails:
            ids.setdefault(mail.rcpt, set()).add(str(parse(mail.octets)["Message-ID"]))
        assert len(ids) == 200
        assert all(len(known) == 1 for known in ids.values())
        assert len(sink.mails) - 200 <= office.connections * 16
        assert office.content_left() == 0

    run(main)


def test_a_smarthost_that_is_down_is_not_knocked_at_without_end_and_counts_no_attempt(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        port = sink.port
        await sink.close()
        knocks: list[float] = []
        office = post(database, gnupg, encryption, sink)
        smarthost = Smarthost(SmarthostSettings(host="127.0.0.1", port=port, connections=4), "lists.example")

        class Counting:
            async def send_one(self, mail: Any) -> Any:
                knocks.append(asyncio.get_running_loop().time())
                return await smarthost.send_one(mail)

        office.put(Letter(Kind.NOTICE, "x", {}, strangers(100)))
        async with office.open(Counting()):
            await office.until(lambda: len(knocks) >= 4 + 2)
            assert knocks[5] - knocks[0] > 1.5  # all connections at once, then one at a time, after a pause
            assert set(office.states()) <= {WAITING, "sending"}
            assert {row.attempts for row in office.rows().values()} == {0}
            sink.port = port
            await sink.__aenter__()
            office.clock.ahead = timedelta(minutes=2)
            await sink.wait_for(100)
            await office.until(lambda: set(office.states()) == {TAKEN})
        await smarthost.close()

    run(main)


def test_a_mail_that_brings_the_smarthost_down_does_not_keep_the_others_waiting(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        sink.answer(".", DROP, match="noc0@")
        office = post(database, gnupg, encryption, sink)
        ids = office.put(Letter(Kind.NOTICE, "x", {}, strangers(30)))
        async with office.open():
            await sink.wait_for(29)
            await office.until(lambda: office.states().count(TAKEN) == 29)
        assert office.rows()[ids[0]].state == WAITING

    run(main)


def test_normal_mail_is_given_up_after_five_days_and_an_alert_never(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    to = members(database, [person(*ANN)])

    async def main(sink: Sink) -> None:
        sink.answer("RCPT", "451 4.2.0 Try later")
        office = post(database, gnupg, encryption, sink)
        normal = office.put(Letter(Kind.NOTICE, "x", {}, strangers(1)))[0]
        urgent = office.put(alert(to))[0]
        office.clock.ahead = timedelta(days=4, hours=23)
        async with office.open():
            await office.until(lambda: {row.attempts for row in office.rows().values()} == {1})
            assert office.states() == [WAITING, WAITING]
            office.clock.ahead = timedelta(days=5, hours=1)
            await office.until(lambda: office.rows()[normal].state == REFUSED)
            await office.until(lambda: office.rows()[urgent].attempts == 2)
        assert office.rows()[urgent].state == WAITING
        assert office.rows()[normal].last_status == "4.2.0"

    run(main)


def test_when_gpg_can_not_sign_nothing_goes_and_nothing_is_lost(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.signer.is_down = True
        ids = office.put(Letter(Kind.NOTICE, "x", {}, strangers(3)))
        async with office.open():
            await office.until(
                lambda: {row.last_status for row in office.rows().values()} == {"no-signature"}
            )
            assert sink.taken == 0
            assert [office.rows()[one].attempts for one in ids] == [0, 0, 0]
            office.signer.is_down = False
            office.clock.ahead = timedelta(minutes=2)
            await sink.wait_for(3)

    run(main)


def test_a_clean_stop_gives_back_what_could_not_be_finished(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        sink.answer(".", delay=0.5)
        office = post(database, gnupg, encryption, sink)
        office.put(Letter(Kind.NOTICE, "x", {}, strangers(100)))
        async with office.open() as delivery:
            await sink.wait_for(4)
            await delivery.stop(1.0)  # the rest of them would take 12 s
        assert set(office.states()) == {TAKEN, WAITING}
        assert office.states().count(TAKEN) >= 4

    run(main)


def test_a_stop_with_nothing_to_do_is_quick_and_a_wake_after_it_does_no_harm(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        async with office.open() as delivery:
            await asyncio.to_thread(lambda: None)
            async with asyncio.timeout(PATIENCE):
                await delivery.stop(grace=2 * PATIENCE)
            delivery.wake()
        assert not sink.mails

    run(main)


def test_a_reply_may_be_put_in_from_another_thread_and_goes_at_once(
    database: Database, gnupg: Gnupg, encryption: Encryption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_delivery, "TICK_SECONDS", 3600.0)

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        async with office.open() as delivery:
            await office.until(lambda: delivery._turned_at > 0 and not delivery._is_turning)
            letter = Letter(Kind.REPLY, "x", {}, strangers(1), in_reply_to="<a@b.example>")
            await asyncio.to_thread(office.put, letter)
            await sink.wait_for(1)
        message = parse(sink.mails[0].octets)
        assert (message["In-Reply-To"], message["Auto-Submitted"]) == ("<a@b.example>", "auto-replied")

    run(main)


def test_replies_that_follow_each_other_are_claimed_together(
    database: Database, gnupg: Gnupg, encryption: Encryption, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BREATH_SECONDS", "TICK_SECONDS", "MARK_SECONDS"):
        monkeypatch.setattr(outbox_delivery, name, 3600.0)
    turns: list[bool] = []

    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink)
        office.put(Letter(Kind.REPLY, "x", {}, strangers(1)))
        async with office.open() as delivery:
            await sink.wait_for(1)
            turn = delivery._exchange.turn

            def counted(*arguments: Any) -> Any:
                turns.append(arguments[-1])
                return turn(*arguments)

            delivery._exchange.turn = counted  # type: ignore[method-assign]
            for _ in range(10):
                office.put(Letter(Kind.REPLY, "x", {}, strangers(1)))
                await asyncio.to_thread(lambda: None)
            assert turns == []
            delivery._look_now()  # as if the breath were over
            await sink.wait_for(11)
            assert turns == [True]
        assert office.states() == ["taken"] * 11

    run(main)


def test_no_address_and_no_word_of_a_mail_stands_in_the_log(
    database: Database, gnupg: Gnupg, encryption: Encryption, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="tldops_bot")

    async def main(sink: Sink) -> None:
        sink.answer("RCPT", "550 5.1.1 <noc0@nic.example> unknown", match="noc0@")
        sink.answer("MAIL", "421 4.3.2 Full", times=1)
        office = post(database, gnupg, encryption, sink)
        office.put(Letter(Kind.NOTICE, "x", {}, strangers(5)), "secret words\n")
        async with office.open():
            await office.until(lambda: bool(sink.taken))
            office.clock.ahead = timedelta(minutes=2)
            await office.until(lambda: office.states().count(TAKEN) == 4)

    run(main)
    assert "can't be used (it says 421)" in caplog.text
    assert not re.search(r"@|noc0|secret", caplog.text)


class Waiting:
    """A smarthost that takes nothing until it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = asyncio.Event()

    async def send_one(self, mail: Outgoing) -> Attempt:
        self.begun += 1
        await self.go.wait()
        return Attempt(mail.key, "taken", 250, "", "")


def test_node_that_stood_still_hands_over_and_marks_nothing_that_another_has_taken_up(
    database: Database, gnupg: Gnupg, encryption: Encryption
) -> None:
    async def main(sink: Sink) -> None:
        office = post(database, gnupg, encryption, sink, connections=1)
        office.put(Letter(Kind.NOTICE, "x", {}, strangers(5)))
        smarthost = Waiting()
        async with office.open(smarthost):
            await office.until(lambda: smarthost.begun == 1)
            later = office.clock() + timedelta(hours=1)
            with database.write() as session:
                outbox_leases.take_back(session, later)
                taken = outbox.claim(session, later, 9, later + timedelta(hours=1), "the other node")
            assert len(taken) == 5
            office.clock.ahead = timedelta(hours=1)
            smarthost.go.set()
        assert smarthost.begun == 1  # what was at the smarthost already may come twice, and no more
        assert {(row.state, row.claim) for row in office.rows().values()} == {("sending", "the other node")}

    run(main)
