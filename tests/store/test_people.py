"""Persons are found by what they own; keys count until they end, are replaced or blocked."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from tests.rows import ANN, BOB, a_person, a_request
from tldops_bot.domain.standing import NOBODY
from tldops_bot.store import people, people_keys
from tldops_bot.store.database import Database
from tldops_bot.store.tables import CertificateRow, Entry, Office, Person

DAY = timedelta(days=1)


def test_person_is_found_by_either_proven_address_in_any_case(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session, emergency_email="ann@spare.example")
        assert people.by_address(session, "ANN@nic.example") is ann
        assert people.by_address(session, "ann@spare.example") is None
        assert people.addresses_of(ann) == ("ann@nic.example",)
        ann.emergency_proven_at = now
        session.flush()
        assert people.by_address(session, "Ann@SPARE.example") is ann
        assert people.addresses_of(ann) == ("ann@nic.example", "ann@spare.example")
        assert people.by_address(session, "") is None
        assert people.by_address(session, "bob@nic.example") is None


def test_a_stranger_s_mail_has_nobody_s_record_read(database: Database, now: datetime) -> None:
    """Among 10,000 people with a second address it would take a quarter of a second for each look."""
    loaded: list[Person] = []
    with database.write() as session:
        for number in range(3):
            address = f"p{number}@nic.example"
            a_person(session, address, emergency_email=f"p{number}@spare.example", emergency_proven_at=now)
    event.listen(Person, "load", note := lambda person, _: loaded.append(person))
    try:
        with database.read() as session:
            assert people.by_address(session, "mallory@elsewhere.example") is None
            assert loaded == []
            assert people.by_address(session, "P1@spare.example") is not None
            assert len(loaded) == 1
    finally:
        event.remove(Person, "load", note)


def test_certificate_is_found_by_any_of_its_keys(database: Database, now: datetime) -> None:
    with database.write() as session:
        for one in (ANN, BOB):
            people_keys.hold_certificate(session, one, now)
        for key in ("A" * 40, "B" * 40, "A" * 16, "B" * 16):
            assert people_keys.certificate_for(session, key).fingerprint == ANN.fingerprint
        assert people_keys.certificate_for(session, "F" * 40) is None


def test_key_that_several_claim_is_its_owners_else_the_registered_ones_else_nobodys(
    database: Database, now: datetime
) -> None:
    thief = replace(BOB, subkey_fingerprints=ANN.fingerprints)
    with database.write() as session:
        ann = a_person(session)
        people_keys.hold_certificate(session, ANN, now)
        people_keys.hold_certificate(session, thief, now)
        assert people_keys.certificate_for(session, "A" * 40).fingerprint == ANN.fingerprint
        assert people_keys.certificate_for(session, "A" * 16).fingerprint == ANN.fingerprint
        assert people_keys.certificate_for(session, "B" * 40) is None
        people_keys.register_key(session, ann, ANN, now)
        assert people_keys.certificate_for(session, "B" * 40).fingerprint == ANN.fingerprint
        (owner,) = people_keys.speaking_with(session, "A" * 16)
        claiming = people_keys.speaking_with(session, "B" * 40)
        assert claiming[0] == owner
        assert [one.fingerprint for one in claiming[1:]] == [BOB.fingerprint]


def test_with_a_key_speak_its_person_or_those_who_ask_to_join_with_it(
    database: Database, now: datetime
) -> None:
    with database.write() as session:
        ann = a_person(session, emergency_email="ann@spare.example")
        people_keys.register_key(session, ann, ANN, now)
        people_keys.hold_certificate(session, BOB, now)
        a_request(session, "nl", "bob@nic.example", fingerprint=BOB.fingerprint)
        found = people_keys.speaking_with(session, ANN.subkey_fingerprints[0])
        assert found == [people_keys.Speaking(ANN.fingerprint, ANN.blob, True, ("ann@nic.example",))]
        ann.emergency_proven_at = now
        session.flush()
        (found,) = people_keys.speaking_with(session, ANN.fingerprint[-16:])
        assert found.addresses == ("ann@nic.example", "ann@spare.example")
        asking = people_keys.speaking_with(session, BOB.fingerprint)
        assert asking == [people_keys.Speaking(BOB.fingerprint, BOB.blob, False, ("bob@nic.example",))]
        assert people_keys.speaking_with(session, "F" * 40) == []


def test_when_somebody_wrote_last_is_known_to_the_minute(database: Database, now: datetime) -> None:
    """Also once a clock that was ahead has been set right."""
    with database.write() as session:
        ann = a_person(session)
        for wrote_at, known_at in (
            (now, now),
            (now + timedelta(seconds=59), now),
            (now + timedelta(seconds=60), now + timedelta(seconds=60)),
            (now, now),
        ):
            people.note_seen(session, ann, wrote_at)
            session.expire(ann)
            assert ann.seen_at == known_at


@pytest.mark.parametrize("column", ["expires_at", "signs_until", "encrypts_until"])
def test_key_ends_when_the_first_of_its_uses_ends(database: Database, now: datetime, column: str) -> None:
    assert people_keys.earliest_end(ANN) is None
    with database.write() as session:
        ann = a_person(session, "ann@nic.example", "nl")
        people_keys.register_key(session, ann, replace(ANN, **{column: now + DAY}), now)
        assert people.usable_key(session, ann, now) is not None
        assert people.usable_key(session, ann, now + DAY) is None


def test_new_key_replaces_the_one_before_and_lifts_a_block(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session, "ann@nic.example", "nl")
        people_keys.register_key(session, ann, ANN, now)
        ann.key_blocked_at, ann.key_blocked_because = now, "lost"
        assert people.usable_key(session, ann, now) is None
        people_keys.register_key(session, ann, BOB, now + DAY)
        assert (ann.fingerprint, ann.key_blocked_at) == (BOB.fingerprint, None)
        assert session.get(CertificateRow, ANN.fingerprint).replaced_at == now + DAY
        assert people.by_fingerprint(session, ANN.fingerprint) is None
        assert people.by_fingerprint(session, BOB.fingerprint) is ann
        people_keys.register_key(session, ann, BOB, now)
        assert session.get(CertificateRow, BOB.fingerprint).replaced_at is None


def test_revoked_key_is_not_usable(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session, "ann@nic.example", "nl")
        people_keys.register_key(session, ann, ANN, now)
        people_keys.hold_certificate(session, replace(ANN, is_revoked=True), now)
        assert people.usable_key(session, ann, now) is None
        assert not people.standing(session, ann, now).is_member


def test_standing_says_what_somebody_is(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann = a_person(session, "ann@nic.example", "nl", "be")
        session.add(Office(person_id=ann.id, role="committee", since_at=now))
        people_keys.register_key(session, ann, ANN, now)
        entries = session.query(Entry).order_by(Entry.tld).all()
        entries[0].state = people.SUSPENDED
        entries[1].probation_until = now + DAY
        session.flush()
        session.refresh(ann)
        standing = people.standing(session, ann, now)
        assert (standing.tlds, standing.suspended_tlds) == (("nl",), ("be",))
        assert (standing.has_key, standing.is_committee, standing.on_probation_until) == (
            True,
            True,
            now + DAY,
        )
        ann.forgotten_at = now
        assert people.standing(session, ann, now) == NOBODY
        assert people.standing(session, None, now) == NOBODY


def test_seats_are_found_by_tld_and_office(database: Database, now: datetime) -> None:
    with database.write() as session:
        ann, bob = (
            a_person(session, "ann@nic.example", "nl", "be"),
            a_person(session, "bob@nic.example", "nl"),
        )
        carol, _dora = a_person(session, "carol@nic.example"), a_person(session, "dora@nic.example")
        for role in ("committee", "secretariat"):
            session.add(Office(person_id=carol.id, role=role, since_at=now))
        session.flush()
        assert [one.person_id for one in people.contacts_of(session, "nl")] == [ann.id, bob.id]
        entry = people.entry_of(session, bob, "nl")
        entry.state = people.SUSPENDED
        session.flush()
        assert [one.person_id for one in people.contacts_of(session, "nl")] == [ann.id]
        assert len(people.contacts_of(session, "nl", (people.LISTED, people.SUSPENDED))) == 2
        assert people.entry_of(session, bob, "nl") is entry
        entry.state = people.LEFT
        session.flush()
        assert people.entry_of(session, bob, "nl") is None
        assert people.office_holders(session, "committee", "secretariat") == [carol]
        assert people.everybody_served(session) == [ann, carol]
