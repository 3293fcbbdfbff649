"""Organisations that have no TLD (CERTs, regional bodies), each under a label of its own: `cert:example-cert`.

The label follows from the name alone, so that the same name is always the same organisation. It stands wherever the
A-label of a TLD stands, and is told from one by its colon: what is done for a TLD is done for an organisation.
"""

import hashlib
import unicodedata

from tldops_bot.domain.labels import to_a_label, to_u_label
from tldops_bot.domain.tld import Tld, parse_tld

KINDS = ("cert", "regional")
MAX_OCTETS = 50  # behind the colon
_WORDS = {"CERT": "cert", "CSIRT": "cert", "REGIONAL": "regional"}
_HASH_DIGITS = 16
_MOST_CHARACTERS = 256


def kind_of(label: str) -> str:
    """`cert` or `regional`; "" for the label of a TLD."""
    kind, colon, _ = label.partition(":")
    return kind if colon and kind in KINDS else ""


def kind_of_word(word: str) -> str:
    """The kind that `CERT` or `REGIONAL` stands for on its own; "" for any other word."""
    return _WORDS.get(word.upper().rstrip(","), "")


def organisation(kind: str, name: str) -> Tld | None:
    """The organisation of this kind and name; None if the name has no letter and no digit."""
    slug = _slug(name)
    return Tld(f"{kind}:{slug}", " ".join(name.split())) if slug else None


def parse_organisation(text: str) -> Tld | None:
    """The organisation meant by `cert:example-cert`; whether it exists is a question for the store."""
    kind, _, rest = text.strip().rstrip(",").partition(":")
    kind = _WORDS.get(kind.upper(), "")
    if not kind or len(rest) > _MOST_CHARACTERS:
        return None
    name = to_u_label(rest.lower()) or "" if rest.lower().startswith("xn--") else rest
    slug = _slug(name)
    if not slug:
        return None
    label = f"{kind}:{slug}"
    return Tld(label, _slug_in_letters(slug) or label)


def parse_seat(text: str) -> Tld | None:
    """What somebody can be a contact of: an organisation, by its label, or a TLD."""
    return parse_organisation(text) if ":" in text else parse_tld(text)


def shown(label: str) -> str:
    """The TLD or organisation of this label as people see it: U-label with A-label; an organisation by its label."""
    seat = parse_seat(label)
    return seat.shown if seat else label


def _slug(name: str) -> str:
    """The name in lower case, everything else one hyphen; other scripts as an A-label; long names hashed."""
    name = unicodedata.normalize("NFKC", name[:_MOST_CHARACTERS])  # takes long for very long ones
    letters = unicodedata.normalize("NFKC", name.casefold())
    spaced = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in letters)
    whole = "-".join(spaced.split())
    if not any(unicodedata.category(char)[0] in "LN" for char in whole):
        return ""
    slug = whole if whole.isascii() else to_a_label(whole) or ""
    if slug and len(slug) <= MAX_OCTETS:
        return slug
    digest = hashlib.sha256(whole.encode()).hexdigest()[:_HASH_DIGITS]
    if not whole.isascii():
        return f"x-{digest}"
    return f"{whole[: MAX_OCTETS - _HASH_DIGITS - 1].rstrip('-')}-{digest}"


def _slug_in_letters(slug: str) -> str:
    return to_u_label(slug) or "" if slug.startswith("xn--") else ""
