"""What others certified is left out of a key, what its owner says stays, and rubbish is not touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys import KeyPair
from tldops_bot.mail.certifications import (
    MAX_KEY_PACKETS,
    for_others,
    without_certifications,
)
from tldops_bot.mail.openpgp_packets import packets


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4) + body


def signature(kind: int, key_id: bytes) -> bytes:
    named = b"\x09\x10" + key_id if key_id else b""
    return packet(2, bytes([4, kind, 1, 8]) + b"\0\0" + len(named).to_bytes(2) + named + b"ab")


def version_3(kind: int, key_id: bytes) -> bytes:
    return packet(2, b"\x03\x05" + bytes([kind]) + b"\0\0\0\x01" + key_id + b"\x01\x02ab")


OTHER = b"\xcc" * 8


def test_what_others_say_of_a_key_goes(ann: KeyPair) -> None:
    others = b"".join(signature(kind, OTHER) for kind in (0x10, 0x11, 0x12, 0x13)) + version_3(0x10, OTHER)
    parts = [one.octets for one in packets(ann.certificate)]
    certified = b"".join([*parts[:3], others, *parts[3:]])
    assert without_certifications(certified) == ann.certificate


def test_what_the_key_says_of_itself_stays(ann: KeyPair) -> None:
    own = bytes.fromhex(ann.fingerprint[-16:])
    said = [signature(0x13, own), version_3(0x10, own), signature(0x20, own), signature(0x18, own)]
    # A revocation may come from somebody who was named to make it; who does not say who made it may be anybody.
    said += [signature(0x20, OTHER), signature(0x30, OTHER), signature(0x13, b""), packet(2, b"")]
    said += [packet(2, b"\x06\x13abc")]
    whole = ann.certificate + b"".join(said)
    assert without_certifications(whole) == whole


def test_without_a_primary_key_everything_stays(ann: KeyPair) -> None:
    assert without_certifications(signature(0x13, OTHER)) == signature(0x13, OTHER)


@pytest.mark.parametrize("octets", [b"", b"hello", packet(2, b"\x04\x10\x01\x08\xff"), b"\x99\xff\xff"])
def test_rubbish_stays_as_it_is(ann: KeyPair, octets: bytes) -> None:
    assert without_certifications(ann.certificate + octets) == ann.certificate + octets
    assert without_certifications(octets) == octets


def test_a_heap_of_packets_is_not_looked_through(ann: KeyPair) -> None:
    heap = ann.certificate + signature(0x10, OTHER) * MAX_KEY_PACKETS
    assert without_certifications(heap) == heap


def test_photographs_go_with_what_is_signed_over_them(ann: KeyPair) -> None:
    photograph = packet(17, b"a picture" * 1000)
    own = signature(0x13, bytes.fromhex(ann.fingerprint[-16:]))
    parts = [one.octets for one in packets(ann.certificate)]
    assert [one.tag for one in packets(ann.certificate)][:3] == [6, 13, 2]
    pictured = b"".join([*parts[:3], photograph, own, signature(0x13, OTHER), *parts[3:]])
    assert for_others(pictured, {ann.address}, lambda _: False) == ann.certificate
    assert for_others(ann.certificate, {ann.address}, lambda _: False) == ann.certificate
    assert for_others(b"hello", set(), lambda _: False) == b"hello"


def test_a_key_is_handed_out_with_its_owners_addresses_and_no_other(carol: KeyPair) -> None:
    """Anybody writes anybody's name into a key, and mail programs encrypt by it."""
    others = [
        "Carol <carol@home.example>",
        "Bob Example <bob@nic.example>",
        "bob@nic.example (Ann ann@x.example)",
    ]
    key = KeyPair.make("Carol Example", "carol@cert.example", also=[*others, "The committee"])

    def names(*own: str, bob: str = "bob@nic.example") -> list[str]:
        made = for_others(key.certificate, set(own), lambda one: one == bob)
        return [one.body.decode() for one in packets(made) if one.tag == 13]

    assert names("carol@cert.example") == ["Carol Example <carol@cert.example>"]
    assert set(names("carol@cert.example", "carol@home.example")) == {
        "Carol Example <carol@cert.example>",
        "Carol <carol@home.example>",
    }
    moved = names("carol@new.example")
    assert set(moved) == {"Carol Example <carol@cert.example>", "Carol <carol@home.example>", "The committee"}
    assert for_others(key.certificate, set(), lambda _: True) != b""
    lone = KeyPair.make("Bob Example", "bob@nic.example")
    assert for_others(lone.certificate, {"eve@nic.example"}, lambda _: True) == b""
    made = for_others(key.certificate, {"carol@cert.example"}, lambda _: False)
    assert [one.tag for one in packets(made)] == [6, 13, 2, 14, 2], "gpg takes it as it is"


@given(st.binary(max_size=200))
def test_it_never_raises_and_never_adds(octets: bytes) -> None:
    assert len(without_certifications(octets)) <= len(octets)
