"""The rules of becoming a contact (DESIGN section 5): who may vouch, what goes to the committee, and probation."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tldops_bot.domain.personal_address import looks_freemail, looks_generic


@dataclass(frozen=True, slots=True)
class Seats:
    """The seats of one TLD in the moment one is to be filled."""

    taken: int
    limit: int
    is_replacing: bool

    @property
    def is_free(self) -> bool:
        return self.taken - self.is_replacing < self.limit


def grey_reasons(email: str, seats: Seats, voucher_is_fresh: bool, has_voucher: bool) -> tuple[str, ...]:
    """Why the committee decides about this person; each word has its sentence in templates/_reasons.txt.j2."""
    found = []
    if generic := looks_generic(email):
        found.append("initials" if generic == "initials" else "generic_address")
    if looks_freemail(email):
        found.append("freemail")
    if not seats.is_free:
        found.append("no_free_seat")
    if voucher_is_fresh:
        found.append("fresh_voucher")
    if not has_voucher:
        found.append("no_voucher")
    return tuple(found)


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


def reminders_due(sent_at: Collection[datetime], asked_at: datetime, now: datetime) -> bool:
    """Whether a voucher is to be asked (again): on days 0, 3, 7 and 12, each once, late ones together."""
    days = (now - asked_at) / timedelta(days=1)
    last = max(((moment - asked_at) / timedelta(days=1) for moment in sent_at), default=-1.0)
    return any(last < day <= days for day in REMINDER_DAYS)
