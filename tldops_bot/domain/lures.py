"""Whether what a stranger chose as a name becomes a link, or an address to write to, in somebody's mail program.

It stands in a letter of ours, which is believed. Programs make links of much that holds a dot.
"""

import re
import unicodedata

_LINK = re.compile(r"://|@|(?<!\w)(?:www\.|mailto:)|\w\.\w{2,}[/?#:]\S", re.IGNORECASE)
_HOST = re.compile(r"\w{2,}\.\w{2,}")  # "J.R. Example" is a name, "St. John" too


def is_link(value: str) -> bool:
    """An address, a URL, or most of one. An organisation may be called `Nic.example`."""
    return bool(_LINK.search(_as_read(value)))


def holds_host(value: str) -> bool:
    """Something like `login.example`: no person is called that."""
    return bool(_HOST.search(_as_read(value)))


def _as_read(value: str) -> str:
    """Programs take wide dots and slashes for the usual ones."""
    return unicodedata.normalize("NFKC", value).replace("\u3002", ".")
