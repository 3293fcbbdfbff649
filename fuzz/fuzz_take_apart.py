"""Atheris target: whatever the octets of a mail are, taking it apart and reading its commands breaks nothing.

python fuzz/fuzz_take_apart.py -runs=20000 SEEDS      # libFuzzer's own options; see README.md beside
"""

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["tldops_bot.mail", "tldops_bot.domain"]):
    from tldops_bot.domain.clear_answer import is_clear
    from tldops_bot.domain.grammar import read_answer, read_commands
    from tldops_bot.domain.request import VerbSpec, Vocabulary
    from tldops_bot.mail.bodies import (
        InlineEncrypted,
        InlineSigned,
        PgpMimeEncrypted,
        PgpMimeSigned,
        PlainText,
    )
    from tldops_bot.mail.find_body import find_inside
    from tldops_bot.mail.inline_blocks import clearsign_problem, clearsign_signature
    from tldops_bot.mail.openpgp_armor import BadArmor, dearmor
    from tldops_bot.mail.openpgp_packets import BadPackets, SignedMessage, open_message, signature_issuers
    from tldops_bot.mail.signed_text import inline_text, text_of
    from tldops_bot.mail.take_apart import take_apart

ANSWERS = ("CONFIRM", "DECLINE", "OBJECT")
VOCABULARY: Vocabulary = {
    "HELP": VerbSpec("HELP"),
    "QUERY": VerbSpec("QUERY"),
    "SUBSCRIBE": VerbSpec("SUBSCRIBE", ("Name", "Email", "Phone", "Mobile")),
    "ALERT": VerbSpec("ALERT", ("Title", "TLP", "Scope"), True, ("Scope",)),
    **{verb: VerbSpec(verb) for verb in ANSWERS},
}


def one_mail(octets: bytes) -> None:
    """Every pure step that a mail goes through; an exception here is a finding."""
    mail = take_apart(octets, "tld-ops@lists.example")
    body = mail.body
    if isinstance(body, PgpMimeSigned):
        signature_issuers(body.signature)
        assert_slice(body.signed_octets, octets)
        text_of(body.signed_octets)
    elif isinstance(body, InlineSigned):
        clearsign_problem(body.block)
        signature_issuers(clearsign_signature(body.block))
        inline_text(body.block, body.charset)
    elif isinstance(body, PgpMimeEncrypted | InlineEncrypted):
        unwrapped(body)
    elif isinstance(body, PlainText):
        read(body.text)


def unwrapped(body: PgpMimeEncrypted | InlineEncrypted) -> None:
    ciphertext = body.ciphertext if isinstance(body, PgpMimeEncrypted) else body.block
    try:
        opened = open_message(dearmor(ciphertext, "MESSAGE"), 1_000_000)
    except (BadArmor, BadPackets):
        return
    if not isinstance(opened, SignedMessage):
        find_inside(body, opened.literal)


def read(text: str) -> None:
    commands = read_commands(text, VOCABULARY)
    is_clear(text, commands)
    answer = read_answer(text)
    if answer is not None and answer.verb == "CONFIRM":
        first = next(line for line in text.replace("\r", "\n").split("\n") if line.strip("\ufeff\xa0 \t\n"))
        assert "CONFIRM" in first.upper(), "yes without a yes in the first line"


def assert_slice(signed: bytes, octets: bytes) -> None:
    """What is verified stands in the mail as it is, but for line ends."""
    assert signed.replace(b"\r\n", b"\n") in octets.replace(b"\r\n", b"\n"), "verified, and not in the mail"


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_mail)
    atheris.Fuzz()
