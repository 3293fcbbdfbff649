"""The one grammar for mail addresses: RFC 5321 section 4.1.2 without quotes, literals and dotless hosts."""

import re

from tldops_bot.domain.labels import to_a_label

MAX_OCTETS = 254  # RFC 5321 section 4.5.3.1.3, less the angle brackets
MAX_LOCAL_OCTETS = 64  # RFC 5321 section 4.5.3.1.1

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LAST_LABEL = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]+")
# Most addresses are already written as they are returned; each mail has several, and there may be 10,000 copies.
_AS_IT_STANDS = re.compile(r"[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,20}")
_SHORT = 63  # so is each of its parts


def parse_address(text: str) -> str | None:
    """The address, its domain in lower-case A-labels and its local part as written; None if it is not one.

    Everything that reaches an envelope or a header has been through here, so no line break, blank, second
    address or comment can ride along.
    """
    if len(text) > 2 * MAX_OCTETS:
        return None
    if len(text) <= _SHORT and _AS_IT_STANDS.fullmatch(text):
        return text
    local, at, host = text.strip(" \t").partition("@")
    if not at or len(local) > MAX_LOCAL_OCTETS or not _LOCAL.fullmatch(local):
        return None
    domain = _parse_domain(host)
    if domain is None or len(local) + 1 + len(domain) > MAX_OCTETS:
        return None
    return f"{local}@{domain}"


def _parse_domain(text: str) -> str | None:
    labels = [to_a_label(label) for label in text.split(".")]
    known = [label for label in labels if label is not None]
    if len(known) < len(labels) or len(known) < 2 or not _LAST_LABEL.fullmatch(known[-1]):
        return None
    return ".".join(known)


def address_key(address: str) -> str:
    """What two spellings of one mailbox have in common; for comparing, and for unique columns."""
    return (parse_address(address) or address).casefold()


def same_address(one: str, other: str) -> bool:
    """Whether both are valid and mean the same mailbox; case is ignored, even left of the @."""
    return parse_address(one) is not None and address_key(one) == address_key(other)


def domain_of(address: str) -> str:
    """The domain in A-labels; "" if it is not an address."""
    return (parse_address(address) or "").rpartition("@")[2]


def mask_address(address: str) -> str:
    """`a…@nic.example`: enough to recognise one's own, too little to write to."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}" if at and parse_address(address) else "…"


def mask_phone(phone: str) -> str:
    """`+44…00`: the first three and last two characters; nothing of a short number."""
    kept = "".join(char for char in phone if char.isdigit() or char == "+")
    return f"{kept[:3]}…{kept[-2:]}" if len(kept) >= 9 else "…"
