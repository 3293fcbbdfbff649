"""What follows from IANA's answers: what is kept, what is held back, which entries are noted, and who is told."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tldops_bot.commands import _letters
from tldops_bot.domain.address import address_key
from tldops_bot.domain.durations import DAY
from tldops_bot.domain.entry_life import CLOCK
from tldops_bot.domain.iana_changes import (
    Difference,
    difference,
    digest,
    is_confirmed,
    is_flood,
    not_listed,
)
from tldops_bot.domain.iana_record import IanaRecord, NotFound
from tldops_bot.domain.organisation import shown
from tldops_bot.domain.outgoing import Letter
from tldops_bot.domain.tld import Tld
from tldops_bot.jobs._job import JobContext
from tldops_bot.store import audit, iana, iana_answers, people
from tldops_bot.store.tables import Entry, Person

FLOOD, TAKES_AWAY = "flood", "takes_away"


@dataclass(slots=True)
class Taken:
    """What came of a sync: the differences that are believed, the TLDs held back, and the mails about both."""

    kept: list[Tld] = field(default_factory=list)
    believed: list[Difference] = field(default_factory=list)
    held_back: list[Tld] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)


def as_record(ctx: JobContext, tld: Tld, answer: IanaRecord | NotFound) -> IanaRecord | None:
    """An answer as a record; "nothing under this name" only means something about a TLD that was listed."""
    if isinstance(answer, IanaRecord):
        return answer
    held = iana.tld_row(ctx.session, tld.a_label)
    return not_listed(tld) if held is not None and held.is_assigned else None


def take_unchanged(ctx: JobContext, record: IanaRecord) -> bool:
    """Keep an answer that changes nothing, or is the first about its TLD; False where it says something new."""
    held = iana_answers.held_record(ctx.session, record.tld.a_label)
    if held is None:
        iana.keep_record(ctx.session, record, ctx.now)
        return True
    if difference(held, record) is None:
        iana_answers.still_so(ctx.session, record, ctx.now)
        return True
    return False


def take_changes(
    ctx: JobContext, records: Sequence[IanaRecord], asked: int, by: str, is_trusted: bool
) -> Taken:
    """Believe what may be believed of the answers that say something new, hold back the rest, and tell.

    `asked` is of how many TLDs there was an answer. `is_trusted` for what the operator handed over: nothing is
    held back then.
    """
    taken, noted = Taken(), list[Entry]()
    is_flooded = not is_trusted and _is_flooded(ctx, records, asked)
    for record in records:
        found = difference(iana_answers.held_record(ctx.session, record.tld.a_label), record)
        if found is None:
            continue
        because = "" if is_trusted else _doubt(ctx, record, found, is_flooded)
        if because:
            _hold_back(ctx, record, because, taken)
        else:
            _believe(ctx, record, found, by, taken)
            noted += iana_answers.note_vouchers(ctx.session, record.tld.a_label, ctx.now)
    taken.letters += _told(ctx, taken.believed, noted)
    if is_flooded and taken.held_back:
        taken.letters.append(_flood_told(ctx, taken.held_back))
    return taken


def _is_flooded(ctx: JobContext, records: Sequence[IanaRecord], asked: int) -> bool:
    """Whether too much would change, beside what was confirmed, to be believed."""
    found = [
        one
        for record in records
        if not _is_confirmed(ctx, record)
        and (one := difference(iana_answers.held_record(ctx.session, record.tld.a_label), record)) is not None
    ]
    lately = len(iana_answers.changed_since(ctx.session, ctx.now - DAY))
    return is_flood(found, asked, lately)


def _doubt(ctx: JobContext, record: IanaRecord, found: Difference, is_flooded: bool) -> str:
    """Why an answer is not believed yet, in a word; "" if it is."""
    if _is_confirmed(ctx, record):
        return ""
    if is_flooded:
        return FLOOD
    return TAKES_AWAY if found.takes_away else ""


def _is_confirmed(ctx: JobContext, record: IanaRecord) -> bool:
    held = iana_answers.held_back(ctx.session, record.tld.a_label)
    return held is not None and is_confirmed(held.digest, held.held_at, digest(record), ctx.now)


def _hold_back(ctx: JobContext, record: IanaRecord, because: str, taken: Taken) -> None:
    label = record.tld.a_label
    if iana_answers.hold_back(ctx.session, label, digest(record), because, ctx.now):
        taken.held_back.append(record.tld)
        audit.record(ctx.session, ctx.now, CLOCK, "iana_held_back", label, because=because)


def _believe(ctx: JobContext, record: IanaRecord, found: Difference, by: str, taken: Taken) -> None:
    """Store the record, with an audit entry for each thing that changed."""
    label = record.tld.a_label
    iana.keep_record(ctx.session, record, ctx.now)
    iana_answers.let_go(ctx.session, label)
    for change in found.changes:
        audit.record(ctx.session, ctx.now, by, "iana_changed", label, what=change.what, kind=change.kind)
    taken.kept.append(record.tld)
    taken.believed.append(found)


def _told(ctx: JobContext, believed: Sequence[Difference], noted: Sequence[Entry]) -> list[Letter]:
    """One letter to each person concerned, however much changed; those with the same TLDs share it."""
    if not believed:
        return []
    holders = people.office_holders(ctx.session, "committee")
    about: dict[tuple[str, ...], list[Person]] = defaultdict(list)
    for person, tlds in _contacts(ctx, believed).items():
        if person not in holders:
            about[tlds].append(person)
    letters = [_to_committee(ctx, believed, noted)]
    written_to = {
        to.address for one in (letters[0].to, _letters.to_people(_contacts(ctx, believed))) for to in one
    }
    lost = {(entry.person_id, entry.tld) for entry in noted}
    for tlds, persons in about.items():
        theirs = [one for one in believed if one.tld.a_label in tlds]
        for has_lost in (False, True):
            to = [one for one in persons if any((one.id, tld) in lost for tld in tlds) is has_lost]
            values = {"tlds": [_shown(one) for one in theirs], "has_lost_voucher": has_lost}
            if to:
                letters.append(_letters.notice("letters/iana_changed", values, _letters.to_people(to)))
    return letters + _to_former(ctx, believed, {address_key(one) for one in written_to})


def _contacts(ctx: JobContext, believed: Iterable[Difference]) -> dict[Person, tuple[str, ...]]:
    """The contacts of the TLDs, suspended ones too, each with the TLDs that are theirs."""
    found: dict[Person, dict[str, None]] = defaultdict(dict)
    for label in dict.fromkeys(one.tld.a_label for one in believed):
        for entry in people.contacts_of(ctx.session, label, people.LIVING):
            found[entry.person][label] = None
    return {person: tuple(tlds) for person, tlds in found.items()}


def _to_committee(ctx: JobContext, believed: Sequence[Difference], noted: Sequence[Entry]) -> Letter:
    """The committee hears of everything; the operator in its stead, but no names."""
    has_committee = bool(people.office_holders(ctx.session, "committee"))
    labels = {one.tld.a_label for one in believed}
    values = {
        "tlds": [_shown(one) for one in believed],
        "noted": [(entry.person.name, shown(entry.tld)) for entry in noted] if has_committee else [],
        "taking_part": [shown(label) for label in sorted(iana_answers.takes_part(ctx.session, labels))],
        "has_committee": has_committee,
    }
    to = _letters.to_committee(ctx.session, ctx.config)
    return _letters.notice("letters/iana_changed_committee", values, to, is_confidential=has_committee)


def _to_former(ctx: JobContext, believed: Sequence[Difference], written_to: set[str]) -> list[Letter]:
    """Whoever IANA no longer lists for a TLD that takes part can say that they know nothing about it."""
    lost: dict[str, list[Difference]] = defaultdict(list)
    part = iana_answers.takes_part(ctx.session, {one.tld.a_label for one in believed})
    for one in believed:
        for address in sorted(one.gone - written_to) if one.tld.a_label in part else ():
            lost[address].append(one)
    return [
        _letters.notice(
            "letters/iana_listed_no_more",
            {"address": address, "tlds": [one.tld.shown for one in theirs]},
            _letters.to_address(address),
        )
        for address, theirs in lost.items()
    ]


def _flood_told(ctx: JobContext, held: Sequence[Tld]) -> Letter:
    values = {"count": len(held), "tlds": [one.shown for one in held]}
    operator = _letters.to_address(ctx.config.operator.email)
    committee = _letters.to_committee(ctx.session, ctx.config)
    return _letters.notice("letters/iana_held_back", values, _letters.each_once(operator, committee))


def _shown(found: Difference) -> dict[str, object]:
    return {"tld": found.tld.shown, "changes": found.changes, "is_retired": found.is_retired}
