import hashlib
import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.made_up import NAMES
from tests.rosters import ANN, AUDIT_HEAD, BOB, NL, NOW, RF, hostile
from tests.typefaces import LATIN, make_font
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.figures import Figures
from tldops_bot.domain.roster import Roster, RosterContact, build_roster
from tldops_bot.domain.tld import Tld
from tldops_bot.roster.pdf_file import pdf_file
from tldops_bot.roster.pdf_pages import UNSHOWN, Pages, _unstacked
from tldops_bot.roster.typefaces import Typefaces, find_typefaces

TLDS = load_tld_table()
NOTHING = Typefaces([])
SYSTEM = Path("/usr/share/fonts")
HAS_NOTO = any(SYSTEM.rglob("NotoSansDevanagari-Regular.ttf"))
needs_noto = pytest.mark.skipif(not HAS_NOTO, reason="fonts-noto-core is not here")


def made(*contacts: RosterContact) -> Roster:
    return build_roster(NOW, contacts, TLDS, AUDIT_HEAD)


def many(count: int, tlds: int = 300) -> list[RosterContact]:
    labels = [facts.tld for facts in TLDS.of_kind("cctld")][:tlds]
    return [
        replace(
            ANN,
            uid=f"urn:uuid:{number:08d}",
            name=f"{NAMES[number % len(NAMES)]} {number}",
            tlds=(labels[number % tlds],),
            phone=f"+44 20 7946 {number:04d}",
            fingerprint=hashlib.sha1(str(number).encode()).hexdigest().upper(),
        )
        for number in range(count)
    ]


