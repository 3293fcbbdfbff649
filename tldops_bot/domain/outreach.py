"""The measure of outreach: how often an address is invited, how many mails a day, and how long it is remembered."""

from datetime import datetime, timedelta

PERIOD = timedelta(
    days=90
)  # an address is invited once in it, whoever asks: a second letter would be a nuisance
ONE_DAY = timedelta(days=1)
A_DAY = 40  # mails in it at most: what comes back is read by people, and no relay shall take us for a spammer
MISSING_A_DAY = 20  # the share of them that goes by itself; the rest is for what somebody asks for by name
REMEMBERED = timedelta(days=365)  # then the address goes: it is somebody's who never joined
BETWEEN_REMINDERS = timedelta(days=1)  # a request is not reminded of twice on a day, by whomever
SUSPENSIONS_A_DAY = 10  # by one person: a stolen key of the secretariat must not empty the roster

PLANNED, SENT, ANSWERED, DECLINED = "planned", "sent", "answered", "declined"
NEEDLESS = "needless"  # while it waited, the TLD got a contact, or the address is IANA's no more
STOPPED = "stopped"
REACHED = (SENT, ANSWERED, DECLINED)


def may_invite_again_at(state: str, sent_at: datetime | None, now: datetime) -> datetime | None:
    """From when the address of an earlier invitation may be invited again; None is at once.

    A planned one has its turn to come, so nobody else may ask before: its period begins when it goes.
    """
    if state == PLANNED:
        return now + PERIOD
    if state not in REACHED or sent_at is None or sent_at + PERIOD <= now:
        return None
    return sent_at + PERIOD
