"""Checks this machine regularly, and notes in the store what the operator may need to hear about."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.disk_room import Room, judge_room
from tldops_bot.domain.finding import State
from tldops_bot.store import machines
from tldops_bot.store.database import Database, Urgency
from tldops_bot.store.machines import Machine


@dataclass(frozen=True, slots=True)
class MachineWatch:
    """What is looked at, and where it is noted."""

    database: Database
    gnupg: Gnupg
    folders: Callable[[], Mapping[str, Path]]
    hostname: str
    now: Callable[[], datetime]

    def note(self) -> None:
        """Check, and write it down."""
        now = self.now()
        rooms = [(room_of(folder), folder) for folder in self.folders().values()]
        room, folder = min(rooms, key=lambda pair: pair[0].free_bytes)
        fingerprint, ends = self._key(now)
        is_low = any(judge_room(one) is not State.OK for one, _ in rooms)
        seen = Machine(self.hostname, now, str(folder), room.free_bytes, is_low, fingerprint, ends)
        with self.database.write(Urgency.DELIVERY) as session:
            machines.note(session, seen)

    def _key(self, now: datetime) -> tuple[str, datetime | None]:
        try:
            key = self.gnupg.list_certificate(now)
        except (GpgUnavailable, NoListKey):  # other checks report that
            return "", None
        return key.fingerprint, ends_at(key)


def room_of(folder: Path) -> Room:
    """How much room there is on a disk, and how much is left."""
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)


def ends_at(key: Certificate) -> datetime | None:
    """When a key can no longer sign or be encrypted to, whichever comes first; None for never."""
    moments = [one for one in (key.expires_at, key.signs_until, key.encrypts_until) if one is not None]
    return min(moments, default=None)
