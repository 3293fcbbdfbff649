"""A mailbox from which mail came back is asked; silence marks it, tells those concerned, and one answer undoes it."""

import pytest
from sqlalchemy import select

from tests.clockwork import DAY, come_back, context, days, tick, token_of
from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import all_of, outcome, stored, templates
from tldops_bot.commands import _forgetting
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.outgoing import Kind
from tldops_bot.jobs._as_command import as_command
from tldops_bot.store import alert_targets, mailboxes, roster_sends
from tldops_bot.store.tables import AuditEntry, Delivery, Mailbox, Message, Person, Token

JOB = "probe_mailboxes"
PROBE, OWN, OTHER = "letters/probe", "letters/mailbox_failed", "letters/mailbox_failed_other"
SPARE = "ann@home.example"
ADMIN = "admin@registry.example"


def second_address(desk: Desk) -> None:
    with desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == "ann@nic.example")).one()
        person.emergency_email, person.emergency_proven_at = SPARE, desk.now


def bounce(desk: Desk, who: KeyPair | str, status: str = "5.1.1", code: int = 0) -> None:
    """A notice to an address that comes back at once; with a code, the smarthost refuses it."""
    address = who if isinstance(who, str) else who.address
    with desk.app.database.write() as session:
        own = (Person.email == address) | (Person.emergency_email == address)
        person = session.scalars(select(Person).where(own)).one()
        message = Message(kind="notice", priority=4, subject="", headers={}, made_at=desk.now)
        session.add(message)
        session.flush()
        delivery = Delivery(message_id=message.id, priority=4, rcpt_to=address, person_id=person.id)
        delivery.entitled_as, delivery.next_attempt_at = "person", desk.now
        if code:
            delivery.state, delivery.finished_at = "refused", desk.now
            delivery.last_code, delivery.last_status = code, status
        session.add(delivery)
    if not code:
        come_back(desk, address, status=status)


def suspect(desk: Desk, who: KeyPair | str) -> None:
    """Two messages over three days; the probe has gone out."""
    bounce(desk, who)
    assert tick(desk, JOB) == []
    desk.later(days=3)
    bounce(desk, who)
    assert [one.template for one in tick(desk, JOB)] == [PROBE]


def marked_by(desk: Desk) -> list[str]:
    return [one.actor for one in all_of(desk, AuditEntry) if one.action == "mailbox_failed"]


