from dataclasses import replace

from tldops_bot.config.tile_map import load_tile_map
from tldops_bot.config.tld_table import TldTable, load_tld_table
from tldops_bot.domain.tld import Tld

TLDS = load_tld_table()
MAP = load_tile_map(TLDS)


def test_every_cctld_has_a_tile_and_nothing_else_has() -> None:
    assert set(MAP.places) == {facts.tld for facts in TLDS.of_kind("cctld")}


def test_no_two_stand_on_the_same_tile() -> None:
    assert len(set(MAP.places.values())) == len(MAP.places)


def test_all_of_them_are_on_the_sheet() -> None:
    assert all(0 <= column < MAP.columns and 0 <= row < MAP.rows for column, row in MAP.places.values())


def test_all_of_today_s_are_drawn_and_none_waits_below_the_map() -> None:
    assert (MAP.columns, MAP.rows) == (40, 19)


def test_an_idn_tld_stands_near_its_sibling() -> None:
    by_country = {
        facts.country: MAP.places[facts.tld] for facts in TLDS.of_kind("cctld") if is_ascii(facts.tld)
    }
    for facts in TLDS.of_kind("cctld"):
        if not is_ascii(facts.tld):
            column, row = MAP.places[facts.tld]
            home = by_country[facts.country]
            assert abs(column - home[0]) + abs(row - home[1]) <= 5, facts.tld.shown


def is_ascii(tld: Tld) -> bool:
    return tld.a_label == tld.u_label


def test_north_is_up_and_east_is_right() -> None:
    place = {tld.a_label: where for tld, where in MAP.places.items()}
    for north, south in (("ca", "mx"), ("no", "it"), ("it", "za"), ("cn", "au"), ("cu", "ar"), ("eg", "ke")):
        assert place[north][1] < place[south][1], (north, south)
    for west, east in (("us", "pt"), ("pt", "pl"), ("sn", "so"), ("sa", "in"), ("in", "jp"), ("br", "ng")):
        assert place[west][0] < place[east][0], (west, east)


def test_a_tld_younger_than_the_map_stands_in_a_row_below_it() -> None:
    new = Tld("zz", "zz")
    facts = replace(next(iter(TLDS.of_kind("cctld"))), tld=new, country="ZZ")
    places = load_tile_map(TldTable({**TLDS.by_a_label, "zz": facts}))
    assert places.places[new] == (0, 20)
    assert places.rows == 21


def test_a_tld_that_is_gone_leaves_a_gap() -> None:
    fewer = TldTable({label: facts for label, facts in TLDS.by_a_label.items() if label != "nl"})
    assert Tld("nl", "nl") not in load_tile_map(fewer).places
