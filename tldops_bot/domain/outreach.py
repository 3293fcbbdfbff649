"""The limits of outreach: how often an address is invited, how many mails a day, how long it is kept."""

from datetime import datetime

from tldops_bot.domain.durations import DAY

# Within it an address is invited once, whoever asks: a second letter would be a nuisance.
PERIOD = 90 * DAY
# Mails in a day at most: people read what comes back, and no relay must take us for a spammer.
INVITATIONS_A_DAY = 40
MISSING_A_DAY = 20  # the share of them that goes out by itself; the rest is for invitations by name
REMEMBERED = 365 * DAY  # then the address is dropped: its owner never joined

PLANNED, SENT, ANSWERED, DECLINED = "planned", "sent", "answered", "declined"
NEEDLESS = "needless"  # while it waited, the TLD got a contact, or IANA dropped the address
STOPPED = "stopped"
REACHED = (SENT, ANSWERED, DECLINED)


def may_invite_again_at(state: str, sent_at: datetime | None, now: datetime) -> datetime | None:
    """From when the address of an earlier invitation may be invited again; None is at once.

    One that is planned has still to go out, so nobody else may ask before that: its period begins when it
    goes.
    """
    if state == PLANNED:
        return now + PERIOD
    if state not in REACHED or sent_at is None or sent_at + PERIOD <= now:
        return None
    return sent_at + PERIOD
