"""The roster as lines of at most 76 columns, for any mail client and for looking up a TLD in a hurry.

Each TLD begins with its name at the start of a line; everything about a person stands under the name, one
thing a line, so that nothing has to be looked up elsewhere and right-to-left names can't mix with numbers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tldops_bot.domain.organisation import kind_of
from tldops_bot.domain.plain_text import one_line, split_lines
from tldops_bot.domain.roster import Coverage, Roster, RosterContact, Share, TldContacts
from tldops_bot.domain.roster_changes import Changes
from tldops_bot.domain.tld import REGIONS, Tld
from tldops_bot.roster.columns import WIDTH, columns, wrap

ORGANISATIONS = "Organisations without a TLD: CERTs and regional organisations"
_INDENT = "  "
_LABEL = 11
_HEADING_STARTS = ".-! \u3002\uff0e\u2024\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d"


@dataclass(frozen=True, slots=True)
class ChangeLines:
    """What changed: a block of lines for each kind of change, empty if there is none."""

    joined: tuple[str, ...]
    left: tuple[str, ...]
    changed: tuple[str, ...]
    stale: tuple[str, ...]
    new_keys: tuple[str, ...]
    lost_keys: tuple[str, ...]


def contact_lines(roster: Roster) -> list[str]:
    """All TLDs with their contacts, separated by blank lines; then the organisations under their heading."""
    organisations = [each for each in roster.tlds if kind_of(each.tld.a_label)]
    tlds = [line for each in roster.tlds if not kind_of(each.tld.a_label) for line in tld_lines(each)]
    heading = ["", f"-- {ORGANISATIONS} --", ""] if organisations else []
    return [*tlds, *heading, *(line for each in organisations for line in tld_lines(each))]


def tld_lines(each: TldContacts) -> Iterator[str]:
    """One TLD: a heading, then its contacts."""
    heading = one_line(each.tld.dotted) + (f"  {one_line(each.country)}" if each.country else "")
    if kind_of(each.tld.a_label):
        *above, heading = _wrapped(f"-- {heading}")  # a person's name can't begin with that
        yield from above
    yield heading + " " + "-" * max(3, WIDTH - columns(heading) - 1)
    for contact in each.contacts:
        yield from person_lines(contact)
        yield ""


def person_lines(contact: RosterContact) -> Iterator[str]:
    """One contact: the name, what to beware of, and how to reach them, the quickest way first."""
    # A name that looks like a heading could lead readers to the wrong people.
    name = " ".join(one_line(contact.name).split())
    yield from _wrapped(name.lstrip(_HEADING_STARTS) or "?")
    for mark in marks(contact):
        yield f"{_INDENT}! {mark}"
    for label, value in (
        ("Phone", contact.phone),
        ("Mobile", contact.mobile),
        ("Email", contact.email),
        ("Emergency", contact.emergency_email),
        ("Fax", contact.fax),
        ("Works for", contact.organisation),
        ("Post", ", ".join(filter(None, split_lines(contact.postal)))),
        ("Time zone", contact.timezone),
        ("Key", grouped(contact.fingerprint)),
        ("Confirmed", confirmed(contact)),
    ):
        if value:
            yield from _labelled(label, value)


def confirmed(contact: RosterContact) -> str:
    """The month of the last confirmation; nothing if the mark says it. The day is nobody's business."""
    fresh = contact.confirmed_at is not None and not contact.is_stale
    return f"{contact.confirmed_at:%Y-%m}" if fresh else ""


def marks(contact: RosterContact) -> list[str]:
    """What a reader must know before relying on this entry, in a few words each."""
    found = []
    if contact.is_stale:
        last = f"last confirmed {contact.confirmed_at:%Y-%m}" if contact.confirmed_at else "never confirmed"
        found.append(f"STALE: {last}")
    if contact.mail_fails:
        found.append("MAIL FAILS: use the phone")
    found += [
        f"{label.upper()} may be wrong: a caller reached nobody there" for label in contact.wrong_numbers
    ]
    if not contact.has_key:
        found.append("NO KEY: mail to them can't be encrypted")
    return found


def missing_lines(missing: Iterable[Tld]) -> list[str]:
    """The TLDs nobody speaks for, as running text. A name and its A-label stay on one line."""
    return [_INDENT + line for line in wrap(_names(missing), WIDTH - len(_INDENT))]


def region_lines(coverage: Coverage) -> list[str]:
    """The coverage of each region, one line each."""
    return [share_line(REGIONS[code], share) for code, share in coverage.regions.items()]


def share_line(name: str, share: Share) -> str:
    """`Europe 40 of 70 57 %`, in aligned columns."""
    return f"{_INDENT}{name:<28}{share.covered:>4} of {share.total:>3} {share.percent:>4} %"


def count_line(name: str, count: int) -> str:
    """The same for counts without a total."""
    return f"{_INDENT}{name:<28}{count:>4}"


def change_lines(changes: Changes) -> ChangeLines:
    """Each kind of change: TLD by TLD who is new, where somebody left, and whose entry is different."""
    return ChangeLines(
        joined=tuple(_about(changes.joined)),
        left=tuple(f"{_INDENT}{tld.dotted}: {_remaining(count)}" for tld, count in changes.left_tlds),
        changed=tuple(_listed(changes.changed)),
        stale=tuple(_listed(changes.stale)),
        new_keys=tuple(_listed(changes.new_keys)),
        lost_keys=tuple(_listed(changes.lost_keys)),
    )


def grouped(fingerprint: str) -> str:
    """A fingerprint in groups of four digits, as people compare it over the phone."""
    return " ".join(fingerprint[at : at + 4] for at in range(0, len(fingerprint), 4))


def _names(tlds: Iterable[Tld]) -> list[str]:
    names = [tld.shown for tld in tlds]
    return [*(name + "," for name in names[:-1]), *names[-1:]]


def _about(joined: Iterable[tuple[Tld, tuple[RosterContact, ...]]]) -> Iterator[str]:
    for tld, people in joined:
        yield from _wrapped(f"{tld.dotted}: " + ", ".join(one_line(who.name) for who in people), _INDENT)


def _listed(people: Iterable[RosterContact]) -> Iterator[str]:
    for who in people:
        tlds = ", ".join(tld.dotted for tld in who.tlds)
        yield from _wrapped(f"{tlds}: {one_line(who.name)}", _INDENT)


def _remaining(count: int) -> str:
    if count == 0:
        return "has no contact now"
    return "1 contact remains" if count == 1 else f"{count} contacts remain"


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    """A paragraph; its later lines are indented by two more columns."""
    lines = wrap(one_line(text).split(), WIDTH - len(indent) - len(_INDENT))
    for at, line in enumerate(lines):
        yield indent + (_INDENT if at else "") + line


def _labelled(label: str, value: str) -> Iterator[str]:
    room = WIDTH - len(_INDENT) - _LABEL
    for at, line in enumerate(wrap(one_line(value).split(), room)):
        yield f"{_INDENT}{'' if at else label:<{_LABEL}}{line}"
