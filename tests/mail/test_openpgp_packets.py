"""Packets from strangers: exactly the arrangements we know, within limits; everything else is refused."""

import bz2
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys import KeyPair, list_key, person
from tldops_bot.mail.openpgp_armor import MESSAGE, SIGNATURE, dearmor
from tldops_bot.mail.openpgp_packets import (
    BadPackets,
    Issuer,
    SignedMessage,
    UnsignedMessage,
    check_encrypted,
    decompress,
    demands_the_unknown,
    open_message,
    packets,
    primary_fingerprint,
    signature_issuers,
    signature_packets,
    signature_problem,
    split_certificates,
    split_signed_message,
)

LITERAL = b"\xcb\x0bb\x00\x00\x00\x00\x00hello"
LIMIT = 1000


def new_packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 255]) + len(body).to_bytes(4) + body


# --- packets


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b"\xcb\x05", 5),
        (b"\xcb\xc0\x08", 200),
        (b"\xcb\xff\x00\x00\x00\x05", 5),
        (b"\xac\x05", 5),
        (b"\xad\x00\x05", 5),
        (b"\xae\x00\x00\x00\x05", 5),
        (b"\xaf", 5),
    ],
)
def test_every_form_of_length_is_read(header: bytes, length: int) -> None:
    (packet,) = packets(header + b"x" * length)
    assert (packet.tag, packet.body, packet.octets) == (11, b"x" * length, header + b"x" * length)


def test_partial_lengths_are_joined() -> None:
    octets = b"\xcb\xe9" + b"a" * 512 + b"\x02bc"
    assert [packet.body for packet in packets(octets)] == [b"a" * 512 + b"bc"]


@pytest.mark.parametrize(
    "octets", [b"\x00", b"hello", b"\xcb", b"\xcb\x05abc", b"\xcb\xff\x00", b"\xcb\xc0", b"\xac"]
)
def test_cut_off_or_foreign_octets_are_refused(octets: bytes) -> None:
    with pytest.raises(BadPackets):
        list(packets(octets))


def test_the_number_of_packets_is_limited() -> None:
    assert len(list(packets(LITERAL * 3, max_packets=3))) == 3
    with pytest.raises(BadPackets):
        list(packets(LITERAL * 4, max_packets=3))
    with pytest.raises(BadPackets):
        list(packets(LITERAL * 65))


# --- messages


@pytest.mark.parametrize("algorithm", ["none", "zip", "zlib", "bzip2"])
def test_a_signed_message_comes_apart_whatever_its_compression(ann: KeyPair, algorithm: str) -> None:
    message = dearmor(ann.opaque(b"hello\n" * 1000, f"--compress-algo={algorithm}"), MESSAGE)
    opened = split_signed_message(message, 10_000)
    assert opened is not None
    assert opened.literal == b"hello\n" * 1000
    assert signature_issuers(opened.signature)[0].fingerprint == ann.fingerprint


@pytest.mark.parametrize("algorithm", ["none", "zip", "zlib", "bzip2"])
def test_nothing_is_inflated_beyond_the_limit(ann: KeyPair, algorithm: str) -> None:
    message = dearmor(ann.opaque(b"\0" * 5_000_000, f"--compress-algo={algorithm}"), MESSAGE)
    with pytest.raises(BadPackets, match="too_large"):
        open_message(message, 100_000)
    assert split_signed_message(message, 100_000) is None


def test_a_literal_alone_is_unsigned() -> None:
    assert open_message(LITERAL, LIMIT) == UnsignedMessage(b"hello")
    assert open_message(b"\xc8\x0e\x00" + LITERAL, LIMIT) == UnsignedMessage(b"hello")
    assert split_signed_message(LITERAL, LIMIT) is None


def test_marker_packets_are_overlooked() -> None:
    assert open_message(b"\xca\x03PGP" + LITERAL, LIMIT) == UnsignedMessage(b"hello")


def test_more_than_one_signature_is_refused(ann: KeyPair) -> None:
    bert = person("Bert Example", "bert@registry.example")
    both = dearmor(ann.opaque(b"x", "-u", bert.fingerprint), MESSAGE)
    with pytest.raises(BadPackets, match="several_signatures"):
        open_message(both, LIMIT)


