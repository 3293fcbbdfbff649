from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.made_up import NOW, make_officer, make_people
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.roster import Roster, Share
from tldops_bot.domain.roster_changes import snapshot
from tldops_bot.store import audit, people
from tldops_bot.store.database import Database
from tldops_bot.store.roster_rows import load_coverage, load_roster
from tldops_bot.store.roster_sends import (
    Reader,
    count_as_sent,
    held_snapshot,
    last_send,
    period_is_sent,
    recipients_due,
    record_send,
)
from tldops_bot.store.tables import CertificateRow, Entry, Fact, Person, RosterSend

PERIOD = NOW - timedelta(days=1)
TLDS = load_tld_table()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        yield opened


def certificates(count: int) -> list[bytes]:
    return [b"certificate %d" % number for number in range(count)]


def names(roster: Roster) -> list[tuple[str, str]]:
    return [(each.tld.a_label, who.email) for each in roster.tlds for who in each.contacts]


# --- the roster


def test_the_figures_alone_are_those_of_the_roster(session: Session) -> None:
    some = make_people(session, ["nl", "xn--p1ai", "org"], 3, certificates=certificates(9), stale_every=4)
    some[0].forgotten_at = some[1].confirmed_at = NOW
    some[2].key_blocked_at, some[3].entries[0].state = NOW, "suspended"
    some[4].entries[0].state = "left"
    session.flush()
    found = load_coverage(session, NOW, TLDS)
    assert found == load_roster(session, NOW, TLDS).coverage
    assert (found.cctlds.covered, found.gtlds.covered, found.contacts, found.with_key) == (2, 1, 6, 5)


def test_everybody_listed_is_in_the_roster_with_all_details(session: Session) -> None:
    ann, bob = make_people(session, ["nl", "xn--p1ai"], 1, certificates=certificates(1))
    roster = load_roster(session, NOW, TLDS)
    assert names(roster) == [("nl", ann.email), ("xn--p1ai", bob.email)]
    [card] = [who for who in roster.contacts if who.email == ann.email]
    assert (card.name, card.phone, card.mobile_e164) == (ann.name, ann.phone, ann.mobile_e164)
    assert (card.fingerprint, card.key_blob) == (ann.fingerprint, b"certificate 0")
    assert card.since_at == ann.entries[0].since_at
    assert card.tlds[0].shown == "nl"
    assert roster.coverage.cctlds == Share(2, 309)
    assert len(roster.missing) == 307


def test_the_suspended_the_gone_and_the_forgotten_are_not_in_it(session: Session) -> None:
    kept, suspended, left, forgotten = make_people(session, ["nl"], 4)
    suspended.entries[0].state = people.SUSPENDED
    left.entries[0].state = people.LEFT
    forgotten.forgotten_at = NOW
    session.flush()
    roster = load_roster(session, NOW, TLDS)
    assert names(roster) == [("nl", kept.email)]
    assert roster.coverage.contacts == 1


def test_a_suspension_from_one_tld_leaves_the_other(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1)
    make_people(session, ["be"], 1)[0].entries[0].person_id = ann.id
    ann.entries[0].state = people.SUSPENDED
    session.flush()
    assert names(load_roster(session, NOW, TLDS)) == [("be", ann.email)]


def test_the_committee_is_not_in_it_unless_it_speaks_for_a_tld(session: Session) -> None:
    make_officer(session, "committee", "Carol Example", "carol@nic.example", b"certificate")
    assert load_roster(session, NOW, TLDS).contacts == ()


def test_an_emergency_address_is_shown_once_it_is_proven(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1)
    assert load_roster(session, NOW, TLDS).contacts[0].emergency_email == ann.emergency_email
    ann.emergency_proven_at = None
    session.flush()
    assert load_roster(session, NOW, TLDS).contacts[0].emergency_email == ""


