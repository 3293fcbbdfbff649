import io
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from pypdf import PdfReader

from tests.rosters import ANN, NOW, roster
from tests.typefaces import LATIN, make_font
from tldops_bot.config.tile_map import load_tile_map
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.cover import Cover
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.tld import Tld
from tldops_bot.roster.drawing import Box, Drawing, Line, Shape, Words
from tldops_bot.roster.pdf_pages import pdf
from tldops_bot.roster.picture import HEIGHT, WIDTH, Coverings, picture
from tldops_bot.roster.png import png
from tldops_bot.roster.svg import svg
from tldops_bot.roster.typefaces import Typefaces, find_typefaces

TLDS = load_tld_table()
MAP = load_tile_map(TLDS)
CCTLDS = [facts.tld for facts in TLDS.of_kind("cctld")]
NOTHING = Typefaces([])
SVG = "{http://www.w3.org/2000/svg}"
HISTORY = [
    Figures(date(2026, 1, 4) + timedelta(days=7 * n), 309, 100 + n, 90 + n, 61, 9, 1, 1, 0) for n in range(9)
]


def coverings(freshness: bool = True, history: Sequence[Figures] = (), **states: Cover) -> Coverings:
    tiles = {tld: states.get(tld.a_label, Cover.NONE) for tld in CCTLDS}
    return Coverings("TLD-OPS", "2026-03-01", tiles, roster(ANN).coverage, freshness, history)


def words(drawing: Drawing) -> list[str]:
    return [mark.text for mark in drawing.marks if isinstance(mark, Words)]


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Typefaces:
    folder = tmp_path_factory.mktemp("fonts")
    make_font(folder, "NotoSans-Regular.ttf", [*LATIN, *range(0x400, 0x460)])
    return find_typefaces(folder)


def test_every_cctld_is_named_once() -> None:
    marks = picture(coverings(), MAP, NOTHING).marks
    drawn = [mark.text for mark in marks if isinstance(mark, Words) and mark.is_bold]
    for tld in CCTLDS:
        if tld.a_label == tld.u_label:
            assert drawn.count(tld.a_label) == 1


def test_without_a_font_an_idn_tld_has_its_a_label_in_pieces() -> None:
    drawn = " ".join(words(picture(coverings(), MAP, NOTHING)))
    assert "xn-- p1ai" in drawn
    assert "xn-- mgbah1 a3hjkr d" in drawn
    assert drawn.isascii()


def test_with_a_font_it_is_written_in_its_own_script_within_its_tile(faces: Typefaces) -> None:
    drawing = picture(coverings(), MAP, faces)
    assert "p1ai" not in words(drawing)
    assert "mgbah1" in words(drawing)  # no font here has Arabic
    shapes = [mark for mark in drawing.marks if isinstance(mark, Shape)]
    cyrillic = [tld for tld in CCTLDS if tld.a_label != tld.u_label and faces.for_text(tld.u_label)]
    assert len(shapes) == len(cyrillic) + 1 > 5  # one is in the legend
    for shape in shapes:
        xs, ys = zip(*(point for outline in shape.outlines for point in outline), strict=True)
        assert max(xs) - min(xs) < 6.2
        assert max(ys) - min(ys) < 6.2


def test_nothing_is_drawn_outside_of_the_sheet() -> None:
    for what in (coverings(history=HISTORY), coverings(False)):
        for mark in picture(what, MAP, NOTHING).marks:
            match mark:
                case Box():
                    assert 0 <= mark.x <= mark.x + mark.width <= WIDTH
                    assert 0 <= mark.y <= mark.y + mark.height <= HEIGHT
                case Line():
                    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in mark.points)
                case Words():
                    assert 0 <= mark.x <= WIDTH
                    assert mark.size < mark.y < HEIGHT - 1


def tiles_by_state(freshness: bool) -> dict[Cover, tuple[object, ...]]:
    """What makes a tile of each state look as it does: its marks but for the name, from its corner."""
    found = {}
    for state in Cover:
        drawing = picture(coverings(freshness, nl=state), MAP, NOTHING)
        plain = picture(coverings(freshness, nl=state), MAP, NOTHING).marks
        at = next(n for n, mark in enumerate(plain) if isinstance(mark, Words) and mark.text == "nl")
        before = at - 1
        while not isinstance(drawing.marks[before], Words):
            before -= 1
        found[state] = drawing.marks[before + 1 : at]
    return found