def test_text_beside_the_signed_one_is_refused(ann: KeyPair) -> None:
    signed = dearmor(ann.opaque(b"x", "--compress-algo=none"), MESSAGE)
    assert isinstance(open_message(signed, LIMIT), SignedMessage)
    for octets in (
        LITERAL + signed,
        signed + LITERAL,
        signed * 2,
        b"",
        new_packet(8, b"\x00" + new_packet(8, b"")),
    ):
        with pytest.raises(BadPackets):
            open_message(octets, LIMIT)


@pytest.mark.parametrize("body", [b"", b"b", b"b\x00\x00", b"b\xffabc"])
def test_a_literal_without_its_header_is_refused(body: bytes) -> None:
    with pytest.raises(BadPackets):
        open_message(new_packet(11, body), LIMIT)


@pytest.mark.parametrize(
    "body",
    [b"", b"\x09abc", b"\x01\xff\xff", b"\x02abc", b"\x03abc", b"\x02" + zlib.compress(b"x" * 50)[:-6]],
)
def test_broken_compression_is_refused(body: bytes) -> None:
    with pytest.raises(BadPackets, match="malformed_block"):
        decompress(body, LIMIT)


def test_the_compression_methods_of_the_standard() -> None:
    machine = zlib.compressobj(wbits=-15)
    raw = machine.compress(b"hello") + machine.flush()
    assert decompress(b"\x00hello", LIMIT) == b"hello"
    assert decompress(b"\x01" + raw, LIMIT) == b"hello"
    assert decompress(b"\x02" + zlib.compress(b"hello"), LIMIT) == b"hello"
    assert decompress(b"\x03" + bz2.compress(b"hello"), LIMIT) == b"hello"


# --- encrypted messages


def test_an_encrypted_message_names_its_recipients(ann: KeyPair) -> None:
    octets = dearmor(ann.encrypted(b"x" * 10_000, list_key(), "-r", ann.fingerprint), MESSAGE)
    assert len(check_encrypted(octets)) == 2
    hidden = dearmor(ann.encrypted(b"x", list_key(), "--throw-keyids"), MESSAGE)
    assert check_encrypted(hidden) == ("0" * 16,)


def test_other_layers_round_encryption_are_refused(ann: KeyPair) -> None:
    octets = dearmor(ann.encrypted(b"x", list_key()), MESSAGE)
    recipient = next(packets(octets)).octets
    for bad in (b"", LITERAL, octets + LITERAL, LITERAL + octets, b"\xa3\x00" + octets, recipient):
        with pytest.raises(BadPackets):
            check_encrypted(bad)
    with pytest.raises(BadPackets):
        check_encrypted(recipient * 32 + octets)


# --- signatures and keys


def test_a_signature_names_its_maker_and_time(ann: KeyPair) -> None:
    (issuer,) = signature_issuers(ann.detached(b"x"))
    assert (issuer.fingerprint, issuer.key_id) == (ann.fingerprint, ann.fingerprint[-16:])
    assert issuer.claimed_at is not None


def v4(hashed: bytes, unhashed: bytes = b"") -> bytes:
    areas = len(hashed).to_bytes(2) + hashed + len(unhashed).to_bytes(2) + unhashed
    return new_packet(2, b"\x04\x00\x16\x0a" + areas + b"ab")


def test_what_the_signature_covers_is_believed_before_what_it_does_not() -> None:
    covered = b"\x16\x21\x04" + b"\xaa" * 20
    uncovered = b"\x16\x21\x04" + b"\xbb" * 20 + b"\x09\x10" + b"\xcc" * 8
    assert signature_issuers(v4(covered, uncovered)) == (Issuer("AA" * 20, "CC" * 8),)
    assert signature_issuers(v4(b"", uncovered)) == (Issuer("BB" * 20, "CC" * 8),)
    assert signature_issuers(v4(covered)) == (Issuer("AA" * 20, "AA" * 8),)


def test_odd_subpackets_name_nobody() -> None:
    assert signature_issuers(v4(b"")) == (Issuer("", ""),)
    assert signature_issuers(v4(b"\x16\x21\x06" + b"\xaa" * 20)) == (Issuer("", ""),)
    assert signature_issuers(v4(b"\x05\x21\x04\xaa\xaa\xaa")) == (Issuer("", ""),)
    for bad in (b"\x00", b"\x09\x10", b"\xff\x00\x00", b"\xc0"):
        assert signature_issuers(v4(bad)) == ()


