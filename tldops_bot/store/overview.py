"""What the operator looks over: everybody with a seat, the keys in use, and counts by state."""

from datetime import datetime

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, defer, selectinload

from tldops_bot.domain.key_expiry import NOT_TOLD
from tldops_bot.store.outbox import NO_KEY
from tldops_bot.store.people import LIVING, is_served
from tldops_bot.store.requests import COMMITTEE
from tldops_bot.store.tables import (
    Alert,
    AlertNews,
    CertificateRow,
    Delivery,
    Entry,
    InboxRow,
    Message,
    Office,
    Person,
    Request,
)

Waiting = tuple[int, datetime | None]  # how many, and since when the oldest


def seated(session: Session, tld: str = "") -> list[Person]:
    """Everybody listed or suspended for a TLD, or holding an office; with `tld`, only those of that TLD."""
    living = exists().where(Entry.person_id == Person.id, Entry.state.in_(LIVING))
    everybody = or_(living, exists().where(Office.person_id == Person.id))
    wanted = living.where(Entry.tld == tld) if tld else everybody
    query = select(Person).where(wanted).options(selectinload(Person.entries), selectinload(Person.offices))
    return list(session.scalars(query.order_by(Person.name, Person.id)))


def keys_in_use(session: Session) -> list[tuple[Person, CertificateRow]]:
    """Everybody who has a key, with the certificate; the first to expire comes first."""
    query = (
        select(Person, CertificateRow)
        .join(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
        .where(Person.forgotten_at.is_(None))
        .order_by(CertificateRow.expires_at.is_(None), CertificateRow.expires_at, Person.id)
    )
    return [(row.Person, row.CertificateRow) for row in session.execute(query)]


def keys_to_look_at(session: Session, until: datetime) -> list[tuple[Person, CertificateRow]]:
    """People with a living seat whose key ends by then, or who were warned of it; the first to end first."""
    query = (
        select(Person, CertificateRow)
        .join(CertificateRow, CertificateRow.fingerprint == Person.fingerprint)
        .options(defer(CertificateRow.blob))
        .where(
            Person.forgotten_at.is_(None),
            or_(CertificateRow.expires_at <= until, Person.key_rung != NOT_TOLD),
            is_served(),
        )
        .order_by(CertificateRow.expires_at.is_(None), CertificateRow.expires_at, Person.id)
    )
    return [(row.Person, row.CertificateRow) for row in session.execute(query)]


def requests_by_state(session: Session) -> dict[str, int]:
    """How many requests are in each state."""
    return _counted(session, Request.state)


def inbox_by_state(session: Session) -> dict[str, int]:
    """How many mails are in each state."""
    return _counted(session, InboxRow.state)


def alerts_by_state(session: Session) -> dict[str, int]:
    """How many alerts are in each state."""
    return _counted(session, Alert.state)


def offices_by_role(session: Session) -> dict[str, int]:
    """How many people are in each office."""
    return _counted(session, Office.role)


def message_kind(session: Session, delivery_id: int) -> str:
    """What kind of mail a delivery carries; "" if there is no such delivery."""
    query = select(Message.kind).join(Delivery, Delivery.message_id == Message.id)
    return session.scalar(query.where(Delivery.id == delivery_id)) or ""


def held_deliveries(session: Session, but: str) -> list[int]:
    """The deliveries held for a reason other than `but`, in the order they were written."""
    query = select(Delivery.id).where(Delivery.state == "held", Delivery.last_status != but)
    return list(session.scalars(query.order_by(Delivery.id)))


def held_copies(session: Session, is_keyless: bool) -> Waiting:
    """Held deliveries: for want of a key, or for another reason until the operator acts."""
    why = Delivery.last_status == NO_KEY
    query = select(func.count(), func.min(Message.made_at)).join(Delivery, Delivery.message_id == Message.id)
    return _waiting(session, query.where(Delivery.state == "held", why if is_keyless else ~why))


def held_alerts(session: Session) -> Waiting:
    """Alerts and updates that wait for a second member."""
    found = [
        _waiting(session, select(func.count(), func.min(table.posted_at)).where(table.state == "held"))
        for table in (Alert, AlertNews)
    ]
    return sum(number for number, _ in found), min((at for _, at in found if at is not None), default=None)


def undecided(session: Session) -> Waiting:
    """Requests that wait for the committee."""
    query = select(func.count(), func.min(Request.asked_at))
    return _waiting(session, query.where(Request.state == COMMITTEE))


def seats(session: Session) -> list[str]:
    """The TLDs, and organisations without one, that have a contact."""
    living = select(Entry.tld).where(Entry.state.in_(LIVING)).distinct()
    return list(session.scalars(living.order_by(Entry.tld)))


def _waiting(session: Session, query: Select[int, datetime]) -> Waiting:
    number, since = session.execute(query).one()
    return int(number), since


def oldest_received_at(session: Session) -> datetime | None:
    """When the oldest mail arrived that has not been carried out."""
    return session.scalar(select(func.min(InboxRow.received_at)).where(InboxRow.state != "done"))


def _counted(session: Session, column: InstrumentedAttribute[str]) -> dict[str, int]:
    query = select(column, func.count()).group_by(column).order_by(column)
    return {str(state): int(number) for state, number in session.execute(query)}
