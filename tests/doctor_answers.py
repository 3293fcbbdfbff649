"""Writes docs/doctor.md: what `doctor` answers to each broken set-up. `python -m tests.doctor_answers`."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from tests.broken_setups import SETUPS, as_printed, healthy, servers
from tldops_bot.domain.finding import State

PAGE = Path(__file__).resolve().parent.parent / "docs/doctor.md"
HEAD = """\
# What `doctor` finds

`tldops-bot doctor` looks at everything around the program that can be wrong: one line for each thing, and where something
is to be mended, below it the line that mends it. It changes nothing. It ends with status 1 when something is broken; a
warning alone is no failure. `--json` says the same to programs: a list of objects with `check`, `state` (`ok`, `warning`,
`broken`, `skipped`), `says` and `mend`. Run it as the user the service runs as:

    sudo -u tldops tldops-bot --config /etc/tldops-bot/config.toml doctor

`doctor --loop` also mails the list itself: signed by the list's key and encrypted to it, by the smarthost, marked so that
nobody is answered. It waits for the mail to come back in, and says how long that took, whether it came back whole, and
what DKIM signature it carried. `serve` must be running for it, and the MX record must lead to it.

`/readyz` ([Watching it from outside](monitoring.md)) looks at the few of these things without which no mail can be taken.

## Broken set-ups, and the answers

Each of these is broken in a test, as written here, and must be answered in these words
(`tests/broken_setups.py`; this page is written by `python -m tests.doctor_answers`).
"""


def answers() -> Iterator[tuple[str, str]]:
    """Title and answer of each set-up."""
    now = datetime.now(UTC).replace(microsecond=0)
    kept = patch("tldops_bot.adapters.linux_clock.is_kept", lambda: True)
    with servers(now) as around:
        for broken in SETUPS:
            if broken.is_for_root and os.geteuid():
                continue
            with kept, healthy(around, now) as place:
                broken.break_it(place)
                found = place.examine(*broken.checks)
                told = [one for one in found if one.state in (State.BROKEN, State.WARNING)]
                yield broken.title, "\n".join(as_printed(place, one) for one in told)


def main() -> None:
    sections = [f"### {title[0].upper()}{title[1:]}\n\n```text\n{said}\n```\n" for title, said in answers()]
    PAGE.write_text("\n".join([HEAD, *sections]), "utf-8")
    print(PAGE.read_text("utf-8"))


if __name__ == "__main__":
    main()
