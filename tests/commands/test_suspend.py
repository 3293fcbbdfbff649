"""SUSPEND: the secretariat takes a contact out of service; everybody hears of it, and the committee decides."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, outcome, rows, states, templates
from tldops_bot.commands._suspending import SUSPENSIONS_A_DAY
from tldops_bot.store import audit
from tldops_bot.store.tables import Entry, Request

ADMIN = "admin@registry.example"


@pytest.fixture
def office(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    """Ann speaks for nl and is; Bob too, and sits in the committee; Carol is the secretariat."""
    desk.member(ann, "nl", "is")
    desk.member(bob, "nl", office="committee")
    desk.member(carol, office="secretariat")
    desk.iana("nl", ADMIN)
    return desk


def test_person_colleagues_iana_contacts_and_committee_are_told_with_the_reason(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    handled = office.say_bound(carol, f"SUSPEND <{ann.address}> nl Mails come back, nobody knows her.")
    assert outcome(handled) == "suspended"
    assert (states(office, "nl")[ann.address], states(office, "is")[ann.address]) == ("suspended", "listed")
    for address in (ann.address, bob.address, ADMIN):
        told = next(one for one in office.to(address) if one.template == "letters/suspended")
        assert "Mails come back, nobody knows her." in office.text(told)
    assert "letters/decide_objection" in templates(office, bob.address)
    with office.look() as session:
        entry = next(one for one in audit.history(session, "nl") if one.action == "suspended")
        assert entry.actor == carol.fingerprint


def test_committee_puts_the_person_back(office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    office.say_bound(carol, f"SUSPEND {ann.address} ALL under attack")
    assert set(states(office, "is").values()) == {"suspended"}
    assert outcome(office.say_bound(bob, f"RESTORE {ann.address}")) == "restored"
    assert states(office, "nl")[ann.address] == states(office, "is")[ann.address] == "listed"
    assert templates(office, ann.address).count("letters/restored") == 2
    assert {one.state for one in all_of(office, Request)} == {"done"}


def test_committee_ends_it_by_rejecting(office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    office.say_bound(carol, f"SUSPEND {ann.address} nl has left the registry")
    assert outcome(office.say_bound(bob, "REJECT R-1 left in May")) == "rejected"
    assert states(office, "nl")[ann.address] == "left"


def test_reason_without_a_tld_is_for_all(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    handled = office.say_bound(carol, f"SUSPEND {ann.address} mailbox was broken into")
    assert len(handled.decision.parts[0].outcome.values["cases"]) == 2
    assert {one.suspended_because for one in all_of(office, Entry) if one.state == "suspended"} == {
        "mailbox was broken into"
    }


def test_word_that_is_a_tld_too_is_asked_about(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    before = rows(office)
    assert outcome(office.say_bound(carol, f"SUSPEND {ann.address} no answer for months")) == "suspend_where"
    assert rows(office) == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("ann@nic.example", "bad_arguments"),
        ("nl ann@nic.example gone", "bad_arguments"),
        ("ann@nic.example nl", "bad_arguments"),
        ("ann@nic.example ALL", "bad_arguments"),
        ("nobody@nic.example nl gone", "nobody_to_suspend"),
        ("carol.sample@committee.example ALL gone", "nobody_to_suspend"),
    ],
)
def test_bad_arguments_change_nothing(office: Desk, carol: KeyPair, words: str, reason: str) -> None:
    before = rows(office)
    assert outcome(office.say_bound(carol, f"SUSPEND {words}")) == reason
    assert rows(office) == before


def test_nobody_suspends_themselves_and_members_nobody(office: Desk, ann: KeyPair, bob: KeyPair) -> None:
    assert outcome(office.say_bound(bob, f"SUSPEND {bob.address} nl on leave")) == "on_oneself"
    assert outcome(office.say_bound(ann, f"SUSPEND {bob.address} nl gone")) == "not_secretariat"
    assert set(states(office, "nl").values()) == {"listed"}


def test_suspended_contact_is_not_suspended_twice(office: Desk, ann: KeyPair, carol: KeyPair) -> None:
    office.say_bound(carol, f"SUSPEND {ann.address} nl gone")
    assert outcome(office.say_bound(carol, f"SUSPEND {ann.address} nl really gone")) == "suspend_where"


def test_stolen_key_of_the_secretariat_does_not_empty_the_roster(
    office: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    with office.app.database.write() as session:
        for _ in range(SUSPENSIONS_A_DAY - 1):
            audit.record(session, office.now, carol.fingerprint, "suspended", "be", 1)
    assert outcome(office.say_bound(carol, f"SUSPEND {ann.address} ALL gone")) == "suspended_enough"
    assert outcome(office.say_bound(carol, f"SUSPEND {ann.address} nl gone")) == "suspended"
    assert outcome(office.say_bound(carol, f"SUSPEND {bob.address} nl gone")) == "suspended_enough"
    office.later(days=1, seconds=1)
    assert outcome(office.say_bound(carol, f"SUSPEND {bob.address} nl now gone")) == "suspended"


def test_one_person_of_many_tlds_can_be_suspended_in_one_go(office: Desk, carol: KeyPair) -> None:
    dora = person("Dora Example", "dora@backend.example")
    tlds = [one.tld.a_label for one in office.app.tlds.of_kind("cctld")][: SUSPENSIONS_A_DAY + 2]
    office.member(dora, *tlds)
    handled = office.say_bound(carol, f"SUSPEND {dora.address} ALL mailbox was broken into")
    assert len(handled.decision.parts[0].outcome.values["cases"]) == len(tlds)
