"""Joining where it is asked twice, by strangers, in another's name, or too often."""

from types import SimpleNamespace

import pytest

from tests.desk import Desk
from tests.keys import KeyPair, mail, message_entity
from tests.outcomes import FIELDS, all_of, answer, outcome, prove, rows, states, subscribe, templates
from tldops_bot.commands import _all as commands
from tldops_bot.store.tables import Request

ADMIN = "admin@registry.example"


def test_iana_address_is_asked_three_times_a_day_by_whomever(desk: Desk) -> None:
    desk.iana("nl", ADMIN)
    for name in ("dora", "emil", "fred", "gina"):
        desk.write(f"{name}@nic.example", f"SUBSCRIBE nl\n{FIELDS}")
        answer(desk, f"{name}@nic.example")
    assert templates(desk, ADMIN) == ["letters/vouch"] * 3
    assert {one.state for one in all_of(desk, Request)} == {"vouching"}


def test_wish_in_anothers_name_ends_when_that_person_has_proven_their_own(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    desk.write("mallory@other.example", f"SUBSCRIBE nl\n{FIELDS}Email: {ann.address}")
    forged = desk.token_for(ann.address)
    subscribe(desk, ann)
    prove(desk, ann)
    assert sorted(one.state for one in all_of(desk, Request)) == ["vouching", "withdrawn"]
    assert outcome(desk.write(ann.address, f"CONFIRM {forged}")) == "token_void"


def test_asking_again_while_a_word_is_awaited_asks_nobody_again(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    before = rows(desk)
    desk.later(minutes=5)
    subscribe(desk, ann)
    desk.write("mallory@other.example", f"SUBSCRIBE nl\n{FIELDS}Email: {ann.address}")
    assert rows(desk) == before
    assert templates(desk, ADMIN) == ["letters/vouch"]


def test_stored_person_hears_once_a_day_that_a_stranger_asked_in_vain(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for number in range(3):
        desk.write(f"mallory{number}@other.example", f"SUBSCRIBE nl\n{FIELDS}Email: {ann.address}")
    assert templates(desk, ann.address) == ["letters/asked_in_vain"]
    assert all_of(desk, Request) == []


def test_member_with_the_own_key_attached_asks_for_another_tld(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("be", ADMIN)
    assert outcome(subscribe(desk, ann, "be")) == "waiting"
    prove(desk, ann)
    answer(desk, ADMIN)
    assert states(desk, "be") == {ann.address: "listed"}


def test_own_key_in_a_plain_mail_is_in_nobodys_way(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("be", ADMIN)
    entity = message_entity(f"SUBSCRIBE be\n{FIELDS}", [ann.key_attachment()])
    assert outcome(desk.receive(mail(ann.headers(), entity), ann.address)) == "waiting"
    assert outcome(prove(desk, ann)) == "proven"
    answer(desk, ADMIN)
    assert states(desk, "be") == {ann.address: "listed"}


def test_member_hears_that_there_is_nobody_to_replace(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    wish = f"SUBSCRIBE nl\n{FIELDS}Email: carl@nic.example\nReplaces: nobody@nic.example"
    assert outcome(desk.say(ann, wish)) == "replaces_nobody"
    assert outcome(desk.say(ann, wish.replace("nobody@nic.example", "the old one"))) == "bad_field"


def test_candidate_withdraws_what_is_still_open_only(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann, "nl be")
    desk.say_bound(carol, "REJECT R-1 not this one")
    assert outcome(desk.say(ann, f"DECLINE {desk.token_for(ann.address)}")) == "withdrawn"
    assert [one.state for one in all_of(desk, Request)] == ["rejected", "withdrawn"]


def test_late_no_leaves_the_established_contacts_alone(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN, "tech@registry.example")
    subscribe(desk, ann)
    prove(desk, ann)
    late = desk.token_for("tech@registry.example")
    answer(desk, ADMIN)
    desk.write("tech@registry.example", f"DECLINE {late}")
    assert states(desk, "nl") == {bob.address: "listed", ann.address: "suspended"}


def test_forgotten_person_has_no_open_request_left(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(carol, office="committee")
    desk.say(ann, "SUBSCRIBE be")
    prove(desk, ann)
    desk.say_bound(ann, "FORGET")
    desk.write(ann.address, f"CONFIRM {desk.token_for(ann.address)}")
    assert [one.state for one in all_of(desk, Request)] == ["withdrawn"]
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "already_decided"


def test_more_tlds_than_exist_in_one_question_are_refused(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    every = " ".join(facts.tld.a_label for facts in desk.app.tlds.of_kind("cctld"))
    assert outcome(desk.say(ann, f"QUERY {every}")) == "contacts"
    assert outcome(desk.say(ann, f"QUERY {every} {every}")) == "too_many_tlds"


def test_file_that_declares_no_command_of_its_name_is_a_mistake_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(commands.importlib, "import_module", lambda _name: SimpleNamespace())
    with pytest.raises(commands.StrayModule, match=r"commands/ack\.py must declare ACK"):
        commands.find_commands()
