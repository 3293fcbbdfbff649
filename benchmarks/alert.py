"""An alert to everybody: from its 250 to the first and the last copy, against the bare fan-out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import footprint
from benchmarks.bare_fan_out import BareFanOut, Pattern
from benchmarks.figures import Figure, Say, below, middle, seconds, times
from benchmarks.load import send_all
from benchmarks.people import Member
from benchmarks.sink_process import SinkProcess
from benchmarks.site import Site, new_site
from tests.keys import LIST_ADDRESS
from tests.sink import SunkMail

MOST_ROUNDS = 5  # more alerts in an hour would wait for a second member's word
MOST = 1.5
FIRST_COPY_SECONDS = 0.2
GROWTH = 1.2
GROWTH_FROM = 900
_MARK = b"\r\nSubject: [TLP:"
_TEXT = "The name servers of several registries answer with wrong data since this morning.\n" * 12


@dataclass
class Rounds:
    """What the rounds of one size gave, in seconds. A service's first alert finds no certificate parsed."""

    size: int
    idle_seconds: float
    first_alert: list[float] = field(default_factory=list)
    next_alert: list[float] = field(default_factory=list)
    first_copy: list[float] = field(default_factory=list)
    first_floor: list[float] = field(default_factory=list)
    next_floor: list[float] = field(default_factory=list)
    own_floor: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)

    def figures(self) -> list[Figure]:
        """The lines about this size."""
        name = f"alert to {self.size:,}"
        return [
            times(f"{name}: last copy", self.first_alert, self.first_floor, MOST),
            times(f"{name}: last copy, certificates parsed before", self.next_alert, self.next_floor, MOST),
            times(f"{name}: the same, to our own hand-over", self.next_alert, self.own_floor),
            below(f"{name}: first copy", self.first_copy, FIRST_COPY_SECONDS, seconds),
            footprint.memory(f"memory, {self.size:,} members, alert in flight", self.memory),
            footprint.idle(f"idle with {self.size:,} members", self.idle),
        ]


def measure(
    members: Sequence[Member], sink: SinkProcess, connections: int, rounds: int, idle_seconds: float, say: Say
) -> Rounds:
    """Each round has a service and a bare fan-out of its own."""
    found = Rounds(len(members), idle_seconds)
    with new_site(members) as site:
        for number in range(min(rounds, MOST_ROUNDS)):
            say(f"alert to {len(members):,}, round {number + 1}")
            with site.serve(sink.port, connections):
                copy = _round(found, site, members[0], sink)
                found.memory.append(footprint.peak_bytes(site))
                found.idle.append(footprint.idle_share(site, found.idle_seconds))
            _floor(found, BareFanOut(members, sink, connections), Pattern.of(copy, members))
    return found


def growth(rounds: Sequence[Rounds]) -> list[Figure]:
    """Time per member at each larger size, as a ratio to that at 900."""
    start = next((one for one in rounds if one.size == GROWTH_FROM), None)
    if start is None:
        return []
    floor = middle(start.first_alert) / start.size
    return [
        times(
            f"time per member, {one.size:,} to {GROWTH_FROM}",
            [middle(one.first_alert) / one.size],
            [floor],
            GROWTH if one.size > GROWTH_FROM else None,
        )
        for one in rounds
        if one is not start
    ]


def _round(found: Rounds, site: Site, poster: Member, sink: SinkProcess) -> SunkMail:
    footprint.settle(site)
    found.first_alert.append(_alert(found, site, poster, sink)[0])
    footprint.settle(site)
    last, copy = _alert(found, site, poster, sink)
    found.next_alert.append(last)
    return copy


def _alert(found: Rounds, site: Site, poster: Member, sink: SinkProcess) -> tuple[float, SunkMail]:
    """Seconds from the 250 to the last copy, and one copy."""
    sink.listen_for(_MARK)
    number = len(found.first_copy)
    mail = poster.signed_mail(f"List: {LIST_ADDRESS}\nALERT\nTitle: Wrong data, {number}\n\n{_TEXT}")
    answered_at = send_all(site.port, [(poster.address, mail)], 1).at[0]
    taken = sink.wait_for(found.size)
    found.first_copy.append(taken.at[0] - answered_at)
    return taken.at[-1] - answered_at, taken.first


def _floor(found: Rounds, bare: BareFanOut, pattern: Pattern) -> None:
    found.first_floor.append(bare.by_aiosmtplib(pattern))
    found.next_floor.append(bare.by_aiosmtplib(pattern))
    found.own_floor.append(bare.by_smarthost(pattern))
    bare.close()
