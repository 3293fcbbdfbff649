"""What broke a signature is guessed within bounds, and never without asking whether the signature fits."""

import time

import pytest

from tests.keys import KeyPair, text_entity
from tldops_bot.mail import diagnosis
from tldops_bot.mail.diagnosis import (
    MAX_BYTES,
    MAX_HASHED_BYTES,
    MAX_VARIANTS,
    MAX_VERIFIED,
    what_broke_block,
    what_broke_entity,
    what_is_wrong_with_block,
)
from tldops_bot.mail.entity_repairs import entity_variants
from tldops_bot.mail.inline_blocks import clearsign_signature
from tldops_bot.mail.openpgp_packets import signature_packets
from tldops_bot.mail.signature_hint import Hint, hint_of
from tldops_bot.mail.text_repairs import text_variants

ENTITY = text_entity("QUERY nl\n")
BLOCK = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n"
SIGNATURE = b"\n-----BEGIN PGP SIGNATURE-----\n\n-----END PGP SIGNATURE-----\n"


@pytest.fixture(scope="module")
def hint(ann: KeyPair) -> bytes:
    return ann.detached(b"something else")


# --- the hint


@pytest.mark.parametrize("digest", ["SHA256", "SHA384", "SHA512", "SHA224"])
@pytest.mark.parametrize("mode", [(), ("--textmode",)], ids=["binary", "text"])
def test_the_hint_fits_what_was_signed_and_nothing_else(
    ann: KeyPair, digest: str, mode: tuple[str, ...]
) -> None:
    hint = hint_of(ann.detached(ENTITY, *mode, digest=digest))
    assert hint is not None
    assert hint.fits(ENTITY)
    assert not hint.fits(ENTITY + b"\r\n")
    assert hint.is_text is bool(mode)
    assert hint.fits(ENTITY.replace(b"\r\n", b"\n")) is bool(mode)


def test_there_is_no_hint_in_what_is_not_one_signature_of_today(ann: KeyPair) -> None:
    signature = ann.detached(ENTITY)
    packet = signature_packets(signature)[0]
    assert hint_of(packet.octets + packet.octets) is None
    assert hint_of(b"") is None
    assert hint_of(signature[:80]) is None
    start = len(packet.octets) - len(packet.body)
    for at, octet in ((0, 3), (1, 0x10), (3, 1)):  # version 3, over a key, MD5
        changed = bytearray(packet.octets)
        changed[start + at] = octet
        assert hint_of(bytes(changed)) is None


def test_a_signature_packet_that_is_cut_off_gives_no_hint() -> None:
    body = b"\x04\x00\x16\x0a\xff\xff"
    assert hint_of(b"\x88" + bytes([len(body)]) + body) is None


# --- within bounds


def always(_octets: bytes) -> bool:
    return True


def test_nothing_is_named_that_the_hint_does_not_bear_out(ann: KeyPair) -> None:
    asked: list[bytes] = []
    signature = ann.detached(b"something else altogether")
    assert what_broke_entity(ENTITY, signature, lambda octets: not asked.append(octets)) == ""
    assert len(asked) <= 1  # one in 65,536 fits by chance


