"""FORGET: a contact leaves everything, and nothing personal stays behind."""

from sqlalchemy import select

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import TRACES, answer, join, outcome, rows, states, stored, subscribe, templates
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import people
from tldops_bot.store.tables import Delivery

ADMIN = "admin@registry.example"


def forget(desk: Desk, who: KeyPair) -> None:
    """By the key, and then by the mailbox."""
    assert outcome(desk.say_bound(who, "FORGET")) == "asked"
    assert outcome(answer(desk, who.address)) == "left"


def deliveries(desk: Desk, who: KeyPair) -> int:
    with desk.look() as session:
        return list(session.scalars(select(Delivery.rcpt_to))).count(who.address)


def a_week_later(desk: Desk) -> None:
    desk.later(days=7, seconds=1)
    desk.app.job_runner().run(JOBS["finish_removals"])


def test_everything_is_left_and_a_farewell_said(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", "be", office="committee")
    desk.member(bob, "nl")
    forget(desk, ann)
    assert states(desk, "be") == {"": "left"}
    assert templates(desk, ann.address)[-1] == "letters/forgotten"
    assert templates(desk, bob.address) == ["letters/someone_left"]


def test_nothing_personal_is_held_afterwards(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    desk.member(bob, "be")
    join(desk, ann)
    desk.say_bound(ann, "UPDATE\nEmergency-Email: ann.spare@elsewhere.example\nPostal: 1 Example Street")
    answer(desk, "ann.spare@elsewhere.example")
    desk.say(bob, f"QUERY {ann.address}")
    forget(desk, ann)
    held = repr(rows(desk, TRACES - {"audit"} | {"inbox"})).lower()
    for detail in (ann.address, "ann.spare", "ann example", "7946 0123", "79460123", "example street"):
        assert detail not in held, detail


def test_forgotten_key_speaks_no_more_but_may_come_back(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    forget(desk, ann)
    assert outcome(desk.say(ann, "SHOW")) in ("unknown_key", "replaced_key")
    join(desk, ann)
    assert "listed" in states(desk, "nl")[ann.address]
    assert outcome(desk.say(ann, "SHOW")) == "record"


def test_blocked_key_does_not_come_back_by_forgetting_it(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.write(ann.address, "KEY STOLEN")
    answer(desk, ann.address)
    desk.write(ann.address, "FORGET")
    answer(desk, ann.address)
    assert states(desk, "nl") == {ann.address: "suspended"}
    a_week_later(desk)
    assert states(desk, "nl") == {"": "left"}
    assert outcome(subscribe(desk, ann)) in ("replaced_key", "unknown_key")


def test_open_tokens_end(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UPDATE\nEmergency-Email: spare@elsewhere.example")
    forget(desk, ann)
    assert outcome(answer(desk, "spare@elsewhere.example")) == "token_void"


def test_arguments_and_strangers_are_refused(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say_bound(ann, "FORGET me")) == "bad_arguments"
    assert outcome(desk.say_bound(bob, "FORGET", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_a_key_alone_has_nobody_forgotten(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert desk.say_bound(ann, "FORGET").decision.status.value == "WAITING"
    a_week_later(desk)
    assert stored(desk, ann.address).name == ann.name
    assert outcome(answer(desk, ann.address, "DECLINE")) == "dropped"


def test_a_mailbox_alone_waits_a_week_in_which_it_can_be_undone(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    for who in (ann, bob):
        desk.member(who, "nl", keyless=True)
        desk.write(who.address, "FORGET")
        answer(desk, who.address)
    assert outcome(answer(desk, bob.address, "DECLINE")) == "stays"
    a_week_later(desk)
    assert states(desk, "nl") == {"": "left", bob.address: "listed"}
    assert stored(desk, bob.address).forget_at is None
    assert deliveries(desk, ann) == 3  # the question, how to come back, the farewell
    a_week_later(desk)
    assert deliveries(desk, ann) == 3


def test_undone_when_forgotten_already_is_too_late(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.write(ann.address, "FORGET")
    answer(desk, ann.address)
    token = desk.token_for(ann.address)
    with desk.app.database.write() as session:
        person = people.by_address(session, ann.address)
        assert person is not None
        person.forgotten_at = desk.now
    assert outcome(desk.write(ann.address, f"DECLINE {token}")) == "token_void"


def test_who_has_left_everything_is_forgotten_at_once(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.write(ann.address, "UNSUBSCRIBE ALL")
    answer(desk, ann.address)
    a_week_later(desk)
    desk.write(ann.address, "FORGET")
    answer(desk, ann.address)
    assert states(desk, "nl") == {"": "left"}


def test_a_mailbox_alone_ends_no_office(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee", keyless=True)
    desk.write(carol.address, "FORGET")
    answer(desk, carol.address)
    assert "committee or the secretariat" in desk.text(desk.last(carol.address))
    assert stored(desk, carol.address).name == carol.name


def test_wish_of_somebody_forgotten_meanwhile_is_void(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "FORGET")
    token = desk.token_for(ann.address)
    with desk.app.database.write() as session:
        person = people.by_address(session, ann.address)
        assert person is not None
        person.forgotten_at = desk.now
    assert outcome(desk.write(ann.address, f"CONFIRM {token}")) == "token_void"
