"""The organisations without a TLD that somebody was listed for, by their labels: what they are called."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.domain.tld import Tld
from tldops_bot.store.tables import Organisation


def keep(session: Session, organisation: Tld, now: datetime) -> None:
    """Write an organisation down, when the first contact comes. What it is called then, it is called later."""
    if session.get(Organisation, organisation.a_label) is None:
        session.add(Organisation(label=organisation.a_label, name=organisation.u_label[:255], since_at=now))
        session.flush()


def by_label(session: Session, label: str) -> Tld | None:
    """The organisation under this label, by its name; None if nobody was ever listed for it."""
    row = session.get(Organisation, label)
    return Tld(row.label, row.name) if row is not None else None


def named(session: Session, labels: Collection[str]) -> dict[str, Tld]:
    """Those of the labels that are known organisations."""
    if not labels:
        return {}
    query = select(Organisation.label, Organisation.name).where(Organisation.label.in_(labels))
    return {label: Tld(label, name) for label, name in session.execute(query)}


def labels(session: Session) -> list[str]:
    """All labels there are."""
    return list(session.scalars(select(Organisation.label).order_by(Organisation.label)))
