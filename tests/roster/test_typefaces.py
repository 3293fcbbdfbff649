from pathlib import Path

import pytest

from tests.typefaces import LATIN, make_font
from tldops_bot.config.tld_table import load_tld_table
from tldops_bot.domain.tld import Tld
from tldops_bot.roster.typefaces import FILES, Typefaces, find_typefaces

SYSTEM = Path("/usr/share/fonts")
CYRILLIC = range(0x400, 0x460)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_font(tmp_path / "deep" / "er", "NotoSans-Regular.ttf", [*LATIN, *CYRILLIC])
    make_font(tmp_path / "deep" / "er", "NotoSans-Bold.ttf", LATIN)
    make_font(tmp_path, "NotoSansArabic-Regular.ttf", [0x645, 0x635, 0x631])
    make_font(tmp_path, "Unknown.ttf", [0x4E2D])
    return tmp_path


def test_known_fonts_are_found_wherever_they_lie_below_the_folder(folder: Path) -> None:
    found = [face.file.name for face in find_typefaces(folder).all]
    assert found == ["NotoSans-Regular.ttf", "NotoSansArabic-Regular.ttf"]


def test_a_folder_that_is_not_there_has_no_fonts(tmp_path: Path) -> None:
    none = find_typefaces(tmp_path / "nowhere")
    assert none.all == ()
    assert none.plain is None
    assert none.for_text("a") is None
    assert none.outlined("рф") is None


def test_a_font_is_taken_for_a_word_only_if_it_has_every_letter(folder: Path) -> None:
    faces = find_typefaces(folder)
    arabic = faces.for_text("مصر")
    assert arabic is not None
    assert arabic.file.name == "NotoSansArabic-Regular.ttf"
    assert faces.for_text("مصرx") is None
    assert faces.for_text("中") is None


def test_a_word_is_outlined_in_bold_or_where_that_lacks_a_letter_in_regular(folder: Path) -> None:
    faces = find_typefaces(folder)
    plain = faces.plain
    assert plain is not None
    assert plain.bold.file.name == "NotoSans-Bold.ttf"
    assert plain.bold.outlined("рф") is None
    word = faces.outlined("рф")
    assert word is not None
    assert len(word.outlines) == 4  # two letters, each a square with a hole
    assert word.width == 1.0
    assert max(y for outline in word.outlines for _, y in outline) == 0.7


def test_a_font_without_a_bold_companion_is_its_own(folder: Path) -> None:
    face = find_typefaces(folder).for_text("مصر")
    assert face is not None
    assert face.bold is face


def test_the_width_of_a_letter_that_is_not_there_is_that_of_the_box(folder: Path) -> None:
    plain = find_typefaces(folder).plain
    assert plain is not None
    assert plain.advance("a") == plain.advance("中") == 0.5


@pytest.mark.skipif(
    not {*FILES} <= {file.name for file in SYSTEM.rglob("*.tt[fc]")},
    reason="fonts-noto-core, fonts-noto-cjk and fonts-dejavu-core are not all here",
)
def test_with_debian_s_fonts_every_idn_cctld_is_shown_in_its_own_script() -> None:
    faces: Typefaces = find_typefaces(SYSTEM)
    unshown = [tld.a_label for tld in idn_tlds() if faces.outlined(tld.u_label) is None]
    assert unshown == []


def idn_tlds() -> list[Tld]:
    cctlds = [facts.tld for facts in load_tld_table().of_kind("cctld")]
    return [tld for tld in cctlds if tld.a_label != tld.u_label]
