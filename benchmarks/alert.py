"""An alert to everybody: from its 250 to the first and the last copy, against the bare fan-out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.bare_fan_out import BareFanOut, Pattern
from benchmarks.figures import Figure, Say, middle, seconds, times
from benchmarks.footprint import Footprint, footprint
from benchmarks.load import send_all
from benchmarks.people import Member
from benchmarks.site import Site, new_site
from benchmarks.sink_process import SinkProcess, Taken
from tests.keys import LIST_ADDRESS

ALERTS = 2  # the first finds no certificate parsed, the second finds them all
ALERT_MARK = b"\r\nSubject: [TLP:"
TEXT = "The name servers of several registries answer with wrong data since this morning.\n" * 12
MOST = 1.5
FIRST_COPY_SECONDS = 0.2
GROWTH = 1.2


@dataclass
class Rounds:
    """What the rounds of one size gave, in seconds: first alerts, second alerts, first copies, floors."""

    size: int
    last: list[list[float]] = field(default_factory=lambda: [[] for _ in range(ALERTS)])
    aiosmtplib: list[list[float]] = field(default_factory=lambda: [[] for _ in range(ALERTS)])
    smarthost: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """The lines about this size."""
        name = f"alert to {self.size:,} members"
        fastest = middle(self.first)
        return [
            times(f"{name}, the first", self.last[0], self.aiosmtplib[0], MOST),
            times(f"{name}, the next", self.last[1], self.aiosmtplib[1], MOST),
            times(f"{name}, the next, to our own hand-over", self.last[1], self.smarthost, None),
            Figure(
                f"{name}: first copy after the 250",
                seconds(fastest),
                "",
                "",
                f"< {seconds(FIRST_COPY_SECONDS)}",
                fastest < FIRST_COPY_SECONDS,
            ),
            *(middle_of(self.footprints, self.size)),
        ]


def measure(members: Sequence[Member], sink: SinkProcess, connections: int, rounds: int, say: Say) -> Rounds:
    """Each round has a service of its own, and a bare fan-out of its own."""
    found = Rounds(len(members))
    with new_site(members) as site:
        for number in range(rounds):
            say(f"alert to {len(members):,} members, round {number + 1}")
            with site.serve(sink.port, connections):
                copy = _alerts(found, site, members, sink)
            bare = BareFanOut(members, sink, connections)
            pattern = Pattern.of(copy, members)
            for nth in range(ALERTS):
                found.aiosmtplib[nth].append(bare.by_aiosmtplib(pattern))
            found.smarthost.append(bare.by_smarthost(pattern))
            bare.close()
    return found