def grey(colour: str) -> float:
    """Its lightness on paper without colours (ITU-R BT.601)."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def test_states_are_told_apart_without_colours_by_lightness_or_by_a_sign() -> None:
    looks = tiles_by_state(freshness=True)
    for one, other in combinations(Cover, 2):
        first, second = looks[one][0], looks[other][0]
        assert isinstance(first, Box)
        assert isinstance(second, Box)
        has_other_sign = [type(mark) for mark in looks[one]] != [type(mark) for mark in looks[other]]
        assert abs(grey(first.fill) - grey(second.fill)) > 0.2 or has_other_sign, (one, other)


def test_the_name_is_readable_on_every_ground() -> None:
    for state in Cover:
        marks = picture(coverings(nl=state), MAP, NOTHING).marks
        at = next(n for n, mark in enumerate(marks) if isinstance(mark, Words) and mark.text == "nl")
        ground = next(mark for mark in reversed(marks[:at]) if isinstance(mark, Box) and mark.fill)
        name = marks[at]
        assert isinstance(name, Words)
        assert abs(grey(ground.fill) - grey(name.colour)) > 0.5, state


def test_members_see_no_freshness_but_the_mark() -> None:
    """Whatever the state is called inside, confirmed and not confirmed lately look the same to them."""
    drawing = picture(coverings(False, nl=Cover.HELD, be=Cover.STALE), MAP, NOTHING)
    legend = [word for word in words(drawing) if re.search(r"\(\d+\)$", word)]
    assert legend == [
        "has a contact with a key (1)",
        "STALE: asked in vain (1)",
        "no contact has a key (0)",
        "nobody (307)",
    ]


def test_the_operator_sees_all_states_counted() -> None:
    states = {"nl": Cover.CONFIRMED, "be": Cover.CONFIRMED, "de": Cover.HELD, "fr": Cover.KEYLESS}
    legend = [word for word in words(picture(coverings(**states), MAP, NOTHING)) if word.endswith(")")][-5:]
    assert legend == [
        "with a key, confirmed in 200 days (2)",
        "not confirmed lately (1)",
        "STALE: asked in vain (0)",
        "no contact has a key (1)",
        "nobody (305)",
    ]


def test_totals_and_date_stand_above_the_map() -> None:
    drawn = words(picture(coverings(), MAP, NOTHING))
    assert drawn[1] == "2026-03-01"
    assert "ccTLDs with a contact 1 of 4 (25 %)" in drawn[2]
    assert "IDN 0 of 1 (0 %)" in drawn[2]


def test_the_past_is_a_line_for_each_share_named_at_its_end() -> None:
    drawing = picture(coverings(history=HISTORY), MAP, NOTHING)
    long = [mark for mark in drawing.marks if isinstance(mark, Line) and len(mark.points) == len(HISTORY)]
    assert [line.is_dashed for line in long] == [False, True]
    assert all(above[1] < below[1] for above, below in zip(long[0].points, long[1].points, strict=True))
    assert {"contact 34 %", "confirmed 31 %", "2026-01-04"} <= set(words(drawing))


@pytest.mark.parametrize("days", [0, 1])
def test_where_there_is_no_past_there_is_no_line(days: int) -> None:
    drawn = words(picture(coverings(history=HISTORY[:days]), MAP, NOTHING))
    assert "100 %" not in drawn


def test_a_past_of_years_has_few_dates_below_it_and_one_of_no_tlds_is_drawn_too() -> None:
    many = [replace(HISTORY[0], day=date(2020, 1, 5) + timedelta(days=7 * n), cctlds=0) for n in range(300)]
    drawn = words(picture(coverings(history=many), MAP, NOTHING))
    assert 5 <= sum(bool(re.fullmatch(r"20\d\d-\d\d-\d\d", word)) for word in drawn) <= 9


# --- as files


def test_svg_is_well_formed_and_fetches_nothing(faces: Typefaces) -> None:
    octets = svg(picture(coverings(history=HISTORY, nl=Cover.STALE, be=Cover.KEYLESS), MAP, faces))
    tree = ElementTree.fromstring(octets)
    assert (tree.get("width"), tree.get("height")) == ("279.4mm", "210mm")
    assert tree.findtext(f"{SVG}title") == "TLD-OPS: coverage of ccTLDs, 2026-03-01"
    assert {child.tag.removeprefix(SVG) for child in tree} == {"title", "rect", "path", "text"}
    assert b"href" not in octets
    assert {one.text for one in tree.iter(f"{SVG}text")} >= {"nl", "be", "fr"}


def test_a_list_s_name_can_t_break_the_svg() -> None:
    hostile = replace(coverings(), list_name="</title><script>&\"'")
    tree = ElementTree.fromstring(svg(picture(hostile, MAP, NOTHING)))
    assert not list(tree.iter(f"{SVG}script"))
    assert "</title><script>&\"'" in str(tree.findtext(f"{SVG}title"))


def test_svg_of_each_mark() -> None:
    marks = (
        Box(1, 2, 3, 4, "#ff0000", "#00ff00", 0.5),
        Box(1, 2, 3, 4),
        Line(((0, 0), (1.23456, 1)), "#000000", is_dashed=True),
        Shape((((0, 0), (1, 0), (0, 1)),), "#0000ff"),
        Words(1, 2, 3, "a<b", is_bold=True, anchor="end"),
    )
    lines = svg(Drawing(10, 10, "t", marks)).decode().splitlines()[4:-1]
    assert lines == [
        '<rect x="1" y="2" width="3" height="4" fill="#ff0000" stroke="#00ff00" stroke-width="0.5"/>',
        '<rect x="1" y="2" width="3" height="4" fill="none"/>',
        '<path d="M0 0L1.235 1" fill="none" stroke="#000000" stroke-width="0.2" stroke-dasharray="2 1"/>',
        '<path d="M0 0L1 0L0 1Z" fill="#0000ff"/>',
        '<text x="1" y="2" font-size="3" fill="#000000" text-anchor="end" font-weight="bold">a&lt;b</text>',
    ]


def pixels(drawing: Drawing, faces: Typefaces = NOTHING) -> Image.Image:
    return Image.open(io.BytesIO(png(drawing, faces))).convert("RGB")


def test_png_has_each_mark_where_it_belongs(faces: Typefaces) -> None:
    ring = (((1, 1), (9, 1), (9, 9), (1, 9)), ((3, 3), (3, 7), (7, 7), (7, 3)))
    marks = (
        Box(20, 0, 5, 5, "#ff0000"),
        Line(((20, 10), (30, 10)), "#00ff00", 1),
        Shape(ring, "#0000ff"),
    )
    image = pixels(Drawing(40, 20, "t", marks))

    def at(x: float, y: float) -> object:
        return image.getpixel((round(x / 25.4 * 200), round(y / 25.4 * 200)))

    assert image.size == (315, 157)
    assert at(22, 2) == (255, 0, 0)
    assert at(25, 10) == (0, 255, 0)
    assert at(2, 2) == (0, 0, 255)
    assert at(5, 5) == (255, 255, 255)  # the hole
    assert at(35, 15) == (255, 255, 255)


def test_a_dashed_line_has_gaps_and_goes_on_around_corners() -> None:
    marks = (Line(((1, 5), (2, 5), (19, 5)), "#000000", 0.5, is_dashed=True),)
    image = pixels(Drawing(20, 10, "t", marks))
    row = [image.getpixel((x, 39)) for x in range(8, 150)]
    dark = [sum(pixel) < 200 for pixel in row if isinstance(pixel, tuple)]  # type: ignore[arg-type]
    assert 0.55 < sum(dark) / len(dark) < 0.8
    assert sum(a != b for a, b in pairwise(dark)) >= 9


@pytest.mark.parametrize("is_bold", [True, False])
def test_words_are_drawn_with_and_without_a_font_of_the_machine(faces: Typefaces, is_bold: bool) -> None:
    drawing = Drawing(20, 10, "t", (Words(10, 8, 6, "nl", "#000000", is_bold, "middle"),))
    for typefaces in (faces, NOTHING):
        darkest, _ = pixels(drawing, typefaces).convert("L").getextrema()
        assert darkest == 0


def test_png_of_the_whole_map() -> None:
    image = pixels(picture(coverings(nl=Cover.CONFIRMED), MAP, NOTHING))
    assert image.size == (2200, 1653)
    assert (0, 0x52, 0x7F) in {color for _, color in image.getcolors(1 << 24) or ()}


def test_pdf_is_read_by_others_and_has_the_names_as_text() -> None:
    octets = pdf(picture(coverings(history=HISTORY), MAP, NOTHING), NOW, NOTHING)
    (page,) = PdfReader(io.BytesIO(octets)).pages
    text = page.extract_text()
    assert all(word in text for word in ("nl", "uk", "mgbah1", "nobody (309)", "confirmed 31 %"))
    assert [round(float(one) / 72 * 25.4, 1) for one in page.mediabox] == [0, 0, WIDTH, HEIGHT]


def test_the_same_picture_is_the_same_octets(faces: Typefaces) -> None:
    made = [picture(coverings(nl=Cover.STALE), MAP, faces) for _ in range(2)]
    assert pdf(made[0], NOW, faces) == pdf(made[1], NOW, Typefaces(face.file for face in faces.all))
    assert svg(made[0]) == svg(made[1])


def test_an_unknown_tld_is_no_tile() -> None:
    what = coverings()
    more = replace(what, tiles={**what.tiles, Tld("example", "example"): Cover.CONFIRMED})
    assert "example" not in words(picture(more, MAP, NOTHING))


def test_a_tld_without_a_state_has_nobody() -> None:
    assert (
        picture(replace(coverings(), tiles={}), MAP, NOTHING).marks[3:5]
        == (picture(coverings(), MAP, NOTHING).marks[3:5])
    )


def test_files_are_written_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pdf(picture(coverings(), MAP, NOTHING), NOW, NOTHING)
    assert list(tmp_path.iterdir()) == []
