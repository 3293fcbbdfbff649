"""Organisations without a TLD, and constituencies: who stands in the roster, who is found, whom an alert reaches."""

from collections.abc import Iterator

import pytest

from tests.rosters import NOW
from tests.rows import a_person
from tests.store.test_alerts import an_alert
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.audience import Audience, Reached
from tldops_bot.domain.tld import Tld
from tldops_bot.store import alert_targets, constituencies, lookups, organisations
from tldops_bot.store.database import Database, Session
from tldops_bot.store.roster_rows import load_roster

TLDS = load_tld_table()
CERT = Tld("cert:example-cert", "Example CERT")
OTHER = Tld("regional:example", "example")


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.write() as opened:
        for one in (CERT, OTHER):
            organisations.keep(opened, one, NOW)
        yield opened


def test_an_organisation_keeps_the_name_it_came_with(session: Session) -> None:
    organisations.keep(session, Tld(CERT.a_label, "Another Name"), NOW)
    assert organisations.by_label(session, CERT.a_label) == CERT
    assert organisations.by_label(session, "cert:nobody") is None
    assert organisations.named(session, [CERT.a_label, "nl"]) == {CERT.a_label: CERT}
    assert organisations.labels(session) == [CERT.a_label, OTHER.a_label]


def test_the_roster_names_it(session: Session) -> None:
    a_person(session, "ann@nic.example", CERT.a_label)
    a_person(session, "bob@nic.example", "cert:unknown")
    assert [each.tld for each in load_roster(session, NOW, TLDS).tlds] == [
        CERT,
        Tld("cert:unknown", "cert:unknown"),
    ]


def test_the_roster_holds_the_chosen_constituencies(session: Session) -> None:
    a_person(session, "ann@nic.example", CERT.a_label)
    a_person(session, "bob@nic.example", "nl", "com", CERT.a_label)
    a_person(session, "cem@nic.example", "zz")  # in no table: left out of nothing

    def held(*chosen: str) -> dict[str, list[str]]:
        made = load_roster(session, NOW, TLDS, chosen)
        return {one.email: [tld.a_label for tld in one.tlds] for one in made.contacts}

    assert held("cctld") == {"bob@nic.example": ["nl"], "cem@nic.example": ["zz"]}
    assert held("cert", "gtld") == {
        "ann@nic.example": [CERT.a_label],
        "bob@nic.example": [CERT.a_label, "com"],
        "cem@nic.example": ["zz"],
    }
    assert len(load_roster(session, NOW, TLDS).contacts) == 3


def test_people_are_found_by_the_organisation_they_speak_for(session: Session) -> None:
    ann = a_person(session, "ann@nic.example", CERT.a_label, organisation="Example Registry")
    bob = a_person(session, "bob@nic.example", "nl", organisation="Example CERT Ltd")
    a_person(session, "cem@nic.example", "nl", organisation="Example Registry")
    assert {one.id for one in lookups.by_organisation(session, "example cert")} == {ann.id, bob.id}
    assert [one.id for one in lookups.by_organisation(session, CERT.a_label.upper())] == [ann.id]
    assert lookups.by_organisation(session, "%") == []
    ann.entries[0].state = "suspended"
    session.flush()
    assert [one.id for one in lookups.by_organisation(session, "example cert")] == [bob.id]


def test_an_alert_reaches_it_by_label_by_name_and_with_everybody(session: Session) -> None:
    ann = a_person(session, "ann@nic.example", CERT.a_label)
    bob = a_person(session, "bob@nic.example", "nl")

    def reached(scope: Reached, alert_id: str = "") -> set[int]:
        return {one.id for one in alert_targets.persons(session, Audience(scope, 0, alert_id))}

    assert reached(Reached(True)) == {ann.id, bob.id}
    assert reached(Reached(False, [CERT.a_label])) == {ann.id}
    assert reached(Reached(False, [], ["Example CERT"])) == {ann.id}
    assert reached(Reached(True, without=[CERT.a_label])) == {bob.id}
    an_alert(session, bob, NOW, "A-2026-0001")
    alert_targets.note(session, "A-2026-0001", Audience(Reached(True), 0), NOW)
    assert reached(Reached(True, without=[CERT.a_label]), "A-2026-0001") == {ann.id, bob.id}


def test_what_is_left_out_is_told_by_its_kind(session: Session) -> None:
    a_person(session, "ann@nic.example", CERT.a_label, OTHER.a_label, "nl", "com", "zz")
    assert constituencies.listed_without(session, TLDS, None) == frozenset()
    assert constituencies.listed_without(session, TLDS, ["cctld", "cert"]) == {OTHER.a_label, "com"}
    assert constituencies.without(["com"], TLDS, None) == frozenset()
