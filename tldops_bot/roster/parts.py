"""What a roster mail is made of: the values its template prints, and the files that come with it."""

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.roster import Coverage, Roster
from tldops_bot.domain.roster_changes import Changes
from tldops_bot.domain.roster_edition import (
    ALL,
    Edition,
    Enclosed,
    RosterFile,
    enclose,
    fits,
    kinds_of,
    only,
    shown,
    text_octets,
)
from tldops_bot.roster import csv_file, jscontact, text, vcard

KEYS_FILE = "roster-keys.pgp"
# With more keys, phones take long over the cards; the keys are then in a file of their own.
_KEYS_IN_CARDS_OCTETS = 400_000
_PACKED_AT = (1980, 1, 1, 0, 0, 0)  # the earliest possible date: the same files make the same archive
_EDITION = 2  # increase it whenever the same roster would look different


def printed(roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]) -> bytes:
    """The roster for paper. It takes seconds, so make it once for everybody."""
    # Imported here: it takes half a second and 40 MB, to be spent only when printing.
    from tldops_bot.roster.pdf_file import pdf_file
    from tldops_bot.roster.typefaces import find_typefaces

    return pdf_file(roster, config.list.name, tlds, find_typefaces(config.roster.fonts), history)


def digest(roster: Roster, config: Config) -> str:
    """Equal if the files would say the same apart from their date.

    The line over time goes as far as that date: another day's figures make no file wrong.
    """
    said = hashlib.sha256()
    settings = (_EDITION, config.list.name, str(config.roster.fonts), config.roster.regions)
    for one in (settings, roster.missing, roster.coverage):
        said.update(repr(one).encode())
    for contact in roster.contacts:
        key = hashlib.sha256(contact.key_blob or b"").digest()
        said.update(repr(replace(contact, key_blob=key)).encode(errors="replace"))
    return said.hexdigest()


def files(
    roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
) -> tuple[RosterFile, ...]:
    """The files to keep on a phone, on paper, in a spreadsheet, or for a program; not signed yet.

    Making them takes seconds. If a mail can't hold them all, packed ones come with them.
    """
    keys = b"".join(contact.key_blob or b"" for contact in roster.contacts)
    cards = vcard.vcards(roster.contacts, with_keys=len(keys) <= _KEYS_IN_CARDS_OCTETS)
    found = (
        RosterFile("vcf", "roster.vcf", vcard.MEDIA_TYPE, cards),
        RosterFile("pdf", "roster.pdf", "application/pdf", printed(roster, config, tlds, history)),
        RosterFile("csv", "roster.csv", csv_file.MEDIA_TYPE, csv_file.csv_file(roster)),
        RosterFile("json", "roster.json", jscontact.MEDIA_TYPE, jscontact.jscontact(roster.contacts)),
        RosterFile("keys", KEYS_FILE, "application/octet-stream", keys),
    )
    made = tuple(one for one in found if one.octets)
    if fits(made, text_octets("\n".join(text.contact_lines(roster)))):
        return made
    return (*made, *(packed(one) for one in made if one.kind in ("vcf", "csv", "json")))


def packed(file: RosterFile) -> RosterFile:
    """A file in an archive of its own, which phones and desktops open."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        inside = zipfile.ZipInfo(file.name, _PACKED_AT)
        opened.writestr(inside, file.octets, zipfile.ZIP_DEFLATED, compresslevel=9)
    return RosterFile(file.kind, f"{file.name}.zip", "application/zip", archive.getvalue())


def as_made(roster: Roster, edition: Edition) -> Roster:
    """The same roster with the date and audit head that its files bear."""
    return replace(roster, made_at=edition.made_at, audit_head=edition.audit_head)


def enclosed(edition: Edition | None, choice: str, common: Mapping[str, Any]) -> Enclosed:
    """What goes with the text to somebody who chose these files."""
    if edition is None:
        return Enclosed()
    said = "\n".join((*common["contact_lines"], *common["missing_lines"]))
    return enclose(edition, kinds_of(choice), text_octets(said))


def asked_for(edition: Edition | None, kinds: Sequence[str]) -> Enclosed:
    """Files that somebody named, however large."""
    return only(edition, kinds) if edition is not None else Enclosed()


def file_values(found: Enclosed, choice: str, is_unmade: bool = False) -> dict[str, Any]:
    """What the text says about the files: digests, and what is missing for lack of room or time."""
    return {
        "files": [{"kind": one.kind, "name": one.name, "sha256": one.sha256} for one in found.files],
        "is_packed": any(one.is_packed for one in found.files),
        "left_out": list(found.left_out),
        "choice": "" if choice == ALL else shown(choice),
        "is_unmade": is_unmade,
    }


def values(roster: Roster, config: Config) -> dict[str, Any]:
    """What everybody is shown."""
    coverage = roster.coverage
    return {
        "serial": roster.serial,
        "made_at": roster.made_at,
        "coverage": coverage,
        "coverage_lines": coverage_lines(coverage, config),
        "contact_lines": text.contact_lines(roster),
        "missing_lines": text.missing_lines(roster.missing),
        "missing_count": len(roster.missing),
        "audit_head": roster.audit_head,
    }


def coverage_lines(coverage: Coverage, config: Config) -> list[str]:
    """The shares of the ccTLDs, one line each; by region only if wanted."""
    return [
        text.share_line("ccTLDs", coverage.cctlds),
        text.share_line("ASCII ccTLDs", coverage.ascii_cctlds),
        text.share_line("IDN ccTLDs", coverage.idn_cctlds),
        text.share_line("Confirmed in 200 days", coverage.confirmed),
        *_beside_cctlds(coverage, config),
        *(text.region_lines(coverage) if config.roster.regions else ()),
    ]


def _beside_cctlds(coverage: Coverage, config: Config) -> list[str]:
    """What else the list serves, or has contacts of from when it did."""
    served = config.membership.constituencies
    lines = []
    if "gtld" in served or coverage.gtlds.covered:
        lines.append(text.share_line("gTLDs", coverage.gtlds))
    for kind, name in (("cert", "CERTs"), ("regional", "Regional organisations")):
        count = coverage.organisations.get(kind, 0)
        if kind in served or count:
            lines.append(text.count_line(name, count))
    return lines


def change_values(changes: Changes | None, since_on: str) -> dict[str, Any]:
    """What differs between readers: the day of their last roster, and what is new. None: their first."""
    return {
        "since_on": since_on,
        "changes": None if changes is None else text.change_lines(changes),
        "is_unchanged": changes is not None and changes.is_nothing,
    }
