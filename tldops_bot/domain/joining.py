"""The rules of becoming a contact: who may vouch, what goes to the committee, and probation."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.domain.personal_address import looks_freemail, looks_generic
from tldops_bot.domain.personal_name import looks_unreal


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of one TLD in the moment one is to be filled."""

    taken: int
    limit: int
    is_replacing: bool

    @property
    def is_free(self) -> bool:
        return self.taken - self.is_replacing < self.limit


MANY_TLDS = 5


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of somebody who is to be listed for a TLD, in the moment it is to happen."""

    name: str
    email: str
    seats: Seats
    tlds: int = 1  # how many TLDs the person would speak for in all
    is_suspect: bool = False  # a mail of the person's failed its own domain's check (DMARC)
    voucher_is_fresh: bool = False  # IANA lists the voucher for less than 14 days
    key_is_another: bool = False  # than the one the voucher was shown


def grey_reasons(case: Case) -> tuple[str, ...]:
    """Why the committee decides about this person; each word has its sentence in templates/_reasons.txt.j2."""
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


def votes_needed(configured: int, seated: int, concerns_committee: bool) -> int:
    """How many of the committee must agree; from three members on, what concerns one of them takes two."""
    return max(configured, 2) if concerns_committee and seated >= 3 else configured


def counts_at_once(kinds: Collection[str], vouched_by: Collection[str]) -> bool:
    """Whether a contact of these kinds may vouch alone."""
    return bool(set(kinds) & set(vouched_by))


def technical_counts_at(asked_at: datetime, wait: timedelta | None) -> datetime | None:
    """From when a technical contact's word counts where the administrative contact stays silent; None is never."""
    return None if wait is None else asked_at + wait


def probation_end(
    now: datetime, length: timedelta, asked: Collection[str], confirmed: Collection[str], by_peer: bool
) -> datetime:
    """When QUERY, ROSTER and ALERT open: at once when every IANA address, a colleague or the committee said yes."""
    everybody = bool(asked) and set(asked) <= set(confirmed)
    return now if by_peer or everybody else now + length


REMINDER_DAYS = (0, 3, 7, 12)
LATE_WORD = timedelta(
    days=60
)  # after the time a voucher was given: people come back from holidays, and answer
SILENCE = frozenset({"no_answer", "voucher_bounces"})
A_DAY = timedelta(days=1)
STUCK_AFTER = timedelta(days=28)  # what the committee has not decided by then, the operator may


def is_only_unanswered(reasons: Collection[str]) -> bool:
    """Whether a case came to the committee for nothing but a voucher's silence, which a late word ends."""
    return bool(reasons) and set(reasons) <= SILENCE


def reminders_due(sent_at: Collection[datetime], asked_at: datetime, now: datetime) -> bool:
    """Whether a voucher is to be asked (again): on days 0, 3, 7 and 12, each once, late ones together."""
    last = max(((moment - asked_at) / A_DAY for moment in sent_at), default=-1.0)
    return any(last < day <= (now - asked_at) / A_DAY for day in REMINDER_DAYS)


def committee_is_due(since: datetime, reminded_at: datetime | None, now: datetime) -> bool:
    """Whether the committee is to be reminded of a case: on days 3 and 7, then every week, late ones together."""
    return _is_due((3, *range(7, _days(since, now) + 1, 7)), since, reminded_at, now)


def apology_is_due(since: datetime, told_at: datetime | None, now: datetime) -> bool:
    """Whether the person is to be told that it takes long: after a week, then every four weeks."""
    return _is_due((7, *range(28, _days(since, now) + 1, 28)), since, told_at, now)


def _is_due(days: Collection[int], since: datetime, last_at: datetime | None, now: datetime) -> bool:
    last = 0 if last_at is None else _days(since, last_at)
    return any(last < day <= _days(since, now) for day in days)


def _days(since: datetime, moment: datetime) -> int:
    return (moment - since) // A_DAY
