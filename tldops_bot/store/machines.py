"""What each machine that serves the list last reported, and which troubles the operator was told about."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tldops_bot.domain.troubles import Told
from tldops_bot.store import facts
from tldops_bot.store.tables import Fact

_MACHINE = "machine:"
_TOLD = "told_operator"


@dataclass(frozen=True, slots=True)
class Machine:
    """One node's report: room on its fullest disk, and when the list's key ends (None: never)."""

    host: str
    seen_at: datetime
    folder: str
    free_bytes: int
    is_low: bool
    fingerprint: str
    key_ends_at: datetime | None


def note(session: Session, machine: Machine) -> None:
    """Keep a machine's newest report."""
    number = hashlib.sha256(machine.host.encode()).hexdigest()[
        :16
    ]  # a host's name may be longer than a fact's
    facts.put(session, _MACHINE + number, json.dumps(asdict(machine), default=_moment))


def seen_since(session: Session, since: datetime) -> list[Machine]:
    """The machines that have reported since then; others are gone."""
    rows = session.scalars(select(Fact.value).where(Fact.name.startswith(_MACHINE)).order_by(Fact.name))
    found = [_read(json.loads(value)) for value in rows]
    return [one for one in found if one.seen_at >= since]


def told(session: Session) -> list[Told]:
    """What the operator has been told."""
    held = json.loads(facts.get(session, _TOLD) or "[]")
    return [Told(one["name"], datetime.fromisoformat(one["at"]), one["is_over"]) for one in held]


def note_told(session: Session, told: Sequence[Told]) -> None:
    """Remember what the operator knows now, replacing what was remembered before."""
    facts.put(session, _TOLD, json.dumps([asdict(one) for one in told], default=_moment))


def _moment(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


def _read(held: dict[str, Any]) -> Machine:
    ends = held["key_ends_at"]
    moments = {
        "seen_at": datetime.fromisoformat(held["seen_at"]),
        "key_ends_at": datetime.fromisoformat(ends) if ends else None,
    }
    return Machine(**(held | moments))
