"""What a roster mail is made of: the values its template prints, and the files that come with it."""

from typing import Any

from tldops_bot.config.settings import Config
from tldops_bot.domain.outgoing import Attachment
from tldops_bot.domain.roster import Coverage, Roster
from tldops_bot.domain.roster_changes import Changes
from tldops_bot.roster import csv_file, jscontact, text, vcard


def files(roster: Roster) -> tuple[Attachment, ...]:
    """The files to keep on a phone, in a spreadsheet, or for a program."""
    return (
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
