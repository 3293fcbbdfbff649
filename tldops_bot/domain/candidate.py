"""What somebody says about the person who is to be listed, checked field by field."""

from dataclasses import asdict, dataclass, fields
from typing import cast

from tldops_bot.domain.request_details import RequestDetails

FIELDS = (
    "Name",
    "Email",
    "Emergency-Email",
    "Phone",
    "Mobile",
    "Fax",
    "Postal",
    "Organisation",
    "Timezone",
    "Language",
)
SUBSCRIBE_FIELDS = (*FIELDS, "Replaces")
UPDATE_FIELDS = (*FIELDS, "Wake", "Roster")
LIMITS = {"Name": 120, "Organisation": 200, "Postal": 400, "Timezone": 60}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person as asked for. Phones as written and in E.164; everything else as written, on one line."""

    name: str = ""
    email: str = ""
    emergency_email: str = ""
    phone: str = ""
    phone_e164: str = ""
    mobile: str = ""
    mobile_e164: str = ""
    fax: str = ""
    fax_e164: str = ""
    postal: str = ""
    organisation: str = ""
    timezone: str = ""
    language: str = ""

    def as_details(self) -> RequestDetails:
        """What a request stores of it."""
        return cast(RequestDetails, asdict(self))


COLUMNS = tuple(field.name for field in fields(Candidate))


def candidate_from(details: RequestDetails) -> Candidate:
    """A candidate as a request stored it."""
    return Candidate(**{name: str(details.get(name, "")) for name in COLUMNS})


def column_of(field_name: str) -> str:
    """The attribute behind a field of a mail: "Emergency-Email" is `emergency_email`."""
    return field_name.lower().replace("-", "_")
