"""Certificates parsed ahead of need: the same outcome later, and nothing broken by a bad one."""

from collections import OrderedDict

import pytest

from tests.keys import KeyPair
from tldops_bot.adapters import sequoia_encryption
from tldops_bot.adapters.sequoia_encryption import Encryption


def test_what_was_parsed_ahead_is_kept_and_rubbish_is_left_out(
    ann: KeyPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequoia_encryption, "_parsed", OrderedDict())
    sequoia_encryption.parse_here([b"\x99rubbish", ann.certificate, b""])
    assert len(sequoia_encryption._parsed) == 1


def test_rubbish_parsed_ahead_does_not_stand_in_the_way_of_encrypting(ann: KeyPair) -> None:
    encryption = Encryption()
    try:
        encryption.parse_ahead([b"\x99rubbish", ann.certificate])
        [outcome] = encryption.encrypt_many(b"a word", [(ann.fingerprint, ann.certificate)])
    finally:
        encryption.close()
    assert isinstance(outcome, bytes)
    assert ann.decrypt(outcome) == b"a word"
