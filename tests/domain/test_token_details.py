"""What a token keeps comes back as it was written; what nobody of us wrote is an error that quotes nothing."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from tldops_bot.domain.token_details import (
    BadTokenDetails,
    Colleague,
    HeldMail,
    Invited,
    Leaving,
    Proof,
    Proposal,
    Record,
    Staying,
    TokenDetails,
    Undoing,
    read_details,
    write_details,
)

AT = datetime(2026, 6, 1, 12, 30, tzinfo=UTC)
BEFORE = Record(**{one.name: one.name for one in fields(Record)} | {"emergency_proven_at": AT})
AFTER = Record(**{one.name: "" for one in fields(Record)} | {"emergency_proven_at": None})
STORED = {one.name: one.name for one in fields(Record)} | {"emergency_proven_at": "2026-06-01T12:30:00+00:00"}


@pytest.mark.parametrize(
    ("kept", "stored"),
    [
        (Proof(own=True), {"own": True, "imported": False}),
        (HeldMail("ab12", ("SHOW", "KEY")), {"digest": "ab12", "verbs": ["SHOW", "KEY"]}),
        (Colleague(words="“He left”"), {"is_iana": False, "words": "“He left”"}),
        (Leaving(("nl",), forgets=True), {"tlds": ["nl"], "forgets": True}),
        (
            Staying((3, 5), {"4": AT, "7": None}),
            {"fresh": [3, 5], "hastened": {"4": "2026-06-01T12:30:00+00:00", "7": ""}},
        ),
        (Undoing(BEFORE, AFTER), {"before": STORED, "after": dict.fromkeys(STORED, "")}),
        (Undoing(), {"before": "", "after": ""}),
        (Invited(17), {"invitation": 17}),
        (Proposal((("Phone", "+44"),), "committee"), {"fields": [["Phone", "+44"]], "by": "committee"}),
    ],
)
def test_what_was_kept_comes_back(kept: TokenDetails, stored: dict[str, Any]) -> None:
    assert write_details(kept) == stored
    assert read_details(type(kept), stored) == kept


@pytest.mark.parametrize("of", get_args(TokenDetails))
def test_what_was_emptied_as_somebody_was_forgotten_says_nothing(of: type[TokenDetails]) -> None:
    empty = read_details(of, {})
    assert not any(getattr(empty, one.name) for one in fields(of))


@pytest.mark.parametrize(
    ("of", "stored"),
    [
        (Proof, None),
        (Proof, ["own"]),
        (Proof, {"secret": True}),
        (Proof, {"own": 1}),
        (Proof, {"own": "secret"}),
        (Invited, {"invitation": True}),
        (Invited, {"invitation": "secret"}),
        (Invited, {"invitation": None}),
        (Leaving, {"tlds": "secret"}),
        (Leaving, {"tlds": [["secret"]]}),
        (Leaving, {"tlds": {"secret": 1}}),
        (Proposal, {"fields": [["secret"]]}),
        (Proposal, {"fields": [["Phone", "+44", "secret"]]}),
        (Staying, {"hastened": ["secret"]}),
        (Staying, {"hastened": {"4": "secret"}}),
        (Staying, {"hastened": {"4": 5}}),
        (Staying, {"hastened": {"4": "2026-06-01T12:30:00"}}),
        (Undoing, {"before": "secret"}),
        (Undoing, {"before": {"name": "secret"}}),
        (Undoing, {"after": STORED | {"secret": ""}}),
    ],
)
def test_what_nobody_of_us_wrote_is_not_guessed_at(of: type[TokenDetails], stored: Any) -> None:
    with pytest.raises(BadTokenDetails) as caught:
        read_details(of, stored)
    assert "secret" not in str(caught.value)