def read(octets: bytes) -> list[str]:
    """The text of each page, by a parser of another project."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(octets), strict=True).pages]


def printed(*contacts: RosterContact, typefaces: Typefaces = NOTHING) -> list[str]:
    return read(pdf_file(made(*contacts), "TLD-OPS", TLDS, typefaces))


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Typefaces:
    """Latin and Cyrillic, and Hebrew in a font of its own."""
    folder = tmp_path_factory.mktemp("fonts")
    make_font(folder, "NotoSans-Regular.ttf", [*LATIN, *range(0x400, 0x460)])
    make_font(folder, "NotoSansHebrew-Regular.ttf", range(0x5D0, 0x5EB))
    make_font(folder, "NotoSansGeorgian-Regular.ttf", range(0x10D0, 0x10FB))
    return find_typefaces(folder)


def test_everything_about_a_contact_is_there() -> None:
    page = printed(ANN)[3]
    for word in (
        *(ANN.name, ANN.phone, ANN.mobile, ANN.email, ANN.emergency_email, ANN.fax, ANN.organisation),
        *(
            "1 Example Street, Exampletown",
            ANN.timezone,
            "0123 4567 89AB",
            "2026-01",
            ".nl",
            "Netherlands",
            "EU",
        ),
    ):
        assert word in page


def test_every_page_has_label_serial_number_and_what_to_do_with_the_former_one() -> None:
    pages = printed(*many(60, 20))
    assert len(pages) > 5
    for number, text in enumerate(pages, start=1):
        assert "TLP:AMBER" in text
        assert "TLD-OPS roster 202603010600. Destroy the former one." in text
        assert f"page {number} of {len(pages)}" in text
    assert "made 2026-03-01 06:00 UTC" in pages[0]


def test_the_page_fits_on_a4_and_on_letter() -> None:
    reader = PdfReader(io.BytesIO(pdf_file(made(ANN), "TLD-OPS", TLDS, NOTHING)))
    for page in reader.pages:
        short, long = sorted(float(one) / 72 * 25.4 for one in page.mediabox[2:])
        assert short <= 210.01
        assert long <= 279.41


def test_index_and_regions_lead_to_the_page_where_a_tld_begins() -> None:
    octets = pdf_file(made(*many(90, 30)), "TLD-OPS", TLDS, NOTHING)
    pages = read(octets)
    begins = {
        label: number
        for number, text in enumerate(pages, start=1)
        for label in re.findall(r"^\.([a-z]{2})\b", text, re.MULTILINE)
        if number > 3
    }
    index = dict(re.findall(r"^([a-z]{2}) (\d+)$", pages[0], re.MULTILINE))
    assert len(index) == 30
    for label, number in index.items():
        assert f".{label}" in pages[int(number) - 1]
    assert begins.keys() >= {"ad", "ae"}
    links = [one for page in PdfReader(io.BytesIO(octets)).pages[:2] for one in page.get("/Annots", [])]
    assert len(links) == 60


def test_a_tld_without_a_contact_stands_in_the_index_with_a_dash() -> None:
    front, regions = printed(ANN)[:2]
    assert re.search(r"^be –$", front, re.MULTILINE)
    assert re.search(r"^nl 4$", front, re.MULTILINE)
    assert re.search(r"^Netherlands nl 4$", regions, re.MULTILINE)
    assert regions.index("land Islands") < regions.index("Albania") < regions.index("Austria")
    assert "Europe (EU)" in regions


def test_marks_stand_above_the_number() -> None:
    page = printed(replace(BOB, mail_fails=True, tlds=(NL,)))[3]
    assert page.index("STALE: last confirmed 2025-05") < page.index(BOB.mobile)
    assert page.index("MAIL FAILS: use the phone") < page.index(BOB.mobile)
    assert page.index("NO KEY: mail to them can't be encrypted") < page.index(BOB.mobile)


def test_a_tld_that_goes_on_in_the_next_column_says_so() -> None:
    pages = printed(*many(40, 1))
    assert pages[3].count("continued") == 1
    assert all(text.count("continued") == 2 for text in pages[4:-1])


def test_the_picture_tells_members_nothing_of_freshness_but_the_mark() -> None:
    page = printed(ANN, BOB)[2]
    assert "has a contact with a key (1)" in page
    assert "not confirmed lately" not in page
    assert "100 %" not in page


def test_coverage_over_time_is_a_line_below_the_picture() -> None:
    days = [Figures(date(2026, 2, 1 + 7 * n), 309, 150 + n, 90, 61, 9, 1, 1, 0) for n in range(4)]
    page = read(pdf_file(made(ANN), "TLD-OPS", TLDS, NOTHING, days))[2]
    assert "contact 49 %" in page
    assert "2026-02-22" in page
    assert "page 3 of 4" in page


def test_of_more_tlds_than_an_index_holds_the_cctlds_stand_in_it() -> None:
    others = [facts.tld for facts in TLDS.of_kind("gtld")][:60]
    front = printed(*(replace(ANN, uid=f"urn:uuid:{n}", tlds=(tld, NL)) for n, tld in enumerate(others)))[0]
    assert re.search(r"^nl \d+$", front, re.MULTILINE)
    assert others[0].a_label not in front
    assert others[0].a_label in printed(replace(ANN, tlds=(others[0],)))[0]


def test_nobody_at_all_is_a_roster_too() -> None:
    pages = printed()
    assert len(pages) == 3
    assert "0 of 309 ccTLDs have a contact" in pages[0]


def test_a_tld_that_is_no_cctld_is_printed_too() -> None:
    pages = printed(replace(ANN, tlds=(Tld("example", "example"),)))
    assert ".example" in pages[3]


def test_the_same_roster_is_the_same_octets(faces: Typefaces) -> None:
    roster = made(*many(12))
    again = Typefaces(face.file for face in faces.all)
    assert pdf_file(roster, "TLD-OPS", TLDS, faces) == pdf_file(roster, "TLD-OPS", TLDS, again)


# --- no empty boxes


def test_what_no_font_can_show_is_replaced_and_explained() -> None:
    pages = printed(replace(BOB, tlds=(NL,)), ANN)
    assert f"{UNSHOWN} {UNSHOWN}" in pages[3]
    assert f"{UNSHOWN} stands for letters that could not be printed" in " ".join(pages[0].split())
    assert UNSHOWN not in printed(ANN)[0]


def test_an_idn_tld_that_no_font_can_show_has_its_a_label(faces: Typefaces) -> None:
    without = printed(replace(ANN, tlds=(RF,)))
    assert ".xn--p1ai" in without[3]
    assert UNSHOWN not in "".join(without)
    assert ".рф" in printed(replace(ANN, tlds=(RF,)), typefaces=faces)[3]


def test_western_letters_are_printed_without_any_font() -> None:
    assert "Ana Ejemplo Pérez-Muñoz – Ömer" in printed(replace(ANN, name="Ana Ejemplo Pérez-Muñoz – Ömer"))[3]


def test_each_piece_is_printed_in_the_font_that_has_it(faces: Typefaces) -> None:
    page = printed(replace(ANN, name="Боб გიორგი Ann"), typefaces=faces)[3]
    assert "Боб" in page
    assert "გიორგი" in page


def test_no_glyph_of_a_printed_roster_is_the_empty_box(faces: Typefaces) -> None:
    pages = Pages("t", NOW, faces)
    pages.add_page(100, 100)
    for name in (*NAMES, "ישראל Ann", "a\u0301b", "中文", "\ud7ff\ufffe"):
        shown = pages.shown(name)
        assert all(char.isascii() or faces.for_text(char) for char in shown), name
        pages.text(5, 5, 3, name, anchor="end")
        pages.text(5, 5, 3, name, is_bold=True, anchor="middle")
    assert PdfReader(io.BytesIO(pages.octets())).pages[0].extract_text()


@needs_noto
def test_with_debian_s_fonts_every_name_is_printed_and_can_be_copied() -> None:
    everybody = [replace(ANN, uid=f"urn:uuid:{n}", name=name) for n, name in enumerate(NAMES)]
    octets = pdf_file(made(*everybody), "TLD-OPS", TLDS, find_typefaces(SYSTEM))
    text = "".join(read(octets)[3:])
    for name in ("Иван Пример", "Ελένη Παράδειγμα", "Ömer Örnek", "Nguyễn Ví Dụ"):
        assert name in text
    assert UNSHOWN not in text
    pages = PdfReader(io.BytesIO(octets)).pages[3:]
    fonts = {
        font.get_object()["/BaseFont"] for page in pages for font in page["/Resources"]["/Font"].values()
    }
    assert {"NotoSansBold", "NotoSansDevanagariBold", "NotoSansArabicBold"} <= {
        str(one).rpartition("+")[2] for one in fonts
    }


# --- hostile input


@pytest.mark.parametrize(
    "text",
    [
        "x" * 255,
        "\n".join(["y"] * 3000),
        "(a) Tj ET Q \\) endstream endobj",
        "\\" * 200,
        "<</S/JavaScript/JS(app.alert(1))>>",
        "\x00\x07\x1b[31m",
        "\u202e\u2066evil\u2069",
        "**bold** __under__ [a](https://evil.example)",
        "\U0001f600" * 50,
        " ",
        "{nb}",
        "ﷺ" * 100,
        "a" + "\u0301" * 200,
    ],
    ids=range(13),
)
def test_whatever_somebody_typed_stays_text_within_its_column(text: str, faces: Typefaces) -> None:
    for typefaces in (NOTHING, faces):
        octets = pdf_file(made(hostile(text)), "TLD-OPS", TLDS, typefaces)
        assert b"/JavaScript" not in octets
        assert b"/URI" not in octets
        pages = read(octets)
        assert len(pages) == 4
        assert "page 4 of 4" in pages[3]
        assert ANN.email in pages[3]


@pytest.mark.parametrize("text", ["{nb}", "**Ann** __Example__", "Tj) ET"])
def test_nothing_that_is_typed_stands_for_something_else(text: str) -> None:
    assert text in printed(replace(ANN, name=text))[3]


def test_marks_are_not_stacked_over_what_stands_above(faces: Typefaces) -> None:
    pages = Pages("t", NOW, Typefaces([*(face.file for face in faces.all)]))
    assert pages.shown("Нина\u0301").count(UNSHOWN) == 1  # no font here has the mark
    assert len(list(_unstacked("a" + "\u0301" * 200 + "b\u0301"))) == 7


def test_a_line_is_folded_to_its_width_even_without_a_space() -> None:
    pages = Pages("t", NOW, NOTHING)
    lines = pages.fold("w" * 200 + " ann example", 50, 4)
    assert all(pages.width(line, 4) <= 50 for line in lines)
    assert "".join(lines).replace(" ", "") == "w" * 200 + "annexample"
    assert pages.fold("", 50, 4) == []
    assert pages.fold("ann example", 50, 4) == ["ann example"]


def test_4350_contacts_are_less_than_two_megabytes() -> None:
    assert len(pdf_file(made(*many(4350, 309)), "TLD-OPS", TLDS, NOTHING)) < 2_000_000
