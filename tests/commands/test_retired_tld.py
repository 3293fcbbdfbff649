"""A TLD that has left the root: nobody comes to it any more, and nobody who is there is caught in it."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import FIELDS, answer, outcome, outcomes, states
from tldops_bot.domain.iana_changes import not_listed
from tldops_bot.domain.tld import parse_tld
from tldops_bot.store import iana

ADMIN = "admin@registry.example"


@pytest.fixture
def retired(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    """Ann and Bob are contacts of .nl, Ann of .be as well, when IANA says that .nl is assigned to nobody."""
    desk.member(ann, "nl", "be")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    tld = parse_tld("nl")
    assert tld is not None
    with desk.app.database.write() as session:
        iana.keep_record(session, not_listed(tld), desk.now)
    return desk


def test_its_contacts_leave_it_as_our_letter_says(retired: Desk, ann: KeyPair) -> None:
    assert outcome(retired.say_bound(ann, "UNSUBSCRIBE nl")) == "asked"
    answer(retired, ann.address)
    assert states(retired, "nl")[ann.address] == "left"
    assert states(retired, "be")[ann.address] == "listed"


def test_they_are_found_removed_suspended_there_alone_and_put_back(
    retired: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    assert outcome(retired.say(bob, "QUERY nl")) == "contacts"
    assert outcome(retired.say_bound(carol, "NOTE nl who comes after it?")) == "noted"
    assert outcome(retired.say_bound(carol, f"SUSPEND {ann.address} nl has no TLD any more")) == "suspended"
    assert states(retired, "be") == {ann.address: "listed"}
    assert outcome(retired.say_bound(carol, f"RESTORE {ann.address} nl")) == "restored"
    assert outcome(retired.say_bound(bob, f"REMOVE nl {ann.address}")) == "suspended"
    assert states(retired, "nl") == {ann.address: "suspended", bob.address: "listed"}


def test_nobody_joins_or_is_invited_and_it_is_not_missing(
    retired: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    assert outcome(retired.say(carol, f"SUBSCRIBE nl\n{FIELDS}")) == "unknown_tld"
    assert outcome(retired.say_bound(carol, "INVITE nl")) == "unknown_tld"
    lines = [f"SUSPEND {who.address} nl has left" for who in (ann, bob)]
    assert outcomes(retired.say_bound(carol, "\n".join(lines))) == ["suspended", "suspended"]
    found = retired.say(carol, "QUERY MISSING").decision.parts[0].outcome.values["tlds"]
    assert "nl" not in found
    assert "de" in found
    coverage = retired.say(carol, "QUERY STATS").decision.parts[0].outcome.values["coverage"]
    assert coverage.ascii_cctlds.total == 247
