"""What IANA says about a TLD, as values: who manages it, and who its two contacts are."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from tldops_bot.domain.tld import Tld

ContactKind = Literal["administrative", "technical"]


@dataclass(frozen=True, slots=True)
class IanaContact:
    """One of IANA's two contacts. `email` is normalised and in lower case, "" if there is no valid one."""

    kind: ContactKind
    name: str
    organisation: str
    phone: str
    fax: str
    email: str


@dataclass(frozen=True, slots=True)
class IanaRecord:
    """IANA's record of one TLD. `warnings` name what in it could not be used."""

    tld: Tld
    assigned: bool
    organisation: tuple[str, ...]
    status: str
    created: date | None
    changed: date | None
    contacts: tuple[IanaContact, ...]
    whois: str
    warnings: tuple[str, ...] = ()

    def contact(self, kind: ContactKind) -> IanaContact | None:
        """The contact of that kind, if the record has one."""
        return next((contact for contact in self.contacts if contact.kind == kind), None)


@dataclass(frozen=True, slots=True)
class NotFound:
    """IANA answered that it has nothing under the name `asked`."""

    asked: str


@dataclass(frozen=True, slots=True)
class Garbled:
    """An answer that can't be relied on, and why, in one word; it changes nothing that is held."""

    reason: str
    tld: Tld | None = None


Answer = IanaRecord | NotFound | Garbled
