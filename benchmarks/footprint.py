"""What the service takes of the machine: memory with an alert in flight, processor time with nothing to do."""

import time
from dataclasses import dataclass

from benchmarks.figures import Figure
from benchmarks.site import Site, cpu_seconds, peak_bytes

MOST_BYTES = 250_000_000
IDLE_SECONDS = 5.0
MOST_IDLE_SHARE = 0.01  # what can't be told from the noise of other processes
