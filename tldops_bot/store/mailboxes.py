"""People's addresses from which mail came back: being probed, dead, or alive again."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tldops_bot.domain.address import address_key
from tldops_bot.store.tables import Mailbox, Person


def of(session: Session, person_id: int, address: str) -> Mailbox | None:
    """What is known about an address of a person; None if nothing ever came back."""
    return session.get(Mailbox, (person_id, address_key(address)))


def take(session: Session, person_id: int, address: str) -> Mailbox:
    """The row of an address that is to be probed; made if there is none."""
    row = of(session, person_id, address)
    if row is None:
        row = Mailbox(person_id=person_id, address_key=address_key(address), probes=0)
        session.add(row)
        session.flush()
    return row


def in_question(session: Session) -> list[tuple[Person, Mailbox]]:
    """Every address that is being probed, dead ones included, with its person."""
    query = (
        select(Person, Mailbox)
        .join(Mailbox, Mailbox.person_id == Person.id)
        .where(Mailbox.probed_at.is_not(None))
        .order_by(Person.id, Mailbox.address_key)
    )
    return [(row.Person, row.Mailbox) for row in session.execute(query)]


def dead(session: Session) -> set[tuple[int, str]]:
    """Person and address of every mailbox that counts as dead."""
    query = select(Mailbox.person_id, Mailbox.address_key).where(Mailbox.failed_at.is_not(None))
    return {(row.person_id, row.address_key) for row in session.execute(query)}


def answered(session: Session, address: str, now: datetime) -> None:
    """A token sent to this mailbox came back: it is alive, and what happened before no longer counts."""
    key = address_key(address)
    for row in session.scalars(select(Mailbox).where(Mailbox.address_key == key)):
        row.probed_at, row.probes, row.failed_at, row.alive_at = None, 0, None, now
        person = session.get_one(Person, row.person_id)
        if address_key(person.email) == key:
            person.mailbox_failed_at = None
    session.flush()


def drop(session: Session, row: Mailbox) -> None:
    """The person has a different address now."""
    session.delete(row)
    session.flush()


def forget_person(session: Session, person: Person) -> None:
    """Keep no address of a person here."""
    session.execute(delete(Mailbox).where(Mailbox.person_id == person.id))
