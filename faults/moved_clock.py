"""`python -m faults.moved_clock`: the program with a wall clock that is as far ahead as a file says, in seconds.

The file is named by $FAULTS_CLOCK. All of the program's own times come from the clock it is handed; what it measures
by the machine's monotonic clock, such as time-outs, no jump can change.
"""

import os
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tldops_bot.app import App
from tldops_bot.cli import _frame
from tldops_bot.cli.commands import main

CLOCK = "FAULTS_CLOCK"


def now() -> datetime:
    """The moved time; the file is read each time it is asked for."""
    ahead = Path(os.environ[CLOCK]).read_text() or "0"  # empty while it is being written
    return datetime.now(UTC) + timedelta(seconds=float(ahead))


if __name__ == "__main__":
    _frame.App = partial(App, now=now)  # type: ignore[misc,assignment]
    main()
