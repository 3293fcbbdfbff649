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
    """What is attached to a report; `fonts` is where the machine's fonts are."""
    return (
        Attachment("call-sheet.pdf", "application/pdf", _printed(sheet, head, now, fonts)),
        Attachment("call-sheet.csv", MEDIA_TYPE, csv_sheet(sheet, now)),
    )


def _printed(sheet: Sequence[SheetLine], head: SheetHead, now: datetime, fonts: Path) -> bytes:
    # Here and not above: half a second and 40 MB, which only who prints has to spend.
    from tldops_bot.roster.call_sheet_pdf import pdf_sheet
    from tldops_bot.roster.typefaces import Typefaces, find_typefaces

    # To put a font into the file takes longer than all the rest, and the store waits meanwhile.
    typefaces = Typefaces(()) if _is_western(f"{sheet} {head}") else find_typefaces(fonts)
    return pdf_sheet(sheet, head, now, typefaces)


def _is_western(text: str) -> bool:
    """Whether the letters that every reader of PDF has will do."""
    return text.encode(EVERY_READER_HAS, "ignore").decode(EVERY_READER_HAS) == text
