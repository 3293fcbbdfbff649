"""Nothing is lost: every copy the store speaks of is held against every mail the smarthost has taken."""

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import select

from benchmarks.exercise.story import Story, headers
from tldops_bot.store.tables import AlertRecipient, Delivery, Message


@dataclass(frozen=True, slots=True)
class Accounts:
    """What became of the copies; `problems` must be empty."""

    recipients: int
    taken: int
    later: int  # of those taken, not at the first try
    repeated: int  # came twice, under one Message-ID
    failed: dict[str, int]  # and why
    waiting: dict[str, int]
    held: int
    problems: tuple[str, ...]


def balance(story: Story) -> Accounts:
    """Hold the books against each other."""
    with story.place.desk.app.database.read() as session:
        meant = set(
            session.scalars(select(AlertRecipient.person_id).where(AlertRecipient.alert_id == story.number))
        )
        rows = list(session.scalars(select(Delivery)))
        of_alert = set(session.scalars(select(Message.id).where(Message.alert_id == story.number)))
        session.expunge_all()
    copies = [row for row in rows if row.message_id in of_alert]
    problems = [
        f"person {number} has no copy" for number in sorted(meant - {row.person_id for row in copies})
    ]
    problems += _against_the_mails(story, rows)
    failed = Counter(f"{row.last_code} {row.last_status}" for row in copies if row.state == "refused")
    failed += Counter(
        f"bounced {row.bounce_status}" for row in copies if row.bounced_at and row.state == "taken"
    )
    problems += [f"delivery {row.id} failed without a word" for row in copies if _is_dumb(row)]
    problems += [f"delivery {row.id} is {row.state}" for row in copies if row.state in ("sending", "dropped")]
    return Accounts(
        recipients=len(meant),
        taken=sum(row.state == "taken" for row in copies),
        later=sum(row.state == "taken" and row.attempts > 1 for row in copies),
        repeated=_repeated(story),
        failed=dict(failed),
        waiting=dict(
            Counter(f"{row.last_code} {row.last_status}" for row in copies if row.state == "waiting")
        ),
        held=sum(row.state == "held" for row in copies),
        problems=tuple(problems),
    )


def _is_dumb(row: Delivery) -> bool:
    return row.state in ("refused", "waiting") and not (row.last_code and row.last_status)


def _against_the_mails(story: Story, rows: list[Delivery]) -> list[str]:
    """Each taken delivery is one Message-ID in that mailbox, and each Message-ID there is a taken delivery."""
    there: defaultdict[str, set[str]] = defaultdict(set)
    for sunk in story.smarthost.mails:
        there[sunk.rcpt].add(headers(sunk)["Message-ID"])
    written = Counter(row.rcpt_to for row in rows if row.state == "taken")
    return [
        f"a mailbox holds {len(there[address])} mails, the store says {written[address]}"
        for address in sorted(there.keys() | written.keys())
        if len(there[address]) != written[address]
    ]


def _repeated(story: Story) -> int:
    seen = Counter((sunk.rcpt, headers(sunk)["Message-ID"]) for sunk in story.smarthost.mails)
    return sum(count - 1 for count in seen.values())
