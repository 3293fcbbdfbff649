"""The shipped table of TLDs, and what makes a table unreadable."""

from collections import Counter
from pathlib import Path

import pytest

from tldops_bot.config.tld_table import COLUMNS, TldTable, TldTableUnreadable, load_tld_table
from tldops_bot.domain.tld import Tld, parse_tld


@pytest.fixture(scope="module")
def table() -> TldTable:
    return load_tld_table()


def tld(text: str) -> Tld:
    found = parse_tld(text)
    assert found is not None
    return found


def test_there_are_309_cctlds_248_ascii_and_61_idn(table: TldTable) -> None:
    idn = [facts for facts in table.of_kind("cctld") if facts.tld.a_label.startswith("xn--")]
    ascii_only = [facts for facts in table.of_kind("cctld") if len(facts.tld.a_label) == 2]
    assert (len(table.of_kind("cctld")), len(ascii_only), len(idn)) == (309, 248, 61)


def test_the_whole_root_is_in_it(table: TldTable) -> None:
    assert len(table) == 1438
    assert [facts.tld.a_label for facts in table.of_kind("infrastructure")] == ["arpa"]
    assert len(table.of_kind("cctld", "gtld", "infrastructure")) == len(table)
    labels = [facts.tld.a_label for facts in table]
    assert labels == sorted(labels)


def test_two_letters_are_always_a_cctld_and_nothing_else_in_ascii_is(table: TldTable) -> None:
    for facts in table:
        if not facts.tld.a_label.startswith("xn--"):
            assert (len(facts.tld.a_label) == 2) == (facts.kind == "cctld")


def test_every_label_round_trips(table: TldTable) -> None:
    for facts in table:
        assert parse_tld(facts.tld.u_label) == parse_tld(facts.tld.a_label) == facts.tld


def test_every_cctld_has_a_country_and_a_region_and_no_gtld_has(table: TldTable) -> None:
    for facts in table.of_kind("cctld"):
        assert len(facts.country) == 2
        assert facts.country_name
        assert facts.region_basis in ("table", "sovereign", "guessed")
    for facts in table.of_kind("gtld"):
        assert (facts.country, facts.country_name, facts.region, facts.region_basis) == ("", "", "", "")


def test_regions_follow_the_mother_country(table: TldTable) -> None:
    expected = {
        "nl": "EU",
        "gu": "NA",
        "nc": "EU",
        "pf": "EU",
        "sx": "LAC",
        "za": "AF",
        "au": "AP",
        "mx": "LAC",
    }
    found = {name: facts.region for name in expected if (facts := table.get(tld(name)))}
    assert found == expected


def test_an_idn_has_the_region_of_its_country(table: TldTable) -> None:
    regions = {facts.country: facts.region for facts in table.of_kind("cctld") if len(facts.tld.a_label) == 2}
    for facts in table.of_kind("cctld"):
        assert facts.region == regions[facts.country]


def test_no_cctld_changes_its_region_unnoticed(table: TldTable) -> None:
    sizes = Counter(facts.region for facts in table.of_kind("cctld") if len(facts.tld.a_label) == 2)
    assert sizes == {"AF": 54, "AP": 73, "EU": 79, "LAC": 35, "NA": 7}
    assert len(table.in_region("NA")) == 7


def test_a_tld_that_is_not_in_the_root_is_not_known(table: TldTable) -> None:
    assert table.get(tld("eh")) is None
    assert tld("eh") not in table
    assert tld("nl") in table
    assert tld("рф") in table
    assert tld("test") not in table


HEAD = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        (HEAD + "\n", "empty"),
        ("a_label,kind\nnl,cctld\n", "columns"),
        (f"{HEAD}\nnl,nl,cctld\n", "line 2: the columns"),
        (f"{HEAD}\nnl,nl,cctld,NL,Netherlands,EU,table,more\n", "line 2: the columns"),
        (f"{HEAD}\nNL,NL,cctld,NL,Netherlands,EU,table\n", "do not belong together"),
        (f"{HEAD}\nxn--p1ai,ру,cctld,RU,Russia,EU,table\n", "do not belong together"),
        (f"{HEAD}\n1,1,cctld,NL,Netherlands,EU,table\n", "do not belong together"),
        (f"{HEAD}\nnl,nl,country,NL,Netherlands,EU,table\n", "unknown kind"),
        (f"{HEAD}\nnl,nl,cctld,NL,Netherlands,XX,table\n", "unknown kind"),
        (f"{HEAD}\ncom,com,gtld,,,EU,\n", "unknown kind"),
        (f"{HEAD}\nnl,nl,cctld,NL,N,EU,table\nnl,nl,cctld,NL,N,EU,table\n", "twice"),
        (f'{HEAD}\nnl,nl,cctld,NL,"Nether"x,EU,table\n', "not a table"),
    ],
)
def test_a_table_that_can_not_be_right_is_refused_with_the_reason(
    tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "tlds.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TldTableUnreadable, match=says):
        load_tld_table(path)


def test_an_edited_table_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "tlds.csv"
    path.write_text(f"{HEAD}\nnl,nl,cctld,NL,Netherlands,LAC,table\n", encoding="utf-8")
    assert [facts.region for facts in load_tld_table(path)] == ["LAC"]


def test_octets_that_are_no_utf_8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tlds.csv"
    path.write_bytes(HEAD.encode() + b"\nnl,nl,cctld,NL,\xff,EU,table\n")
    with pytest.raises(TldTableUnreadable, match="not a table"):
        load_tld_table(path)
