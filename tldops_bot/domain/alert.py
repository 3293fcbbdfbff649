"""What an alert may say about itself: a bad value becomes a safer one, unless that would be unsafe."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.organisation import parse_seat
from tldops_bot.domain.tld import Tld, parse_region

FIELDS = ("Title", "TLP", "Severity", "Scope", "For", "Exercise", "Draft")
UPDATE_FIELDS = ("Title", "TLP", "Severity", "Draft")
EXERCISE_FIELDS = ("Title", "TLP", "Severity", "Scope", "For", "When", "Draft")
EXERCISE_STRICT_FIELDS = ("Scope", "When")
STRICT_FIELDS = ("Scope", "Exercise")
TLP_LABELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")
SEVERITIES = ("low", "medium", "high", "critical")
TITLE_CHARACTERS = 60
_YES = ("yes", "y", "true", "1")
_NO = ("no", "n", "false", "0", "")
_KINDS = ("tld", "region", "organisation", "organization")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom an alert is for: everybody, or all that are named, taken together."""

    everybody: bool = True
    tlds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As notices show it."""
        if self.everybody:
            return "all"
        found = []
        for label, names in (
            ("tld", self.tlds),
            ("region", self.regions),
            ("organisation", self.organisations),
        ):
            if names:
                found.append(f"{label} {' '.join(names)}")
        return ", ".join(found)


@dataclass(frozen=True, slots=True)
class BadScope:
    """A scope that can't be resolved: the alert must not go to the wrong people."""

    word: str
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Safer:
    """A field whose value could not be used, and the value taken instead."""

    name: str
    value: str
    instead: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What an alert says about itself, with defaults filled in."""

    title: str
    tlp: str
    severity: str
    safer: tuple[Safer, ...] = field(default=())


def read_terms(text: str, title: str | None, tlp: str | None, severity: str | None) -> Terms:
    """Title, TLP and severity with their defaults: the first line, AMBER, high. Never refuses."""
    safer = []
    label, wrong = _tlp(tlp)
    if wrong:
        safer.append(Safer("TLP", (tlp or "")[:40], label))
    level = (severity or "high").strip().lower()
    if level not in SEVERITIES:
        near = nearest(level, SEVERITIES)
        level = near or "high"
        safer.append(Safer("Severity", (severity or "")[:40], level))
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return Terms((title or first).strip()[:TITLE_CHARACTERS], label, level, tuple(safer))


def _tlp(value: str | None) -> tuple[str, bool]:
    """TLP 2.0; 1.0's WHITE is CLEAR. What can't be read is RED if it may mean that, else AMBER+STRICT."""
    if value is None or not value.strip():
        return "AMBER", False
    word = value.strip().upper().removeprefix("TLP:").replace(" ", "")
    if word == "WHITE":
        return "CLEAR", False
    if word in TLP_LABELS:
        return word, False
    return ("RED" if nearest(word, ("RED",)) else "AMBER+STRICT"), True


def read_scope(text: str | None) -> Scope | BadScope:
    """`all`, `tld nl be`, `region EU`, `organisation Example Registry`; several joined by commas."""
    if text is None or text.strip().lower() in ("", "all"):
        return Scope()
    tlds: list[str] = []
    regions: list[str] = []
    organisations: list[str] = []
    for part in text.replace(";", ",").split(","):
        kind, _, rest = part.strip().partition(" ")
        match kind.lower().rstrip(":s"):
            case "tld" if rest.strip():
                labels = [parse_seat(word) for word in rest.split()]
                if None in labels:
                    return BadScope(rest.split()[labels.index(None)])
                tlds += [label.a_label for label in labels if label is not None]
            case "region" if rest.strip():
                for word in rest.split():
                    code = parse_region(word)
                    if code is None:
                        return BadScope(word)
                    regions.append(code)
            case "organisation" | "organization" if rest.strip():
                organisations.append(rest.strip())
            case "" if not part.strip():
                continue
            case _:
                kinds = ("all", "tld", "region", "organisation")
                return BadScope(part.strip()[:60], nearest(kind, kinds, within=len(kind) // 3))
    if not (tlds or regions or organisations):
        return BadScope(text.strip()[:60])
    return Scope(False, tuple(tlds), tuple(regions), tuple(organisations))


def nearest_scope(text: str, is_known: Callable[[Tld], bool]) -> str:
    """What can be resolved of a scope, in correct form: "Scope: nl zz" may mean "tld nl"; else "all"."""
    kept = []
    for part in text.replace(";", ",").split(","):
        words = part.split()
        kind = nearest(words[0].lower().rstrip(":s"), _KINDS, within=2) if len(words) > 1 else ""
        tlds = [tld.a_label for word in words if (tld := parse_seat(word)) is not None and is_known(tld)]
        regions = [region for word in words if (region := parse_region(word)) is not None]
        if tlds and kind != "region":
            kept.append(f"tld {' '.join(tlds)}")
        elif regions and kind != "tld":
            kept.append(f"region {' '.join(regions)}")
    return ", ".join(kept) or "all"


def read_yes(text: str | None) -> bool | None:
    """Yes, no (also when absent), or None for what is neither."""
    word = (text or "").strip().lower()
    if word in _YES:
        return True
    return False if word in _NO else None


def read_when(text: str, now: datetime) -> datetime | None:
    """`now`, or a moment as "2026-12-01 14:00", in UTC unless it names another offset; None for anything else."""
    word = " ".join(text.split()).removesuffix("UTC").strip()
    if word.lower() == "now":
        return now
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
