"""Replaces: the new contact takes the old one's seat, who keeps seven days to say that it is wrong."""

from tests.commands.test_vouchers_disagree import run
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import answer, outcome, prove, states, subscribe, templates

ADMIN = "admin@registry.example"
FIELDS = "Name: Ann Example\nMobile: +44 20 7946 0123\nReplaces: bob.sample@registry.example\n"


def replaced(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    subscribe(desk, ann, "nl", FIELDS)
    prove(desk, ann)
    assert states(desk, "nl") == {bob.address: "listed"}, "nobody goes before the voucher's word"
    assert "bob.sample@registry.example" in desk.text(desk.last(ADMIN))
    answer(desk, ADMIN)
    assert states(desk, "nl") == {bob.address: "suspended", ann.address: "listed"}
    assert "letters/replaced" in templates(desk, bob.address)
    assert "letters/decide_objection" in templates(desk, carol.address)


def test_old_contact_is_out_after_seven_days(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    replaced(desk, ann, bob, carol)
    desk.later(days=6, hours=23)
    run(desk, "finish_removals")
    assert states(desk, "nl")[bob.address] == "suspended"
    desk.later(hours=1)
    run(desk, "finish_removals")
    assert states(desk, "nl")[bob.address] == "left"
    told = templates(desk, bob.address)
    assert told[-1] == "letters/removal_final"
    run(desk, "finish_removals")
    assert templates(desk, bob.address) == told


def test_committee_keeps_both(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    replaced(desk, ann, bob, carol)
    assert outcome(desk.say_bound(carol, f"RESTORE {bob.address} nl")) == "restored"
    desk.later(days=8)
    run(desk, "finish_removals")
    assert states(desk, "nl") == {bob.address: "listed", ann.address: "listed"}


def test_while_the_new_one_is_in_doubt_the_clock_takes_the_old_one_off_for_nobody(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    replaced(desk, ann, bob, carol)
    objection = next(one for one in desk.to(ADMIN) if one.template == "letters/told").values["token"]
    assert outcome(desk.write(ADMIN, f"OBJECT {objection} not ours")) == "suspended"
    desk.later(days=8)
    run(desk, "finish_removals")
    assert states(desk, "nl") == {bob.address: "suspended", ann.address: "suspended"}
    assert outcome(desk.say_bound(carol, f"RESTORE {bob.address} nl")) == "restored"


def test_last_of_three_seats_is_free_for_whoever_replaces_its_holder(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    for number in ("first", "second"):
        other = KeyPair("Eve Example", f"eve.{number}@registry.example", "", ann.home)
        desk.member(other, "nl", keyless=True)
    desk.iana("nl", ADMIN)
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    subscribe(desk, ann, "nl", FIELDS)
    prove(desk, ann)
    answer(desk, ADMIN)
    assert states(desk, "nl")[ann.address] == "listed"
    assert states(desk, "nl")[bob.address] == "suspended"


def test_secretariat_enters_a_successor_who_proves_as_anybody(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.iana("nl", ADMIN)
    desk.member(bob, "nl")
    desk.member(carol, office="secretariat")
    text = f"SUBSCRIBE nl\n{FIELDS}Email: {ann.address}\n"
    assert outcome(desk.say(carol, text, attachments=[carol.key_attachment()])) == "waiting"
    assert states(desk, "nl") == {bob.address: "listed"}
    letter = desk.last(ann.address)
    assert letter.template == "letters/prove"
    assert letter.values["asked_by_other"] is True
    assert not letter.values["is_signed"], "the secretariat's own key is nobody else's"
    assert templates(desk, ADMIN) == []
    answer(desk, ann.address)
    assert templates(desk, ADMIN) == ["letters/vouch"]
    answer(desk, ADMIN)
    assert states(desk, "nl") == {bob.address: "suspended", ann.address: "listed"}
