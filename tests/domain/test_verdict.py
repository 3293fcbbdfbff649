"""Verdicts: only words that have a template can be a reason."""

import pytest

from tldops_bot.domain.verdict import (
    REASONS,
    UNSIGNED,
    UNSIGNED_REASONS,
    SignatureStanding,
    Verdict,
    bad,
    unsigned,
)


def test_a_bad_verdict_carries_a_known_reason() -> None:
    assert bad("weak_hash", "A" * 40) == Verdict(SignatureStanding.BAD, "weak_hash", "A" * 40)
    with pytest.raises(ValueError, match="no such reason"):
        bad("because")


def test_what_is_not_signed_and_can_not_be_read_says_why() -> None:
    assert unsigned("no_plain_text") == Verdict(SignatureStanding.NONE, "no_plain_text")
    assert set(REASONS) >= UNSIGNED_REASONS
    with pytest.raises(ValueError, match="no such reason"):
        unsigned("weak_hash")


def test_only_good_is_good() -> None:
    assert Verdict(SignatureStanding.GOOD).is_good
    assert not bad("weak_hash").is_good
    assert not UNSIGNED.is_good


def test_reasons_are_unique_words() -> None:
    assert len(set(REASONS)) == len(REASONS)
    assert all(reason.replace("_", "").isalpha() and reason.islower() for reason in REASONS)
