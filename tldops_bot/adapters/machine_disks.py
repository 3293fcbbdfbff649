"""The disks of this machine that must have room: where mail is kept, and where it is taken apart."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tldops_bot.domain.disk_room import Room, judge_room
from tldops_bot.domain.finding import State


@dataclass(frozen=True, slots=True)
class Disk:
    """How much room there is for something, and in which folder."""

    keeps: str
    folder: Path
    room: Room


@dataclass(frozen=True, slots=True)
class MachineDisks:
    """`database` is its file, or None if it is on another machine; `home` is GnuPG's, which never is."""

    database: Path | None
    home: Path

    def look(self) -> list[Disk]:
        """What is kept, and how much room there is for it now; only where the folder exists."""
        kept = self.database.parent if self.database is not None else self.home
        named = {"database": kept, "temporary files": Path(tempfile.gettempdir())}
        return [Disk(what, one, _room_of(one)) for what, one in named.items() if one.is_dir()]

    def is_database_full(self) -> bool:
        """Whether there is hardly room for the database to grow; of one on another machine it is not known."""
        return self.database is not None and judge_room(_room_of(self.database.parent)) is State.BROKEN


def _room_of(folder: Path) -> Room:
    usage = shutil.disk_usage(folder)
    return Room(usage.total, usage.free)
