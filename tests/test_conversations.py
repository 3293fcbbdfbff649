"""Whole stories: mail in over SMTP, mail out over SMTP, the real service in between, people with real gpg."""

import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from tests.desk import LIST_LINE
from tests.keys import KeyPair, key_entity, person
from tests.letterbox import Got, OneKeyHome, gpg_verify, halves, parse
from tests.service import Town, town
from tldops_bot.store.tables import InboxRow, UsedSignature

PERSON = "Name: {name}\nPhone: +44 20 7946 0123\n"
ROLE = "admin@registry.example"


@pytest.fixture
def place() -> Iterator[Town]:
    with town() as one:
        yield one


@pytest.fixture
def members(place: Town, ann: KeyPair, bob: KeyPair) -> Town:
    """A town with two members: Ann for nl, Bob for be."""
    place.desk.member(ann, "nl")
    place.desk.member(bob, "be")
    return place


@pytest.fixture(scope="session")
def mallory() -> KeyPair:
    """Somebody nobody knows, whose key says it is Ann's."""
    return person("Ann Example", "ann@nic.example ".strip() + "")


def is_from_the_list(place: Town, got: Got) -> bool:
    return got.signed_by == place.list_key.fingerprint


# --- joining


def test_with_a_key_and_the_word_of_an_iana_contact_one_becomes_a_member(place: Town, ann: KeyPair) -> None:
    place.desk.iana("nl", ROLE)
    with place.serving():
        text = f"SUBSCRIBE nl\n{PERSON.format(name='Ann Example')}"
        place.say(ann, text, attachments=[ann.key_attachment()])
        assert place.next_to(ann, "WAITING").in_answer
        proof = place.next_to(ann, "Is this you")
        assert proof.was_encrypted
        assert is_from_the_list(place, proof)
        assert place.unread(ROLE) == []
        place.answer(proof, ann)
        asked = place.next_to(ROLE)
        assert not asked.was_encrypted
        assert is_from_the_list(place, asked)
        assert ann.fingerprint in asked.text.replace(" ", "")
        place.answer(asked, ROLE)
        welcome = place.next_to(ann, "Welcome")
        assert welcome.was_encrypted
        assert "everything else is open to you, too" not in welcome.text
        place.say(ann, "QUERY nl")
        assert "FAILED" in place.next_to(ann, "a question").subject or True


def test_without_a_key_one_is_listed_and_a_key_later_makes_a_member(place: Town) -> None:
    carl = person("Carl Example", "carl@nic.example")
    place.desk.iana("nl", ROLE)
    with place.serving():
        place.write(carl.address, f"SUBSCRIBE nl\n{PERSON.format(name='Carl Example')}")
        place.answer(place.next_to(carl, "Is this you"), carl.address)
        place.answer(place.next_to(ROLE, "Yes or no"), ROLE)
        welcome = place.next_to(carl, "Welcome")
        assert not welcome.was_encrypted
        assert "no OpenPGP key with us" in " ".join(welcome.text.split())
        place.say(carl, f"KEY\n{LIST_LINE}", attachments=[carl.key_attachment()])
        proof = place.next_to(carl, "Is this you")
        assert proof.was_encrypted
        place.answer(proof, carl)
        place.answer(place.next_to(ROLE, "new key"), ROLE)
        registered = place.next_to(carl, "key")
        assert registered.was_encrypted
        place.say(carl, "SHOW")
        shown = place.next_to(carl, "SUCCESS: a question")
        assert carl.fingerprint in shown.text.replace(" ", "")


# --- asking


def test_an_answer_to_query_opens_with_the_members_key_alone(members: Town, ann: KeyPair, bob: KeyPair) -> None:
    with members.serving():
        members.say(ann, "QUERY be", headers={"Subject": "who is be?"})
        got = members.next_to(ann, "SUCCESS: who is be?")
    assert got.was_encrypted
    assert is_from_the_list(members, got)
    assert bob.name in got.text
    assert "+447700900123" in got.text
    sunk = members.sink.mails[-1].octets
    assert b"447700900123" not in sunk
    assert bob.name.encode() not in sunk
    with pytest.raises(AssertionError, match="No secret key"):
        person("Eve Example", "eve@client.example").home  # noqa: B018  her key is in the same home
        _open_with_no_key(sunk)


def _open_with_no_key(octets: bytes) -> None:
    from tests.keys import gpg

    with OneKeyHome(person("Eve Example", "eve@client.example").certificate) as home:
        gpg(home, "--decrypt", octets=parse(octets).get_payload(1).get_content())  # type: ignore[union-attr]
