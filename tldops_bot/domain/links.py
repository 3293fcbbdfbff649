"""Whether something a stranger chose as a name turns into a link or an address in somebody's mail program.

It is shown in a letter of ours, which people believe. Programs make links of much that contains a dot.
"""

import re
import unicodedata

_LINK = re.compile(r"://|@|(?<!\w)(?:www\.|mailto:)|\w\.\w{2,}[/?#:]\S", re.IGNORECASE)
_HOST = re.compile(r"\w{2,}\.\w{2,}")  # "J.R. Example" is a name, "St. John" too


def is_link(value: str) -> bool:
    """An address, a URL, or most of one. An organisation may be called `Nic.example`."""
    return bool(_LINK.search(_as_read(value)))


def holds_host(value: str) -> bool:
    """Whether it contains something like `login.example`: no person is called that."""
    return bool(_HOST.search(_as_read(value)))


def without_links(text: str, also_hosts: bool = True) -> str:
    """The same words in one line, "…" in place of each that is a link, or a host."""
    words = text.split()
    return " ".join("…" if is_link(one) or (also_hosts and holds_host(one)) else one for one in words)


def _as_read(value: str) -> str:
    """Programs treat wide dots and slashes like the usual ones."""
    return unicodedata.normalize("NFKC", value).replace("\u3002", ".")
