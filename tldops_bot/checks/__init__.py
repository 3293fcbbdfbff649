"""What must be right around the program: each check looks at one thing and reports it, changing nothing.

`doctor` runs them all; `/readyz` runs those without which no mail can be taken in.
"""

from collections.abc import Callable, Iterator

from tldops_bot.app import App
from tldops_bot.checks.database import database, queues
from tldops_bot.checks.dns_records import dns_records
from tldops_bot.checks.files import folders, secrets
from tldops_bot.checks.iana import iana
from tldops_bot.checks.listening import listening
from tldops_bot.checks.machine import clock, disk, fonts, time_zones
from tldops_bot.checks.openpgp import openpgp
from tldops_bot.checks.smarthost import smarthost
from tldops_bot.checks.wording import wording
from tldops_bot.domain.finding import Finding

Check = Callable[[App], Iterator[Finding]]

EVERYTHING: tuple[Check, ...] = (
    secrets,
    folders,
    disk,
    clock,
    time_zones,
    fonts,
    wording,
    openpgp,
    database,
    queues,
    listening,
    smarthost,
    dns_records,
    iana,
)


def examine(app: App) -> Iterator[Finding]:
    """All findings, as they come."""
    for check in EVERYTHING:
        yield from check(app)
