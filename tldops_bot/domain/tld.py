"""What a TLD and a region are called, in every spelling that people use (RFC 5890; ICANN's five regions)."""

import re
from dataclasses import dataclass

from tldops_bot.domain.labels import MAX_OCTETS, to_a_label, to_u_label

REGIONS = {
    "AF": "Africa",
    "AP": "Asia, Australia and Pacific",
    "EU": "Europe",
    "LAC": "Latin America and Caribbean",
    "NA": "North America",
}

_OTHER_REGION_NAMES = {
    "EUR": "EU",
    "LA": "LAC",
    "AS": "AP",
    "ASIA": "AP",
    "PACIFIC": "AP",
    "ASIA PACIFIC": "AP",
    "ASIA AUSTRALIA PACIFIC": "AP",
    "LATIN AMERICA": "LAC",
    "CARIBBEAN": "LAC",
    "LATIN AMERICA CARIBBEAN": "LAC",
}

# IANA's own index page wraps right-to-left names in these, so they arrive with a copied name.
_DIRECTION_MARKS = "\u200e\u200f"
_PLAIN = re.compile(r"[a-z]{2,63}")
_DOTS = ".\u3002"  # RFC 5895 section 2: the ideographic full stop is a dot


@dataclass(frozen=True, slots=True, order=True)
class Tld:
    """One top-level domain. The A-label is its identity; for a plain TLD both labels are the same.

    An organisation without a TLD takes the place of one, with a label of a colon and its name
    (domain/organisation.py).
    """

    a_label: str
    u_label: str

    @property
    def shown(self) -> str:
        """`nl`, or `рф (xn--p1ai)`: what looks like another name is always shown with what it is."""
        return self.a_label if self.a_label == self.u_label else f"{self.u_label} ({self.a_label})"

    @property
    def dotted(self) -> str:
        """The same with the dot that people say in front of a TLD."""
        return dotted(self.shown)


def dotted(shown: str) -> str:
    """`.nl` for `nl`. An organisation, which has a colon in its label, stays as it is (domain/organisation.py)."""
    return shown if ":" in shown else f".{shown}"


def parse_tld(text: str) -> Tld | None:
    """The TLD meant by `nl`, `.nl`, `NL`, `рф` or `XN--P1AI`; None if that can't be the name of one.

    Whether it exists is a question for the table of TLDs.
    """
    if len(text) > 2 * MAX_OCTETS:
        return None
    label = text.strip(" \t" + _DIRECTION_MARKS)
    label = label[1:] if label[:1] and label[0] in _DOTS else label.removesuffix(".")
    a_label = to_a_label(label.strip(_DIRECTION_MARKS))
    if a_label is None or not (a_label.startswith("xn--") or _PLAIN.fullmatch(a_label)):
        return None
    u_label = to_u_label(a_label)
    return Tld(a_label, u_label) if u_label else None


def parse_region(text: str) -> str | None:
    """The code of one of ICANN's regions, from its code, another body's code for it, or its name."""
    if len(text) > 64:
        return None
    words = " ".join(word for word in re.split(r"[^A-Z]+", text.upper()) if word not in ("", "AND", "THE"))
    if words in REGIONS:
        return words
    by_name = {name.upper().replace(",", "").replace(" AND ", " "): code for code, name in REGIONS.items()}
    return _OTHER_REGION_NAMES.get(words) or by_name.get(words)
