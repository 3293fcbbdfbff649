"""What somebody is to this list at this moment, from which everything they may do follows."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's seats: the TLDs they are listed for, whether their key is usable, committee, secretariat."""

    tlds: tuple[str, ...] = ()
    suspended_tlds: tuple[str, ...] = ()
    has_key: bool = False
    on_probation_until: datetime | None = None
    is_committee: bool = False
    is_secretariat: bool = False

    @property
    def is_listed(self) -> bool:
        """Vouched for, for at least one TLD."""
        return bool(self.tlds)

    @property
    def has_office(self) -> bool:
        """In the committee or the secretariat."""
        return self.is_committee or self.is_secretariat

    @property
    def is_member(self) -> bool:
        """Listed, with a usable key; committee and secretariat with a key are treated alike."""
        return self.has_key and (self.is_listed or self.has_office)

    def is_on_probation(self, now: datetime) -> bool:
        """Whether QUERY, ROSTER and ALERT are still closed; never for committee and secretariat."""
        if self.has_office:
            return False
        return self.on_probation_until is not None and now < self.on_probation_until


NOBODY = Standing()
