"""HELP: what you may do, and the list's key."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair
from tests.outcomes import outcome
from tldops_bot.commands._all import COMMANDS, VOCABULARY, command_for


def verbs(handled, which: str = "yours") -> set[str]:
    return {one["verb"] for one in handled.decision.parts[0].outcome.values[which]}


def test_stranger_is_told_how_to_join_and_gets_the_lists_key(desk: Desk) -> None:
    handled = desk.write("x@nic.example", "HELP")
    assert outcome(handled) == "commands"
    assert "SUBSCRIBE" in verbs(handled)
    assert not {"QUERY", "APPROVE"} & verbs(handled)
    assert "QUERY" in verbs(handled, "later")
    (key,) = desk.last("x@nic.example").attachments
    assert key.media_type == "application/pgp-keys"
    assert b"BEGIN PGP PUBLIC KEY BLOCK" in key.octets


def test_everybody_sees_what_they_may_do(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="committee")
    hers = verbs(desk.say(ann, "HELP"))
    assert "ALERT" in hers
    assert "APPROVE" not in hers
    assert {"APPROVE", "PENDING"} <= verbs(desk.say(carol, "HELP"))


@pytest.mark.parametrize("verb", sorted(COMMANDS))
def test_every_command_is_explained(desk: Desk, verb: str) -> None:
    handled = desk.write("x@nic.example", f"help {verb.lower()}")
    assert outcome(handled) == "one"
    assert verb in desk.text(desk.last("x@nic.example"))


def test_unknown_command_names_the_nearest(desk: Desk) -> None:
    handled = desk.write("x@nic.example", "HELP QUREY")
    assert outcome(handled) == "unknown_verb"
    assert handled.decision.parts[0].outcome.values["nearest"] == "QUERY"


def test_alias_is_another_word_for_its_command() -> None:
    assert command_for("SEEN") is COMMANDS["ACK"]
    assert "SEEN" in VOCABULARY
    with pytest.raises(StopIteration):
        command_for("NONSENSE")


def test_commands_are_these_and_no_others() -> None:
    assert set(COMMANDS) >= {
        "ACK", "ALERT", "APPROVE", "CANCEL", "CONFIRM", "DECLINE", "FORGET", "HELP", "KEY", "OBJECT", "PENDING",
        "QUERY", "REJECT", "RELEASE", "REMOVE", "RESTORE", "ROSTER", "SHOW", "STATUS", "SUBSCRIBE", "UNSUBSCRIBE",
        "UPDATE",
    }  # fmt: skip
    anybody = {verb for verb, one in COMMANDS.items() if one.who == "anyone"}
    assert anybody == {"CONFIRM", "DECLINE", "HELP", "KEY", "OBJECT", "SUBSCRIBE"}


def test_secretariat_and_committee_see_how_they_enter_others(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="secretariat")
    assert {"INVITE", "NOTE", "PENDING", "REMIND", "SUSPEND"} <= verbs(desk.say(carol, "HELP"))
    assert "UPDATE ann@nic.example" in desk.text(desk.last(carol.address)).split("\n")
    desk.say(ann, "HELP")
    assert "FOR SOMEBODY ELSE" not in desk.text(desk.last(ann.address))
