"""The files that come with a call sheet: for paper, and for a spreadsheet."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tldops_bot.domain.call_sheet import SheetHead, SheetLine
from tldops_bot.domain.outgoing import Attachment
from tldops_bot.roster.call_sheet import csv_sheet
from tldops_bot.roster.csv_file import MEDIA_TYPE

EVERY_READER_HAS = "cp1252"


def files(sheet: Sequence[SheetLine], head: SheetHead, now: datetime, fonts: Path) -> tuple[Attachment, ...]:
    """What is attached to a report; `fonts` is the folder with the machine's fonts."""
    return (
        Attachment("call-sheet.pdf", "application/pdf", _printed(sheet, head, now, fonts)),
        Attachment("call-sheet.csv", MEDIA_TYPE, csv_sheet(sheet, now)),
    )


def _printed(sheet: Sequence[SheetLine], head: SheetHead, now: datetime, fonts: Path) -> bytes:
    # Imported here: it takes half a second and 40 MB, to be spent only when printing.
    from tldops_bot.roster.call_sheet_pdf import pdf_sheet
    from tldops_bot.roster.typefaces import Typefaces, find_typefaces

    # Embedding a font takes longer than all the rest, and the store waits meanwhile.
    typefaces = Typefaces(()) if _is_western(f"{sheet} {head}") else find_typefaces(fonts)
    return pdf_sheet(sheet, head, now, typefaces)


def _is_western(text: str) -> bool:
    """Whether the letters that every PDF reader has are enough."""
    return text.encode(EVERY_READER_HAS, "ignore").decode(EVERY_READER_HAS) == text
