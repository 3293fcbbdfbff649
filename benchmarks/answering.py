"""How soon the listener answers 250 while an alert goes to everybody: a small mail every 50 ms, beside the fan-out."""

from collections.abc import Sequence

from benchmarks import footprint
from benchmarks.figures import Figure, Say, below, middle, seconds
from benchmarks.load import Knocking, send_all
from benchmarks.people import Member
from benchmarks.sink_process import SinkProcess
from benchmarks.site import new_site
from tests.keys import LIST_ADDRESS

MOST_SECONDS = 0.05
_MARK = b"\r\nSubject: [TLP:"
_ALERT = f"List: {LIST_ADDRESS}\nALERT\nTitle: Wrong data\n\nThe name servers answer with wrong data.\n"


def measure(
    members: Sequence[Member], sink: SinkProcess, connections: int, rounds: int, say: Say
) -> list[Figure]:
    """From the end of the content to the 250, of every mail that came while copies went out."""
    usual, slowest = [], []
    for number in range(rounds):
        say(f"answering during an alert to {len(members):,}, round {number + 1}")
        with new_site(members) as site, site.serve(sink.port, connections):
            footprint.settle(site)
            sink.listen_for(_MARK)
            with Knocking(site.port) as knocking:
                posted = send_all(site.port, [(members[0].address, members[0].signed_mail(_ALERT))], 1)
                sink.wait_for(len(members))
        # A small alert is out before one more mail could come: then those just before it count.
        during = [wait for at, wait in knocking.waits if at >= posted.at[0]]
        waits = sorted(during or [wait for _, wait in knocking.waits])
        usual.append(waits[len(waits) // 2])
        slowest.append(waits[len(waits) * 99 // 100])
    name = f"250 during an alert to {len(members):,}"
    return [
        Figure(f"{name}: half of them within", seconds(middle(usual)), "", "", ""),
        below(f"{name}: 99 % within", slowest, MOST_SECONDS, seconds),
    ]
