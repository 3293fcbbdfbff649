"""How far an alert got, as STATUS, the reports and the call sheet show it."""

from collections.abc import Mapping, Sequence

from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.alert_reach import (
    BEST_FIRST,
    CALLED,
    SEEN,
    SIGNED,
    Reach,
    TldReach,
    by_tld,
    response,
    shares,
)
from tldops_bot.domain.call_sheet import SheetContact, SheetLine
from tldops_bot.domain.durations import say_length
from tldops_bot.domain.organisation import shown
from tldops_bot.mail.phones import spaced, zones_of
from tldops_bot.store import alerts
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Alert, Person

VOLUNTEER = "volunteer"


def tlds_reached(session: Session, alert: Alert, reach: Sequence[Reach]) -> list[TldReach]:
    """For each TLD, the best that any of its contacts got, and what came of calling it."""
    tlds_of = alerts.tlds_of_recipients(session, alert.id)
    return by_tld(reach, tlds_of, alerts.calls_of(session, alert.id))


def line_of(one: TldReach) -> dict[str, object]:
    """One TLD as a mail shows it."""
    calls = [
        {"at": call.at, "by": call.by, "reached": call.reached, "words": call.words} for call in one.calls
    ]
    return {"tld": shown(one.tld), "state": one.state, "why": one.why, "calls": calls}


def response_words(lines: Sequence[TldReach]) -> dict[str, object]:
    """How quickly the TLDs answered, for a mail."""
    found = response(lines)
    return {
        "tlds": found.tlds,
        "never": found.never,
        "median": None if found.median is None else say_length(found.median),
        "ninety": None if found.ninety is None else say_length(found.ninety),
    }


def counts_of(reach: Sequence[Reach]) -> dict[str, int]:
    """How many people are in each state, and how many said so just by the word in the Subject."""
    counts = {word: sum(one.state == word for one in reach) for word in BEST_FIRST if word != CALLED}
    return counts | {"unsigned": sum(one.state == SEEN and one.why == "token" for one in reach)}


def tld_counts(lines: Sequence[TldReach]) -> dict[str, int]:
    """How many TLDs are in each state."""
    return {word: sum(one.state == word for one in lines) for word in BEST_FIRST}


def by_region(lines: Sequence[TldReach], tlds: TldTable) -> list[tuple[str, dict[str, int]]]:
    """The same counts for each ICANN region that has any; TLDs in no region come last, as "-"."""
    found: dict[str, list[TldReach]] = {}
    for one in lines:
        found.setdefault(_facts(one.tld, tlds)[1] or "-", []).append(one)
    return [
        (region, tld_counts(found[region])) for region in sorted(found, key=lambda name: (name == "-", name))
    ]


def words_said(session: Session, reach: Sequence[Reach]) -> list[tuple[str, str, bool]]:
    """What people wrote in their ACK, by name."""
    said = []
    for one in reach:
        person = session.get(Person, one.person_id) if one.words else None
        if person is not None:
            said.append((person.name, one.words, one.why == SIGNED))
    return said


def volunteers(session: Session, reach: Sequence[Reach]) -> list[Person]:
    """Who offered in their ACK to make calls."""
    signed = [one for one in reach if one.why == SIGNED]
    found = [one.person_id for one in signed if one.words.lower().startswith(VOLUNTEER)]
    return [person for number in found if (person := session.get(Person, number)) is not None]


def call_sheet(
    session: Session,
    lines: Sequence[TldReach],
    tlds: TldTable,
    callers: Sequence[str],
    notes: Mapping[int, str],
) -> list[SheetLine]:
    """Every TLD where nobody has said that they know, in order, dealt out among the callers.

    `notes` holds what a caller should know about a person, by number.
    """
    to_call = [one for one in lines if one.is_to_be_called]
    parts = shares(len(callers), to_call)
    caller_of = {one.tld: caller for caller, part in zip(callers, parts, strict=True) for one in part}
    return [_sheet_line(session, one, tlds, caller_of.get(one.tld, ""), notes) for one in to_call]


def _sheet_line(
    session: Session, one: TldReach, tlds: TldTable, caller: str, notes: Mapping[int, str]
) -> SheetLine:
    country, region = _facts(one.tld, tlds)
    persons = [person for number in one.people if (person := session.get(Person, number)) is not None]
    contacts = tuple(_contact(person, notes.get(person.id, "")) for person in persons)
    return SheetLine(shown(one.tld), country, region, one.state, one.why, contacts, one.calls, caller)


def _contact(person: Person, note: str) -> SheetContact:
    numbers = (("Mobile", person.mobile_e164 or person.mobile), ("Phone", person.phone_e164 or person.phone))
    phones = tuple((label, spaced(number)) for label, number in numbers if number)
    zones: tuple[str, ...] = (person.timezone,) if person.timezone else ()
    if not zones:
        zones = next((found for _, number in phones if (found := zones_of(number))), ())
    return SheetContact(person.name, person.organisation, phones, zones, note)


def _facts(label: str, tlds: TldTable) -> tuple[str, str]:
    facts = tlds.by_a_label.get(label)
    return (facts.country_name, facts.region) if facts is not None else ("", "")
