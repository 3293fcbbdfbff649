"""Whole mails of every accepted form, from raw octets to the signed text; changed ones to a refusal."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.keys import LIST_ADDRESS, KeyPair, person
from tldops_bot.adapters.gnupg_keyring import Unwrapped
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.domain.verdict import UNSIGNED, SignatureStanding, Verdict
from tldops_bot.mail.bodies import (
    Body,
    InlineEncrypted,
    InlineSigned,
    PgpMimeEncrypted,
    PgpMimeSigned,
)
from tldops_bot.mail.find_body import find_inside
from tldops_bot.mail.openpgp_packets import SignedMessage, UnsignedMessage, open_message
from tldops_bot.mail.signed_text import SignedText, inline_text, text_of
from tldops_bot.mail.take_apart import take_apart

LIMIT = 1_000_000
TEXT = "List: tld-ops@lists.example\nQUERY рф\n- dash\nFrom here\n"


def read(gnupg: Gnupg, raw: bytes, certificate: bytes) -> tuple[Verdict, str]:
    """The steps that intake takes, in short."""
    body = take_apart(raw).body
    if isinstance(body, PgpMimeEncrypted | InlineEncrypted):
        octets = body.ciphertext if isinstance(body, PgpMimeEncrypted) else body.block
        unwrapped = gnupg.unwrap(octets)
        assert isinstance(unwrapped, Unwrapped)
        opened = open_message(unwrapped.octets, LIMIT)
        if isinstance(opened, SignedMessage):
            verdict, inside = gnupg.verify_message(unwrapped.octets, certificate, datetime.now(UTC))
            is_inline = isinstance(body, InlineEncrypted)
            return verdict, words(inline_text(inside, "") if is_inline else text_of(inside))
        assert isinstance(opened, UnsignedMessage)
        body = find_inside(body, opened.literal).body
    return judged(gnupg, body, certificate)


def judged(gnupg: Gnupg, body: Body, certificate: bytes) -> tuple[Verdict, str]:
    now = datetime.now(UTC)
    if isinstance(body, PgpMimeSigned):
        verdict = gnupg.verify_detached(body.signed_octets, body.signature, certificate, now)
        return verdict, words(text_of(body.signed_octets))
    if isinstance(body, InlineSigned):
        verdict, inside = gnupg.verify_inline(body.block, certificate, now)
        return verdict, words(inline_text(inside, body.charset))
    return UNSIGNED, ""


def words(read_text: object) -> str:
    return read_text.text if isinstance(read_text, SignedText) else ""


Write = Callable[[KeyPair, KeyPair], bytes]
FORMS: dict[str, Write] = {
    "pgp/mime signed": lambda ann, the_list: ann.pgp_mime_signed(TEXT),
    "with attachment": lambda ann, the_list: ann.pgp_mime_signed(TEXT, attachments=[ann.key_attachment()]),
    "encrypted and signed": lambda ann, the_list: ann.pgp_mime_encrypted(TEXT, the_list),
    "signed then encrypted": lambda ann, the_list: ann.signed_then_encrypted(TEXT, the_list),
    "inline signed": lambda ann, the_list: ann.inline_signed(TEXT),
    "inline encrypted": lambda ann, the_list: ann.inline_encrypted(TEXT, the_list),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
def test_every_accepted_form_gives_the_signed_text(gnupg: Gnupg, form: str, line_end: bytes) -> None:
    ann = person("Ann Example", "ann@nic.example")
    the_list = KeyPair.of(gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    raw = FORMS[form](ann, the_list).replace(b"\r\n", line_end)
    verdict, text = read(gnupg, raw, ann.certificate)
    assert (verdict.standing, verdict.fingerprint) == (SignatureStanding.GOOD, ann.fingerprint)
    assert text.rstrip("\n") == TEXT.rstrip("\n")


@pytest.mark.parametrize("form", ["pgp/mime signed", "with attachment", "inline signed"])
def test_a_changed_word_is_seen_in_every_readable_form(gnupg: Gnupg, form: str) -> None:
    ann = person("Ann Example", "ann@nic.example")
    raw = FORMS[form](ann, ann)
    changed = raw.replace(b"QUERY", b"ALERT")
    assert changed != raw
    assert read(gnupg, changed, ann.certificate)[0].reason == "bad_signature"


def test_encryption_without_signature_is_unsigned(gnupg: Gnupg) -> None:
    ann = person("Ann Example", "ann@nic.example")
    the_list = KeyPair.of(gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
    verdict, text = read(gnupg, ann.pgp_mime_encrypted(TEXT, the_list, sign=False), ann.certificate)
    assert (verdict, text) == (UNSIGNED, "")
