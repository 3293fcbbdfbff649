"""The rules for staying a contact: when somebody is asked "still right?", and what silence leads to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from tldops_bot.domain.durations import DAY

FRESH_FOR = 200 * DAY  # a period of 180 days, and time to answer: what the figures count as confirmed

# Who joined on one day (a first import) is not asked on one day: the question comes in the last sixth of the
# period, at a moment of one's own.
SPREAD = 6
# Its multiples, less their whole parts, lie evenly whatever the numbers asked for.
_GOLDEN = 0.6180339887498949

# After a long stop everybody may be due. Thirty days are soon enough, and no burst that gets the list's mail
# refused; so few people that it makes no difference are asked at once.
CLEARED_IN_DAYS = 30
FEWEST_A_DAY = 25

REMIND_AFTER = 7 * DAY  # a week: holidays are longer, but four weeks of silence in all are to mean something
ASKS_BEFORE_STALE = 4  # the question and three reminders, on days 0, 7, 14 and 21; the mark comes on day 28
ASK_AGAIN_AFTER = 30 * DAY  # those who are marked are still asked, once a month, kindly and without end

OTHERS_AGAIN_AFTER = 90 * DAY  # colleagues have work of their own
ASK_OTHERS_FOR = 7 * DAY  # after the mark, should a mailbox have had its share of a day
MOST_ABOUT_OTHERS_A_DAY = 3  # one mailbox may serve many TLDs (one of IANA's serves 16)
COMMITTEE_AFTER = 14 * DAY  # as long as a voucher has, too
COMMITTEE_AGAIN_AFTER = 90 * DAY

ANSWER_WITHIN = 90 * DAY  # how long a question may be answered: longer than the next one takes to come


@dataclass(frozen=True, slots=True)
class Round:
    """How far the questions to one person have come; `asked` counts the mails since the round began."""

    confirmed_at: datetime | None
    asked_at: datetime | None
    asked: int

    @property
    def is_open(self) -> bool:
        """Whether they were asked and have not confirmed since."""
        return self.asked_at is not None and (self.confirmed_at is None or self.asked_at > self.confirmed_at)

    def is_due_again(self, now: datetime) -> bool:
        """Whether to ask the person again.

        Each step counts from the mail before it, so that after a standstill nobody is marked without having
        been reminded.
        """
        if self.asked_at is None:
            return False
        wait = REMIND_AFTER if self.asked <= ASKS_BEFORE_STALE else ASK_AGAIN_AFTER
        return now - self.asked_at >= wait

    @property
    def is_patience_over(self) -> bool:
        """Whether the next mail brings the mark."""
        return self.asked >= ASKS_BEFORE_STALE


def first_ask_at(person_id: int, known_since: datetime, every: timedelta) -> datetime:
    """When a person who confirmed (or came) at `known_since` is asked again: at a moment of their own."""
    share = person_id * _GOLDEN % 1.0
    return known_since + every - every / SPREAD * share


def earliest_ask(now: datetime, every: timedelta) -> datetime:
    """Nobody who confirmed after this moment can be due yet."""
    return now - (every - every / SPREAD)


def most_a_day(people: int) -> int:
    """How many people may be asked a first question in a day."""
    return max(FEWEST_A_DAY, people // CLEARED_IN_DAYS + 1)


def is_digest_due(told_at: datetime | None, has_gone: bool, now: datetime) -> bool:
    """Whether the committee may hear about silent people: weekly, or daily if one is said to have gone."""
    return told_at is None or now - told_at >= (DAY if has_gone else 7 * DAY)


def is_committee_due(
    stale_at: datetime, told_at: datetime | None, declined_at: datetime | None, now: datetime
) -> bool:
    """Whether the committee is to hear about a silent person.

    After two weeks, then every three months; soon, if somebody who knows them said no.
    """
    if told_at is None or told_at < stale_at:
        return declined_at is not None or now - stale_at >= COMMITTEE_AFTER
    return (declined_at is not None and declined_at > told_at) or now - told_at >= COMMITTEE_AGAIN_AFTER


def since_words(confirmed_at: datetime | None, now: datetime) -> str:
    """How long ago somebody confirmed, in months: what others need to know, and no more."""
    if confirmed_at is None:
        return "never"
    months = max(0, (now - confirmed_at) // (30 * DAY))
    if months == 0:
        return "in the last 30 days"
    return "1 month ago" if months == 1 else f"{months} months ago"


@dataclass(frozen=True, slots=True)
class Confirmations:
    """How fresh the contacts are, all together."""

    confirmed: int  # within FRESH_FOR
    total: int
    median_days: int | None


def confirmations(confirmed: Iterable[datetime | None], now: datetime) -> Confirmations:
    """Count them. Whoever has never confirmed counts as unconfirmed, and is left out of the median."""
    ages = [None if moment is None else now - moment for moment in confirmed]
    known = [age for age in ages if age is not None]
    days = int(median(age / DAY for age in known)) if known else None
    return Confirmations(sum(age <= FRESH_FOR for age in known), len(ages), days)
