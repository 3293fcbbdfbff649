"""What an alert says of itself: a bad value takes the safer one; only a scope that can't be resolved stops it."""

from datetime import UTC, datetime

import pytest

from tldops_bot.domain.alert import (
    BadScope,
    Scope,
    Terms,
    nearest_scope,
    read_scope,
    read_terms,
    read_when,
    read_yes,
)

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
TEXT = "\n  Phishing against registrars  \nmore"


def test_only_the_text_is_needed() -> None:
    assert read_terms(TEXT, None, None, None) == Terms("Phishing against registrars", "AMBER", "high")


def test_title_defaults_to_sixty_characters_of_the_first_line() -> None:
    assert read_terms("x" * 100, None, None, None).title == "x" * 60
    assert read_terms(TEXT, "y" * 100, None, None).title == "y" * 60
    assert read_terms("", "", None, None).title == ""


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("clear", "CLEAR"),
        ("TLP:GREEN", "GREEN"),
        (" tlp: amber ", "AMBER"),
        ("Amber + Strict", "AMBER+STRICT"),
        ("RED", "RED"),
        ("white", "CLEAR"),
        ("", "AMBER"),
        ("  ", "AMBER"),
    ],
)
def test_tlp_labels_are_read_as_people_write_them(written: str, label: str) -> None:
    terms = read_terms(TEXT, None, written, None)
    assert (terms.tlp, terms.safer) == (label, ())


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("rde", "RED"),
        ("REDD", "RED"),
        ("GREN", "RED"),
        ("GRAEN", "AMBER+STRICT"),
        ("purple", "AMBER+STRICT"),
        ("CLEAR?", "AMBER+STRICT"),
    ],
)
def test_unreadable_tlp_takes_the_safer_label_and_says_so(written: str, label: str) -> None:
    terms = read_terms(TEXT, None, written, None)
    assert terms.tlp == label
    assert [(one.name, one.value, one.instead) for one in terms.safer] == [("TLP", written, label)]


@pytest.mark.parametrize(
    ("written", "level"), [("CRITICAL", "critical"), (" low ", "low"), ("Medium", "medium")]
)
def test_severity_is_read_in_any_case(written: str, level: str) -> None:
    assert read_terms(TEXT, None, None, written) == Terms("Phishing against registrars", "AMBER", level)


@pytest.mark.parametrize(("written", "level"), [("critcal", "critical"), ("catastrophic", "high")])
def test_unknown_severity_takes_the_nearest_or_high_and_says_so(written: str, level: str) -> None:
    terms = read_terms(TEXT, None, None, written)
    assert terms.severity == level
    assert [one.name for one in terms.safer] == ["Severity"]


@pytest.mark.parametrize("written", [None, "", " all ", "ALL"])
def test_scope_is_everybody_unless_it_says_otherwise(written: str | None) -> None:
    assert read_scope(written) == Scope()
    assert Scope().words == "all"


@pytest.mark.parametrize(
    ("written", "scope", "words"),
    [
        ("tld nl .BE", Scope(False, ("nl", "be")), "tld nl be"),
        ("TLDs: nl", Scope(False, ("nl",)), "tld nl"),
        ("tld рф", Scope(False, ("xn--p1ai",)), "tld xn--p1ai"),
        ("region EU", Scope(False, (), ("EU",)), "region EU"),
        ("regions EUR, tld nl", Scope(False, ("nl",), ("EU",)), "tld nl, region EU"),
        (
            "organisation Example Registry; organization Other",
            Scope(False, (), (), ("Example Registry", "Other")),
            "organisation Example Registry Other",
        ),
        ("tld nl,", Scope(False, ("nl",)), "tld nl"),
        ("tld nl CERT:Example-cert", Scope(False, ("nl", "cert:example-cert")), "tld nl cert:example-cert"),
    ],
)
def test_scope_names_tlds_regions_and_organisations(written: str, scope: Scope, words: str) -> None:
    assert read_scope(written) == scope
    assert scope.words == words


@pytest.mark.parametrize(
    ("written", "word", "near"),
    [
        ("nl", "nl", ""),
        ("tld", "tld", "tld"),
        ("tld nl b!e", "b!e", ""),
        ("region Atlantis", "Atlantis", ""),
        ("regoin EU", "regoin EU", "region"),
        ("tld nl, be", "be", ""),
        ("tld cert:", "cert:", ""),
        ("everybody but nl", "everybody but nl", ""),
        (",", ",", ""),
        (" ; , ", "; ,", ""),
    ],
)
def test_scope_that_cannot_be_resolved_names_the_word(written: str, word: str, near: str) -> None:
    assert read_scope(written) == BadScope(word, near)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("yes", True), ("Y", True), ("1", True), (None, False), ("", False), ("No", False), ("perhaps", None)],
)
def test_yes_no_or_neither(written: str | None, meant: bool | None) -> None:
    assert read_yes(written) is meant


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("nl", "tld nl"),
        ("tld nl zz", "tld nl"),
        ("tlds: NL, .be", "tld nl, tld be"),
        ("cert:example nl cert:other", "tld cert:example nl"),
        ("region Atlantis", "all"),
        ("EUR", "region EU"),
        ("regoin EU", "region EU"),
        ("region EU LA", "region EU LAC"),
        ("nobody I know", "all"),
        ("", "all"),
        (",;", "all"),
        ("organisation Unknown", "all"),
    ],
)
def test_what_of_a_scope_can_be_resolved(text: str, right: str) -> None:
    known = {"nl", "be", "eu", "cert:example"}
    assert nearest_scope(text, lambda tld: tld.a_label in known) == right


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        (" NOW ", NOW),
        ("2026-12-01 14:00", datetime(2026, 12, 1, 14, tzinfo=UTC)),
        ("2026-12-01 14:00 UTC", datetime(2026, 12, 1, 14, tzinfo=UTC)),
        ("2026-12-01T14:00+02:00", datetime(2026, 12, 1, 12, tzinfo=UTC)),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_when_an_exercise_begins(text: str, moment: datetime | None) -> None:
    assert read_when(text, NOW) == moment
