"""A signed mail is bound to this list by its own words, or by a token; one written for another list is worth nothing."""

import pytest

from tests.clockwork import tick
from tests.desk import LIST_LINE, Desk
from tests.keys import LIST_ADDRESS, KeyPair
from tests.outcomes import all_of, outcome, rows, states, templates
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.store.tables import Token

BOB = "bob.sample@registry.example"


@pytest.fixture
def town(desk: Desk, ann: KeyPair, bob: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    return desk


def test_unbound_mail_changes_nothing_and_is_carried_out_once_by_a_signed_token(
    town: Desk, ann: KeyPair
) -> None:
    assert outcome(town.say(ann, f"REMOVE nl {BOB}")) == "list_not_named"
    assert states(town, "nl")[BOB] == "listed"
    letter = town.last(ann.address)
    assert (letter.template, letter.is_confidential) == ("letters/held", True)
    assert [(to.entitled, to.fingerprint) for to in letter.to] == [(Entitled.PERSON, ann.fingerprint)]
    token = town.token_for(ann.address)
    assert outcome(town.write(ann.address, f"CONFIRM {token}")) == "token_needs_signature"
    assert states(town, "nl")[BOB] == "listed"
    town.say(ann, f"CONFIRM {token}")
    assert states(town, "nl")[BOB] == "suspended"
    assert [one.values["status"] for one in town.to(ann.address) if one.template == "reply"][-1] == "SUCCESS"


def test_a_token_is_good_until_the_day_it_names(town: Desk, ann: KeyPair) -> None:
    """By then so old a signature is not remembered, and no other mail with one would be carried out."""
    town.say(ann, f"REMOVE nl {BOB}")
    town.later(days=13)
    tick(town, "forget_old")
    town.say(ann, f"CONFIRM {town.token_for(ann.address)}")
    assert states(town, "nl")[BOB] == "suspended"


def test_another_members_signature_on_the_token_does_not_count(
    town: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    town.say(ann, f"REMOVE nl {BOB}")
    assert outcome(town.say(bob, f"CONFIRM {town.token_for(ann.address)}")) == "token_needs_signature"
    assert states(town, "nl")[BOB] == "listed"


@pytest.mark.parametrize(
    "text",
    [
        f"List: other-list@lists.example\nREMOVE nl {BOB}",
        f"REMOVE nl {BOB}\n> List: tld-ops@lists.example",
        f"REMOVE nl {BOB}\n\nKind regards\nList: tld-ops@lists.example",
        f"List: tld-ops@lists.example.attacker.example\nREMOVE nl {BOB}",
    ],
)
def test_naming_another_list_or_below_the_commands_does_not_bind(town: Desk, ann: KeyPair, text: str) -> None:
    assert outcome(town.say(ann, text)) == "list_not_named"
    assert states(town, "nl")[BOB] == "listed"


@pytest.mark.parametrize("name", ["To", "Cc"])
def test_protected_header_binds_and_an_outer_one_does_not(town: Desk, ann: KeyPair, name: str) -> None:
    outer = {"To": "<other-list@lists.example>", name: f"<{LIST_ADDRESS}>"}
    raw = ann.pgp_mime_signed(f"REMOVE nl {BOB}", outer, at=town.now)
    assert outcome(town.receive(raw)) == "list_not_named"
    town.later(seconds=1)
    raw = ann.pgp_mime_signed(
        f"REMOVE nl {BOB}", protected={name: f"TLD-OPS <{LIST_ADDRESS.upper()}>"}, at=town.now
    )
    assert outcome(town.receive(raw)) == "suspended"


def test_reading_needs_no_binding(town: Desk, ann: KeyPair) -> None:
    assert outcome(town.say(ann, "QUERY nl")) == "contacts"


def test_replayed_unbound_mail_does_not_flood_its_author(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed(f"REMOVE nl {BOB}", at=town.now)
    for number in range(12):
        town.receive(
            raw.replace(b"Subject: a question", b"Subject: again %d" % number), "mallory@other.example"
        )
        town.later(minutes=4)
    assert len(templates(town, ann.address)) == 1
    for number in range(10):
        town.say(ann, f"UPDATE\nFax: +44 20 7946 00{number:02}")
    assert len(templates(town, ann.address)) <= 7


def test_mail_that_waits_is_asked_about_once_however_often_it_comes(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_signed("UPDATE\nFax: +44 20 7946 0999", at=town.now)
    town.receive(raw)
    town.later(hours=2)
    town.receive(raw)
    assert templates(town, ann.address) == ["letters/held"]
    town.say(ann, f"CONFIRM {town.token_for(ann.address)}")
    before = rows(town)
    assert outcome(town.receive(raw)) == "repeated"
    assert rows(town) == before


def test_the_same_words_signed_anew_are_asked_about_anew(town: Desk, ann: KeyPair) -> None:
    for _ in range(2):
        assert outcome(town.say(ann, "UPDATE\nFax: +44 20 7946 0999")) == "list_not_named"
        town.later(seconds=1)
        assert outcome(town.say(ann, f"CONFIRM {town.token_for(ann.address)}")) == "carried_out"
        town.later(days=2)


def test_held_mail_of_somebody_gone_meanwhile_is_refused(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    town.say(ann, "REMOVE nl bob.sample@registry.example")
    token = town.token_for(ann.address)
    town.say_bound(bob, f"REMOVE nl {ann.address}")
    town.say(ann, f"CONFIRM {token}")
    assert states(town, "nl") == {ann.address: "suspended", bob.address: "listed"}


def test_what_is_not_allowed_anyway_is_refused_without_a_token(town: Desk, ann: KeyPair) -> None:
    assert outcome(town.say(ann, "APPROVE R-1")) == "not_committee"
    assert outcome(town.say(ann, "UPDATE\nFnord: 1")) == "unknown_field"
    assert all_of(town, Token) == []


def test_forged_plain_mails_do_not_flood_a_keyless_contact(town: Desk, carol: KeyPair) -> None:
    town.member(carol, "be", keyless=True)
    for number in range(30):
        town.write(
            carol.address,
            f"UPDATE\nFax: +44 20 7946 00{number:02}",
            **{"Message-ID": f"<{number}@mallory.example>"},
        )
    assert len(templates(town, carol.address)) <= 6


def test_plain_mails_without_message_ids_are_told_apart_by_what_they_say(town: Desk, carol: KeyPair) -> None:
    town.member(carol, "be", keyless=True)
    for number in (1, 2):
        raw = carol.plain(f"UPDATE\nFax: +44 20 7946 00{number:02}", {"Message-ID": ""})
        town.receive(raw, carol.address)
        town.receive(raw, carol.address)
    assert templates(town, carol.address) == ["letters/held_mailbox"] * 2


def test_one_iana_contacts_questions_do_not_silence_another_ones(town: Desk, ann: KeyPair) -> None:
    town.iana("nl", "admin@registry.example")
    town.iana("be", "other@registry.example")
    for number in range(8):
        headers = {"Message-ID": f"<{number}@registry.example>"}
        town.write("other@registry.example", f"REMOVE be x{number}@nic.example", **headers)
    town.write("admin@registry.example", f"REMOVE nl {ann.address}")
    assert templates(town, "admin@registry.example") == ["letters/held_mailbox"]


def test_token_is_shown_with_the_lines_it_is_about(town: Desk, ann: KeyPair) -> None:
    town.say(ann, f"REMOVE nl {BOB}")
    words = town.text(town.last(ann.address))
    assert f"REMOVE nl {BOB}" in words
    assert f"CONFIRM {town.token_for(ann.address)}" in words
    assert LIST_LINE in words
