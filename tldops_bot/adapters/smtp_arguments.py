"""What may follow MAIL FROM: and RCPT TO:, as one strict grammar (RFC 5321 section 4.1.2, RFC 6531)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tldops_bot.domain.address import MAX_LOCAL_OCTETS, MAX_OCTETS

_QUOTED = r'"(?:[^"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]|\\[\x20-\x7e])*"'
_ATOM = r'[^\s"<>@(),:;\\\[\]\x00-\x20\x7f-\x9f\ud800-\udfff]+'
_LITERAL = r"\[[A-Za-z0-9:.]+\]"
_PATH = re.compile(rf"<((?:{_QUOTED}|{_ATOM})(?:@(?:{_ATOM}|{_LITERAL}))?|)>(?: +(\S.*))?")
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^\s=\x00-\x20\x7f-\x9f\ud800-\udfff]+))?")
_HELO = re.compile(r"[\x21-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Path:
    """An address ("" for `<>`) and the parameters after it, names in capitals; "" for one without a value."""

    address: str
    parameters: Mapping[str, str]


def parse_path(keyword: str, argument: str | None) -> Path | None:
    """Read `FROM:<a@b> SIZE=1` (`keyword` is then "FROM:"); None if it is not of that form."""
    if argument is None or argument[: len(keyword)].upper() != keyword:
        return None
    match = _PATH.fullmatch(argument[len(keyword) :].strip(" "))
    if match is None or not _fits(match[1]):
        return None
    parameters: dict[str, str] = {}
    for word in (match[2] or "").split():
        parameter = _PARAMETER.fullmatch(word)
        if parameter is None or parameter[1].upper() in parameters:
            return None
        parameters[parameter[1].upper()] = parameter[2] or ""
    return Path(match[1], parameters)


def is_helo(argument: str | None) -> bool:
    """Whether a client may call itself this; it ends up in a Received line, so nothing odd is let through."""
    return argument is not None and _HELO.fullmatch(argument) is not None


def _fits(address: str) -> bool:
    octets = address.encode()
    local = octets.rpartition(b"@")[0] or octets
    return len(octets) <= MAX_OCTETS and len(local) <= MAX_LOCAL_OCTETS
