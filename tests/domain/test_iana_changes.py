"""What changed at IANA is told part by part; what takes away, and floods, wait for a second look."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tldops_bot.domain.iana_changes import (
    CONFIRMED_AFTER,
    LONGEST,
    MOST_TLDS_A_DAY,
    Change,
    Difference,
    Field,
    difference,
    digest,
    is_confirmed,
    is_flood,
    not_listed,
)
from tldops_bot.domain.iana_record import IanaContact, IanaRecord
from tldops_bot.domain.tld import Tld

NL = Tld("nl", "nl")
ADMIN = IanaContact("administrative", "Ann Example", "Example Registry", "+99 1", "", "ann@nic.example")
TECH = IanaContact("technical", "Role", "Example Registry", "", "", "noc@nic.example")
HELD = IanaRecord(NL, True, ("Example Registry",), "ACTIVE", None, None, (ADMIN, TECH), "")
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def with_admin(**changed: str) -> IanaRecord:
    return replace(HELD, contacts=(replace(ADMIN, **changed), TECH))


def found(after: IanaRecord, before: IanaRecord | None = HELD) -> Difference:
    made = difference(before, after)
    assert made is not None
    return made


def test_the_first_answer_about_a_tld_is_no_change() -> None:
    assert difference(None, HELD) is None


@pytest.mark.parametrize(
    "same",
    [
        HELD,
        replace(HELD, changed=date(2026, 1, 1), status="NEW", whois="whois.nic.example"),
        replace(HELD, organisation=("EXAMPLE  Registry",)),
        with_admin(email="ANN@nic.example"),
        replace(HELD, contacts=(TECH, ADMIN)),
    ],
)
def test_dates_spelling_and_order_are_no_change(same: IanaRecord) -> None:
    assert difference(HELD, same) is None


def test_what_is_longer_than_what_is_kept_is_no_change_for_ever() -> None:
    long = with_admin(name="x" * 400)
    kept = with_admin(name="x" * LONGEST)
    assert difference(kept, long) is None
    assert digest(kept) == digest(long)


@pytest.mark.parametrize(
    ("part", "label"),
    [("name", "name"), ("organisation", "organisation"), ("phone", "phone"), ("fax", "fax")],
)
def test_each_part_of_a_contact_is_told_before_and_after(part: str, label: str) -> None:
    made = found(with_admin(**{part: "new"}))
    assert made.changes == (
        Change("contact_changed", "administrative", (Field(label, getattr(ADMIN, part), "new"),)),
    )
    assert (made.gone, made.takes_away) == (frozenset(), False)


def test_an_address_that_was_replaced_is_gone() -> None:
    made = found(with_admin(email="new@nic.example"))
    assert made.changes[0].fields == (Field("e-mail", "ann@nic.example", "new@nic.example"),)
    assert made.gone == {"ann@nic.example"}
    assert not made.takes_away


def test_an_address_that_only_moves_to_the_other_contact_is_not_gone() -> None:
    swapped = replace(HELD, contacts=(replace(ADMIN, email=TECH.email), replace(TECH, email=ADMIN.email)))
    made = found(swapped)
    assert len(made.changes) == 2
    assert made.gone == frozenset()


def test_a_contact_without_an_address_is_nobody_s_mailbox() -> None:
    made = found(with_admin(email=""))
    assert made.gone == {"ann@nic.example"}


def test_a_contact_that_vanishes_takes_away_and_one_that_comes_does_not() -> None:
    alone = replace(HELD, contacts=(ADMIN,))
    gone = found(alone)
    assert [(one.what, one.kind) for one in gone.changes] == [("contact_gone", "technical")]
    assert gone.takes_away
    come = found(HELD, alone)
    assert [(one.what, one.kind) for one in come.changes] == [("contact_new", "technical")]
    assert not come.takes_away


def test_a_tld_that_is_retired_is_one_change_not_three() -> None:
    made = found(not_listed(NL))
    assert [one.what for one in made.changes] == ["retired"]
    assert made.is_retired
    assert made.takes_away
    assert made.gone == {"ann@nic.example", "noc@nic.example"}


def test_a_retired_tld_may_lose_its_contacts_later_and_be_delegated_again() -> None:
    not_assigned = replace(HELD, assigned=False, organisation=("Not assigned",))
    later = found(replace(not_assigned, contacts=()), not_assigned)
    assert [one.what for one in later.changes] == ["contact_gone", "contact_gone"]
    again = found(HELD, not_assigned)
    assert again.changes == (
        Change("delegated", "", (Field("organisation", "Not assigned", "Example Registry"),)),
    )
    assert not again.is_retired


def test_who_runs_a_tld_that_nobody_has_is_no_change() -> None:
    nobody = not_listed(NL)
    assert difference(nobody, replace(nobody, organisation=("Not assigned",))) is None


def test_another_organisation_is_a_transfer() -> None:
    made = found(replace(HELD, organisation=("Sample Registry", "Department")))
    assert made.changes == (
        Change(
            "transferred", "", (Field("organisation", "Example Registry", "Sample Registry, Department"),)
        ),
    )


# --- what is believed at once


def some(count: int, after: IanaRecord) -> list[Difference]:
    return [found(after)] * count


def test_thirty_tlds_in_a_day_are_believed_and_one_more_is_not() -> None:
    moved = with_admin(phone="+99 2")
    assert not is_flood(some(MOST_TLDS_A_DAY, moved), 309, 0)
    assert is_flood(some(MOST_TLDS_A_DAY + 1, moved), 309, 0)
    assert is_flood(some(1, moved), 309, MOST_TLDS_A_DAY), "a flood in small portions is one too"


def test_a_tenth_that_vanishes_is_a_flood_but_a_few_of_a_few_are_none() -> None:
    assert not is_flood(some(3, not_listed(NL)), 5, 0)
    assert is_flood(some(4, not_listed(NL)), 5, 0)
    assert not is_flood(some(20, not_listed(NL)), 200, 0)
    assert is_flood(some(21, not_listed(NL)), 200, 0)


def test_the_same_answer_counts_as_confirmed_only_hours_later() -> None:
    assert is_confirmed("a", NOW, "a", NOW + CONFIRMED_AFTER)
    assert not is_confirmed("a", NOW, "a", NOW + CONFIRMED_AFTER - timedelta(seconds=1))
    assert not is_confirmed("a", NOW, "b", NOW + 2 * CONFIRMED_AFTER)


TEXTS = st.text(max_size=12)


@given(TEXTS, TEXTS, st.booleans())
def test_records_that_differ_have_other_digests(name: str, phone: str, has_tech: bool) -> None:
    record = replace(HELD, contacts=(replace(ADMIN, name=name, phone=phone), *([TECH] if has_tech else [])))
    assert (digest(record) == digest(HELD)) == (record == HELD)
    if record != HELD:
        assert difference(HELD, record) is not None
