"""The organisations without a TLD that people have been listed for: their labels and names."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.domain.tld import Tld
from tldops_bot.store.tables import Organisation


def keep(session: Session, organisation: Tld, now: datetime) -> None:
    """Store an organisation when its first contact joins. The name it has then, it keeps."""
    if session.get(Organisation, organisation.a_label) is None:
        session.add(Organisation(label=organisation.a_label, name=organisation.u_label[:255], since_at=now))
        session.flush()


def by_label(session: Session, label: str) -> Tld | None:
    """The organisation with this label; None if nobody was ever listed for it."""
    row = session.get(Organisation, label)
    return Tld(row.label, row.name) if row is not None else None


def named(session: Session, labels: Collection[str]) -> dict[str, Tld]:
    """Those of the labels that are known organisations."""
    if not labels:
        return {}
    query = select(Organisation.label, Organisation.name).where(Organisation.label.in_(labels))
    return {label: Tld(label, name) for label, name in session.execute(query)}


def labels(session: Session) -> list[str]:
    """All labels in use."""
    return list(session.scalars(select(Organisation.label).order_by(Organisation.label)))