def test_gpg_is_asked_a_few_times_only(ann: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    monkeypatch.setattr(Hint, "fits", lambda _self, _octets: True)
    assert what_broke_entity(ENTITY, ann.detached(b"x"), lambda octets: bool(asked.append(octets))) == ""
    assert len(asked) == MAX_VERIFIED


def test_a_mail_that_is_too_large_is_not_examined(ann: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hint, "fits", lambda _self, _octets: True)
    large = ENTITY + b"x" * MAX_BYTES
    assert what_broke_entity(large, ann.detached(b"x"), always) == ""
    assert what_broke_entity(ENTITY + b"x", ann.detached(b"x"), always) != ""


def test_without_a_hint_nothing_is_examined() -> None:
    assert what_broke_entity(ENTITY, b"rubbish", always) == ""


def test_so_many_variants_and_no_more(ann: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(Hint, "fits", lambda _self, octets: bool(seen.append(len(octets))))
    text = ENTITY + b"# a\tb\r\n\r\nc\r\n"
    monkeypatch.setattr(diagnosis, "MAX_VARIANTS", 7)
    what_broke_entity(text, ann.detached(b"x"), always)
    assert len(seen) == 7
    monkeypatch.setattr(diagnosis, "MAX_HASHED_BYTES", sum(seen[:3]))
    del seen[:]
    what_broke_entity(text, ann.detached(b"x"), always)
    assert len(seen) == 3


HOSTILE = [
    b"\r\n",
    b" ",
    b"\t ",
    b"a\r\n",
    b"From \r\n",
    b">",
    b"\xff",
    "Zürich ".encode(),
    b"=",
    b'a="b"; ',
    b";\r\n ",
    b"charset=",
    b"--\r\n",
]


@pytest.mark.parametrize("end", [b"\rx", b"\r\n\r\nx\r\n"], ids=["cr", "blank line"])
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("top", [b"", b"X-More: "], ids=["body", "header"])
def test_hostile_text_costs_little(hint: bytes, text: bytes, end: bytes, top: bytes) -> None:
    many = text * ((MAX_BYTES - 200) // len(text)) + end
    entity = b"Content-Type: text/plain; charset=utf-8\r\n" + (top or b"\r\n") + many
    began = time.process_time()
    assert what_broke_entity(entity, hint, lambda _octets: False) == ""
    assert what_broke_block(BLOCK + many + SIGNATURE, "utf-8", hint, lambda _octets: False) == ""
    assert time.process_time() - began < 2


def test_the_variants_of_an_ordinary_mail_stay_below_the_limit() -> None:
    entity = text_entity("QUERY nl\n# Zürich\n-- \nAnn Example\n" * 10)
    variants = list(entity_variants(entity))
    assert 100 < len(variants) < MAX_VARIANTS
    assert sum(len(variant) for _, variant in variants) < MAX_HASHED_BYTES
    assert {name for name, _ in variants} <= set(diagnosis.CHANGES)
    assert all(variant != entity for _, variant in variants)


# --- odd mails


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n",
        b"Content-Type: text/html\r\n\r\n<p>x</p>",
        b"Content-Type: multipart/mixed\r\n\r\n",
        b"Content-Transfer-Encoding: x-unknown\r\n\r\nx\r\n",
        b"Content-Type: text/plain; charset=x-unknown\r\n\r\n\xff\r\n",
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\r\n",
        b"Content-Type: text/plain; charset=koi8-r\r\n\r\n\xc1\xc2\r\n",
    ],
)
def test_odd_entities_are_no_breakage(ann: KeyPair, octets: bytes) -> None:
    assert what_broke_entity(octets, ann.detached(b"x"), always) in {"", *diagnosis.CHANGES}
    assert all(variant != octets for _, variant in entity_variants(octets))


@pytest.mark.parametrize("charset", ["", "utf-8", "iso-8859-1", "x-unknown", "koi8-r"])
def test_odd_texts_are_no_breakage(charset: str) -> None:
    for text in (b"", b"\r\n", b"\xff", "Zürich".encode(), "日本".encode()):
        assert all(variant != text for _, variant in text_variants(text, charset))


def test_a_block_that_was_wrapped_is_seen_through_its_dash_escapes(ann: KeyPair) -> None:
    block = ann.clearsigned("- one\nFrom here on\nthe end\n")
    changed = block.replace(b"here on\n", b"here on \n").replace(b"the end", b"the\tend")
    signature = clearsign_signature(changed)
    assert (
        what_broke_block(block.replace(b"the end", b"\xef\xbb\xbfthe end"), "utf-8", signature, always) == ""
    )
    restored = what_broke_block(block.replace(b"- - one", b"- .. one"), "utf-8", signature, always)
    assert restored == ""


@pytest.mark.parametrize(
    ("block", "word"),
    [
        (b"", "cut_off"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nHELP\r\n", "cut_off"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\n\nHELP\n-----BEGIN PGP SIGNATURE-----\n", "armor_fields"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\n\n-x\n-----BEGIN PGP SIGNATURE-----\n", "dash_escapes"),
        (b"-----BEGIN PGP SIGNED MESSAGE-----\n\x0c", "control_characters"),
        (b"x" * 999, "long_lines"),
    ],
)
def test_damage_to_a_block_has_a_name(block: bytes, word: str) -> None:
    assert what_is_wrong_with_block(block) == word
