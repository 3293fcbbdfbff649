"""Contacts and rosters as values, for tests that need no store."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from tldops_bot.domain.roster import Roster, RosterContact, build_roster
from tldops_bot.domain.tld import Tld

NOW = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)
NL, BE, DE, RF = Tld("nl", "nl"), Tld("be", "be"), Tld("de", "de"), Tld("xn--p1ai", "рф")
AUDIT_HEAD = "ab" * 32

ANN = RosterContact(
    uid="urn:uuid:00000000-0000-4000-8000-000000000001",
    name="Ann Example",
    email="ann@nic.example",
    tlds=(NL,),
    since_at=datetime(2025, 2, 1, tzinfo=UTC),
    changed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    confirmed_at=datetime(2026, 1, 2, tzinfo=UTC),
    emergency_email="ann@elsewhere.example",
    phone="+44 20 7946 0001",
    phone_e164="+442079460001",
    mobile="+44 7700 900001",
    mobile_e164="+447700900001",
    fax="+44 20 7946 0999",
    postal="1 Example Street\nExampletown",
    organisation="Example Registry",
    timezone="Europe/Amsterdam",
    fingerprint="0123456789ABCDEF0123456789ABCDEF01234567",
    key_blob=bytes(range(256)),
)
BOB = RosterContact(
    uid="urn:uuid:00000000-0000-4000-8000-000000000002",
    name="Боб Пример",
    email="bob@nic.example",
    tlds=(NL, RF),
    since_at=datetime(2025, 2, 1, tzinfo=UTC),
    changed_at=datetime(2025, 5, 6, tzinfo=UTC),
    confirmed_at=datetime(2025, 5, 6, tzinfo=UTC),
    mobile="+44 7700 900002",
    is_stale=True,
)


@dataclass(frozen=True)
class Known:
    tld: Tld
    kind: str = "cctld"
    country_name: str = ""
    region: str = "EU"


KNOWN = (
    Known(NL, country_name="Netherlands"),
    Known(BE, country_name="Belgium"),
    Known(DE, country_name="Germany", region="AF"),
    Known(RF, country_name="Russian Federation"),
    Known(Tld("example", "example"), kind="gtld", region=""),
)


def roster(*contacts: RosterContact, known: Iterable[Known] = KNOWN) -> Roster:
    return build_roster(NOW, contacts, known, AUDIT_HEAD)


def hostile(text: str) -> RosterContact:
    """Ann, with this text wherever a person's own words stand."""
    words: dict[str, Any] = dict.fromkeys(("name", "phone", "mobile", "fax", "postal", "organisation"), text)
    return replace(ANN, **words, timezone=text, phone_e164="", mobile_e164="")
