"""Single values the service must remember."""

from collections.abc import Callable
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.orm import Session

from tldops_bot.store.tables import Fact

OLDEST_SIGNATURE = "oldest_signature_at"
MAC_KEYS = "mac_keys"
LIST_KEY = "list_key"  # the fingerprint of the key the list signs with, since a rotation
RESTORED_AT = "restored_at"
BACKED_UP_AT = "backed_up_at"
SKIPPED_ALERTS = "skipped_alerts"  # with the year: how many numbers of alerts are left out
OLD_LIST_KEYS = "old_list_keys"  # "fingerprint until fingerprint until": kept for reading, and for how long

# Asked for with every mail, so built once, below the ORM.
_FACTS = cast(Table, Fact.__table__)
_GET = select(_FACTS.c.value).where(_FACTS.c.name == bindparam("which"))
# The same as a value in another query; None where there is none.
OLDEST_SIGNATURE_HELD = select(_FACTS.c.value).where(_FACTS.c.name == OLDEST_SIGNATURE).scalar_subquery()
_CHANGE = update(_FACTS).where(_FACTS.c.name == bindparam("which")).values(value=bindparam("to"))
_PUT = insert(_FACTS).values(name=bindparam("which"), value=bindparam("to"))


def get(session: Session, name: str) -> str:
    """The value of that name, or ""."""
    return session.connection().scalar(_GET, {"which": name}) or ""


def put(session: Session, name: str, value: str) -> None:
    """Remember a value."""
    fact, connection = {"which": name, "to": value}, session.connection()
    if connection.execute(_CHANGE, fact).rowcount == 0:
        connection.execute(_PUT, fact)


def mac_keys(session: Session) -> tuple[bytes, ...]:
    """The keys that bounce addresses are made with: the first is used for new ones, all are accepted."""
    return tuple(bytes.fromhex(word) for word in get(session, MAC_KEYS).split())


def new_mac_key(session: Session, random: Callable[[int], bytes]) -> None:
    """Put a fresh key in front; the one before stays valid, older ones are dropped."""
    kept = [key.hex() for key in mac_keys(session)[:1]]
    put(session, MAC_KEYS, " ".join([random(32).hex(), *kept]))


def only_mac_key(session: Session, random: Callable[[int], bytes]) -> None:
    """A fresh key and no other: bounces of copies sent until now no longer count."""
    put(session, MAC_KEYS, random(32).hex())


def moment(session: Session, name: str) -> datetime | None:
    """The moment stored under that name, or None."""
    held = get(session, name)
    return datetime.fromisoformat(held) if held else None


def rotate_list_key(session: Session, old: str, new: str, until: datetime) -> None:
    """The new key signs from now on; the old one is kept until then, for reading."""
    put(session, LIST_KEY, new)
    put(session, OLD_LIST_KEYS, f"{get(session, OLD_LIST_KEYS)} {old} {until.isoformat()}".strip())


def old_list_keys(session: Session) -> dict[str, datetime]:
    """The keys the list used to sign with, and until when mail encrypted to each is sure to be readable."""
    words = get(session, OLD_LIST_KEYS).split()
    return {old: datetime.fromisoformat(until) for old, until in zip(words[::2], words[1::2], strict=True)}


def oldest_signature_at(session: Session) -> datetime | None:
    """No signature older than this is ever accepted, whatever the clock says now."""
    return moment(session, OLDEST_SIGNATURE)


def raise_oldest_signature(session: Session, to: datetime) -> None:
    """Move the oldest acceptable signature time forward; it never goes back."""
    held = oldest_signature_at(session)
    if held is None or to > held:
        put(session, OLDEST_SIGNATURE, to.isoformat())
