"""Which entries belong to which constituency (ccTLD, gTLD, CERT, regional), and which are left out."""

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.organisation import kind_of
from tldops_bot.store.people import LISTED
from tldops_bot.store.tables import Entry


def without(labels: Iterable[str], tlds: TldTable, chosen: Collection[str] | None) -> frozenset[str]:
    """Those of the labels that are of none of the chosen constituencies; None chooses all.

    A TLD that our table does not know (it is younger, or has left the root) is left out of nothing.
    """
    if chosen is None:
        return frozenset()
    known = tlds.by_a_label
    kinds = {label: kind_of(label) or (known[label].kind if label in known else "") for label in labels}
    return frozenset(label for label, kind in kinds.items() if kind and kind not in chosen)


def listed_without(session: Session, tlds: TldTable, chosen: Collection[str] | None) -> frozenset[str]:
    """The same for everything anybody is listed for."""
    if chosen is None:
        return frozenset()
    labels = session.scalars(select(Entry.tld).where(Entry.state == LISTED).distinct())
    return without(labels, tlds, chosen)
