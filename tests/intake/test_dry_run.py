"""TEST carries out everything and keeps nothing."""

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair
from tests.outcomes import FIELDS, outcome, outcomes, rows


@pytest.fixture
def town(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", "admin@registry.example")
    return desk


@pytest.mark.parametrize(
    "text",
    [
        "UNSUBSCRIBE ALL",
        "FORGET",
        "UPDATE\nName: Ann Other\nEmail: other@nic.example\nEmergency-Email: spare@elsewhere.example",
        "REMOVE nl bob.sample@registry.example",
        "KEY LOST",
        f"SUBSCRIBE be\n{FIELDS}",
        "QUERY nl\nROSTER\nSHOW",
        "ALERT\n\nLook out",
    ],
)
def test_nothing_changes_and_nobody_else_is_told(town: Desk, ann: KeyPair, text: str) -> None:
    before = rows(town)
    handled = town.say(ann, f"TEST\n{LIST_LINE}\n{text}")
    assert handled.decision.status.value in ("SUCCESS", "WAITING")
    assert rows(town) == before
    (reply,) = town.letters
    assert reply.template == "reply"
    assert reply.values["is_test"]
    assert not reply.attachments
    words = town.text(reply)
    assert "This was a TEST" in words
    assert "bob.sample" not in words.replace(text, "")


def test_report_names_key_signature_and_list(town: Desk, ann: KeyPair) -> None:
    town.say(ann, "TEST\nUNSUBSCRIBE nl")
    verdict = town.letters[-1].values["verdict"]
    assert (verdict["standing"], verdict["fingerprint"], verdict["list_named"]) == (
        "good",
        ann.fingerprint,
        False,
    )
    assert verdict["signed_at"] == town.now
    town.say(ann, f"{LIST_LINE}\nDRY-RUN\nUNSUBSCRIBE nl")
    assert town.letters[-1].values["verdict"]["list_named"]


def test_bad_commands_are_named_with_the_good_ones(town: Desk, ann: KeyPair) -> None:
    handled = town.say(ann, f"TEST\n{LIST_LINE}\nQUERY nl\nQUERY zz\nQUREY be\nAPPROVE R-1")
    assert outcomes(handled) == ["contacts", "unknown_tld", "unknown_verb", "not_committee"]


def test_unsigned_test_says_what_is_missing(town: Desk) -> None:
    before = rows(town)
    handled = town.write("x@nic.example", "TEST\nQUERY nl\nHELP")
    assert outcomes(handled) == ["unsigned", "commands"]
    assert rows(town) == before
    assert town.letters[-1].values["verdict"]["standing"] == "none"


def test_test_alone_and_with_a_token_use_nothing_up(town: Desk, ann: KeyPair) -> None:
    assert outcome(town.say(ann, "TEST")) == "no_command"
    town.say(ann, "UNSUBSCRIBE nl")
    token = town.token_for(ann.address)
    before = rows(town)
    town.say(ann, f"TEST\nCONFIRM {token}")
    assert rows(town) == before
    town.say(ann, f"CONFIRM {token}")
    assert rows(town) != before


def test_test_from_a_stranger_tells_what_the_key_would_do(town: Desk) -> None:
    dora = KeyPair.make("Dora Example", "dora.sample@nic.example")
    before = rows(town)
    handled = town.say(dora, f"TEST\nSUBSCRIBE nl\n{FIELDS}", attachments=[dora.key_attachment()])
    assert outcome(handled) == "waiting"
    assert rows(town) == before
    assert [one.template for one in town.letters] == ["reply"]
