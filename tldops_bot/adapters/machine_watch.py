"""Checks this machine regularly, and notes in the store what the operator may need to hear about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.adapters.machine_disks import MachineDisks
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.disk_room import judge_room
from tldops_bot.domain.finding import State
from tldops_bot.store import machines
from tldops_bot.store.database import Database, Urgency
from tldops_bot.store.machines import Machine


@dataclass(frozen=True, slots=True)
class MachineWatch:
    """What is looked at, and where it is noted."""

    database: Database
    gnupg: Gnupg
    disks: MachineDisks
    hostname: str
    now: Callable[[], datetime]

    def note(self) -> None:
        """Check, and write it down."""
        now = self.now()
        disks = self.disks.look()
        fullest = min(disks, key=lambda one: one.room.free_bytes)
        fingerprint, ends = self._key(now)
        is_low = any(judge_room(one.room) is not State.OK for one in disks)
        folder, free_bytes = str(fullest.folder), fullest.room.free_bytes
        seen = Machine(self.hostname, now, folder, free_bytes, is_low, fingerprint, ends)
        with self.database.write(Urgency.DELIVERY) as session:
            machines.note(session, seen)

    def _key(self, now: datetime) -> tuple[str, datetime | None]:
        try:
            key = self.gnupg.list_certificate(now)
        except (GpgUnavailable, NoListKey):  # other checks report that
            return "", None
        return key.fingerprint, ends_at(key)


def ends_at(key: Certificate) -> datetime | None:
    """When a key can no longer sign or be encrypted to, whichever comes first; None for never."""
    moments = [one for one in (key.expires_at, key.signs_until, key.encrypts_until) if one is not None]
    return min(moments, default=None)
