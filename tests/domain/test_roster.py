import json
from dataclasses import replace

from tests.rosters import ANN, AUDIT_HEAD, BE, BOB, DE, NL, NOW, RF, roster
from tldops_bot.domain.roster import RosterContact, Share
from tldops_bot.domain.roster_changes import Changes, changes, snapshot
from tldops_bot.domain.tld import Tld

OLD_TLD = Tld("zz", "zz")


def test_contacts_stand_under_each_of_their_tlds_and_the_other_scripts_come_last() -> None:
    made = roster(BOB, ANN, replace(ANN, uid="urn:uuid:3", tlds=(BE,)))
    assert [(each.tld, [who.name for who in each.contacts]) for each in made.tlds] == [
        (BE, ["Ann Example"]),
        (NL, ["Ann Example", "Боб Пример"]),
        (RF, ["Боб Пример"]),
    ]
    assert made.tlds[1].country == "Netherlands"
    assert made.tlds[1].region == "EU"


def test_the_stale_stand_behind_those_who_will_answer() -> None:
    made = roster(replace(ANN, is_stale=True), replace(BOB, is_stale=False))
    assert [who.name for who in made.tlds[0].contacts] == ["Боб Пример", "Ann Example"]


def test_a_tld_that_left_the_root_keeps_its_contacts_but_counts_for_nothing() -> None:
    made = roster(replace(ANN, tlds=(OLD_TLD,)))
    assert made.tlds[0].tld == OLD_TLD
    assert made.tlds[0].country == ""
    assert made.coverage.cctlds == Share(0, 4)


def test_missing_are_the_cctlds_without_a_contact_and_no_gtld() -> None:
    assert roster(ANN).missing == (BE, DE, RF)
    assert roster(BOB).missing == (BE, DE)


def test_coverage_counts_tlds_once_however_many_contacts_they_have() -> None:
    coverage = roster(ANN, BOB).coverage
    assert coverage.ascii_cctlds == Share(1, 3)
    assert coverage.idn_cctlds == Share(1, 1)
    assert coverage.cctlds == Share(2, 4)
    assert coverage.regions["EU"] == Share(2, 3)
    assert coverage.regions["AF"] == Share(0, 1)
    assert coverage.regions["NA"] == Share(0, 0)
    assert (coverage.contacts, coverage.with_key, coverage.stale) == (2, 1, 1)


def test_percent_is_rounded_down_so_that_hundred_means_all() -> None:
    assert Share(308, 309).percent == 99
    assert Share(309, 309).percent == 100
    assert Share(0, 0).percent == 0


def test_a_later_roster_has_a_greater_serial() -> None:
    made = roster(ANN)
    assert made.serial == "202603010600"
    assert made.audit_head == AUDIT_HEAD
    assert made.made_at == NOW


# --- changes


def between(before: tuple[RosterContact, ...], now: tuple[RosterContact, ...]) -> Changes | None:
    remembered = json.loads(json.dumps(snapshot(roster(*before))))
    return changes(remembered, roster(*now))


def test_the_same_roster_shows_no_change_whatever_the_order() -> None:
    assert between((ANN, BOB), (BOB, ANN)) == Changes()
    found = between((ANN,), (replace(ANN, changed_at=NOW, confirmed_at=NOW),))
    assert found is not None
    assert found.is_nothing


def test_somebody_new_is_told_for_each_tld() -> None:
    assert between((ANN,), (ANN, BOB)) == Changes(joined=((NL, (BOB,)), (RF, (BOB,))))


def test_a_further_tld_of_somebody_known_is_told_for_that_tld_only() -> None:
    more = replace(ANN, tlds=(NL, BE))
    assert between((ANN,), (more,)) == Changes(joined=((BE, (more,)),))


def test_of_those_who_left_the_tld_is_told_and_never_a_name() -> None:
    found = between((ANN, BOB), (ANN,))
    assert found == Changes(left_tlds=((NL, 1), (RF, 0)))
    assert BOB.name not in repr(found)


def test_leaving_one_of_two_tlds_is_told_for_that_one() -> None:
    assert between((BOB,), (replace(BOB, tlds=(NL,)),)) == Changes(left_tlds=((RF, 0),))


def test_every_detail_counts_as_a_change() -> None:
    words = (
        "name",
        "email",
        "emergency_email",
        "phone",
        "mobile",
        "fax",
        "postal",
        "organisation",
        "timezone",
    )
    for field in words:
        now = replace(ANN, **{field: "something else"})
        assert between((ANN,), (now,)) == Changes(changed=(now,)), field


def test_moving_words_from_one_field_to_the_next_is_a_change() -> None:
    before, now = replace(ANN, phone="1", mobile="23"), replace(ANN, phone="12", mobile="3")
    assert between((before,), (now,)) == Changes(changed=(now,))


def test_becoming_stale_is_told_once_and_being_fresh_again_is_no_news() -> None:
    fresh, stale = replace(BOB, is_stale=False), replace(BOB, is_stale=True)
    assert between((fresh,), (stale,)) == Changes(stale=(stale,))
    assert between((stale,), (stale,)) == Changes()
    assert between((stale,), (fresh,)) == Changes()


def test_a_new_key_and_a_lost_key_are_told_apart() -> None:
    other = replace(ANN, fingerprint="F" * 40)
    none = replace(ANN, fingerprint="", key_blob=None)
    assert between((ANN,), (other,)) == Changes(new_keys=(other,))
    assert between((none,), (ANN,)) == Changes(new_keys=(ANN,))
    assert between((ANN,), (none,)) == Changes(lost_keys=(none,))
    assert between((ANN,), (replace(ANN, key_blob=b"a longer life"),)) == Changes()


def test_what_is_remembered_holds_nobodys_words() -> None:
    text = json.dumps(snapshot(roster(ANN, BOB)), ensure_ascii=False)
    for contact in (ANN, BOB):
        words = (contact.name, contact.email, contact.emergency_email, contact.phone, contact.phone_e164)
        more = (contact.mobile, contact.mobile_e164, contact.organisation, contact.fingerprint, "Street")
        assert not [word for word in (*words, *more) if word and word in text]


def test_equal_numbers_of_two_people_do_not_show_in_what_is_remembered() -> None:
    twin = replace(ANN, uid="urn:uuid:3")
    rows = snapshot(roster(ANN, twin))["contacts"]
    assert rows[ANN.uid][0] != rows[twin.uid][0]
    assert rows[ANN.uid][1] != rows[twin.uid][1]


def test_without_a_memory_nothing_is_said_of_changes() -> None:
    assert changes(None, roster(ANN)) is None
    assert changes({}, roster(ANN)) is None
    assert changes({"version": 0, "contacts": {}}, roster(ANN)) is None
