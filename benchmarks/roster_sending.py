"""The roster to everybody, from the first copy to the last, against the bare fan-out of the same octets."""

import subprocess
from collections.abc import Sequence

from benchmarks.bare_fan_out import BareFanOut, Pattern
from benchmarks.figures import Figure, Say, times
from benchmarks.people import Member
from benchmarks.sink_process import SinkProcess
from benchmarks.site import PROGRAM, new_site

MOST = 1.5
_MARK = b"\r\nSubject: TLD-OPS roster"


def measure(
    members: Sequence[Member], sink: SinkProcess, connections: int, rounds: int, say: Say
) -> list[Figure]:
    """`roster send --now` beside a running `serve`; its files are made before the first copy goes."""
    ours, floors = [], []
    for number in range(rounds):
        say(f"roster to {len(members):,}, round {number + 1}")
        with new_site(members) as site, site.serve(sink.port, connections):
            sink.listen_for(_MARK)
            command = [*PROGRAM, "--config", str(site.home / "config.toml"), "roster", "send", "--now"]
            subprocess.run(command, check=True, capture_output=True)
            taken = sink.wait_for(len(members))
        ours.append(taken.at[-1] - taken.at[0])
        bare = BareFanOut(members, sink, connections)
        floors.append(bare.by_aiosmtplib(Pattern.of(taken.first, members)))
        bare.close()
    return [times(f"roster to {len(members):,}: first copy to last", ours, floors, MOST)]
