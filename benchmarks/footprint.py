"""What the service takes of the machine: memory with an alert in flight, processor time with nothing to do."""

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.figures import Figure, below
from benchmarks.site import Site

MOST_BYTES = 250_000_000
MOST_IDLE_SHARE = 0.01  # of one processor; less can't be told from noise
_SETTLED_SHARE = 0.05
_SETTLE_SECONDS = 0.5


def memory(what: str, peaks: Sequence[float]) -> Figure:
    """The line about memory."""
    return below(what, peaks, MOST_BYTES, lambda value: f"{value / 1e6:.0f} MB")


def idle(what: str, shares: Sequence[float]) -> Figure:
    """The line about doing nothing."""
    return below(what, shares, MOST_IDLE_SHARE, lambda value: f"{value:.1%}")


def peak_bytes(site: Site) -> float:
    """The most memory that the service and its encryption process have had; what processes share counts once."""
    return float(sum(_peak(pid) - _shared_with_others(pid) for pid in site.processes))


def idle_share(site: Site, length_seconds: float) -> float:
    """Processor time used per second while nothing is asked of the service."""
    settle(site)
    before = _used(site)
    time.sleep(length_seconds)
    return (_used(site) - before) / length_seconds


def settle(site: Site) -> None:
    """Wait until the service has finished what it was doing."""
    while True:
        before = _used(site)
        time.sleep(_SETTLE_SECONDS)
        if _used(site) - before < _SETTLED_SHARE * _SETTLE_SECONDS:
            return


def _used(site: Site) -> float:
    return sum(_cpu_seconds(pid) for pid in site.processes)


def _peak(pid: int) -> int:
    return _octets(pid, "status", "VmHWM")


def _shared_with_others(pid: int) -> int:
    """What of this process's resident memory others pay for: each shared page in equal parts."""
    return _octets(pid, "smaps_rollup", "Rss") - _octets(pid, "smaps_rollup", "Pss")


def _octets(pid: int, file: str, name: str) -> int:
    with contextlib.suppress(OSError):  # it may have ended
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _cpu_seconds(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0
