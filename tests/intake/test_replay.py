"""The same signature again changes nothing, whatever is put round it; too old and too new ones count for nothing."""

from datetime import timedelta

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows, stored
from tldops_bot.store import signatures
from tldops_bot.store.tables import Alert


@pytest.fixture
def town(desk: Desk, ann: KeyPair) -> Desk:
    desk.member(ann, "nl")
    return desk


@pytest.mark.parametrize(
    "change",
    [
        (b"", b""),
        (b"Message-ID: <", b"Message-ID: <again-"),
        (b"Subject: a question", b"Subject: another"),
        (b"From: Ann Example <ann@nic.example>", b"From: Mallory <mallory@other.example>"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.0\r\nX-More: x"),
    ],
)
@pytest.mark.parametrize("text", ["QUERY nl", f"{LIST_LINE}\nALERT\n\nLook out"])
def test_same_signature_again_gets_one_short_answer_to_the_stored_address(
    town: Desk, ann: KeyPair, change: tuple[bytes, bytes], text: str
) -> None:
    raw = ann.pgp_mime_signed(text, at=town.now)
    town.receive(raw, ann.address)
    before, told = rows(town), len(town.letters)
    for _ in range(3):
        town.later(minutes=1)
        handled = town.receive(raw.replace(*change), "mallory@other.example")
        assert outcome(handled) == "repeated"
    assert rows(town) == before
    (answer,) = town.letters[told:]
    assert answer.template == "repeated"
    assert [to.address for to in answer.to] == [ann.address]
    assert "nl" not in town.text(answer).split()
    town.later(hours=1)
    town.receive(raw, ann.address)
    assert len(town.letters) == told + 2


def test_reencrypted_signature_is_the_same_signature(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed(f"{LIST_LINE}\nALERT\n\nLook out", at=town.now)
    town.receive(raw)
    entity = raw[raw.index(b"Content-Type: multipart/signed") :]
    from tests.keys import encrypted_entity, mail

    bot = KeyPair.of(town.app.gnupg.keyring.export(), "TLD-OPS", "tld-ops@lists.example")
    mallory = KeyPair.make("Mallory Example", "mallory@other.example")
    wrapped = mail(mallory.headers(), encrypted_entity(mallory.encrypted(entity, bot, sign=False)))
    assert outcome(town.receive(wrapped)) == "repeated"
    assert len(all_of(town, Alert)) == 1


def test_refused_mail_is_not_used_up_and_may_be_sent_again_when_it_can_succeed(
    town: Desk, ann: KeyPair
) -> None:
    raw = ann.pgp_mime_signed("QUERY zz", at=town.now)
    assert outcome(town.receive(raw)) == "unknown_tld"
    town.iana("zz", "admin@zz-registry.example")
    assert outcome(town.receive(raw)) == "contacts"
    assert outcome(town.receive(raw)) == "repeated"


def test_refused_mail_sent_again_and_again_is_answered_once_an_hour(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed("QUERY zz", at=town.now)
    town.receive(raw)
    assert [town.receive(raw).letters for _ in range(3)] == [(), (), ()]
    town.later(hours=1)
    assert len(town.receive(raw).letters) == 1


@pytest.mark.parametrize(
    ("age", "reason"),
    [
        (timedelta(days=3), "contacts"),
        (timedelta(days=3, seconds=1), "signature_too_old"),
        (timedelta(hours=-1), "contacts"),
        (timedelta(hours=-1, seconds=-1), "signature_from_future"),
    ],
)
def test_age_is_judged_on_the_second_at_the_time_of_arrival(
    town: Desk, ann: KeyPair, age: timedelta, reason: str
) -> None:
    raw = ann.pgp_mime_signed("QUERY nl", at=town.now - age)
    arrived = town.now
    town.later(days=30)
    assert outcome(town.receive(raw, at=arrived)) == reason


def test_oldest_acceptable_time_never_goes_back(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed("QUERY nl", at=town.now - timedelta(days=1))
    town.say(ann, "QUERY nl")
    with town.app.database.write() as session:
        signatures.forget_older(session, timedelta(hours=1), town.now)
        signatures.forget_older(session, timedelta(days=9), town.now)
    assert outcome(town.receive(raw)) == "signature_too_old"


def test_key_made_after_the_signature_time_does_not_help(town: Desk, ann: KeyPair) -> None:
    handled = town.say(ann, "UPDATE\nFax: +44 20 7946 0999\nList: tld-ops@lists.example")
    assert outcome(handled) == "updated"
    assert stored(town, ann.address).fax == "+44 20 7946 0999"
