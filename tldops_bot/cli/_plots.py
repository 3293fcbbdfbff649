"""`stats --plot`: figures as pictures, in files that the operator alone can read."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from tldops_bot.app import App
from tldops_bot.cli._frame import refuse, say
from tldops_bot.cli._progress import working
from tldops_bot.config.tile_map import load_tile_map
from tldops_bot.domain.cover import cover
from tldops_bot.domain.figures import Figures, weekly
from tldops_bot.domain.freshness import FRESH_FOR
from tldops_bot.domain.roster import Roster
from tldops_bot.roster.drawing import Drawing
from tldops_bot.roster.picture import Coverings, picture
from tldops_bot.roster.response_picture import Exercise, response_picture
from tldops_bot.roster.svg import svg
from tldops_bot.roster.typefaces import Typefaces, find_typefaces

SUFFIXES = (".svg", ".png", ".pdf")


def must_be_drawable(file: Path | None) -> None:
    """Refuse a file name that does not say which kind of picture is meant."""
    if file is not None and file.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(f"the name must end in {', '.join(SUFFIXES)}", param_hint=str(file))


def plot_coverage(parts: App, roster: Roster, history: Sequence[Figures], file: Path) -> None:
    """For the operator and the committee: unlike members, they may see how fresh contacts are."""
    with working("drawing the map"):
        held = {each.tld: each.contacts for each in roster.tlds}
        since = roster.made_at - FRESH_FOR
        tiles = {facts.tld: cover(held.get(facts.tld, ()), since) for facts in parts.tlds.of_kind("cctld")}
        name, day = parts.config.list.name, f"{roster.made_at:%Y-%m-%d}"
        shown = Coverings(name, day, tiles, roster.coverage, True, weekly(history))
        typefaces = find_typefaces(parts.config.roster.fonts)
        drawing = picture(shown, load_tile_map(parts.tlds), typefaces)
        octets = _octets(drawing, file, roster.made_at, typefaces)
    _write(file, octets)


def plot_exercises(parts: App, held: Sequence[Exercise], file: Path) -> None:
    """How soon each exercise was answered."""
    now = parts.now()
    drawing = response_picture(parts.config.list.name, f"{now:%Y-%m-%d}", held)
    _write(file, _octets(drawing, file, now, find_typefaces(parts.config.roster.fonts)))


def _octets(drawing: Drawing, file: Path, made_at: datetime, typefaces: Typefaces) -> bytes:
    # Imported here: these libraries take half a second to load, and no other verb needs them.
    from tldops_bot.roster.pdf_pages import pdf
    from tldops_bot.roster.png import png

    match file.suffix.lower():
        case ".svg":
            return svg(drawing)
        case ".png":
            return png(drawing, typefaces)
        case _:
            return pdf(drawing, made_at, typefaces)


def _write(file: Path, octets: bytes) -> None:
    """Readable only by the operator: it says whose contacts are stale."""
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_bytes(octets)
    except OSError as problem:
        refuse(f"{file}: cannot be written ({problem.strerror})")
    say(f"{file}  {len(octets)} bytes")
