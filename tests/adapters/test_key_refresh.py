"""Members' published keys: a longer life and a revocation are taken over, another key never is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import rows, stored
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.key_finder import Published
from tldops_bot.adapters.key_refresh import KeyRefresh
from tldops_bot.domain.key_discovery import NoKey
from tldops_bot.store.tables import CertificateRow, Delivery, Message


@dataclass
class Net:
    """What is published, and a round of looking for it."""

    desk: Desk
    keys: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
        self.asked.append(address)
        self.meanwhile()
        return (self.keys[address],) if address in self.keys else NoKey("not_published")

    @property
    def refresh(self) -> KeyRefresh:
        self.desk.app.net.__dict__["refreshed_keys"] = Published((self,))
        return self.desk.app.key_refresh(self.slept.append)


@pytest.fixture
def net(desk: Desk) -> Net:
    return Net(desk)


def subjects(desk: Desk) -> list[str]:
    with desk.look() as session:
        return [one.subject for one in session.query(Message).order_by(Message.id)]


def expires_at(desk: Desk, who: KeyPair) -> object:
    with desk.look() as session:
        return session.get_one(CertificateRow, who.fingerprint).expires_at


def test_a_prolonged_key_is_merged_and_what_waited_goes(desk: Desk, net: Net) -> None:
    dora = KeyPair.make("", "dora.sample@nic.example", expire="20d", made_at=desk.now - timedelta(days=10))
    person_id = desk.member(dora, "nl")
    before = expires_at(desk, dora)
    with desk.app.database.write() as session:
        message = Message(kind="alert", priority=0, subject="", headers={}, entity=b"x", made_at=desk.now)
        session.add(message)
        session.flush()
        session.add(
            Delivery(
                message_id=message.id,
                priority=0,
                rcpt_to=dora.address,
                person_id=person_id,
                entitled_as="member",
                state="held",
                last_status="no-key",
                next_attempt_at=desk.now,
            )
        )
    net.keys[dora.address] = dora.extended("2y", at=desk.now)
    assert net.refresh.run() == 1
    assert expires_at(desk, dora) > before
    with desk.look() as session:
        assert session.query(Delivery).one().state == "waiting"


def test_a_revocation_freezes_the_key_and_everybody_is_told(desk: Desk, net: Net, bob: KeyPair) -> None:
    rita = KeyPair.make("", "rita.sample@nic.example")
    desk.member(rita, "nl")
    desk.member(bob, "nl")
    net.keys[rita.address] = rita.revoked()
    assert net.refresh.run() == 1
    assert stored(desk, rita.address).key_blocked_because == "revoked"
    assert subjects(desk) == ["A key was blocked: revoked"]
    desk.later(days=8)
    assert net.refresh.run() == 0
    assert len(subjects(desk)) == 1


def test_another_key_of_the_same_address_is_not_taken(desk: Desk, net: Net, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    other = KeyPair.make("Ann Example", ann.address)
    net.keys[ann.address] = other.certificate
    before = {name: held for name, held in rows(desk).items() if name != "certificates"}
    assert net.refresh.run() == 0
    assert {name: held for name, held in rows(desk).items() if name != "certificates"} == before
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


def test_each_key_is_looked_for_once_a_week_and_in_no_haste(
    desk: Desk, net: Net, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    net.refresh.run()
    net.refresh.run()
    assert sorted(net.asked) == [ann.address, bob.address]
    assert net.slept == [5.0]
    desk.later(days=7)
    net.refresh.run()
    assert len(net.asked) == 4


def test_what_changed_meanwhile_is_not_overwritten(desk: Desk, net: Net) -> None:
    dora = KeyPair.make("", "dora.sample@nic.example", expire="20d", made_at=desk.now - timedelta(days=10))
    desk.member(dora, "nl")
    net.keys[dora.address] = dora.extended("2y", at=desk.now)

    def meanwhile() -> None:
        with desk.app.database.write() as session:
            session.get_one(CertificateRow, dora.fingerprint).blob += b"\xb4\x01x"

    net.meanwhile = meanwhile
    net.refresh.run()
    with desk.look() as session:
        row = session.get_one(CertificateRow, dora.fingerprint)
        assert row.blob.endswith(b"\xb4\x01x")
        assert row.refreshed_at is None, "it has its turn again"


def test_gpg_in_trouble_with_one_key_does_not_stop_the_others(
    desk: Desk, net: Net, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")

    def trouble() -> None:
        if len(net.asked) == 1:
            raise GpgUnavailable("no agent")

    net.meanwhile = trouble
    assert net.refresh.run() == 0
    assert len(net.asked) == 2


def test_it_ends_when_the_service_does(desk: Desk, net: Net, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.app.net.__dict__["refreshed_keys"] = Published((net,))
    desk.app.key_refresh(net.slept.append, is_stopping=lambda: True).run()
    assert net.asked == []


def test_without_a_resolver_nothing_is_looked_for_at_all(desk: Desk) -> None:
    assert desk.app.net.refreshed_keys.sources == ()
