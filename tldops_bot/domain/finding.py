"""What a check of the installation found: how bad it is, in words, and how to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # works for now, and will hurt some day
    BROKEN = "broken"
    SKIPPED = "skipped"  # can't be known here and now


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `doctor`. `mend` is what to type or write; "" if nothing needs mending."""

    check: str
    state: State
    says: str
    mend: str = ""


def ok(check: str, says: str) -> Finding:
    return Finding(check, State.OK, says)


def warning(check: str, says: str, mend: str) -> Finding:
    return Finding(check, State.WARNING, says, mend)


def broken(check: str, says: str, mend: str) -> Finding:
    return Finding(check, State.BROKEN, says, mend)


def skipped(check: str, says: str, mend: str = "") -> Finding:
    return Finding(check, State.SKIPPED, says, mend)


def is_broken(findings: Iterable[Finding]) -> bool:
    """Whether any of them keeps the service from working."""
    return any(one.state is State.BROKEN for one in findings)
