"""SHOW: one's own record, all of it, in confidence."""

from datetime import timedelta

from sqlalchemy import select

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, join, outcome
from tldops_bot.store import notes
from tldops_bot.store.tables import Entry


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
    (agree,) = [one for one in desk.to(ann.address) if one.template == "letters/emergency_agree"]
    desk.write(ann.address, f"CONFIRM {agree.values['token']}")
    answer(desk, "spare@elsewhere.example")
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
    answer(desk, ann.address)
    (entry,) = desk.say(ann, "SHOW").decision.parts[0].outcome.values["entries"]
    assert entry["tld"] == "nl"
    assert entry["opens_at"] > desk.now


def test_arguments_and_strangers_are_refused(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    assert outcome(desk.say(ann, f"SHOW {bob.address}")) == "bad_arguments"
    assert outcome(desk.say(bob, "SHOW", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert outcome(desk.write(ann.address, "SHOW")) == "unsigned"


def test_what_lies_beside_the_record_is_shown_too(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(bob, "nl")
    desk.iana("nl", "admin@registry.example", at=desk.now - timedelta(days=30))
    join(desk, ann)
    desk.later(days=3)
    desk.say(bob, f"QUERY {ann.address}")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    with desk.app.database.write() as session:
        notes.keep(session, "R-1", "called on Monday", None, desk.now)
        session.scalars(select(Entry).where(Entry.person_id == 3)).one().voucher_gone_at = desk.now
    desk.say_bound(ann, "UPDATE\nEmergency-Email: spare@elsewhere.example")
    values = desk.say(ann, "SHOW").decision.parts[0].outcome.values
    (entry,) = values["entries"]
    assert (entry["state"], entry["voucher_gone_at"]) == ("suspended", desk.now)
    assert entry["suspended_because"] != ""
    assert entry["final_at"] == desk.now + timedelta(days=7)
    assert [(one["number"], one["kind"], one["state"]) for one in values["requests"]] == [
        ("R-2", "objection", "committee"),
        ("R-1", "subscribe", "done"),
    ]
    assert [text for _, _, text in values["notes"]] == ["called on Monday"]
    assert {purpose for _, purpose, _ in values["questions"]} >= {"emergency"}
    assert values["mails"] > 0
    assert values["mails_since"] == desk.now - timedelta(days=3)
    assert values["mails_kept_days"] == 90
    assert {"listed", "suspended"} <= {action for _, action, _ in values["history"]}
    assert [(name, command) for _, name, command in values["lookups"]] == [(bob.name, f"QUERY {ann.address}")]


def test_a_tld_left_before_is_shown_as_such(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    with desk.app.database.write() as session:
        entry = session.scalars(select(Entry).where(Entry.tld == "be")).one()
        entry.state, entry.left_at = "left", desk.now
    values = desk.say(ann, "SHOW").decision.parts[0].outcome.values
    assert [(tld, ended) for tld, _, ended in values["former"]] == [("be", desk.now)]


def test_who_has_no_key_sees_the_record_too_shortened_once_the_mailbox_has_answered(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(bob, "be")
    desk.say(bob, "QUERY nl")
    assert outcome(desk.write(ann.address, "SHOW")) == "mailbox"
    desk.write("elsewhere@home.example", f"CONFIRM {desk.token_for(ann.address)}")
    desk.work()
    letter = desk.last(ann.address)
    text = desk.text(letter)
    assert {to.address for to in letter.to} == {ann.address}
    assert "WHAT WE HOLD ABOUT YOU" in text
    assert "this mail could be read on the way" in text
    for hidden in ("7700", bob.name, "QUERY nl"):
        assert hidden not in text
    assert "a member" in text
