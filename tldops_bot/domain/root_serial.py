"""The DNS root zone's serial number tells the date: YYYYMMDDnn, twice a day."""

import re
from datetime import date


def day_of_serial(soa: str) -> date | None:
    """The day in a SOA record's text ("a.root-servers.net. … 2026112101 1800 900 604800 86400"), or None."""
    words = soa.split()
    serial = words[2] if len(words) == 7 else ""
    if not re.fullmatch(r"[0-9]{10}", serial):
        return None
    try:
        return date(int(serial[:4]), int(serial[4:6]), int(serial[6:8]))
    except ValueError:
        return None
