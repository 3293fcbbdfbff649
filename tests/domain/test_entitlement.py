"""Who may still have a mail when it is delivered: rights are looked at again at that moment."""

from dataclasses import replace

import pytest

from tldops_bot.domain.entitlement import Claim, Known, Right, Treatment, right_to, without_key
from tldops_bot.domain.outgoing import Entitled, Kind

ANN = Known(True, False, ("ann@nic.example", "ann@elsewhere.example"), "A" * 40)
ALERT = Claim(Kind.ALERT, True, Entitled.MEMBER, "ann@nic.example", None)
ROSTER = replace(ALERT, kind=Kind.ROSTER)
NOTICE = Claim(Kind.NOTICE, False, Entitled.PERSON, "ann@nic.example", None)
REPLY = Claim(Kind.REPLY, True, Entitled.PERSON, "ann@nic.example", "A" * 40)
ENCRYPT, SIGN_ONLY = Right(Treatment.ENCRYPT), Right(Treatment.SIGN_ONLY)
NO_KEY, LEFT, MOVED = (Right(Treatment.DROP, why) for why in ("no-key", "left", "moved"))


@pytest.mark.parametrize("claim", [ALERT, ROSTER, NOTICE, REPLY])
def test_who_has_a_key_gets_it_encrypted(claim: Claim) -> None:
    assert right_to(claim, ANN, True) == ENCRYPT


def test_without_a_key_an_alert_waits_for_one_and_a_roster_is_dropped() -> None:
    assert right_to(ALERT, ANN, False) == Right(Treatment.HOLD, "no-key")
    assert right_to(ROSTER, ANN, False) == NO_KEY


def test_who_left_gets_no_members_mail_even_with_a_key() -> None:
    gone = replace(ANN, is_served=False)
    assert right_to(ALERT, gone, True) == LEFT
    assert right_to(ROSTER, gone, True) == LEFT
    assert right_to(NOTICE, gone, True) == ENCRYPT


def test_the_forgotten_get_nothing() -> None:
    for claim in (ALERT, ROSTER, NOTICE, REPLY):
        assert right_to(claim, replace(ANN, is_forgotten=True), True) == LEFT
        assert right_to(claim, None, True) == LEFT


def test_confidential_mail_goes_to_stored_addresses_only() -> None:
    elsewhere = "ann@old.example"
    assert right_to(replace(ALERT, address=elsewhere), ANN, True) == MOVED
    assert right_to(replace(REPLY, address=elsewhere), ANN, True) == MOVED
    assert right_to(replace(NOTICE, address=elsewhere), ANN, True) == ENCRYPT
    assert right_to(replace(ALERT, address="Ann@ELSEWHERE.example"), ANN, True) == ENCRYPT


def test_nothing_confidential_goes_unencrypted() -> None:
    assert right_to(NOTICE, ANN, False) == SIGN_ONLY
    assert right_to(REPLY, ANN, False) == NO_KEY
    for entitled in Entitled:
        claim = replace(NOTICE, entitled=entitled, is_confidential=True)
        assert right_to(claim, ANN, False).treatment is not Treatment.SIGN_ONLY
        assert without_key(claim).treatment is not Treatment.SIGN_ONLY


def test_a_reply_goes_to_the_very_key_that_signed() -> None:
    renewed = replace(ANN, fingerprint="B" * 40)
    assert right_to(REPLY, renewed, True) == NO_KEY
    assert right_to(replace(ROSTER, fingerprint="A" * 40), renewed, True) == ENCRYPT


def test_an_address_gets_what_is_public_and_a_key_what_is_encrypted_to_it() -> None:
    assert right_to(replace(NOTICE, entitled=Entitled.ADDRESS), None, False) == SIGN_ONLY
    assert right_to(replace(REPLY, entitled=Entitled.ADDRESS), None, True) == NO_KEY
    assert right_to(replace(REPLY, entitled=Entitled.KEY), None, True) == ENCRYPT
    assert right_to(replace(NOTICE, entitled=Entitled.KEY), None, False) == NO_KEY
