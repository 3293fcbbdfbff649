"""Authentication-Results as our own server wrote them; fields a sender could have written are ignored."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from tldops_bot.domain.address import parse_address
from tldops_bot.domain.mail_authentication import result_word
from tldops_bot.mail.headers import Headers

MAX_RESULTS: Final = 50
_NAME: Final = "authentication-results"
_PIECE = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[();]|[^"\\();]+|.', re.DOTALL)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_RESULT = re.compile(r"\s*([a-z0-9-]{1,40})\s*(?:/\s*\d+\s*)?=\s*([a-z]{1,20})(?=\s|\Z)", re.IGNORECASE)
_PROPERTY = re.compile(
    r'\s([a-z0-9-]{1,40})\s*\.\s*([a-z0-9_-]{1,40})\s*=\s*((?:"(?:[^"\\]|\\.)*"|[^\s";])*)', re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Reported:
    """What the server reports. `dmarc` and `spf` are "" if it says nothing about them."""

    spf: str = ""
    spf_domain: str = ""
    dkim: tuple[tuple[str, str], ...] = ()  # result and signing domain
    dmarc: str = ""
    policy: str = ""
    author_domain: str = ""


@dataclass(frozen=True, slots=True)
class _Result:
    method: str
    word: str
    properties: dict[str, str]

    def domain(self, *names: str) -> str:
        """The domain in the first of these properties; of an address, its domain."""
        written = next((self.properties[one] for one in names if one in self.properties), "")
        parsed = parse_address(f"x@{written.rpartition('@')[2].rstrip('.')}")
        return parsed.partition("@")[2] if parsed else ""


def trusted_results(headers: Headers, servers: Collection[str]) -> Reported | None:
    """What our own server found, or None if none of its fields may be believed."""
    known = {one.lower() for one in servers}
    read = (_read(value) for value in _ours(headers))
    believed = list(takewhile(lambda found: found is not None and found[0] in known, read))
    results = [one for found in believed if found is not None for one in found[1]]
    if not believed or _is_contradictory(results):
        return None
    return _reported(results)


def _ours(headers: Headers) -> list[str]:
    """The fields in the place where only our own servers write, topmost first."""
    hops: list[list[str]] = [[]]
    for name, value in headers.fields:
        if name == "received":
            hops.append([])
        elif name == _NAME:
            hops[-1].append(value)
    if len(hops) == 1:
        return hops[0][:1]
    return hops[0] or hops[1][:1]


def _read(value: str) -> tuple[str, list[_Result]] | None:
    """The server's name and its results; None if they don't follow the grammar."""
    parts = _cut(value)
    words = parts[0].split()
    if not words or len(words) > 2 or len(parts) > MAX_RESULTS:
        return None
    results = []
    for part in parts[1:]:
        found = _RESULT.match(part)
        if found is not None:
            properties = {
                f"{kind}.{name}".lower(): _unquoted(written)
                for kind, name, written in reversed(_PROPERTY.findall(part[found.end() :]))
            }
            results.append(_Result(found[1].lower(), result_word(found[2]), properties))
    return _unquoted(words[0]).lower(), results


def _cut(value: str) -> list[str]:
    """Cut at the semicolons that are neither quoted nor in a comment; comments become a blank."""
    parts, depth = [""], 0
    for piece in _PIECE.findall(value):
        if piece in "()":
            depth = max(0, depth + (1 if piece == "(" else -1))
            parts[-1] += " "
        elif depth:
            continue
        elif piece == ";":
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if _QUOTED.fullmatch(text) else text


def _is_contradictory(results: list[_Result]) -> bool:
    """Two different words on SPF or DMARC: a server that says both can be made to say anything."""
    said = {(one.method, one.word) for one in results if one.method in ("spf", "dmarc")}
    return len(said) > len({method for method, _ in said})


def _reported(results: list[_Result]) -> Reported:
    first = {one.method: one for one in reversed(results)}
    spf, dmarc = first.get("spf"), first.get("dmarc")
    dkim = tuple((one.word, one.domain("header.d", "header.i")) for one in results if one.method == "dkim")
    return Reported(
        spf=spf.word if spf else "",
        spf_domain=spf.domain("smtp.mailfrom") if spf else "",
        dkim=dkim,
        dmarc=dmarc.word if dmarc else "",
        policy=dmarc.properties.get("policy.dmarc", "").lower() if dmarc else "",
        author_domain=dmarc.domain("header.from") if dmarc else "",
    )
