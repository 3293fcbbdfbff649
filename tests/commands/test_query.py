"""QUERY: whom to call, and is this caller genuine; confidential, to a stored address, and noted for who was asked for."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, answer, outcome, rows
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.roster import parts
from tldops_bot.store import figures
from tldops_bot.store.tables import Lookup

NOT_ASKED = "carl@nic.example"


@pytest.fixture
def known(desk: Desk, ann: KeyPair, bob: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be", "xn--p1ai")
    for who in (ann, bob):
        desk.say_bound(who, "UPDATE\nMobile: +44 20 7946 0123")
    return desk


def values(desk: Desk, who: KeyPair, text: str):
    desk.later(seconds=1)
    handled = desk.say(who, text)
    return outcome(handled), handled.decision.parts[0].outcome.values


@pytest.mark.parametrize("words", ["be", ".BE", "be рф", "be, xn--p1ai", "be nl"])
def test_contacts_of_a_tld_are_shown(known: Desk, ann: KeyPair, bob: KeyPair, words: str) -> None:
    word, found = values(known, ann, f"QUERY {words}")
    assert word == "contacts"
    contact = found["blocks"][0]["contacts"][0]
    assert (contact["email"], contact["mobile"], contact["fingerprint"]) == (
        bob.address,
        "+442079460123",
        bob.fingerprint,
    )
    assert contact["tlds"] == ["be", "рф (xn--p1ai)"]


def test_however_many_tlds_and_contacts_there_are_the_database_is_asked_no_more_questions(
    known: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    asked: list[str] = []
    event.listen(known.app.database.writing, "before_cursor_execute", lambda *given: asked.append(given[2]))
    outcome(known.say(ann, "QUERY be"))
    few = len(asked)
    known.member(carol, "be")
    asked.clear()
    assert len(values(known, ann, "QUERY be")[1]["blocks"][0]["contacts"]) == 2
    assert len(asked) == few
    asked.clear()
    assert len(values(known, ann, "QUERY be, nl, lu, рф")[1]["blocks"]) == 4
    assert len(asked) == few


def test_tld_without_contacts_is_shown_empty(known: Desk, ann: KeyPair) -> None:
    word, found = values(known, ann, "QUERY lu")
    assert (word, found["blocks"]) == ("contacts", [{"tld": "lu", "contacts": []}])


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("REGION EU", ["Ann Example", "Bob Example"]),
        ("region eur", ["Ann Example", "Bob Example"]),
        ("REGION AF", []),
    ],
)
def test_region(known: Desk, ann: KeyPair, words: str, names: list[str]) -> None:
    word, found = values(known, ann, f"QUERY {words}")
    held = {one["name"] for block in found.get("blocks", ()) for one in block["contacts"]}
    assert sorted(held) == names
    assert word == ("contacts" if names else "nobody")


@pytest.mark.parametrize(
    "words",
    [
        "PERSON bob",
        "person Example Bob",
        "bob.sample@registry.example",
        "<BOB.sample@registry.example>",
        "{fingerprint}",
        "0x{fingerprint}",
        "{spaced}",
    ],
)
def test_reverse_lookup_finds_the_person(known: Desk, ann: KeyPair, bob: KeyPair, words: str) -> None:
    spaced = " ".join(bob.fingerprint[i : i + 4] for i in range(0, 40, 4))
    words = words.format(fingerprint=bob.fingerprint.lower(), spaced=spaced)
    word, found = values(known, ann, f"QUERY {words}")
    assert (word, [one["name"] for one in found["people"]]) == ("people", ["Bob Example"])


@pytest.mark.parametrize(
    "words", ["+44 20 7946 0123", "+442079460123", "ORGANISATION registry", "organization EXAMPLE"]
)
def test_number_and_organisation_find_everybody_who_has_them(known: Desk, ann: KeyPair, words: str) -> None:
    word, found = values(known, ann, f"QUERY {words}")
    assert word == "people"
    assert sorted(one["name"] for one in found["people"]) == ["Ann Example", "Bob Example"]


@pytest.mark.parametrize(
    "words",
    ["PERSON %", "ORGANISATION _", "PERSON Mallory", "mallory@other.example", "+44 20 7946 0999", "F" * 40],
)
def test_who_is_not_here_is_nobody(known: Desk, ann: KeyPair, words: str) -> None:
    assert values(known, ann, f"QUERY {words}")[0] == "nobody"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "bad_arguments"),
        ("zz", "unknown_tld"),
        ("REGION Atlantis", "unknown_region"),
        ("REGION", "unknown_tld"),
        ("ALERT A-2026-0001", "no_such_alert"),
        ("MISSING nl", "unknown_tld"),
        ("+44 20", "bad_phone"),
        ("020 7946 0123", "bad_phone"),
    ],
)
def test_what_cannot_be_answered_is_refused(known: Desk, ann: KeyPair, words: str, reason: str) -> None:
    assert values(known, ann, f"QUERY {words}")[0] == reason


def test_missing_and_stats_count_the_root(known: Desk, ann: KeyPair) -> None:
    word, found = values(known, ann, "QUERY MISSING")
    assert word == "missing"
    assert "lu" in found["tlds"]
    assert not {"nl", "be", "рф (xn--p1ai)"} & set(found["tlds"])
    word, found = values(known, ann, "QUERY STATS")
    coverage = found["coverage"]
    assert word == "stats"
    assert (coverage.cctlds.covered, coverage.ascii_cctlds.covered, coverage.idn_cctlds.covered) == (3, 2, 1)
    assert (coverage.contacts, coverage.ascii_cctlds.total) == (2, 248)
    assert found["months"] == ()


def test_stats_of_the_last_year_are_told_by_month_and_regions_only_where_wanted(
    known: Desk, ann: KeyPair
) -> None:
    with known.app.database.write() as session:
        for days_ago in (400, 100, 95, 1):
            day = known.now.date() - timedelta(days=days_ago)
            figures.note(session, Figures(day, 309, 2, 1, 61, 1, 3, 3, 0))
    _, found = values(known, ann, "QUERY STATS")
    assert {(known.now.date() - one.day).days for one in found["months"]} <= {100, 95, 1}
    assert len(found["months"]) in (2, 3)
    assert not any("Europe" in line for line in found["coverage_lines"])
    wanted = known.app.config.roster.model_copy(update={"regions": True})
    lines = parts.coverage_lines(found["coverage"], known.app.config.model_copy(update={"roster": wanted}))
    assert sum("Europe" in line for line in lines) == 1


def test_stats_name_no_tld_and_nobody(known: Desk, ann: KeyPair) -> None:
    known.say(ann, "QUERY STATS")
    text = known.text(known.last(ann.address))
    for word in (".nl", ".be", "рф", "Bob", "Carol"):
        assert word not in text


def test_who_was_asked_for_sees_it_and_asking_for_oneself_leaves_no_trace(
    known: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    for text in ("QUERY be", "QUERY PERSON bob", f"QUERY {ann.address}"):
        values(known, ann, text)
    assert [one.command for one in all_of(known, Lookup)] == ["QUERY be", "QUERY PERSON bob"]
    _, found = values(known, bob, "SHOW")
    assert [(name, line) for _, name, line in found["lookups"]] == [
        ("Ann Example", "QUERY PERSON bob"),
        ("Ann Example", "QUERY be"),
    ]


def test_suspended_and_departed_contacts_are_not_shown(known: Desk, ann: KeyPair, bob: KeyPair) -> None:
    known.say_bound(bob, "UNSUBSCRIBE ALL")
    assert outcome(answer(known, bob.address)) == "left"
    assert values(known, ann, "QUERY be")[1]["blocks"][0]["contacts"] == []
    for words in (bob.address, bob.fingerprint, "PERSON bob"):
        assert values(known, ann, f"QUERY {words}")[0] == "nobody"


def test_blocked_key_is_not_shown_as_one_to_trust(known: Desk, ann: KeyPair, bob: KeyPair) -> None:
    known.say(bob, "KEY STOLEN")
    assert values(known, ann, "QUERY be")[1]["blocks"][0]["contacts"][0]["fingerprint"] == ""


def test_answer_is_confidential_for_the_signing_key_and_a_stored_address_only(
    known: Desk, ann: KeyPair
) -> None:
    known.say(ann, "QUERY be", {"From": "ann@elsewhere.example", "Reply-To": "mallory@other.example"})
    letter = known.letters[-1]
    assert letter.is_confidential
    assert [(to.address, to.entitled, to.fingerprint) for to in letter.to] == [
        (ann.address, Entitled.PERSON, ann.fingerprint)
    ]


@pytest.mark.parametrize("text", ["QUERY be", "QUERY MISSING", "ROSTER", "QUERY STATS", "STATUS A-2026-0001"])
def test_nobody_but_members_gets_an_answer(known: Desk, carol: KeyPair, text: str) -> None:
    dora = person("Dora Example", "dora@nic.example")
    known.member(dora, "lu", keyless=True)
    before = rows(known)
    assert outcome(known.say(carol, text, attachments=[carol.key_attachment()])) == "not_a_contact"
    assert outcome(known.write(dora.address, text)) == "unsigned"
    assert outcome(known.write("mallory@other.example", text)) == "unsigned"
    assert rows(known) == before


def test_committee_and_secretariat_without_a_tld_are_served(known: Desk, carol: KeyPair) -> None:
    known.member(carol, office="secretariat")
    assert outcome(known.say(carol, "QUERY be")) == "contacts"
    assert outcome(known.say(carol, "ROSTER")) == "roster"


def test_the_day_of_a_confirmation_is_for_the_tld_and_the_committee(
    known: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    known.member(carol, office="committee")
    confirmed_at = known.now
    known.later(days=65)
    seen = {}
    for who in (ann, bob, carol):
        _, found = values(known, who, "QUERY be")
        [contact] = found["blocks"][0]["contacts"]
        seen[who.name] = (contact["confirmed_at"], contact["confirmed"])
    assert seen["Ann Example"] == (None, "2 months ago")
    assert seen["Bob Example"] == seen["Carol Example"] == (confirmed_at, "2 months ago")
