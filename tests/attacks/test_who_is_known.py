"""A stranger who sends what somebody has signed, spoiled or old, does not hear whether that key is known here."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from tests.desk import Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, encrypted_entity, mail, text_entity
from tests.outcomes import outcome, prove, subscribe
from tldops_bot.adapters.key_finder import Published
from tldops_bot.domain.key_discovery import NoKey
from tldops_bot.mail.openpgp_armor import MESSAGE, dearmor, encode

STRANGER = "mallory@elsewhere.example"


@dataclass
class Net:
    """Where nothing is published; it remembers whose keys were looked for: their domain sees that, too."""

    asked: list[str] = field(default_factory=list)

    def fetch(self, address: str) -> tuple[bytes, ...] | NoKey:
        self.asked.append(address)
        return NoKey("not_published")


def spoiled(desk: Desk, ann: KeyPair, author: str) -> bytes:
    return ann.pgp_mime_signed("QUERY nl", {"From": author}, at=desk.now).replace(b"QUERY nl", b"QUERY be")


def spoiled_inline(desk: Desk, ann: KeyPair, author: str) -> bytes:
    return ann.inline_signed("QUERY nl", {"From": author}, at=desk.now).replace(b"QUERY nl", b"QUERY be")


def odd_inline(desk: Desk, ann: KeyPair, author: str) -> bytes:
    """What gpg is never shown, and so would be refused without asking whose key it is."""
    return ann.inline_signed("QUERY nl", {"From": author}, at=desk.now).replace(b"Hash: SHA512", b"Hash: MD5")


def spoiled_opaque(desk: Desk, ann: KeyPair, author: str) -> bytes:
    octets = dearmor(ann.opaque(b"QUERY nl\n", "--compress-algo=none", at=desk.now), MESSAGE)
    block = encode(octets.replace(b"QUERY nl", b"QUERY be"), MESSAGE)
    return mail(ann.headers({"From": author}), text_entity(block.decode()))


def spoiled_and_encrypted(desk: Desk, ann: KeyPair, author: str) -> bytes:
    ours = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    inside = ann.signed_entity(text_entity("QUERY nl\n"), at=desk.now).replace(b"QUERY nl", b"QUERY be")
    return mail(ann.headers({"From": author}), encrypted_entity(ann.encrypted(inside, ours)))


def with_the_key(desk: Desk, ann: KeyPair, author: str) -> bytes:
    raw = ann.pgp_mime_signed("QUERY nl", {"From": author}, at=desk.now, attachments=[ann.key_attachment()])
    return raw.replace(b"QUERY nl", b"QUERY be")


def old(desk: Desk, ann: KeyPair, author: str) -> bytes:
    """What stands in the archive of a public list."""
    return ann.pgp_mime_signed("Hello", {"From": author}, at=desk.now - timedelta(days=30))


def old_with_the_key(desk: Desk, ann: KeyPair, author: str) -> bytes:
    long_ago = desk.now - timedelta(days=30)
    return ann.pgp_mime_signed("Hello", {"From": author}, at=long_ago, attachments=[ann.key_attachment()])


def without_author(desk: Desk, ann: KeyPair, author: str) -> bytes:
    """The answer goes to the envelope's sender then."""
    return re.sub(rb"(?m)^From:.*\r\n", b"", spoiled(desk, ann, author), count=1)


Form = Callable[[Desk, KeyPair, str], bytes]
FORMS: list[Form] = [
    *(spoiled, spoiled_inline, odd_inline, spoiled_opaque, spoiled_and_encrypted, with_the_key),
    *(old, old_with_the_key, without_author),
]


def known_as(desk: Desk, ann: KeyPair, what: str) -> None:
    desk.iana("nl", "admin@registry.example")
    if what == "member":
        desk.member(ann, "nl")
    if what == "candidate":
        subscribe(desk, ann, "nl")
        prove(desk, ann)


def heard(what: str, form: Form, ann: KeyPair) -> tuple[list[str], list[str]]:
    """All that goes to the stranger, but for the time of day, and whom the net was asked about."""
    with open_desk() as desk:
        net = Net()
        desk.app.net.__dict__["published_keys"] = Published((net,))
        known_as(desk, ann, what)
        net.asked.clear()
        handled = desk.receive(form(desk, ann, STRANGER), STRANGER)
        said = [desk.text(one) for one in handled.letters if one.to[0].address == STRANGER]
        return [re.sub(r"(\d{4}-\d\d-\d\d )?\d\d:\d\d(:\d\d)?", "…", one) for one in said], net.asked


@pytest.fixture(scope="module")
def nobody(ann: KeyPair) -> dict[str, tuple[list[str], list[str]]]:
    """What is heard of a key that nobody has."""
    return {form.__name__: heard("nobody", form, ann) for form in FORMS}


@pytest.mark.parametrize("what", ["member", "candidate"])
@pytest.mark.parametrize("form", FORMS)
def test_what_somebody_else_signed_does_not_tell_a_stranger_who_is_known(
    ann: KeyPair, nobody: dict[str, tuple[list[str], list[str]]], form: Form, what: str
) -> None:
    said, asked = heard(what, form, ann)
    assert (said, asked) == nobody[form.__name__]
    assert said, "an answer there is"


@pytest.mark.parametrize("what", ["member", "candidate"])
def test_the_owner_of_a_key_hears_what_is_wrong_at_the_address_we_have(ann: KeyPair, what: str) -> None:
    with open_desk() as desk:
        known_as(desk, ann, what)
        assert outcome(desk.receive(spoiled(desk, ann, ann.address), ann.address)) == "bad_signature"
        assert outcome(desk.receive(old(desk, ann, ann.address), ann.address)) == "signature_too_old"


def test_what_is_fresh_and_whole_is_told_to_its_signer_alone(ann: KeyPair) -> None:
    """Whoever has that hears nothing, and the signer that it was sent."""
    with open_desk() as desk:
        desk.member(ann, "nl")
        raw = ann.pgp_mime_signed("Hello", {"From": STRANGER}, at=desk.now)
        handled = desk.receive(raw, STRANGER)
        assert {one.address for letter in handled.letters for one in letter.to} == {ann.address}
