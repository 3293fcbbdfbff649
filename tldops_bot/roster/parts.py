"""What a roster mail is made of: the values its template prints, and the files that come with it."""

import hashlib
from collections.abc import Sequence
from typing import Any

from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.outgoing import Attachment
from tldops_bot.domain.roster import Coverage, Roster
from tldops_bot.domain.roster_changes import Changes
from tldops_bot.roster import csv_file, jscontact, text, vcard

_EDITION = 1  # one more whenever the same roster would be printed differently


def printed(roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]) -> bytes:
    """The roster for paper. It takes seconds: make it once for all."""
    # Here and not above: half a second and 40 MB, which only who prints has to spend.
    from tldops_bot.roster.pdf_file import pdf_file
    from tldops_bot.roster.typefaces import find_typefaces

    return pdf_file(roster, config.list.name, tlds, find_typefaces(config.roster.fonts), history)


def digest(roster: Roster, config: Config, history: Sequence[Figures]) -> str:
    """Equal where the printed roster would say the same, but for its date."""
    said = [
        str(_EDITION),
        config.list.name,
        str(config.roster.fonts),
        *coverage_lines(roster.coverage, config),
    ]
    said += [*text.contact_lines(roster), *text.missing_lines(roster.missing), *map(repr, history)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def files(roster: Roster, printed: bytes) -> tuple[Attachment, ...]:
    """The files to keep on a phone, on paper, in a spreadsheet, or for a program."""
    return (
        Attachment("roster.pdf", "application/pdf", printed),
        Attachment("roster.vcf", vcard.MEDIA_TYPE, vcard.vcards(roster.contacts)),
        Attachment("roster.csv", csv_file.MEDIA_TYPE, csv_file.csv_file(roster)),
        Attachment("roster.json", jscontact.MEDIA_TYPE, jscontact.jscontact(roster.contacts)),
    )


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
    """The shares of the ccTLDs, a line each; by region only where that is wanted."""
    return [
        text.share_line("ccTLDs", coverage.cctlds),
        text.share_line("ASCII ccTLDs", coverage.ascii_cctlds),
        text.share_line("IDN ccTLDs", coverage.idn_cctlds),
        text.share_line("Confirmed in 200 days", coverage.confirmed),
        *(text.region_lines(coverage) if config.roster.regions else ()),
    ]


def change_values(changes: Changes | None, since_on: str) -> dict[str, Any]:
    """What differs from reader to reader: their last roster's day, what is new since. None: their first."""
    return {
        "since_on": since_on,
        "changes": None if changes is None else text.change_lines(changes),
        "is_unchanged": changes is not None and changes.is_nothing,
    }
