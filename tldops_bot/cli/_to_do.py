"""What needs somebody's attention, most urgent first: the first lines of `stats`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.durations import DAY
from tldops_bot.domain.lateness import is_late
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs.warn_operator import KEY_SOON, OLD_INBOX, OLD_OUTBOX
from tldops_bot.store import machines, outbox, outbox_control, overview, pulse
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Person


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something that needs attention, how many of it, and the verb that shows it."""

    what: str
    number: int
    words: str
    verb: str = ""
    at: datetime | None = None  # since when it has waited, or when it ends
    is_urgent: bool = False


def to_do(session: Session, now: datetime) -> list[ToDo]:
    """Everything of which there is at least one."""
    found = [
        *_mail_in(session, now),
        *_mail_out(session, now),
        *_alerts(session),
        *_service(session, now),
        *_decisions(session),
        *_people(session, now),
    ]
    return sorted((one for one in found if one.number), key=lambda one: not one.is_urgent)


def _mail_in(session: Session, now: datetime) -> Iterator[ToDo]:
    seen = pulse.read(session, now)
    words = "mail that could not be carried out"
    yield ToDo("inbox_stuck", seen.stuck, words, "inbox list --stuck", is_urgent=True)
    since = seen.inbox_oldest_at
    if since is not None and now - since > OLD_INBOX:
        words = "mail waits to be carried out: does `serve` run?"
        yield ToDo("inbox_late", seen.inbox.get("waiting", 0), words, "doctor", since, is_urgent=True)
    late = [name for name, at in seen.jobs.items() if name in JOBS and is_late(JOBS[name].every, at, now)]
    yield ToDo("jobs_late", len(late), f"late jobs: {', '.join(sorted(late))}", "doctor", is_urgent=True)


def _mail_out(session: Session, now: datetime) -> Iterator[ToDo]:
    waiting = outbox_control.counts(session).get(outbox.WAITING, 0)
    since = outbox_control.oldest_waiting_at(session)
    if since is not None and now - since > OLD_OUTBOX:
        words = "mail waits to go out"
        yield ToDo("outbox_late", waiting, words, "outbox list", since, is_urgent=True)
    held, keyless = (overview.held_copies(session, is_keyless) for is_keyless in (False, True))
    yield ToDo("outbox_held", held[0], "mail held until `outbox retry`", "outbox list", held[1])
    words = "mail held for want of its reader's key"
    yield ToDo("outbox_without_key", keyless[0], words, "outbox list", keyless[1])


def _alerts(session: Session) -> Iterator[ToDo]:
    number, since = overview.held_alerts(session)
    words = "alert waits for a second member"
    yield ToDo("alerts_held", number, words, "alerts list", since, is_urgent=True)


def _service(session: Session, now: datetime) -> Iterator[ToDo]:
    there = machines.seen_since(session, now - DAY)
    low = sum(one.is_low for one in there)
    yield ToDo("disks_low", low, "disk nearly full", "doctor", is_urgent=True)
    ends = min((one.key_ends_at for one in there if one.key_ends_at is not None), default=None)
    if ends is not None and ends - now < KEY_SOON:
        yield ToDo("list_key_ends", 1, "the list's key ends", "keys show", ends, is_urgent=True)


def _decisions(session: Session) -> Iterator[ToDo]:
    number, since = overview.undecided(session)
    yield ToDo("requests_undecided", number, "request waits for the committee", "requests list", since)


def _people(session: Session, now: datetime) -> Iterator[ToDo]:
    seated = overview.seated(session)
    ends = [key.expires_at for _, key in overview.keys_to_look_at(session, now + KEY_SOON) if key.expires_at]
    gone, soon = [at for at in ends if at <= now], [at for at in ends if now < at <= now + KEY_SOON]
    yield ToDo("keys_ended", len(gone), "member's key has ended", "keys show", min(gone, default=None))
    yield ToDo(
        "keys_end", len(soon), "member's key ends within 30 days", "keys show", min(soon, default=None)
    )
    yield _marked("stale", "contact has not confirmed the record for long", seated)
    yield _marked("mailbox_failed", "contact's mailbox fails", seated)


def _marked(what: str, words: str, seated: list[Person]) -> ToDo:
    since = [at for one in seated if (at := getattr(one, f"{what}_at")) is not None]
    return ToDo(f"contacts_{what}", len(since), words, "members list", min(since, default=None))
