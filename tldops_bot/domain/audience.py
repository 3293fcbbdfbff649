"""Whom an alert, and what is said of it later, goes to: named by a rule, since there may be ten thousand of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reached:
    """Whom a scope names: the contacts of these TLDs and organisations, or everybody.

    Everybody, that is, but who is listed for nothing else than what is in `without`.
    """

    everybody: bool
    tlds: Collection[str] = ()
    organisations: Collection[str] = ()
    without: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a scope reaches now, the poster and the committee included.

    With an `alert_id` also everybody that alert was meant for, whoever is in its scope now; with a `language`
    only those who have chosen it ("" for no choice). The persons in `first` are served first.
    """

    reached: Reached
    poster_id: int
    alert_id: str = ""
    language: str | None = None
    first: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """How an audience can be reached now: how many people it is, and where mail does not get.

    In `audience` those come first on whom a TLD hangs, since a colleague can't be reached. `out_of_reach` are the
    TLDs (A-labels) of which nobody can be.
    """

    audience: Audience
    people: int
    keyless: int
    keyless_addresses: Sequence[str]
    out_of_reach: Sequence[str]

    @property
    def counts(self) -> dict[str, int]:
        """How many `members` get a copy now, and how many a notice (`notices`) until their key is mended."""
        return {"members": self.people - self.keyless, "notices": self.keyless}