def test_long_subpackets_are_passed_over() -> None:
    name = b"\x09\x10" + b"\xcc" * 8
    for long in (b"\xc0\x08\x14" + b"x" * 199, b"\xff\x00\x00\x00\x05\x14abcd"):
        assert signature_issuers(v4(long + name)) == (Issuer("", "CC" * 8),)


def test_old_and_unknown_versions_are_counted() -> None:
    v3 = new_packet(2, b"\x03\x05\x00" + b"\x00\x00\x00\x01" + b"\xdd" * 8 + b"\x16\x0aab")
    (issuer,) = signature_issuers(v3)
    assert (issuer.fingerprint, issuer.key_id) == ("", "DD" * 8)
    assert signature_issuers(new_packet(2, b"\x06abc") + new_packet(2, b"")) == (Issuer("", ""),) * 2


def test_only_signatures_count_as_a_detached_signature(ann: KeyPair) -> None:
    signature = dearmor(ann.detached(b"x"), SIGNATURE)
    assert len(signature_packets(signature * 2)) == 2
    for bad in (b"", signature + LITERAL, dearmor(ann.opaque(b"x"), MESSAGE), b"-----BEGIN", b"hello"):
        with pytest.raises(BadPackets):
            signature_packets(bad)
        assert signature_issuers(bad) == ()
    with pytest.raises(BadPackets, match="too_large"):
        signature_packets(b"\x88" * 65_537)


def test_what_a_signature_demands_may_be_unknown(ann: KeyPair) -> None:
    assert not demands_the_unknown(ann.detached(b"x"))
    assert demands_the_unknown(ann.detached(b"x", "--set-notation=!a@nic.example=b"))
    assert not demands_the_unknown(ann.detached(b"x", "--set-notation=a@nic.example=b"))
    assert demands_the_unknown(v4(b"\x02" + bytes([0x80 | 60]) + b"x"))
    assert not demands_the_unknown(v4(b"\x02" + bytes([60]) + b"x"))
    assert not demands_the_unknown(v4(b"\x02" + bytes([0x80 | 2]) + b"x"))
    assert not demands_the_unknown(new_packet(2, b"\x06abc"))
    assert not demands_the_unknown(b"no signature")


def test_why_a_signature_can_be_laid_to_nobody(ann: KeyPair) -> None:
    signature = dearmor(ann.detached(b"x"), SIGNATURE)
    assert signature_problem(signature) == ""
    assert signature_problem(signature * 2) == "several_signatures"
    assert signature_problem(b"no signature") == "malformed_block"
    assert signature_problem(new_packet(2, b"\x04\x00")) == "malformed_block"
    assert signature_problem(b"\x88" * 65_537) == "too_large"
    assert signature_problem(new_packet(2, b"\x06abc")) == "unsupported_signature"


def test_the_primary_fingerprint_is_gpgs(ann: KeyPair) -> None:
    assert primary_fingerprint(ann.certificate) == ann.fingerprint
    for bad in (b"", b"hello", LITERAL, new_packet(6, b"\x06abc"), new_packet(6, b"\x04" + b"x" * 65_535)):
        assert primary_fingerprint(bad) == ""


def test_certificates_come_apart_and_nothing_else_may_be_among_them(ann: KeyPair) -> None:
    bert = person("Bert Example", "bert@registry.example")
    assert split_certificates(ann.certificate + bert.certificate) == [ann.certificate, bert.certificate]
    signature = dearmor(ann.detached(b"x"), SIGNATURE)
    assert split_certificates(signature) == [signature]
    with pytest.raises(BadPackets):
        split_certificates(ann.certificate + new_packet(5, b"secret"))
    with pytest.raises(BadPackets):
        split_certificates(ann.certificate + new_packet(13, b"Mallory") * 1000)


@given(st.binary(max_size=300))
def test_no_octets_make_a_reader_of_packets_raise(octets: bytes) -> None:
    for start in (b"", b"\xcb", b"\xc8\x80", b"\xc2\x20\x04\x00\x01\x0a\x00"):
        assert signature_issuers(b"\xcb\x00" + start + octets) == ()
        assert len(primary_fingerprint(start + octets)) in (0, 40)
        opened = split_signed_message(start + octets, LIMIT)
        assert opened is None or len(opened.literal) <= LIMIT


def test_a_row_of_empty_chunks_ends_soon() -> None:
    started = time.process_time()
    with pytest.raises(BadPackets):
        list(packets(b"\xcb" + b"\xe0x" * 100_000))
    assert time.process_time() - started < 5
