"""When a mailbox counts as dead: two mails over three days came back, and a probe went unanswered."""

from collections.abc import Collection
from datetime import datetime

from tldops_bot.domain.durations import DAY

MESSAGES, SPAN = 2, 3 * DAY  # a single bounce proves a bad day; a mail server may be broken for a weekend
WITHIN = 60 * DAY  # older ones no longer count: bounces that far apart are two accidents
PROBE_WAIT = 5 * DAY  # as long as a mail server may go on trying (RFC 5321 section 4.5.4.1)
PROBE_AGAIN_AFTER = 7 * DAY
WEEKLY_PROBES = 6
PROBE_SELDOM_AFTER = 30 * DAY  # mailing a dead address every week for years is what spammers do
ANSWER_WITHIN = 60 * DAY

# About the mail or about us, not the mailbox: too large, content refused, policy (RFC 3463).
_TOO_LARGE = ("5.2.3", "5.3.4")
_ABOUT_THE_MAIL = ("5.6.", "5.7.")
# Without an enhanced code (RFC 5321 section 4.2.3): no such mailbox, not local, a bad name.
_NO_MAILBOX = frozenset((550, 551, 553))


def speaks_of_mailbox(status: str, code: int = 0) -> bool:
    """Whether a permanent failure is about the mailbox; `code` is SMTP's, if it is known."""
    if not status:
        return code in _NO_MAILBOX
    return status.startswith("5.") and status not in _TOO_LARGE and not status.startswith(_ABOUT_THE_MAIL)


def is_suspect(bounced_at: Collection[datetime]) -> bool:
    """Whether enough has come back to ask the mailbox if it is alive."""
    return len(bounced_at) >= MESSAGES and max(bounced_at) - min(bounced_at) >= SPAN


def is_dead(probed_at: datetime, now: datetime) -> bool:
    """Whether a probe has gone unanswered for long enough."""
    return now - probed_at >= PROBE_WAIT


def is_probe_due(probed_at: datetime, probes: int, now: datetime) -> bool:
    """Whether to ask a dead mailbox again: weekly, then monthly, for ever."""
    wait = PROBE_AGAIN_AFTER if probes < WEEKLY_PROBES else PROBE_SELDOM_AFTER
    return now - probed_at >= wait
