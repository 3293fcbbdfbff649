"""Alerts: their numbers, whom they were meant for, who has seen them, and how delivery went."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from tldops_bot.domain.alert_reach import FAILED, REACHED, SEEN, WAITING, Call, Reach
from tldops_bot.store import facts
from tldops_bot.store.people import LISTED
from tldops_bot.store.tables import (
    Alert,
    AlertCall,
    AlertNews,
    AlertRecipient,
    CopiesToCome,
    Delivery,
    Entry,
    Message,
    Person,
)


def next_id(session: Session, now: datetime) -> str:
    """The next number of the year: "A-2026-0007"."""
    skipped = numbers_skipped(session, now)
    return f"A-{now.year}-{_of_year(session, now) + skipped + 1:04d}"


def numbers_skipped(session: Session, now: datetime) -> int:
    """How many numbers of this year are skipped, because alerts that had them may be lost."""
    return int(facts.get(session, f"{facts.SKIPPED_ALERTS}_{now.year}") or 0)


def leave_gap(session: Session, now: datetime, step: int) -> None:
    """Number this year's next alert from the next full `step`: people may know the numbers in between."""
    count = _of_year(session, now)
    last = count + numbers_skipped(session, now)
    facts.put(session, f"{facts.SKIPPED_ALERTS}_{now.year}", str((last // step + 1) * step - count))


def _of_year(session: Session, now: datetime) -> int:
    mine = Alert.id.startswith(f"A-{now.year}-")
    return session.scalar(select(func.count()).select_from(Alert).where(mine)) or 0


def by_id(session: Session, text: str) -> Alert | None:
    """The alert with that id, however it was typed."""
    return session.get(Alert, text.strip().strip(".,:;[]").upper()[:32])


def posted_since(session: Session, moment: datetime, person_id: int | None = None) -> int:
    """How many alerts and updates were written since then, by one person or by all."""
    found = 0
    for table in (Alert, AlertNews):
        query = select(func.count()).select_from(table)
        query = query.where(table.posted_at > moment, table.state != "announced")
        if table is AlertNews:
            query = query.where(AlertNews.kind == "update")
        if person_id is not None:
            query = query.where(table.person_id == person_id)
        found += session.scalar(query) or 0
    return found


def news_of(session: Session, alert_id: str) -> list[AlertNews]:
    """What has been said about an alert, oldest first; not what waits for a release or was taken back."""
    query = select(AlertNews).where(AlertNews.alert_id == alert_id, AlertNews.state == "posted")
    return list(session.scalars(query.order_by(AlertNews.id)))


def held_news(session: Session, alert_id: str) -> AlertNews | None:
    """The oldest update of an alert that waits for a release."""
    query = select(AlertNews).where(AlertNews.alert_id == alert_id, AlertNews.state == "held")
    return session.scalars(query.order_by(AlertNews.id).limit(1)).first()


def held_since_before(session: Session, moment: datetime) -> list[tuple[Alert, Alert | AlertNews]]:
    """What has waited for a release since before then: alerts, and updates with the alert they belong to."""
    own = select(Alert).where(Alert.state == "held", Alert.posted_at <= moment).order_by(Alert.id)
    updates = (
        select(Alert, AlertNews)
        .join(AlertNews, AlertNews.alert_id == Alert.id)
        .where(AlertNews.state == "held", AlertNews.posted_at <= moment)
        .order_by(AlertNews.id)
    )
    found: list[tuple[Alert, Alert | AlertNews]] = [(one, one) for one in session.scalars(own)]
    return [*found, *((alert, news) for alert, news in session.execute(updates))]


def next_number(session: Session, alert_id: str) -> int:
    """The number of the next addition to an alert, from 1."""
    query = select(func.count()).select_from(AlertNews).where(AlertNews.alert_id == alert_id)
    return (session.scalar(query) or 0) + 1


def listing(session: Session, limit: int = 100) -> list[Alert]:
    """The newest alerts first."""
    return list(session.scalars(select(Alert).order_by(Alert.posted_at.desc()).limit(limit)))


def readable_by(session: Session, person_id: int, limit: int = 100) -> list[Alert]:
    """The newest alerts meant for this person, or theirs; without those whose text is no longer kept."""
    meant = exists().where(AlertRecipient.alert_id == Alert.id, AlertRecipient.person_id == person_id)
    query = select(Alert).where(Alert.original != b"", or_(Alert.person_id == person_id, meant))
    return list(session.scalars(query.order_by(Alert.posted_at.desc()).limit(limit)))


def exercises_since(session: Session, moment: datetime, person_id: int) -> int:
    """How many exercises a person has held since then."""
    mine = (Alert.is_exercise.is_(True), Alert.person_id == person_id, Alert.posted_at > moment)
    return session.scalar(select(func.count()).select_from(Alert).where(*mine)) or 0


def seen_counts(session: Session, alert_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    """For each alert, how many people it was meant for, and how many of them have said that they know."""
    rows = AlertRecipient.alert_id
    query = select(rows, func.count(), func.count(AlertRecipient.seen_at)).where(rows.in_(alert_ids))
    return {str(one): (int(all_), int(seen)) for one, all_, seen in session.execute(query.group_by(rows))}


def every_news_of(session: Session, alert_id: str) -> list[AlertNews]:
    """Everything that was said about an alert, oldest first, whatever became of it."""
    query = select(AlertNews).where(AlertNews.alert_id == alert_id)
    return list(session.scalars(query.order_by(AlertNews.id)))


def recipient(session: Session, alert_id: str, person_id: int) -> AlertRecipient | None:
    """The row of one person for one alert, or None when it was not meant for them."""
    return session.get(AlertRecipient, (alert_id, person_id))


def recipient_of_delivery(session: Session, delivery_id: int) -> AlertRecipient | None:
    """The row of whoever a copy of an alert was for; None if that delivery was no such copy."""
    query = (
        select(AlertRecipient)
        .join(Message, Message.alert_id == AlertRecipient.alert_id)
        .join(
            Delivery, (Delivery.message_id == Message.id) & (Delivery.person_id == AlertRecipient.person_id)
        )
        .where(Delivery.id == delivery_id)
    )
    return session.scalars(query).first()


def reach(session: Session, alert: Alert) -> list[Reach]:
    """What became of an alert for each person it was meant for: the best of their copies and updates."""
    recipients = list(session.scalars(select(AlertRecipient).where(AlertRecipient.alert_id == alert.id)))
    rows = session.execute(
        select(Delivery.person_id, Delivery.state, Delivery.last_status, Delivery.bounced_at)
        .join(Message, Message.id == Delivery.message_id)
        .where(Message.alert_id == alert.id, Message.priority >= 0)  # a retraction is no reach
        .order_by(Delivery.id)
    ).all()
    copies: dict[int, list[tuple[str, str, datetime | None]]] = {}
    for row in rows:
        copies.setdefault(row.person_id, []).append((row.state, row.last_status, row.bounced_at))
    for person_id in _to_come(session, Message.alert_id == alert.id, Message.priority >= 0):
        copies.setdefault(person_id, []).append((WAITING, "", None))
    return [_reach_of(one, alert, copies.get(one.person_id, [])) for one in recipients]


def _to_come(session: Session, *of_messages: ColumnElement[bool]) -> Iterator[int]:
    """For whom copies of such messages are still to be written."""
    query = select(CopiesToCome.persons).join(Message, Message.id == CopiesToCome.message_id)
    for persons in session.scalars(query.where(*of_messages)):
        yield from persons


def _reach_of(one: AlertRecipient, alert: Alert, copies: list[tuple[str, str, datetime | None]]) -> Reach:
    if one.seen_at is not None:
        return Reach(one.person_id, SEEN, one.seen_how, one.words, one.seen_at - alert.received_at)
    states = {state for state, _, bounced_at in copies if bounced_at is None}
    if "taken" in states:
        return Reach(one.person_id, REACHED)
    if one.got == "notice" or states & {"held"} or any(status == "no-key" for _, status, _ in copies):
        return Reach(one.person_id, FAILED, "no usable key")
    if states & {"waiting", "sending"}:
        return Reach(one.person_id, WAITING)
    if "dropped" in states:
        return Reach(one.person_id, FAILED, "stopped")
    return Reach(one.person_id, FAILED, "mailbox refused or bounced")


def seconds_to_last_copy(session: Session, alert: Alert) -> float | None:
    """From the 250 to the last copy that the smarthost took; None if copies still wait, or none was taken."""
    own = (Message.alert_id == alert.id, Message.made_at == _first_made_at(alert))  # one for each language
    copies = (
        select(Delivery.state, func.max(Delivery.finished_at))
        .join(Message, Message.id == Delivery.message_id)
        .where(*own)
        .group_by(Delivery.state)
    )
    found: dict[str, datetime | None] = {}
    for state, last in session.execute(copies):
        found[state] = last
    taken_at = found.get("taken")
    if taken_at is None or {"waiting", "sending"} & set(found) or any(_to_come(session, *own)):
        return None
    return float((taken_at - alert.received_at).total_seconds())


def _first_made_at(alert: Alert) -> ScalarSelect[datetime]:
    return select(func.min(Message.made_at)).where(Message.alert_id == alert.id).scalar_subquery()


def tlds_of_recipients(session: Session, alert_id: str) -> dict[int, list[str]]:
    """The TLDs for which each recipient of an alert is listed."""
    query = (
        select(Entry.person_id, Entry.tld)
        .join(AlertRecipient, AlertRecipient.person_id == Entry.person_id)
        .where(AlertRecipient.alert_id == alert_id, Entry.state == LISTED)
        .order_by(Entry.tld)
    )
    found: dict[int, list[str]] = {}
    for person_id, tld in session.execute(query):
        found.setdefault(person_id, []).append(tld)
    return found


def forget_before(session: Session, moment: datetime) -> None:
    """Empty alerts that went out before then: text, recipients and calls go; that there was one stays."""
    old = select(Alert.id).where(Alert.posted_at < moment, Alert.original != b"", Alert.state != "announced")
    numbers = list(session.scalars(old))
    for table in (AlertCall, AlertRecipient, AlertNews):
        session.execute(delete(table).where(table.alert_id.in_(numbers)))
    sent = select(Message.id).where(Message.alert_id.in_(numbers))
    session.execute(delete(CopiesToCome).where(CopiesToCome.message_id.in_(sent)))
    session.execute(delete(Delivery).where(Delivery.message_id.in_(sent)))
    session.execute(delete(Message).where(Message.alert_id.in_(numbers)))
    emptied = {"original": b"", "title": "", "scope": {}}
    session.execute(update(Alert).where(Alert.id.in_(numbers)).values(**emptied))


def note_call(
    session: Session, alert_id: str, tld: str, person_id: int, reached: bool, words: str, now: datetime
) -> None:
    """What came of telephoning a TLD."""
    session.add(
        AlertCall(alert_id=alert_id, tld=tld, person_id=person_id, reached=reached, words=words, at=now)
    )


def calls_of(session: Session, alert_id: str) -> list[Call]:
    """What came of the calls for an alert, oldest first."""
    query = (
        select(AlertCall, Person.name)
        .join(Person, Person.id == AlertCall.person_id)
        .where(AlertCall.alert_id == alert_id)
        .order_by(AlertCall.id)
    )
    return [Call(one.tld, one.reached, name, one.at, one.words) for one, name in session.execute(query)]


def open_beside(session: Session, alert: Alert, since: datetime) -> list[Alert]:
    """Other open alerts since then, to everybody or with the same scope: perhaps the same incident."""
    query = (
        select(Alert)
        .where(Alert.id != alert.id, Alert.state == "posted", Alert.posted_at > since)
        .where(Alert.is_exercise == alert.is_exercise)
        .order_by(Alert.posted_at)
    )
    return [one for one in session.scalars(query) if one.scope.get("everybody") or one.scope == alert.scope]


def to_start(session: Session, now: datetime) -> list[Alert]:
    """Announced exercises whose time has come."""
    query = select(Alert).where(Alert.state == "announced", Alert.posted_at <= now)
    return list(session.scalars(query.order_by(Alert.id)))


def exercises(session: Session) -> list[Alert]:
    """The exercises that have gone out, oldest first."""
    query = select(Alert).where(Alert.is_exercise, Alert.state.in_(("posted", "closed")))
    return list(session.scalars(query.order_by(Alert.posted_at)))


def to_report(session: Session, since: datetime) -> list[Alert]:
    """Alerts that went out since then and still have reports to come."""
    query = select(Alert).where(
        Alert.posted_at > since, Alert.state.in_(("posted", "closed")), Alert.reports < 3
    )
    return list(session.scalars(query.order_by(Alert.id)))
