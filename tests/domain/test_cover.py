from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rosters import ANN, BOB, NOW
from tldops_bot.domain.cover import Cover, cover
from tldops_bot.domain.roster import RosterContact

SINCE = NOW - timedelta(days=200)
LONG_AGO = replace(ANN, confirmed_at=SINCE - timedelta(seconds=1))
NEVER = replace(ANN, confirmed_at=None)
STALE = replace(LONG_AGO, is_stale=True)
KEYLESS = replace(ANN, fingerprint="")


@pytest.mark.parametrize(
    ("contacts", "state"),
    [
        ([], Cover.NONE),
        ([KEYLESS], Cover.KEYLESS),
        ([BOB], Cover.KEYLESS),  # stale, too: without a key is worse
        ([STALE, KEYLESS], Cover.STALE),
        ([LONG_AGO], Cover.HELD),
        ([NEVER, STALE], Cover.HELD),
        ([replace(ANN, confirmed_at=SINCE)], Cover.CONFIRMED),
        ([ANN, STALE, KEYLESS], Cover.CONFIRMED),
        ([LONG_AGO, KEYLESS], Cover.HELD),  # who confirmed has no key
    ],
)
def test_a_tld_is_as_well_off_as_its_best_contact(contacts: list[RosterContact], state: Cover) -> None:
    assert cover(contacts, SINCE) is state


@pytest.mark.parametrize("contact", [ANN, LONG_AGO, NEVER])
def test_what_everybody_may_see_says_nothing_of_freshness_but_the_mark(contact: RosterContact) -> None:
    assert cover([contact], None) is Cover.HELD
    assert cover([replace(contact, is_stale=True)], None) is Cover.STALE
