"""Reads what whois.iana.org answers (RFC 3912 specifies only "text"); believes nothing that is incomplete."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from tldops_bot.domain.address import parse_address
from tldops_bot.domain.iana_record import Answer, ContactKind, Garbled, IanaContact, IanaRecord, NotFound
from tldops_bot.domain.tld import Tld, parse_tld

MAX_OCTETS = 16_000_000  # all TLDs of the root in one file are about 3.5 MB
MAX_ANSWER_LINES = 2_000
MAX_LINE_CHARACTERS = 2_000

_FIRST_LINE = "% IANA WHOIS server"
_LAST_FIELD = ("source", "IANA")
# IANA's answers hold nothing else; a client's "[whois.nic.example]" or "# whois.nic.example" doesn't fit.
_EXPECTED = re.compile(r"\s*(%.*|[A-Za-z0-9-]+:.*)?")
_FIELD = re.compile(r"([a-z][a-z0-9-]*):[ \t]*(.*)")
_NOTHING_FOUND = re.compile(r"% This query returned 0 objects\.?")
_ASKED = re.compile(r"% You queried for (\S{1,255}) but")
# Control characters and direction marks don't belong in a name: one line could look like another.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")

Field = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Block:
    """The fields of one answer in order; what follows a `contact:` line belongs to that contact."""

    own: tuple[Field, ...]
    contacts: tuple[tuple[str, tuple[Field, ...]], ...]


def parse_answers(octets: bytes) -> tuple[Answer, ...]:
    """Every answer in these octets, in order; at least one. Never raises: what can't be read is `Garbled`.

    Two answers for one TLD that differ are both `contradictory`, since nothing says which is IANA's.
    A record that a registry could have slipped in carries the warning `may_be_foreign`.
    """
    if len(octets) > MAX_OCTETS:
        return (Garbled("too_large"),)
    lines = _lines(octets)
    if not any(line.strip() for line in lines):
        return (Garbled("empty"),)
    if next(line for line in lines if line.strip()).lstrip().startswith("<"):
        return (Garbled("html"),)  # an error page, even if it quotes an answer further down
    answers = _split(lines)
    doubtful = _doubtful_from(answers)
    read = [_read(answer) for answer in answers]
    return _without_contradictions(read[:doubtful] + [_doubted(answer) for answer in read[doubtful:]])


def _lines(octets: bytes) -> list[str]:
    """Lines end with LF or CRLF and nothing else: str.splitlines would let a value break out of its line."""
    return [_decode(line.removesuffix(b"\r")).lstrip("\ufeff") for line in octets.split(b"\n")]


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _split(lines: list[str]) -> list[list[str]]:
    """The lines of each answer. A file whose comments were cut off is one answer."""
    starts = [number for number, line in enumerate(lines) if line.strip() == _FIRST_LINE]
    if not starts:
        return [lines]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _doubtful_from(answers: list[list[str]]) -> int:
    """The first answer that a registry could have written: one after a referral, or after foreign text."""
    for number, lines in enumerate(answers, start=1):
        end = next((at for at, line in enumerate(lines) if _field(line) == _LAST_FIELD), len(lines))
        referred = any((field := _field(line)) and field[0] == "refer" and field[1] for line in lines[:end])
        if referred or any(line.strip() for line in lines[end + 1 :]):
            return number
    return len(answers)


def _doubted(answer: Answer) -> Answer:
    if isinstance(answer, IanaRecord):
        return replace(answer, warnings=(*answer.warnings, "may_be_foreign"))
    return answer


def _field(line: str) -> Field | None:
    match = _FIELD.fullmatch(line)
    return (match[1], _UNPRINTABLE.sub(" ", match[2]).strip()) if match else None


def _read(lines: list[str]) -> Answer:
    fields: list[Field] = []
    foreign = False
    for line in lines[:MAX_ANSWER_LINES]:
        if len(line) > MAX_LINE_CHARACTERS:
            return Garbled("line_too_long")
        if not fields and _NOTHING_FOUND.fullmatch(line.strip()):
            return NotFound(_asked(lines))
        foreign = foreign or (bool(fields) and not _EXPECTED.fullmatch(line))
        if field := _field(line):
            fields.append(field)
        if field == _LAST_FIELD:
            return Garbled("foreign_text", _named(fields)) if foreign else _record(fields)
    return Garbled("truncated" if fields else "no_answer", _named(fields))


def _asked(lines: Iterable[str]) -> str:
    matches = (_ASKED.match(line.strip()) for line in lines)
    return next((match[1] for match in matches if match), "")


def _named(fields: Iterable[Field]) -> Tld | None:
    """The TLD an answer is about, if both its spellings agree."""
    names = [parse_tld(value) for key, value in fields if key in ("domain", "domain-ace")]
    return names[0] if names and len(set(names)) == 1 else None


def _record(fields: list[Field]) -> IanaRecord | Garbled:
    keys = [key for key, _ in fields]
    if "domain" not in keys:
        return Garbled("no_domain")
    tld = _named(fields)
    if tld is None:
        return Garbled("not_one_tld")
    block = _block(fields)
    kinds = [kind for kind, _ in block.contacts]
    once = ("domain", "domain-ace", "status", "created", "changed", "whois")
    if len(kinds) > len(set(kinds)) or any(keys.count(key) > 1 for key in once):
        return Garbled("repeated_field", tld)
    return _assemble(tld, block)


def _block(fields: list[Field]) -> _Block:
    own: list[Field] = []
    contacts: list[tuple[str, list[Field]]] = []
    for key, value in fields:
        if key == "contact":
            contacts.append((value.lower(), []))
        elif contacts and key in ("name", "organisation", "address", "phone", "fax-no", "e-mail"):
            contacts[-1][1].append((key, value))
        else:
            own.append((key, value))
    return _Block(tuple(own), tuple((kind, tuple(of_it)) for kind, of_it in contacts))


def _assemble(tld: Tld, block: _Block) -> IanaRecord:
    organisation = _values(block.own, "organisation")
    assigned = bool(organisation) and all(name.lower() != "not assigned" for name in organisation)
    warnings: list[str] = []
    contacts = tuple(_contacts(block, assigned, warnings))
    return IanaRecord(
        tld=tld,
        assigned=assigned,
        organisation=organisation,
        status=_first(block.own, "status"),
        created=_date(block.own, "created", warnings),
        changed=_date(block.own, "changed", warnings),
        contacts=contacts,
        whois=_first(block.own, "whois"),
        warnings=tuple(warnings),
    )


def _contacts(block: _Block, assigned: bool, warnings: list[str]) -> Iterator[IanaContact]:
    kinds: tuple[ContactKind, ...] = ("administrative", "technical")
    fields_of = dict(block.contacts)
    for kind in kinds:
        fields = fields_of.get(kind)
        if fields is not None:
            email, problem = _email(fields)
            yield IanaContact(
                kind=kind,
                name=_first(fields, "name"),
                organisation=", ".join(_values(fields, "organisation")),
                phone=_first(fields, "phone"),
                fax=_first(fields, "fax-no"),
                email=email,
            )
        else:
            problem = "contact_missing"
        if problem and assigned:
            warnings.append(f"{kind}_{problem}")


def _email(fields: Iterable[Field]) -> tuple[str, str]:
    """The one valid address, or what is wrong: an address vouches for people, so none in doubt is taken."""
    values = set(_values(fields, "e-mail"))
    if not values:
        return "", "email_missing"
    if len(values) > 1:
        return "", "email_ambiguous"
    address = parse_address(values.pop())
    return (address.lower(), "") if address else ("", "email_invalid")


def _values(fields: Iterable[Field], key: str) -> tuple[str, ...]:
    return tuple(value for name, value in fields if name == key and value)


def _first(fields: Iterable[Field], key: str) -> str:
    return next(iter(_values(fields, key)), "")


def _date(fields: Iterable[Field], key: str, warnings: list[str]) -> date | None:
    value = _first(fields, key)
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        if value:
            warnings.append(f"{key}_invalid")
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        warnings.append(f"{key}_invalid")
        return None


def _without_contradictions(answers: list[Answer]) -> tuple[Answer, ...]:
    versions: dict[Tld, set[IanaRecord]] = {}
    for answer in answers:
        if isinstance(answer, IanaRecord):
            versions.setdefault(answer.tld, set()).add(replace(answer, warnings=()))
    return tuple(
        Garbled("contradictory", answer.tld)
        if isinstance(answer, IanaRecord) and len(versions[answer.tld]) > 1
        else answer
        for answer in answers
    )
