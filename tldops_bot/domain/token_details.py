"""What a token keeps besides its columns, by its purpose; the one way to JSON and back.

When somebody is forgotten, what their tokens keep is emptied: every field but a record's has a value by which
nothing is carried out.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

Kept = TypeVar("Kept")


class BadTokenDetails(Exception):
    """What is stored with a token is not what its purpose keeps. Says where, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Of `prove`: whether the address's own domain confirmed the mail, and whether the operator imported it."""

    own: bool = False
    imported: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Of `vouch`: whether it is about one TLD of a mail that asks about several; then it is no mail of its own."""

    single: bool = False


@dataclass(frozen=True, slots=True)
class HeldMail:
    """Of `carry_out`: which mail waits, and, if nobody signed it, what it asks for."""

    digest: str = ""
    verbs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecondAddress:
    """Of `emergency`: the address to be proven; tokens with the same `pair` must both come back."""

    of: str = ""
    pair: str = ""


@dataclass(frozen=True, slots=True)
class NewAddress:
    """Of `old_address` and `new_address`: where mail is to go; tokens with the same `pair` must both come back."""

    new: str = ""
    pair: str = ""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """Of `key_new`: the fingerprint of the key that announced the new one."""

    old: str = ""


@dataclass(frozen=True, slots=True)
class KeyWait:
    """Of `key_stop` and `key_cosign`: whether whoever is asked is the one whose key it is to be."""

    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Colleague:
    """Of `colleague`: whether an IANA contact was asked, and what the answer said."""

    is_iana: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class Leaving:
    """Of `leave`: the TLDs whose entries a signature wants ended, and whether all else is to be forgotten."""

    tlds: tuple[str, ...] = ()
    forgets: bool = False


@dataclass(frozen=True, slots=True)
class Staying:
    """Of `stay`: the entries taken out of service, and, by entry, when the others were to be final before."""

    fresh: tuple[int, ...] = ()
    hastened: Mapping[str, datetime | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """What a contact's record says, to compare and to put back."""

    name: str
    email: str
    emergency_email: str
    phone: str
    phone_e164: str
    mobile: str
    mobile_e164: str
    fax: str
    fax_e164: str
    postal: str
    organisation: str
    timezone: str
    emergency_proven_at: datetime | None


@dataclass(frozen=True, slots=True)
class Undoing:
    """Of `undo`: the record before a change and after it."""

    before: Record | None = None
    after: Record | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Of `invite`: the number of the invitation."""

    invitation: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """Of `update`: names and values of fields as somebody with an office entered them, and which office."""

    fields: tuple[tuple[str, str], ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class WakeWord:
    """Of `wake`: the way that the word was sent by."""

    gateway: str = ""
    target: str = ""
    severity: str = ""


# Those of `object`, `still_right` and `mailbox` keep nothing.
TokenDetails = (
    Proof
    | Question
    | HeldMail
    | SecondAddress
    | NewAddress
    | KeyChange
    | KeyWait
    | Colleague
    | Leaving
    | Staying
    | Undoing
    | Invited
    | Proposal
    | WakeWord
)


def write_details(kept: TokenDetails) -> dict[str, Any]:
    """As JSON has it: moments are RFC 3339 texts, and what is None is ""."""
    plain: dict[str, Any] = _plain(kept)
    return plain


def read_details(of: type[Kept], stored: object) -> Kept:
    """What `write_details` made of such a value, or an older version of us. Raises BadTokenDetails."""
    known = _fields(cast(Any, of))
    if not isinstance(stored, dict) or not stored.keys() <= known.keys():
        raise BadTokenDetails(of.__name__)
    for name, (_, has_default) in known.items():
        if name not in stored and not has_default:
            raise BadTokenDetails(f"{of.__name__}.{name}")
    values = {name: _read(known[name][0], one, f"{of.__name__}.{name}") for name, one in stored.items()}
    return of(**values)


@cache
def _fields(of: Any) -> dict[str, tuple[Any, bool]]:
    """Each field's type, and whether it may be left out."""
    hints = get_type_hints(of)
    return {
        one.name: (hints[one.name], (one.default, one.default_factory) != (MISSING, MISSING))
        for one in fields(of)
    }


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return "" if value is None else value


def _read(hint: Any, value: Any, where: str) -> Any:
    args = get_args(hint)
    if NoneType in args:
        return None if value == "" else _read(args[0], value, where)
    if hint in (bool, int, str) and type(value) is hint:
        return value
    if hint is datetime and isinstance(value, str):
        return _moment(value, where)
    if isinstance(hint, type) and is_dataclass(hint):
        return read_details(hint, value)
    if get_origin(hint) is Mapping and isinstance(value, dict):
        return {key: _read(args[1], one, where) for key, one in value.items()}
    if get_origin(hint) is tuple and isinstance(value, list):
        kinds = args[:1] * len(value) if args[-1] is Ellipsis else args
        if len(kinds) == len(value):
            return tuple(_read(kind, one, where) for kind, one in zip(kinds, value, strict=True))
    raise BadTokenDetails(where)


def _moment(text: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadTokenDetails(where) from None
    if moment.tzinfo is None:
        raise BadTokenDetails(where)
    return moment
