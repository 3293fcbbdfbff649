"""Armor from strangers: found in one pass, decoded or refused."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.mail.openpgp_armor import (
    BROKEN,
    MESSAGE,
    PUBLIC_KEY,
    SIGNATURE,
    SIGNED_MESSAGE,
    BadArmor,
    Block,
    dearmor,
    encode,
    find_blocks,
)

GOOD = b"-----BEGIN PGP MESSAGE-----\n\naGVs\nbG8=\n=abcd\n-----END PGP MESSAGE-----\n"
CLEAR = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nhi\n-----BEGIN PGP SIGNATURE-----\n\naGVs\n"
CLEAR += b"-----END PGP SIGNATURE-----\n"


@pytest.mark.parametrize(
    "armored",
    [
        GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"-----\n\n", b"-----\nVersion: 1\nComment: a: b\nCharset:\n\n"),
        GOOD.replace(b"=abcd\n", b""),
        GOOD.replace(b"MESSAGE-----\n", b"MESSAGE----- \t\n"),
        GOOD.replace(b"aGVs\n", b" aGVs \n\n"),
        b"Dear all,\n" + GOOD + b"bye",
        GOOD.rstrip(b"\n"),
        GOOD.replace(b"-----\n\n", b"-----\n"),
    ],
)
def test_honest_variants_are_read(armored: bytes) -> None:
    assert dearmor(armored, MESSAGE) == b"hello"


@pytest.mark.parametrize(
    "armored",
    [
        b"",
        b"hello",
        GOOD + GOOD,
        GOOD.replace(b"aGVs", b"a!!s"),
        GOOD.replace(b"bG8=", b"b"),
        GOOD.replace(b"-----\n\n", b"-----\nVersion: 1\n"),
        GOOD.replace(b"END PGP MESSAGE", b"END PGP SIGNATURE"),
        b"x" + GOOD,
        b"> " + GOOD,
    ],
)
def test_anything_else_is_refused(armored: bytes) -> None:
    with pytest.raises(BadArmor):
        dearmor(armored, MESSAGE)


def test_binary_data_is_given_back() -> None:
    assert dearmor(b"\x85hello", SIGNATURE) == b"\x85hello"


def test_blocks_are_found_with_their_kinds_and_edges() -> None:
    key = GOOD.replace(b"MESSAGE", b"PUBLIC KEY BLOCK")
    text = b"Hi\n" + CLEAR + b"and\n" + key
    found = find_blocks(text)
    assert [block.kind for block in found] == [SIGNED_MESSAGE, PUBLIC_KEY]
    assert text[found[0].start : found[0].end] == CLEAR


@pytest.mark.parametrize(
    "text",
    [
        CLEAR.replace(b"-----END PGP SIGNATURE-----\n", b""),
        CLEAR.replace(b"hi\n", b"hi\n-----BEGIN PGP SIGNED MESSAGE-----\n"),
        CLEAR.replace(b"hi\n", b"-----END PGP SIGNATURE-----\n"),
        GOOD.replace(b"aGVs", b"-----BEGIN PGP MESSAGE-----"),
    ],
)
def test_blocks_within_blocks_are_broken(text: bytes) -> None:
    assert find_blocks(text) == [Block(BROKEN, 0, len(text))]


def test_a_stray_end_is_no_block() -> None:
    assert find_blocks(b"-----END PGP MESSAGE-----\n") == []


def test_many_beginnings_cost_no_more_than_their_length() -> None:
    started = time.process_time()
    find_blocks(b"-----BEGIN PGP MESSAGE-----\n" * 200_000)
    assert time.process_time() - started < 5


@given(st.binary(max_size=200), st.sampled_from([GOOD, CLEAR]), st.integers(0, 120))
def test_no_octets_raise_anything_but_bad_armor(noise: bytes, block: bytes, at: int) -> None:
    octets = block[:at] + noise + block[at:]
    assert all(octets.startswith(b"-----BEGIN PGP ", one.start) for one in find_blocks(octets))
    with contextlib.suppress(BadArmor):
        assert dearmor(octets, MESSAGE)


@given(st.binary(max_size=300))
def test_what_we_encode_can_be_decoded(octets: bytes) -> None:
    assert dearmor(encode(octets, SIGNATURE), SIGNATURE) == octets


@pytest.mark.parametrize(("octets", "checksum"), [(b"", b"=twTO\n"), (b"123456789", b"=Ic8C\n")])
def test_the_checksum_is_that_of_rfc_4880(octets: bytes, checksum: bytes) -> None:
    """The check value of CRC-24/OPENPGP for "123456789" is 21CF02."""
    assert encode(octets, SIGNATURE).splitlines(keepends=True)[-2] == checksum
