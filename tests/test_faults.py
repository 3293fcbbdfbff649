"""A short run of the fault harness, in which every mail must be accounted for; `make faults` is the long one."""

from faults.accounts import Accounts
from faults.ending import HOLDS, NEVER, time_to_end
from faults.kills import killed_at_random, upgrade_killed
from faults.misfortunes import in_one_life, suffered

KILLS = 3


def check_balanced(made: Accounts) -> None:
    assert made.answered, "nothing was ever answered 250"
    assert made.wrong == []


def test_whenever_the_process_is_killed_each_mail_is_carried_out_once_and_each_copy_is_sent() -> None:
    check_balanced(killed_at_random(KILLS, 20261121, lambda _: None))


def test_whatever_befalls_the_service_each_mail_is_carried_out_once_and_each_copy_is_sent() -> None:
    made = suffered(in_one_life(), 20261121, lambda _: None, pace=0.3, longest_end=NEVER)
    check_balanced(made)
    assert made.blows > 20


def test_an_upgrade_that_is_killed_leaves_all_or_nothing() -> None:
    assert upgrade_killed(1, 20261121, lambda _: None).wrong == []


def test_whatever_hangs_the_service_ends() -> None:
    """Within how many seconds, `faults.resources` measures: here the machine may have far too much to do."""
    name = "all of them"
    assert time_to_end(name, HOLDS[name], lambda _: None).value < NEVER
