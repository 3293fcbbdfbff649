"""Phone numbers: kept as written, and in E.164 for dialling (ITU-T E.164; libphonenumber's rules)."""

from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberType, timezone


@dataclass(frozen=True, slots=True)
class Phone:
    """A number as its owner wrote it, and as every phone understands it: "+442079460123"."""

    written: str
    e164: str


def parse_phone(text: str, country: str = "") -> Phone | None:
    """A number that could exist, or None. Without +CC it is read as one of `country` (ISO 3166)."""
    written = " ".join(text.split())
    if not 4 <= len(written) <= 60 or not written.isprintable():
        return None
    try:
        number = phonenumbers.parse(written, country.upper() or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return Phone(written, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def spaced(number: str) -> str:
    """A number in groups, as people read it out: "+44 20 7946 0123"; anything else is left as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def costs_more(phone: Phone) -> bool:
    """Whether calling or texting it earns its owner money."""
    kind = phonenumbers.number_type(phonenumbers.parse(phone.e164))
    return kind in (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST)


def zones_of(e164: str) -> tuple[str, ...]:
    """The time zones (IANA names) in which a number may ring; none if unknown."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ()
    zones = timezone.time_zones_for_number(number)
    return tuple(one for one in zones if one != timezone.UNKNOWN_TIMEZONE)
