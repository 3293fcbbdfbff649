"""The rules for becoming a contact: who may vouch, what goes to the committee, and probation."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.domain.durations import DAY
from tldops_bot.domain.personal_address import looks_freemail, looks_generic
from tldops_bot.domain.personal_name import looks_unreal

MANY_TLDS = 5
REMINDER_DAYS = (0, 3, 7, 12)
LATE_WORD = 60 * DAY  # beyond the time a voucher has: people answer when they are back from holiday
SILENCE = frozenset({"no_answer", "voucher_bounces"})
STUCK_AFTER = 28 * DAY  # what the committee has not decided by then, the operator may


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of one TLD at the moment when one is to be filled."""

    taken: int
    limit: int
    is_replacing: bool

    @property
    def is_free(self) -> bool:
        return self.taken - self.is_replacing < self.limit


@dataclass(frozen=True, slots=True)
class Case:
    """What is known about somebody who is to be listed for a TLD, at the moment it is to happen."""

    name: str
    email: str
    seats: Seats
    tlds: int = 1  # TLDs the person would speak for in all
    is_suspect: bool = False  # a mail from the person failed its own domain's check (DMARC)
    voucher_is_fresh: bool = False  # IANA has listed the voucher for less than 14 days
    key_is_another: bool = False  # than the one the voucher was shown


def grey_reasons(case: Case) -> tuple[str, ...]:
    """Why the committee decides about this person; templates/_reasons.txt.j2 has a sentence for each word."""
    found = []
    if generic := looks_generic(case.email):
        found.append("initials" if generic == "initials" else "generic_address")
    if unreal := looks_unreal(case.name):
        found.append(unreal)
    if looks_freemail(case.email):
        found.append("freemail")
    if case.is_suspect:
        found.append("dmarc_failed")
    if case.tlds > MANY_TLDS:
        found.append("many_tlds")
    if not case.seats.is_free:
        found.append("no_free_seat")
    if case.voucher_is_fresh:
        found.append("fresh_voucher")
    if case.key_is_another:
        found.append("other_key")
    return tuple(found)


# Why a case is the committee's without a hint of deceit, and with IANA contacts who hear what is decided.
_ORDINARY = frozenset(
    (
        *("no_answer", "no_free_seat", "many_tlds"),
        *("generic_address", "initials", "initials_name", "role_as_name", "freemail"),
    )
)


def is_ordinary(reasons: Collection[str]) -> bool:
    """Whether others than the committee would notice a wrong decision, and nothing hints at one."""
    return set(reasons) <= _ORDINARY


def votes_needed(configured: int, seated: int, concerns_committee: bool) -> int:
    """How many of the committee must agree: two, from three members on, if it is about one of them."""
    return max(configured, 2) if concerns_committee and seated >= 3 else configured


def counts_at_once(kinds: Collection[str], vouched_by: Collection[str]) -> bool:
    """Whether a contact with these roles may vouch alone."""
    return bool(set(kinds) & set(vouched_by))


def technical_counts_at(asked_at: datetime, wait: timedelta | None) -> datetime | None:
    """From when a technical contact's word counts if the administrative contact is silent; None is never."""
    return None if wait is None else asked_at + wait


def probation_end(
    now: datetime, length: timedelta, asked: Collection[str], confirmed: Collection[str], by_peer: bool
) -> datetime:
    """When QUERY, ROSTER and ALERT open: at once if all IANA addresses, a peer or the committee said yes."""
    everybody = bool(asked) and set(asked) <= set(confirmed)
    return now if by_peer or everybody else now + length


def is_only_unanswered(reasons: Collection[str]) -> bool:
    """Whether only a voucher's silence brought a case to the committee; then a late word ends it."""
    return bool(reasons) and set(reasons) <= SILENCE


def reminders_due(sent_at: Collection[datetime], asked_at: datetime, now: datetime) -> bool:
    """Whether to ask a voucher (again): on days 0, 3, 7 and 12, once each; missed ones count as one."""
    last = max(((moment - asked_at) / DAY for moment in sent_at), default=-1.0)
    return any(last < day <= (now - asked_at) / DAY for day in REMINDER_DAYS)


def committee_is_due(since: datetime, reminded_at: datetime | None, now: datetime) -> bool:
    """Whether to remind the committee of a case: on days 3 and 7, then weekly; missed ones count as one."""
    return _is_due((3, *range(7, _days(since, now) + 1, 7)), since, reminded_at, now)


def apology_is_due(since: datetime, told_at: datetime | None, now: datetime) -> bool:
    """Whether to tell the person that it takes long: after a week, then every four weeks."""
    return _is_due((7, *range(28, _days(since, now) + 1, 28)), since, told_at, now)


def _is_due(days: Collection[int], since: datetime, last_at: datetime | None, now: datetime) -> bool:
    last = 0 if last_at is None else _days(since, last_at)
    return any(last < day <= _days(since, now) for day in days)


def _days(since: datetime, moment: datetime) -> int:
    return (moment - since) // DAY