@pytest.fixture
def dead(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> Desk:
    """Ann's first mailbox is marked; Bob is the other contact, Carol the committee."""
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    second_address(desk)
    suspect(desk, ann)
    days(desk, 5, JOB)
    return desk


# --- the probe


def test_two_messages_over_three_days_bring_a_probe_and_no_mark(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    suspect(desk, ann)
    letter = desk.last(ann.address)
    assert (letter.kind, letter.route != "") == (Kind.NOTICE, True)
    assert "Ann" not in desk.text(letter)
    assert stored(desk, ann.address).mailbox_failed_at is None
    assert tick(desk, JOB) == []


@pytest.mark.parametrize("status", ["5.7.1", "5.3.4"])
def test_what_says_nothing_of_the_mailbox_brings_no_probe(desk: Desk, ann: KeyPair, status: str) -> None:
    desk.member(ann, "nl")
    for _ in range(4):
        bounce(desk, ann, status)
        assert days(desk, 3, JOB) == []


def test_what_the_smarthost_refuses_counts(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    bounce(desk, ann, "", 550)
    desk.later(days=3)
    bounce(desk, ann, "5.1.1", 550)
    assert [one.template for one in tick(desk, JOB)] == [PROBE]


def test_two_accidents_months_apart_are_no_suspicion(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    bounce(desk, ann)
    desk.later(days=61)
    bounce(desk, ann)
    assert tick(desk, JOB) == []


def test_who_has_no_seat_is_not_probed(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann)
    bounce(desk, ann)
    desk.later(days=3)
    bounce(desk, ann)
    assert tick(desk, JOB) == []


def test_an_answered_probe_ends_the_suspicion_and_what_was_before_counts_no_more(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl")
    suspect(desk, ann)
    assert (
        outcome(desk.write(ann.address, f"CONFIRM {token_of(desk, ann.address, PROBE)}")) == "mailbox_works"
    )
    assert days(desk, 10, JOB) == []
    bounce(desk, ann)
    assert tick(desk, JOB) == []
    desk.later(days=3)
    bounce(desk, ann)
    assert [one.template for one in tick(desk, JOB)] == [PROBE]


# --- the mark


def test_an_unanswered_probe_marks_and_tells_those_concerned(
    dead: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    assert stored(dead, ann.address).mailbox_failed_at == dead.now
    assert templates(dead, SPARE) == [OWN]
    assert templates(dead, bob.address) == [OTHER]
    assert templates(dead, carol.address) == [OTHER]
    assert dead.to(ADMIN) == []
    assert OTHER not in templates(dead, ann.address)
    assert "Email: " in dead.text(dead.last(SPARE))
    assert tick(dead, JOB) == []
    assert marked_by(dead) == ["the clock"]


def test_where_nobody_else_is_listed_the_iana_contacts_are_told(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    suspect(desk, ann)
    made = days(desk, 5, JOB)
    assert [(one.template, one.to[0].address) for one in made] == [(OTHER, ADMIN)]


def test_nobody_is_dropped_for_a_dead_mailbox(dead: Desk, ann: KeyPair) -> None:
    days(dead, 30, JOB)
    with dead.look() as session:
        person = session.scalars(select(Person).where(Person.email == ann.address)).one()
        assert [one.state for one in person.entries] == ["listed"]


def test_a_dead_mailbox_is_asked_weekly_then_monthly(dead: Desk, ann: KeyPair) -> None:
    probed = [day for day in range(1, 121) if days(dead, 1, JOB)]
    assert probed == [2, 9, 16, 23, 30, 60, 90, 120]
    assert "had no answer" in dead.text(dead.last(ann.address))


def test_rosters_go_to_the_living_mailbox_only(dead: Desk, ann: KeyPair, bob: KeyPair) -> None:
    with dead.look() as session:
        found = {
            one.person_id: one.addresses for one in roster_sends.recipients_due(session, dead.now, dead.now)
        }
    assert (SPARE,) in found.values()
    assert (bob.address,) in found.values()
    with dead.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == ann.address)).one()
        person.emergency_proven_at = None
        session.flush()
        found = {
            one.person_id: one.addresses for one in roster_sends.recipients_due(session, dead.now, dead.now)
        }
        assert person.id not in found


def test_alerts_still_go_to_both(dead: Desk, ann: KeyPair, bob: KeyPair) -> None:
    with dead.look() as session:
        found = alert_targets.addresses(session, Audience(Reached(everybody=True), 0))
    assert {ann.address, SPARE} <= set(found)


def test_a_dead_second_address_is_the_person_s_own_business(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    second_address(desk)
    suspect(desk, SPARE)
    made = days(desk, 5, JOB)
    assert [(one.template, one.to[0].address) for one in made] == [(OWN, ann.address)]
    assert "Emergency-Email: " in desk.text(made[0])
    assert stored(desk, ann.address).mailbox_failed_at is None
    with desk.look() as session:
        assert mailboxes.dead(session) == {(stored(desk, ann.address).id, SPARE)}
    days(desk, 7, JOB)
    desk.write(SPARE, f"CONFIRM {token_of(desk, SPARE, PROBE)}")
    with desk.look() as session:
        assert mailboxes.dead(session) == set()


# --- the way back


def test_an_answered_probe_is_the_way_back(dead: Desk, ann: KeyPair) -> None:
    days(dead, 2, JOB)
    dead.write(ann.address, f"CONFIRM {token_of(dead, ann.address, PROBE)}")
    assert stored(dead, ann.address).mailbox_failed_at is None
    assert days(dead, 40, JOB) == []


def test_any_word_that_was_sent_there_is_the_way_back(dead: Desk, ann: KeyPair) -> None:
    dead.later(days=200)
    tick(dead, "ask_still_right")
    token = token_of(dead, ann.address, "letters/still_right")
    dead.write(ann.address, f"DECLINE {token}")
    assert stored(dead, ann.address).mailbox_failed_at is None


def test_a_signed_mail_shows_that_it_can_send_and_not_that_it_receives(dead: Desk, ann: KeyPair) -> None:
    dead.say(ann, "QUERY nl")
    assert stored(dead, ann.address).mailbox_failed_at is not None


def test_a_new_address_is_proven_by_the_second_one_where_the_first_is_dead(dead: Desk, ann: KeyPair) -> None:
    dead.say_bound(ann, "UPDATE\nEmail: ann.new@nic.example")
    for address in (SPARE, "ann.new@nic.example"):
        token = token_of(dead, address, "letters/new_address")
        dead.write(address, f"CONFIRM {token}")
    person = stored(dead, "ann.new@nic.example")
    assert person.mailbox_failed_at is None
    before = len(dead.letters)
    days(dead, 40, JOB)
    assert [one.template for one in dead.letters[before:]] == []
    assert all_of(dead, Mailbox) == []


# --- somebody else reads it


def test_a_mailbox_that_is_somebody_else_s_now_is_dead_at_once(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.member(ann, "nl")
    suspect(desk, ann)
    token = token_of(desk, ann.address, PROBE)
    assert outcome(desk.write(ann.address, f"DECLINE {token}")) == "noted"
    assert stored(desk, ann.address).mailbox_failed_at == desk.now
    assert templates(desk, ADMIN) == [OTHER]
    assert marked_by(desk) == ["mailbox"]
    days(desk, 7, JOB)
    token = token_of(desk, ann.address, PROBE)
    assert outcome(desk.write(ann.address, f"DECLINE {token}")) == "noted"
    assert templates(desk, ADMIN) == [OTHER]


def test_a_no_of_who_has_no_such_mailbox_is_void(dead: Desk, ann: KeyPair) -> None:
    token = token_of(dead, ann.address, PROBE)
    with dead.app.database.write() as session:
        for row in session.scalars(select(Mailbox)):
            session.delete(row)
    assert outcome(dead.write(ann.address, f"DECLINE {token}")) == "token_void"


def test_who_lost_the_seat_meanwhile_is_left_in_peace(dead: Desk, ann: KeyPair) -> None:
    with dead.app.database.write() as session:
        session.scalars(select(Person).where(Person.email == ann.address)).one().entries[0].state = "left"
    assert days(dead, 40, JOB) == []


def test_the_mark_is_seen_in_query(dead: Desk, bob: KeyPair) -> None:
    handled = dead.say(bob, "QUERY PERSON ann")
    text = str(dead.app.renderer.fragment("query/people", handled.decision.parts[0].outcome.values))
    assert "MAIL FAILS" in text


def test_forget_keeps_no_address_of_a_mailbox_or_a_question(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(bob, "nl")
    with desk.app.database.write() as session:
        other = session.scalars(select(Person).where(Person.email == bob.address)).one()
        other.confirmed_at, other.stale_at = desk.now - 300 * DAY, desk.now
        other.asked_at, other.asked = desk.now, 5
    tick(desk, "ask_still_right")
    suspect(desk, ann)
    with desk.app.database.write() as session:
        person = session.scalars(select(Person).where(Person.email == ann.address)).one()
        _forgetting.forget(as_command(context(desk, session)), person, "the test")
        assert session.scalars(select(Mailbox)).all() == []
        assert ann.address not in set(session.scalars(select(Token.address)))
