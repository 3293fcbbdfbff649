"""What others certified is left out of a key, what its owner says stays, and rubbish is not touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys import KeyPair
from tldops_bot.mail.certifications import MAX_KEY_PACKETS, without_certifications, without_pictures
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
    assert without_pictures(pictured) == ann.certificate
    assert without_pictures(ann.certificate) == ann.certificate
    assert without_pictures(b"hello") == b"hello"


@given(st.binary(max_size=200))
def test_it_never_raises_and_never_adds(octets: bytes) -> None:
    assert len(without_certifications(octets)) <= len(octets)
