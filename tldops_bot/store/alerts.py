"""Alerts: their numbers, whom they were meant for, who has seen them, and how delivery went."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tldops_bot.store.tables import Alert, AlertNews, AlertRecipient, Delivery, Message


@dataclass(frozen=True, slots=True)
class Reach:
    """What became of an alert for one person: seen, reached, waiting, or failed and why, in our own words."""

    person_id: int
    state: str
    why: str = ""
    words: str = ""


def next_id(session: Session, now: datetime) -> str:
    """The next number of the year: "A-2026-0007"."""
    prefix = f"A-{now.year}-"
    count = session.scalar(select(func.count()).select_from(Alert).where(Alert.id.startswith(prefix))) or 0
    return f"{prefix}{count + 1:04d}"


def by_id(session: Session, text: str) -> Alert | None:
    """The alert of that id, however it was typed."""
    return session.get(Alert, text.strip().strip(".,:;[]").upper()[:32])


def posted_since(session: Session, moment: datetime, person_id: int | None = None) -> int:
    """How many alerts and updates were written since then, by one person or by all."""
    found = 0
    for table in (Alert, AlertNews):
        query = select(func.count()).select_from(table).where(table.posted_at > moment)
        if table is AlertNews:
            query = query.where(AlertNews.kind == "update")
        if person_id is not None:
            query = query.where(table.person_id == person_id)
        found += session.scalar(query) or 0
    return found


def news_of(session: Session, alert_id: str) -> list[AlertNews]:
    """What was said of an alert since, oldest first; not what still waits for a release, or was taken back."""
    query = select(AlertNews).where(AlertNews.alert_id == alert_id, AlertNews.state == "posted")
    return list(session.scalars(query.order_by(AlertNews.id)))


def held_news(session: Session, alert_id: str) -> AlertNews | None:
    """The oldest update of an alert that waits for a release."""
    query = select(AlertNews).where(AlertNews.alert_id == alert_id, AlertNews.state == "held")
    return session.scalars(query.order_by(AlertNews.id).limit(1)).first()


def next_number(session: Session, alert_id: str) -> int:
    """The number of the next word on an alert, from 1."""
    query = select(func.count()).select_from(AlertNews).where(AlertNews.alert_id == alert_id)
    return (session.scalar(query) or 0) + 1


def listing(session: Session, limit: int = 100) -> list[Alert]:
    """The newest alerts first."""
    return list(session.scalars(select(Alert).order_by(Alert.posted_at.desc()).limit(limit)))


def recipient(session: Session, alert_id: str, person_id: int) -> AlertRecipient | None:
    """The row of one person for one alert, or None when it was not meant for them."""
    return session.get(AlertRecipient, (alert_id, person_id))


def reach(session: Session, alert_id: str) -> list[Reach]:
    """What became of each copy, by person."""
    recipients = list(session.scalars(select(AlertRecipient).where(AlertRecipient.alert_id == alert_id)))
    rows = session.execute(
        select(Delivery.person_id, Delivery.state, Delivery.last_status, Delivery.bounced_at)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.alert_id == alert_id)
        .order_by(Delivery.id)
    ).all()
    copies: dict[int, list[tuple[str, str, datetime | None]]] = {}
    for row in rows:
        copies.setdefault(row.person_id, []).append((row.state, row.last_status, row.bounced_at))
    return [_reach_of(one, copies.get(one.person_id, [])) for one in recipients]


def _reach_of(one: AlertRecipient, copies: list[tuple[str, str, datetime | None]]) -> Reach:
    if one.seen_at is not None:
        return Reach(one.person_id, "seen", one.seen_how, one.words)
    states = {state for state, _, bounced_at in copies if bounced_at is None}
    if "taken" in states:
        return Reach(one.person_id, "reached")
    if one.got == "notice" or states & {"held"} or any(status == "no-key" for _, status, _ in copies):
        return Reach(one.person_id, "failed", "no usable key")
    if states & {"waiting"}:
        return Reach(one.person_id, "waiting")
    return Reach(one.person_id, "failed", "mailbox refused or bounced")
