"""The files of one roster as they were made and signed, and which of them go into one member's mail."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tldops_bot.domain.outgoing import Attachment

# Most missed without a network comes first: if a mail would be too large, the last ones are left out.
KINDS = ("vcf", "pdf", "csv", "json", "keys")
ALL, NONE = "", "none"
MOST_MAIL_OCTETS = 5_000_000
# Lines of base64 within the mail, and armor round the whole: 78 octets for 57, then 66 for 48.
_IN_A_MAIL = (78 / 57) * (66 / 48)
_TEXT_IN_A_MAIL = 1.05 * (66 / 48)
_SIGNATURE_OCTETS = 2_000
_PACKED = ".zip"
_PACKED_FIRST: tuple[tuple[str, ...], ...] = ((), ("csv", "json"), ("vcf", "csv", "json"))


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A file, and the list's detached armored signature over it."""

    kind: str
    name: str
    media_type: str
    octets: bytes
    signature: bytes = b""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.octets).hexdigest()

    @property
    def is_packed(self) -> bool:
        return self.name.endswith(_PACKED)

    @property
    def mail_octets(self) -> int:
        """How much it adds to a mail."""
        return int(len(self.octets) * _IN_A_MAIL) + _SIGNATURE_OCTETS


@dataclass(frozen=True, slots=True)
class Edition:
    """A roster's files, made once for everybody. A kind may also come packed."""

    made_at: datetime
    audit_head: str
    files: tuple[RosterFile, ...]


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What is attached to a mail, and the kinds there was no room for."""

    files: tuple[RosterFile, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Each file, followed by its signature."""
        pairs = [
            (
                Attachment(one.name, one.media_type, one.octets),
                Attachment(f"{one.name}.asc", "application/pgp-signature", one.signature),
            )
            for one in self.files
        ]
        return tuple(part for pair in pairs for part in pair if part.octets)


def read_choice(text: str) -> str | None:
    """`pdf, vcf` in stored form; ALL for everything, NONE for just the text; None if a file is not ours."""
    words = set(re.split(r"[\s,;]+", text.strip().lower())) - {""}
    if words <= {"all", "-"} or words == set(KINDS):
        return ALL
    if words == {NONE}:
        return NONE
    return " ".join(kind for kind in KINDS if kind in words) if words <= set(KINDS) else None


def kinds_of(choice: str) -> tuple[str, ...]:
    """The kinds of files that a choice means."""
    if choice == ALL:
        return KINDS
    return tuple(kind for kind in KINDS if kind in choice.split())


def shown(choice: str) -> str:
    """A choice as a member writes it."""
    return "all" if choice == ALL else ", ".join(choice.split())


def text_octets(text: str) -> int:
    """How much a text adds to a mail: quoted-printable turns one octet that is not ASCII into three."""
    octets = len(text.encode())
    quoted = octets + 2 * (octets - len(text.encode("ascii", "ignore")))
    return int(min(quoted * _TEXT_IN_A_MAIL, octets * _IN_A_MAIL))


def fits(files: Iterable[RosterFile], beside: int) -> bool:
    """Whether a mail with these stays below the limit."""
    return beside + sum(one.mail_octets for one in files) <= MOST_MAIL_OCTETS


def enclose(edition: Edition, kinds: Sequence[str], beside: int) -> Enclosed:
    """The files as they are, if all of them fit; else some packed, and in the end as many as fit.

    The cards are packed last: a phone takes them as they are.
    """
    plain = [one for one in edition.files if one.kind in kinds and not one.is_packed]
    packed = {one.kind: one for one in edition.files if one.is_packed}
    for to_pack in _PACKED_FIRST:
        chosen = [packed.get(one.kind, one) if one.kind in to_pack else one for one in plain]
        if fits(chosen, beside):
            return Enclosed(tuple(chosen))
    taken: list[RosterFile] = []
    for one in chosen:
        if fits([*taken, one], beside):
            taken.append(one)
    held = {one.kind for one in taken}
    return Enclosed(tuple(taken), tuple(one.kind for one in plain if one.kind not in held))


def only(edition: Edition, kinds: Sequence[str]) -> Enclosed:
    """Just these, however large: somebody asked for them by name."""
    return Enclosed(tuple(one for one in edition.files if one.kind in kinds and not one.is_packed))
