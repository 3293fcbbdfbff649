"""One person and many TLDs, one back-end operator, one TLD and two organisations: few mails, each TLD on its own."""

import pytest

from tests.clockwork import tick
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import FIELDS, all_of, answer, outcome, prove, states, stored, subscribe, templates
from tldops_bot.store.tables import Entry, Request

OPERATOR = "hostmaster@backend.example"
SIXTEEN = ("ac", "ag", "ai", "bm", "bz", "gi", "in", "io", "lc", "me", "mn", "pr", "sc", "sh", "vc", "ws")


@pytest.fixture
def served(desk: Desk) -> Desk:
    """A desk where one address is IANA's contact of sixteen TLDs."""
    for tld in SIXTEEN:
        desk.iana(tld, OPERATOR)
    return desk


def ended(desk: Desk, state: str) -> list[str]:
    return sorted(one.tld for one in all_of(desk, Request) if one.state == state)


def test_sixteen_tlds_take_one_proof_and_one_question(served: Desk, ann: KeyPair) -> None:
    assert outcome(subscribe(served, ann, " ".join(SIXTEEN))) == "waiting"
    assert templates(served, ann.address).count("letters/prove") == 1
    prove(served, ann)
    assert templates(served, OPERATOR) == ["letters/vouch"]
    text = served.text(served.last(OPERATOR))
    assert all(f".{tld}\n" in text for tld in SIXTEEN)
    assert text.count("CONFIRM ") == 17


def test_one_yes_to_all_is_one_case_one_decision_one_welcome_one_word_to_iana(
    served: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    served.member(carol, office="committee")
    subscribe(served, ann, " ".join(SIXTEEN))
    prove(served, ann)
    answer(served, OPERATOR)
    assert ended(served, "committee") == sorted(SIXTEEN)
    assert templates(served, carol.address) == ["letters/decide"]
    assert max(map(len, served.text(served.last(carol.address)).splitlines())) <= 80
    lines = [
        one for one in served.text(served.last(carol.address)).splitlines() if one.startswith("APPROVE ")
    ]
    assert len(lines) == 3
    first = served.say(carol, "PENDING").decision.parts[0].outcome.values["decide"][0]
    asked = [(one["what"], one["answer"]) for one in first["sent"]]
    assert asked == [("prove", "CONFIRM"), ("vouch", "CONFIRM")], (
        "the tokens of single TLDs are no mails of their own"
    )
    handled = served.say_bound(carol, "\n".join(lines))
    assert {part.outcome.outcome for part in handled.decision.parts} == {"several"}
    assert len(all_of(served, Entry)) == 16
    assert stored(served, ann.address).fingerprint == ann.fingerprint


def test_yes_to_some_and_no_to_others_by_the_token_of_each(served: Desk, ann: KeyPair) -> None:
    subscribe(served, ann, " ".join(SIXTEEN[:4]))
    prove(served, ann)
    letter = served.last(OPERATOR)
    singles = {one["tld"]: one["token"] for one in letter.values["singles"]}
    served.write(OPERATOR, f"CONFIRM {singles['ac']}")
    served.write(OPERATOR, f"DECLINE {singles['ag']} not here")
    assert (ended(served, "done"), ended(served, "committee")) == (["ac"], ["ag"])
    served.write(OPERATOR, f"CONFIRM {letter.values['token']}")
    assert ended(served, "done") == ["ac", "ai", "bm"], "the token for all answers what is still open"
    assert ended(served, "committee") == ["ag"], "and takes no earlier no back"


def test_new_contact_of_several_tlds_is_welcomed_and_told_in_one_mail(
    served: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    served.member(bob, "ac", "ag")
    subscribe(served, ann, " ".join(SIXTEEN[:4]))
    prove(served, ann)
    answer(served, OPERATOR)
    assert templates(served, ann.address).count("letters/welcome") == 1
    assert "4 TLDs" in served.text(next(one for one in served.letters if one.template == "letters/welcome"))
    for address, number in ((OPERATOR, 4), (bob.address, 2)):
        (told,) = [one for one in served.to(address) if one.template == "letters/told"]
        assert len(told.values["tokens"]) == number
    assert outcome(served.write(OPERATOR, f"OBJECT {told.values['tokens'][1]['token']} no")) == "suspended"
    assert [states(served, tld)[ann.address] for tld in SIXTEEN[:4]] == [
        "listed",
        "suspended",
        "listed",
        "listed",
    ]


def test_reminder_of_sixteen_is_one_mail(served: Desk, ann: KeyPair) -> None:
    subscribe(served, ann, " ".join(SIXTEEN))
    prove(served, ann)
    served.later(days=3)
    letters = tick(served, "advance_requests")
    assert [one.template for one in letters] == ["letters/vouch"]
    assert len(letters[0].values["requests"]) == 16
    served.later(days=11)
    letters = tick(served, "advance_requests")
    assert [one.template for one in letters] == ["letters/decide_operator", "letters/with_committee"]


def test_technical_word_for_sixteen_counts_for_all_at_once(desk: Desk, ann: KeyPair) -> None:
    for tld in SIXTEEN[:4]:
        desk.iana(tld, f"admin@{tld}-registry.example", OPERATOR)
    subscribe(desk, ann, " ".join(SIXTEEN[:4]))
    prove(desk, ann)
    answer(desk, OPERATOR)
    desk.later(hours=73)
    tick(desk, "advance_requests")
    assert ended(desk, "done") == sorted(SIXTEEN[:4])
    assert templates(desk, ann.address).count("letters/welcome") == 1


def test_contacts_of_one_tld_may_work_for_two_organisations(desk: Desk, ann: KeyPair) -> None:
    """The registry and its back-end operator: each person stands with their own organisation, vouched for alike."""
    desk.iana("nl", "admin@registry.example", OPERATOR)
    for address, organisation in (("ann@nic.example", "Registry"), ("dora@backend.example", "Back End")):
        desk.write(address, f"SUBSCRIBE nl\n{FIELDS}Organisation: {organisation}".replace("Ann", address[:3]))
        answer(desk, address)
        answer(desk, "admin@registry.example")
    assert list(states(desk, "nl").values()) == ["listed", "listed"]
    assert stored(desk, "dora@backend.example").organisation == "Back End"
