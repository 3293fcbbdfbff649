"""What every room must at least be covered to, lines and branches together; fails when one has fallen below.

Run after the tests that the Makefile calls COVERED: `python -m tests.coverage_rooms`. A floor only goes up: raise
it when the figure has risen for good. The aim is 100 for domain, commands and mail.
"""

import json
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from coverage import Coverage

FLOORS = {
    "domain": 100,
    "commands": 100,
    "mail": 100,
    "config": 98,
    "store": 98,
    "roster": 98,
    "intake": 95,
    "jobs": 95,
    "adapters": 95,
    "checks": 95,
    "cli": 80,
    "app.py": 88,
    "serving.py": 85,  # the rest of it is run by `serve` in processes of their own
}
NO_ROOM = {"__init__.py", "__main__.py"}


@dataclass
class Room:
    """How much of a room there is, how much of it was run, and what was not."""

    wanted: int = 0
    covered: int = 0
    gaps: tuple[str, ...] = ()

    @property
    def percent(self) -> float:
        return 100.0 * self.covered / self.wanted if self.wanted else 100.0


def measured() -> dict[str, Room]:
    """Each room with its figures, from the data the test run left."""
    coverage = Coverage()
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(file))
        report = json.loads(file.read_text())
    rooms: dict[str, Room] = defaultdict(Room)
    for name, found in sorted(report["files"].items()):
        add(rooms[Path(name).relative_to("tldops_bot").parts[0]], name, found)
    return {name: room for name, room in rooms.items() if name not in NO_ROOM}


def add(room: Room, name: str, found: dict) -> None:
    summary = found["summary"]
    room.wanted += summary["num_statements"] + summary["num_branches"]
    room.covered += summary["covered_lines"] + summary["covered_branches"]
    lines = [str(line) for line in found["missing_lines"]]
    branches = [f"{start}→{end if end > 0 else 'out'}" for start, end in found["missing_branches"]]
    if lines or branches:
        room.gaps += (f"{name}: {' '.join([*lines, *branches])}",)


def main() -> int:
    rooms = measured()
    if set(rooms) != set(FLOORS):
        print(f"rooms and floors differ: {', '.join(sorted(set(rooms) ^ set(FLOORS)))}")
        return 1
    low = [name for name, floor in FLOORS.items() if rooms[name].percent < floor]
    for name, floor in FLOORS.items():
        print(
            f"{name:10} {rooms[name].percent:6.2f} %   at least {floor:5.1f} %{'   TOO LOW' if name in low else ''}"
        )
    shown = low if "--gaps" not in sys.argv else list(FLOORS)
    for name in shown:
        print(*rooms[name].gaps, sep="\n")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