@pytest.mark.parametrize("fault", ["blocked", "revoked", "expired", "somebody else's", "none"])
def test_a_key_that_cannot_be_used_is_not_shown(session: Session, fault: str) -> None:
    ann, bob = make_people(session, ["nl", "be"], 1, certificates=certificates(2))
    held = session.get_one(CertificateRow, ann.fingerprint)
    if fault == "blocked":
        ann.key_blocked_at = NOW
    elif fault == "revoked":
        held.is_revoked = True
    elif fault == "expired":
        held.expires_at = NOW
    elif fault == "somebody else's":
        held.person_id = bob.id
    else:
        ann.fingerprint = None
    session.flush()
    roster = load_roster(session, NOW, TLDS)
    [card] = [who for who in roster.contacts if who.email == ann.email]
    assert (card.has_key, card.fingerprint, card.key_blob) == (False, "", None)
    assert [reader.person_id for reader in recipients_due(session, PERIOD, NOW)] == [bob.id]


def test_stale_entries_and_failing_mailboxes_are_marked(session: Session) -> None:
    ann, bob = make_people(session, ["nl", "be"], 1)
    ann.stale_at = bob.mailbox_failed_at = NOW
    session.flush()
    marks = {who.email: (who.is_stale, who.mail_fails) for who in load_roster(session, NOW, TLDS).contacts}
    assert marks == {ann.email: (True, False), bob.email: (False, True)}


def test_a_card_keeps_its_uid_and_its_revision_until_something_changes(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1)
    first = load_roster(session, NOW, TLDS).contacts[0]
    later = load_roster(session, NOW + timedelta(days=30), TLDS).contacts[0]
    assert (later.uid, later.changed_at) == (first.uid, first.changed_at)
    ann.confirmed_at = NOW + timedelta(days=1)
    session.flush()
    assert load_roster(session, NOW, TLDS).contacts[0].changed_at == NOW + timedelta(days=1)
    assert load_roster(session, NOW, TLDS).contacts[0].uid == first.uid


def test_leaving_a_tld_changes_the_card(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1)
    left = make_people(session, ["be"], 1)[0].entries[0]
    left.person_id, left.state, left.left_at = ann.id, people.LEFT, NOW
    session.flush()
    assert load_roster(session, NOW, TLDS).contacts[0].changed_at == NOW


def test_a_tld_that_is_not_in_the_root_any_more_is_shown_by_its_name(session: Session) -> None:
    make_people(session, ["zz"], 1)
    roster = load_roster(session, NOW, TLDS)
    assert roster.tlds[0].tld.shown == "zz"
    assert len(roster.missing) == 309


def test_the_head_of_the_audit_chain_is_in_it(session: Session) -> None:
    audit.record(session, NOW, "operator", "test")
    assert load_roster(session, NOW, TLDS).audit_head == audit.head(session) != audit.FIRST


# --- who is due


def test_members_and_officers_with_a_key_get_it_and_nobody_else(session: Session) -> None:
    member, *_ = make_people(session, ["nl"], 2, certificates=certificates(1), keyless_every=2)
    novice = make_people(
        session, ["be"], 1, certificates=[b"novice"], probation_until=NOW + timedelta(seconds=1)
    )[0]
    carol = make_officer(session, "committee", "Carol Example", "carol@nic.example", b"carol")
    dave = make_officer(session, "secretariat", "Dave Example", "dave@nic.example", b"dave")
    make_officer(session, "committee", "Eve Example", "eve@nic.example")
    assert [reader.person_id for reader in recipients_due(session, PERIOD, NOW)] == [
        member.id,
        carol.id,
        dave.id,
    ]
    later = recipients_due(session, PERIOD, NOW + timedelta(seconds=1))
    assert novice.id in [reader.person_id for reader in later]


def test_somebody_suspended_everywhere_gets_none(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1, certificates=certificates(1))
    ann.entries[0].state = people.SUSPENDED
    session.flush()
    assert recipients_due(session, PERIOD, NOW) == []


def test_it_goes_to_every_proven_address(session: Session) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    bob.emergency_email = "unproven@elsewhere.example"
    session.flush()
    assert [reader.addresses for reader in recipients_due(session, PERIOD, NOW)] == [
        (ann.email, ann.emergency_email),
        (bob.email,),
    ]


# --- once each, and what it said


