"""Checks DKIM signatures with dkimpy (RFC 6376, 8301, 8463): those that can speak for the author's domain.

The library is fed hostile octets: what would make it slow is sorted out beforehand, and what makes it raise
counts as an error in the signature.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import dkim
from dkim.util import InvalidTagValueList, parse_tag_value

from tldops_bot.adapters.dns_lookups import MailLookups
from tldops_bot.domain.address import domain_of

MAX_SIGNATURES: Final = 5
MAX_MESSAGE_OCTETS: Final = 1_048_576
MAX_HEADER_OCTETS: Final = 131_072
MAX_FIELD_OCTETS: Final = 4096
MAX_KEY_OCTETS: Final = 2048  # an RSA key of 8192 bits fits; beyond it the arithmetic itself is an attack
MIN_RSA_BITS: Final = 1024  # RFC 8301
# The library's pattern for blanks at line ends takes time quadratic in their number.
_BLANKS: Final = re.compile(rb"[ \t]{200}")
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")
# What the library raises on octets made to break it: bad base64, ASN.1, numbers, text, missing parts.
_STUMBLES: Final = (dkim.DKIMException, ValueError, LookupError, TypeError, ArithmeticError)

# The library logs whole header fields; nothing of a mail goes into a log.
_SILENT: Final = logging.Logger("dkimpy", level=logging.CRITICAL + 1)  # noqa: LOG001  nobody can turn it on


@dataclass(frozen=True, slots=True)
class Signatures:
    """The best result, the domains that signed well, and those whose key could not be fetched just now."""

    result: str = "none"
    passed: tuple[str, ...] = ()
    troubled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    index: int
    domain: str
    problem: str


def check_signatures(raw: bytes, may_speak: Callable[[str], bool], lookups: MailLookups) -> Signatures:
    """Check the signatures of domains that may speak for the author; the others are not even looked up."""
    try:
        message = dkim.DKIM(raw, logger=_SILENT, minkey=MIN_RSA_BITS) if _is_manageable(raw) else None
    except _STUMBLES:
        message = None
    if message is None:
        return Signatures("permerror" if re.search(rb"(?im)^dkim-signature[ \t]*:", raw) else "none")
    found = [one for one in _candidates(message) if may_speak(one.domain)][:MAX_SIGNATURES]
    results = {one: one.problem or _verify(message, one, lookups) for one in found}
    return Signatures(
        _best(tuple(results.values())),
        tuple(one.domain for one, result in results.items() if result == "pass"),
        tuple(one.domain for one, result in results.items() if result == "temperror"),
    )


def _is_manageable(raw: bytes) -> bool:
    end = _HEADER_END.search(raw, 0, MAX_HEADER_OCTETS)
    return end is not None and len(raw) <= MAX_MESSAGE_OCTETS and not _BLANKS.search(raw)


def _candidates(message: dkim.DKIM) -> list[_Candidate]:
    fields = [value for name, value in message.headers if name.lower() == b"dkim-signature"]
    return [_candidate(index, value) for index, value in enumerate(fields[: 20 * MAX_SIGNATURES])]


def _candidate(index: int, value: bytes) -> _Candidate:
    try:
        tags = parse_tag_value(value) if len(value) <= MAX_FIELD_OCTETS else {}
    except InvalidTagValueList:
        tags = {}
    domain = domain_of("x@" + tags.get(b"d", b"").decode("ascii", "replace"))
    return _Candidate(index, domain, _problem(tags))


def _problem(tags: dict[bytes, bytes]) -> str:
    """Why a signature does not count, even if its arithmetic is right."""
    if tags.get(b"a", b"").lower() not in (b"rsa-sha256", b"ed25519-sha256"):
        return "permerror"  # RFC 8301: SHA-1 no longer counts
    if b"from" not in re.split(rb"\s*:\s*", tags.get(b"h", b"").lower()):
        return "permerror"  # RFC 6376 section 5.4
    return "neutral" if b"l" in tags else ""  # anybody may have appended text


def _verify(message: dkim.DKIM, candidate: _Candidate, lookups: MailLookups) -> str:
    keys = _Keys(lookups)
    try:
        is_good = message.verify(candidate.index, dnsfunc=keys.fetch)
    except dkim.ValidationError:
        # The body has changed; or the signature is malformed, and no key was even asked for.
        return "fail" if keys.is_found else "permerror"
    except _STUMBLES:
        return "permerror"
    if keys.is_troubled:
        return "temperror"
    if is_good:
        return "pass"
    return "fail" if keys.is_found else "permerror"


class _Keys:
    """Fetches the key of one signature, and remembers whether there was one."""

    def __init__(self, lookups: MailLookups) -> None:
        self._lookups = lookups
        self.is_troubled = self.is_found = False

    def fetch(self, name: bytes, timeout: int = 5) -> bytes | None:
        """What dkimpy calls; a name with several records has no key that could be the right one."""
        answer = self._lookups.ask(name.decode("ascii", "replace"), "TXT")
        self.is_troubled = bool(answer.trouble)
        usable = [one for one in answer.texts if len(one) <= MAX_KEY_OCTETS]
        self.is_found = len(usable) == 1 == len(answer.texts)
        return usable[0] if self.is_found else None


def _best(results: tuple[str, ...]) -> str:
    for word in ("pass", "temperror", "fail", "neutral", "permerror"):
        if word in results:
            return word
    return "none"
