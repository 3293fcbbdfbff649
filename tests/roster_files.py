"""Files of a roster made quickly, without printing; and as the press would leave them in the store, unsigned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from tldops_bot.commands._roster_files import manuscript
from tldops_bot.config.settings import Config
from tldops_bot.config.tld_table import TldTable
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.roster import Roster
from tldops_bot.domain.roster_edition import Edition, RosterFile
from tldops_bot.roster import csv_file, jscontact, vcard
from tldops_bot.store import printed_rosters


def keep_files(session: Session, config: Config, tlds: TldTable, now: datetime) -> Edition:
    """See that the files of the roster of this moment are there."""
    wanted = manuscript(session, config, tlds, now)
    held = printed_rosters.held(session, wanted.digest, now)
    if held is not None:
        return held
    made = quick_files(wanted.roster, config, tlds, wanted.history)
    signed = tuple(replace(one, signature=b"signature") for one in made)
    edition = Edition(now, wanted.roster.audit_head, signed)
    printed_rosters.keep(session, wanted.digest, edition)
    return edition


def quick_files(
    roster: Roster, config: Config, tlds: TldTable, history: Sequence[Figures]
) -> tuple[RosterFile, ...]:
    """What `roster_press.make_files` makes, but for the printed one, which says only when it was made."""
    contacts = roster.contacts
    keys = b"".join(one.key_blob or b"" for one in contacts)
    return (
        RosterFile("vcf", "roster.vcf", vcard.MEDIA_TYPE, vcard.vcards(contacts)),
        RosterFile("pdf", "roster.pdf", "application/pdf", b"%PDF" + str(roster.made_at).encode()),
        RosterFile("csv", "roster.csv", csv_file.MEDIA_TYPE, csv_file.csv_file(roster)),
        RosterFile("json", "roster.json", jscontact.MEDIA_TYPE, jscontact.jscontact(contacts)),
        RosterFile("keys", "roster-keys.pgp", "application/octet-stream", keys or b"none"),
    )