def test_whoever_was_noted_is_not_due_again_for_that_period(session: Session) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    said = snapshot(load_roster(session, NOW, TLDS))
    assert not period_is_sent(session, PERIOD)
    assert record_send(session, PERIOD, [ann.id], NOW, said) == {ann.id}
    assert period_is_sent(session, PERIOD)
    assert not period_is_sent(session, NOW)
    assert [reader.person_id for reader in recipients_due(session, PERIOD, NOW)] == [bob.id]
    assert record_send(session, PERIOD, [ann.id, bob.id], NOW, said) == {bob.id}
    assert record_send(session, PERIOD, [ann.id, bob.id], NOW, said) == set()
    assert recipients_due(session, PERIOD, NOW) == []
    assert len(recipients_due(session, NOW, NOW)) == 2


def test_thousands_are_noted_in_one_go(session: Session) -> None:
    found = make_people(session, ["nl"], 1203)
    ids = {person.id for person in found}
    assert record_send(session, PERIOD, ids, NOW, {"version": 1, "contacts": {}}) == ids


def test_what_the_last_roster_said_is_remembered_once_for_all(session: Session) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    first, second = {"version": 1, "contacts": {}}, snapshot(load_roster(session, NOW, TLDS))
    record_send(session, PERIOD, [ann.id, bob.id], PERIOD, first)
    assert last_send(session, ann.id) == (PERIOD, first)
    record_send(session, NOW, [ann.id], NOW, second)
    assert last_send(session, ann.id) == (NOW, second)
    assert last_send(session, bob.id) == (PERIOD, first)
    readers = recipients_due(session, NOW + timedelta(days=14), NOW)
    assert [(reader.last_made_at, held_snapshot(session, reader.last_snapshot)) for reader in readers] == [
        (NOW, second),
        (PERIOD, first),
    ]
    assert len(set(session.scalars(select(Fact.name)))) == 2
    record_send(session, NOW, [bob.id], NOW, second)
    assert len(set(session.scalars(select(Fact.name)))) == 1  # what nobody saw last is forgotten


def test_nobody_who_never_had_a_roster_has_a_last_one(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1, certificates=certificates(1))
    assert last_send(session, ann.id) == (None, None)
    assert recipients_due(session, PERIOD, NOW) == [
        Reader(ann.id, ann.fingerprint or "", (ann.email, ann.emergency_email))
    ]


def test_a_forgotten_snapshot_counts_as_none(session: Session) -> None:
    assert held_snapshot(session, "roster:0") is None
    assert held_snapshot(session, "") is None


def test_the_words_of_people_are_not_in_what_is_remembered(session: Session) -> None:
    [ann] = make_people(session, ["nl"], 1, certificates=certificates(1))
    record_send(session, PERIOD, [ann.id], NOW, snapshot(load_roster(session, NOW, TLDS)))
    kept = str(list(session.scalars(select(RosterSend.entries)))) + str(
        list(session.scalars(select(Fact.value)))
    )
    assert not [word for word in (ann.name, ann.email, ann.phone, ann.phone_e164) if word in kept]


def test_after_a_restore_the_period_counts_as_sent_and_the_last_roster_stays_the_last(
    session: Session,
) -> None:
    ann, bob = make_people(session, ["nl"], 2, certificates=certificates(2))
    said = snapshot(load_roster(session, NOW, TLDS))
    before = PERIOD - timedelta(days=14)
    record_send(session, before, [ann.id], before, said)
    count_as_sent(session, PERIOD, NOW)
    assert period_is_sent(session, PERIOD)
    assert recipients_due(session, PERIOD, NOW) == []
    assert last_send(session, ann.id) == (before, said)
    assert last_send(session, bob.id) == (NOW, None)


def test_entries_and_persons_are_not_changed_by_reading(session: Session) -> None:
    make_people(session, ["nl"], 2, certificates=certificates(2))
    load_roster(session, NOW, TLDS)
    recipients_due(session, PERIOD, NOW)
    assert not session.dirty
    assert not session.new
    assert session.scalars(select(Entry.state)).all() == ["listed", "listed"]
    assert len(session.scalars(select(Person)).all()) == 2
