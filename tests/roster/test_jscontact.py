import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.roster.jscontact_schema import CARDS
from tests.rosters import ANN, BOB, hostile
from tldops_bot.roster.jscontact import jscontact


def test_a_card_in_full() -> None:
    [card] = json.loads(jscontact([ANN]))
    assert card == {
        "@type": "Card",
        "version": "1.0",
        "uid": ANN.uid,
        "kind": "individual",
        "updated": "2026-01-02T03:04:05Z",
        "name": {"full": "Ann Example"},
        "organizations": {"o1": {"name": "Example Registry"}},
        "emails": {
            "personal": {"address": "ann@nic.example", "pref": 1},
            "emergency": {"address": "ann@elsewhere.example", "pref": 2},
        },
        "phones": {
            "phone": {"number": "tel:+442079460001", "features": {"voice": True}},
            "mobile": {"number": "tel:+447700900001", "features": {"mobile": True}},
            "fax": {"number": "tel:+442079460999", "features": {"fax": True}},
        },
        "addresses": {"a1": {"full": "1 Example Street\nExampletown", "timeZone": "Europe/Amsterdam"}},
        "cryptoKeys": {"k1": {"uri": f"openpgp4fpr:{ANN.fingerprint}"}},
        "keywords": {"nl": True},
        "notes": {
            "n1": {
                "note": ".nl\nOpenPGP 0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567\n"
                "Emergency: ann@elsewhere.example\nConfirmed 2026-01"
            }
        },
    }


def test_what_is_not_known_is_left_out() -> None:
    [card] = json.loads(jscontact([BOB]))
    assert not set(card) & {"organizations", "addresses", "cryptoKeys"}
    assert set(card["phones"]) == {"mobile"}
    assert set(card["emails"]) == {"personal"}
    assert card["keywords"] == {"nl": True, "xn--p1ai": True}
    assert "STALE" in card["notes"]["n1"]["note"]


def test_a_time_zone_alone_makes_an_address() -> None:
    [card] = json.loads(jscontact([replace(ANN, postal="")]))
    assert card["addresses"] == {"a1": {"timeZone": "Europe/Amsterdam"}}


def test_no_contacts_are_an_empty_array() -> None:
    assert json.loads(jscontact([])) == []


@given(st.text(max_size=200))
def test_any_words_stay_in_their_string(words: str) -> None:
    ours, anns = json.loads(jscontact([hostile(words), ANN]))
    assert ours["uid"] == anns["uid"]
    assert "\n" not in ours["name"]["full"]
    assert set(ours) <= set(anns)


@cache
def validator() -> Any:
    """Imported here alone: it reads forty grammars at once, in seconds that every worker would wait."""
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(CARDS)
    return Draft202012Validator(CARDS)


def test_the_file_is_what_rfc_9553_says() -> None:
    cards = [ANN, BOB, replace(ANN, timezone="UTC+02:00"), replace(ANN, timezone="UTC-05:30")]
    assert validator().is_valid(json.loads(jscontact(cards)))


@given(st.text(max_size=200))
def test_whatever_somebody_typed_it_stays_what_rfc_9553_says(words: str) -> None:
    cards = [replace(hostile(words), timezone="Europe/Amsterdam")]
    assert validator().is_valid(json.loads(jscontact(cards)))


@pytest.mark.parametrize(
    "changed",
    [{"colour": "red"}, {"version": "4.0"}, {"updated": "2026-01-02"}, {"emails": {"a b": {"address": "x"}}}],
)
def test_the_schema_refuses_what_the_rfc_does_not_know(changed: dict[str, object]) -> None:
    [card] = json.loads(jscontact([ANN]))
    assert not validator().is_valid([card | changed])
