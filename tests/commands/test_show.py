"""SHOW: one's own record, all of it, in confidence."""

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, join, outcome


def test_record_shows_everything_held(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be", office="committee")
    desk.say_bound(ann, "UPDATE\nEmergency-Email: spare@elsewhere.example\nFax: +44 20 7946 0999")
    handled = desk.say(ann, "SHOW")
    assert outcome(handled) == "record"
    values = handled.decision.parts[0].outcome.values
    assert dict(values["person"])["Emergency e-mail"] == "spare@elsewhere.example (not proven yet)"
    assert "Phone" not in dict(values["person"])
    assert values["fingerprint"] == ann.fingerprint
    assert [(one["tld"], one["state"]) for one in values["entries"]] == [("be", "listed"), ("nl", "listed")]
    assert values["offices"] == ["committee"]
    assert desk.letters[-1].is_confidential
    for address in (ann.address, "spare@elsewhere.example"):
        answer(desk, address)
    desk.later(seconds=1)
    values = desk.say(ann, "SHOW").decision.parts[0].outcome.values
    assert dict(values["person"])["Emergency e-mail"] == "spare@elsewhere.example"


def test_newcomer_sees_when_the_rest_opens_and_departed_tlds_are_gone(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "be")
    desk.iana("nl", "admin@registry.example", "tech@registry.example")
    desk.say(ann, "SUBSCRIBE nl")
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    answer(desk, "admin@registry.example")
    desk.say_bound(ann, "UNSUBSCRIBE be")
    (entry,) = desk.say(ann, "SHOW").decision.parts[0].outcome.values["entries"]
    assert entry["tld"] == "nl"
    assert entry["opens_at"] > desk.now


def test_arguments_and_strangers_are_refused(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    assert outcome(desk.say(ann, f"SHOW {bob.address}")) == "bad_arguments"
    assert outcome(desk.say(bob, "SHOW", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert outcome(desk.write(ann.address, "SHOW")) == "unsigned"
