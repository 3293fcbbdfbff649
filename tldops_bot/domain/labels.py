"""How one label of a domain name is written: U-label and A-label (RFC 5890), folded by RFC 5895 section 2."""

import re
import unicodedata

MAX_OCTETS = 63

_LDH = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_ALLOWED = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
_JOINERS = "\u200c\u200d"
_VIRAMA = 9


def fold(text: str) -> str:
    """The canonical spelling of a label: lower case, NFC."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def to_a_label(text: str) -> str | None:
    """The A-label (or plain ASCII label, in lower case) of a label in either form; None if it is not one."""
    if not 0 < len(text) <= MAX_OCTETS:  # before anything that costs more than looking at the length
        return None
    label = fold(text)
    if label.isascii():
        if not _LDH.fullmatch(label):
            return None
        return label if not label.startswith("xn--") or to_u_label(label) else None
    if not _is_u_label(label):
        return None
    encoded = "xn--" + label.encode("punycode").decode("ascii")
    return encoded if len(encoded) <= MAX_OCTETS else None


def to_u_label(a_label: str) -> str | None:
    """The U-label of a lower-case A-label, the label itself if it is plain ASCII, None unless it round-trips.

    Without the round trip one name would have many spellings, and two checks could see two names.
    """
    if len(a_label) > MAX_OCTETS or not _LDH.fullmatch(a_label):
        return None
    if not a_label.startswith("xn--"):
        return a_label
    try:
        label = a_label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return None
    if not _is_u_label(label) or fold(label) != label:
        return None
    return label if "xn--" + label.encode("punycode").decode("ascii") == a_label else None


def _is_u_label(label: str) -> bool:
    """Letters, marks and digits of any script, at least one not ASCII (RFC 5892, without its tables)."""
    if not label or label.isascii() or label[0] == "-" or label[-1] == "-" or label[2:4] == "--":
        return False
    if unicodedata.category(label[0]).startswith("M"):
        return False
    return all(_is_allowed(label, at) for at in range(len(label)))


def _is_allowed(label: str, at: int) -> bool:
    char = label[at]
    if char in _JOINERS:  # RFC 5892 A.1, A.2: invisible, so only where a script needs them
        return at > 0 and unicodedata.combining(label[at - 1]) == _VIRAMA
    if char == "·":  # RFC 5892 A.3: Catalan
        return label[at - 1 : at] == "l" and label[at + 1 : at + 2] == "l"
    return char == "-" or unicodedata.category(char) in _ALLOWED
