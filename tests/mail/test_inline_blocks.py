"""What may not stand in a cleartext-signed block before gpg sees it."""

import re

import pytest

from tests.keys import KeyPair
from tldops_bot.mail.inline_blocks import clearsign_problem, clearsign_signature, for_gnupg, unstuffed
from tldops_bot.mail.openpgp_armor import SIGNATURE, dearmor
from tldops_bot.mail.openpgp_packets import signature_issuers


def test_gpgs_own_blocks_pass(ann: KeyPair) -> None:
    for text in ("QUERY nl\n", "- a\n-- \nFrom\n", "", "\n\n", "рф\n", "-----BEGIN PGP SIGNATURE-----\n"):
        assert clearsign_problem(ann.clearsigned(text)) == ""


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (b"nl", b"nl\f", "malformed_block"),
        (b"nl", b"nl\x1b[2J", "malformed_block"),
        (b"Hash: SHA512\n", b"Hash: SHA512\nHash: SHA256\n", "malformed_block"),
        (b"Hash: SHA512", b"NotDashEscaped: You need GnuPG to verify this message", "malformed_block"),
        (b"Hash: SHA512", b"Hash: SHA512, SHA1", "malformed_block"),
        (b"Hash: SHA512", b"Hash: MD5", "weak_hash"),
        (b"Hash: SHA512\n\n", b"Hash: SHA512\nQUERY be\n\n", "malformed_block"),
        (b"Hash: SHA512\n\nQUERY nl\n", b"", "malformed_block"),
        (b"QUERY", b"-QUERY", "malformed_block"),
        (b"nl", b"nl" + b"l" * 998, "malformed_block"),
        (b"-----END PGP SIGNATURE-----\n", b"-----END PGP SIGNATURE-----\nSTOP\n", "text_outside_block"),
        (
            b"-----BEGIN PGP SIGNED MESSAGE-----",
            b"STOP\n-----BEGIN PGP SIGNED MESSAGE-----",
            "text_outside_block",
        ),
        (b"-----BEGIN PGP SIGNED MESSAGE-----", b"", "malformed_block"),
    ],
)
def test_tricks_are_refused_before_gpg_sees_them(ann: KeyPair, old: bytes, new: bytes, problem: str) -> None:
    block = ann.clearsigned("QUERY nl\n")
    assert old in block
    assert clearsign_problem(block.replace(old, new, 1)) == problem


def test_a_block_without_hash_header_passes_on_to_gpg(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n").replace(b"Hash: SHA512\n", b"")
    assert clearsign_problem(block) == ""


def test_the_signature_is_cut_out(ann: KeyPair) -> None:
    block = ann.clearsigned("-----BEGIN PGP SIGNATURE-----\nQUERY nl\n")
    (issuer,) = signature_issuers(clearsign_signature(block))
    assert issuer.fingerprint == ann.fingerprint
    detached = ann.detached(b"x")
    assert clearsign_signature(detached) == dearmor(detached, SIGNATURE)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"hello",
        b"-----BEGIN PGP SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNATURE-----\n\n!\n-----END PGP SIGNATURE-----\n",
    ],
)
def test_no_signature_is_cut_out_of_rubbish(block: bytes) -> None:
    assert clearsign_signature(block) == b""


def test_only_the_armor_of_the_signature_is_made_anew(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl  \n- a\n")
    bare = re.sub(rb"(?m)^=[A-Za-z0-9+/]{4}\n", b"", block)
    text = block[: block.index(b"-----BEGIN PGP SIGNATURE-----")]
    assert for_gnupg(bare).startswith(text + b"-----BEGIN PGP SIGNATURE-----\n\n")
    assert clearsign_signature(for_gnupg(bare)) == clearsign_signature(block)
    assert re.search(rb"(?m)^=[A-Za-z0-9+/]{4}$", for_gnupg(bare))
    for broken in (text, b"", text + b"-----BEGIN PGP SIGNATURE-----\n\n!\n-----END PGP SIGNATURE-----\n"):
        assert for_gnupg(broken) == broken


def without_hash(block: bytes) -> bytes:
    return re.sub(rb"(?m)^Hash: \w+\r?\n", b"", block)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_the_hash_that_the_signature_names_is_put_where_gnupg_looks_for_it(ann: KeyPair, end: bytes) -> None:
    block = ann.clearsigned("QUERY nl\n").replace(b"\n", end)
    text = block[: block.index(b"-----BEGIN PGP SIGNATURE-----")]
    assert without_hash(block) != block
    assert for_gnupg(without_hash(block)).startswith(text)


def test_a_hash_that_is_named_stays_and_a_weak_one_is_not_helped(ann: KeyPair) -> None:
    block = ann.clearsigned("QUERY nl\n")
    lying = block.replace(b"SHA512", b"SHA256")
    assert for_gnupg(lying).startswith(b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n")
    weak = without_hash(ann.clearsigned("QUERY nl\n", "--digest-algo=SHA224"))
    assert b"Hash" not in for_gnupg(weak)


def test_a_text_about_a_block_is_no_head_of_one(ann: KeyPair) -> None:
    block = without_hash(ann.clearsigned("a\n-----BEGIN PGP SIGNED MESSAGE-----\n\nb\n"))
    assert for_gnupg(block).count(b"Hash: SHA512\n") == 1
    assert for_gnupg(block).index(b"Hash: ") < 40


def test_one_blank_at_the_start_of_a_line_goes() -> None:
    assert unstuffed(b" a\r\n  b\r\nc d\r\n") == b"a\r\n b\r\nc d\r\n"
