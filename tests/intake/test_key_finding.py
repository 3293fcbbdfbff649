"""Keys that did not come with the mail: hinted at by Autocrypt, or published; only the signature says whose it is."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, rows, stored
from tldops_bot.adapters.key_finder import MAX_OF_A_DOMAIN, Published
from tldops_bot.domain.key_discovery import NoKey
from tldops_bot.store.tables import Request

SUBSCRIBE = "SUBSCRIBE nl\nName: Ann Example\nPhone: +44 20 7946 0123\n"


@dataclass
class Directory:
    """Everything that is published anywhere."""

    keys: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
        self.asked.append(address)
        return (self.keys[address],) if address in self.keys else NoKey("not_published")


@pytest.fixture
def directory(desk: Desk) -> Iterator[Directory]:
    """What the desk finds on the net."""
    found = Directory()
    desk.app.net.__dict__["published_keys"] = Published((found,))
    desk.iana("nl", "admin@registry.example")
    return found


def autocrypt(who: KeyPair, address: str = "") -> dict[str, str]:
    data = base64.b64encode(who.certificate).decode()
    return {"Autocrypt": f"addr={address or who.address}; keydata={data}"}


def test_a_candidate_s_published_key_is_found_and_registered(
    desk: Desk, ann: KeyPair, directory: Directory
) -> None:
    directory.keys[ann.address] = ann.certificate
    assert outcome(desk.say(ann, SUBSCRIBE)) == "waiting"
    assert [one.fingerprint for one in all_of(desk, Request)] == [ann.fingerprint]
    assert directory.asked == [ann.address]


def test_without_a_published_key_it_is_as_before(desk: Desk, ann: KeyPair, directory: Directory) -> None:
    assert outcome(desk.say(ann, SUBSCRIBE)) == "unknown_key"


def test_a_published_key_that_did_not_sign_is_not_taken(
    desk: Desk, ann: KeyPair, bob: KeyPair, directory: Directory
) -> None:
    directory.keys[bob.address] = ann.certificate
    assert outcome(desk.say(bob, SUBSCRIBE)) == "unknown_key"
    assert all_of(desk, Request) == []


def test_rubbish_that_is_published_is_no_key(desk: Desk, ann: KeyPair, directory: Directory) -> None:
    for octets in (b"<html>", b"", b"\x99\xff\xff", bytes(70_000)):
        desk.later(hours=1)
        directory.keys[ann.address] = octets
        desk.app.__dict__.pop("intake", None)
        assert desk.say(ann, SUBSCRIBE).judged.verdict.reason == "unknown_key"


def test_nobody_is_asked_about_a_member_or_a_key_that_is_attached(
    desk: Desk, ann: KeyPair, bob: KeyPair, directory: Directory
) -> None:
    desk.member(bob, "be")
    desk.say(bob, "SHOW")
    desk.say(ann, SUBSCRIBE, attachments=[ann.key_attachment()])
    assert directory.asked == []


def test_nobody_is_asked_for_an_automatic_or_an_unsigned_mail(
    desk: Desk, ann: KeyPair, directory: Directory
) -> None:
    directory.keys[ann.address] = ann.certificate
    raw = ann.pgp_mime_signed(SUBSCRIBE, at=desk.now)
    desk.receive(raw, "")
    desk.say(ann, SUBSCRIBE, {"Auto-Submitted": "auto-replied"})
    desk.say(ann, SUBSCRIBE, {"List-Id": "<x.example>"})
    desk.write(ann.address, SUBSCRIBE)
    assert directory.asked == []


def test_strangers_do_not_make_the_bot_a_scanner(desk: Desk, directory: Directory) -> None:
    mallory = KeyPair.make("", "mallory@client.example")
    for number in range(MAX_OF_A_DOMAIN + 3):
        desk.later(seconds=1)
        desk.say(mallory, SUBSCRIBE, {"From": f"<victim{number}@bank.example>"})
    assert len(directory.asked) == MAX_OF_A_DOMAIN


def test_a_registered_key_is_never_replaced_by_a_published_one(
    desk: Desk, ann: KeyPair, directory: Directory
) -> None:
    desk.member(ann, "nl")
    other = KeyPair.make("Ann Example", ann.address)
    directory.keys[ann.address] = other.certificate
    before = rows(desk)
    assert outcome(desk.say(other, "SHOW")) in ("not_contact", "not_a_contact")
    assert stored(desk, ann.address).fingerprint == ann.fingerprint
    assert rows(desk) == before


# --- Autocrypt


def test_a_hinted_key_counts_when_it_has_signed(desk: Desk, ann: KeyPair, directory: Directory) -> None:
    assert outcome(desk.say(ann, SUBSCRIBE, autocrypt(ann))) == "waiting"
    assert [one.fingerprint for one in all_of(desk, Request)] == [ann.fingerprint]
    assert directory.asked == []


def test_a_hinted_key_that_did_not_sign_registers_nobody(
    desk: Desk, ann: KeyPair, bob: KeyPair, directory: Directory
) -> None:
    assert outcome(desk.say(ann, SUBSCRIBE, autocrypt(bob, ann.address))) == "unknown_key"
    desk.write(ann.address, SUBSCRIBE, **autocrypt(bob, ann.address))
    assert [one.fingerprint for one in all_of(desk, Request)] == [None]
