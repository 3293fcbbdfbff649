"""CERTs, regional organisations and gTLDs: only where they are served; the committee vouches for who has no TLD."""

from collections.abc import Iterator

import pytest

from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import FIELDS, all_of, answer, join, outcome, prove, rows, states, subscribe, templates
from tldops_bot.domain.outgoing import Letter
from tldops_bot.store.tables import Organisation, Request

ALL = '[membership]\nconstituencies = ["cctld", "gtld", "cert", "regional"]\n'
LABEL = "cert:example-cert"
SHOWN = "Example CERT (cert:example-cert)"
OF_CERT = f"{FIELDS}Organisation: Example CERT\n"


@pytest.fixture
def hall(carol: KeyPair) -> Iterator[Desk]:
    """A list that serves everybody, with a committee of one."""
    with open_desk(ALL) as desk:
        desk.member(carol, office="committee")
        yield desk


def approve(desk: Desk, carol: KeyPair, number: int = 1) -> None:
    desk.later(seconds=1)
    assert outcome(desk.say_bound(carol, f"APPROVE R-{number} known since 2019")) == "approved"


def join_cert(desk: Desk, who: KeyPair, carol: KeyPair, number: int = 1, word: str = "CERT") -> None:
    desk.later(seconds=1)
    assert outcome(subscribe(desk, who, word, OF_CERT.replace("Ann Example", who.name))) == "waiting"
    assert outcome(prove(desk, who)) == "proven"
    approve(desk, carol, number)


def said(desk: Desk, who: KeyPair, text: str) -> str:
    desk.later(seconds=1)
    return outcome(desk.say_bound(who, text))


def text_of(desk: Desk, letter: Letter) -> str:
    return " ".join(desk.text(letter).split())


# --- becoming a contact


def test_the_committee_vouches_and_nobody_else_is_asked(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    assert outcome(subscribe(hall, ann, "CERT", OF_CERT)) == "waiting"
    assert "our committee whether you speak for this organisation" in text_of(hall, hall.last(ann.address))
    assert not hall.to(carol.address)  # nothing before the address is proven
    prove(hall, ann)
    assert [one.template for one in hall.to(carol.address)] == ["letters/decide"]
    assert {to.address for one in hall.letters for to in one.to} == {ann.address, carol.address}
    assert SHOWN in text_of(hall, hall.last(carol.address))
    assert "our committee vouches" in text_of(hall, hall.last(carol.address))
    approve(hall, carol)
    assert states(hall, LABEL) == {ann.address: "listed"}
    assert [(one.label, one.name) for one in all_of(hall, Organisation)] == [(LABEL, "Example CERT")]
    assert "letters/welcome" in templates(hall, ann.address)


def test_the_name_of_the_organisation_is_needed(hall: Desk, ann: KeyPair) -> None:
    before = rows(hall)
    assert outcome(subscribe(hall, ann, "CERT")) == "field_missing"
    assert outcome(subscribe(hall, ann, "REGIONAL", f"{FIELDS}Organisation: ...\n")) == "bad_field"
    assert rows(hall) == before


def test_the_same_organisation_is_joined_by_its_label_or_its_name(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    join_cert(hall, ann, carol)
    fields = FIELDS.replace("Ann", "Bob") + "Organisation: Another Name\n"
    hall.later(seconds=1)
    assert outcome(subscribe(hall, bob, LABEL.upper(), fields)) == "waiting"
    prove(hall, bob)
    approve(hall, carol, 2)
    assert states(hall, LABEL) == {ann.address: "listed", bob.address: "listed"}
    assert [one.name for one in all_of(hall, Organisation)] == ["Example CERT"]
    told = hall.to(ann.address)[-1]
    assert told.template == "letters/told"
    assert "a contact of the same organisation" in text_of(hall, told)


def test_a_label_with_the_name_that_makes_it_keeps_the_name(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    join_cert(hall, ann, carol, word=LABEL)
    assert [one.name for one in all_of(hall, Organisation)] == ["Example CERT"]


def test_a_tld_and_an_organisation_in_one_request_go_their_own_ways(
    hall: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    hall.iana("nl", "admin@registry.example")
    assert outcome(subscribe(hall, ann, "nl CERT cert", OF_CERT)) == "waiting"
    prove(hall, ann)
    answer(hall, "admin@registry.example")
    assert states(hall, "nl") == {ann.address: "listed"}
    assert [(one.tld, one.state) for one in all_of(hall, Request)] == [("nl", "done"), (LABEL, "committee")]


def test_three_people_may_be_of_three_organisations(hall: Desk) -> None:
    block = (
        "Name: Person {0}\nEmail: p{0}@cert{0}.example\nMobile: +44 20 7946 0123\nOrganisation: Body {0}\n"
    )
    text = "SUBSCRIBE REGIONAL\n" + "".join(block.format(number) for number in (1, 2, 3))
    handled = hall.write("office@registry.example", text)
    assert outcome(handled) == "waiting"
    assert [one.tld for one in all_of(hall, Request)] == [f"regional:body-{number}" for number in (1, 2, 3)]


def test_seats_are_three_for_an_organisation_too(hall: Desk, ann: KeyPair) -> None:
    for number in range(3):
        hall.member(person(f"Contact {number}", f"c{number}.sample@cert.example"), LABEL, keyless=True)
    subscribe(hall, ann, "CERT", OF_CERT)
    prove(hall, ann)
    [asked] = all_of(hall, Request)
    assert asked.committee_because.split(",") == ["organisation", "no_free_seat"]


def test_a_stranger_does_not_learn_which_organisations_are_here(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    join_cert(hall, ann, carol)
    fields = FIELDS.replace("Ann", "Bob")
    known = outcome(subscribe(hall, bob, LABEL, fields))
    unknown = outcome(subscribe(hall, bob, "cert:nobody-here", fields))
    assert known == unknown == "waiting"
    held = hall.write("someone@client.example", f"REMOVE {LABEL} {ann.address}")
    other = hall.write("someone@client.example", f"REMOVE cert:nobody-here {ann.address}")
    assert outcome(held) == outcome(other)


# --- not served


@pytest.mark.parametrize(
    ("word", "kind"), [("CERT", "cert"), ("REGIONAL", "regional"), (LABEL, "cert"), ("com", "gtld")]
)
def test_what_is_not_served_is_refused_with_what_is(desk: Desk, ann: KeyPair, word: str, kind: str) -> None:
    handled = subscribe(desk, ann, word, OF_CERT)
    assert outcome(handled) == "not_served"
    assert handled.decision.parts[0].outcome.values["kind"] == kind
    assert "It serves: country-code TLDs." in text_of(desk, desk.last(ann.address))
    assert all_of(desk, Request) == []


def test_a_gtld_is_vouched_for_by_its_iana_contacts(hall: Desk, ann: KeyPair) -> None:
    hall.iana("com", "admin@registry.example")
    join(hall, ann, "com")
    assert states(hall, "com") == {ann.address: "listed"}


def test_switching_a_constituency_off_drops_nobody(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, LABEL)
    desk.member(bob, "nl")
    assert said(desk, bob, "ALERT\n\nPhishing\n") == "posted"
    letter = [one for one in desk.letters if one.template == "letters/alert"][-1]
    assert set(desk.addresses(letter)) == {ann.address, bob.address}
    assert said(desk, ann, f"QUERY {LABEL}") == "contacts"
    assert said(desk, ann, "HISTORY CERT") == "history"
    assert outcome(desk.write("someone@client.example", f"SUBSCRIBE CERT\n{OF_CERT}")) == "not_served"


# --- using it


def test_a_contact_is_found_by_name_label_and_kind(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    join_cert(hall, ann, carol)
    hall.member(bob, "nl")
    for words in ("ORGANISATION example cert", f"ORGANISATION {LABEL}", "CERT", LABEL, LABEL.upper()):
        hall.later(seconds=1)
        handled = hall.say(bob, f"QUERY {words}")
        assert outcome(handled) in ("contacts", "people"), words
        assert ann.address in hall.text(hall.last(bob.address)), words
    assert said(hall, bob, "QUERY REGIONAL") == "nobody"
    handled = hall.say(bob, "QUERY CERT")
    assert handled.decision.parts[0].outcome.values["blocks"][0]["tld"] == SHOWN


def test_a_wrong_label_is_told_with_the_nearest(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    join_cert(hall, ann, carol)
    hall.later(seconds=1)
    handled = hall.say(ann, "QUERY cert:exampel-cert")
    assert outcome(handled) == "unknown_organisation"
    assert handled.decision.parts[0].outcome.values["nearest"] == LABEL
    assert said(hall, ann, "QUERY what:ever") == "unknown_organisation"


def test_one_leaves_by_the_word_for_the_own_organisation(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    join_cert(hall, ann, carol)
    assert said(hall, ann, "UNSUBSCRIBE REGIONAL") == "which_organisation"
    assert said(hall, ann, "UNSUBSCRIBE CERT") == "asked"
    answer(hall, ann.address)
    assert states(hall, LABEL) == {ann.address: "left"}
    letter = next(one for one in hall.to(carol.address) if one.template == "letters/someone_left")
    assert f"SUBSCRIBE {LABEL}" in hall.text(letter)
    assert "our committee." in text_of(hall, letter)


def test_a_colleague_removes_and_the_committee_restores(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    join_cert(hall, ann, carol)
    hall.member(bob, LABEL)
    assert said(hall, ann, f"REMOVE CERT {bob.address}") == "suspended"
    assert states(hall, LABEL)[bob.address] == "suspended"
    assert said(hall, carol, f"RESTORE {bob.address} {LABEL}") == "restored"
    assert said(hall, carol, f"SUSPEND {bob.address} {LABEL} mails come back") == "suspended"
    assert said(hall, carol, f"SUSPEND {ann.address} cert:other the word is part of why") == "suspended"
    assert set(states(hall, LABEL).values()) == {"suspended"}


def test_its_history_is_its_contacts_and_the_committees(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    join_cert(hall, ann, carol)
    hall.member(bob, "nl")
    assert said(hall, ann, "HISTORY CERT") == "history"
    assert said(hall, ann, f"HISTORY {LABEL}") == "history"
    assert said(hall, carol, f"HISTORY {LABEL}") == "history"
    assert said(hall, bob, f"HISTORY {LABEL}") == "not_contact_of"
    assert said(hall, bob, "HISTORY CERT") == "which_organisation"
    assert said(hall, carol, "HISTORY cert:nobody-here") == "unknown_organisation"


def test_who_is_of_two_organisations_says_which(hall: Desk, ann: KeyPair) -> None:
    hall.member(ann, LABEL, "cert:another")
    assert said(hall, ann, "HISTORY CERT") == "which_organisation"
    assert said(hall, ann, "UNSUBSCRIBE CERT") == "asked"


def test_it_is_not_invited_but_noted(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    join_cert(hall, ann, carol)
    assert said(hall, carol, f"INVITE {LABEL} {ann.address}") == "invite_tlds_only"
    assert said(hall, carol, f"NOTE {LABEL} they moved in 2026") == "noted"
    assert said(hall, carol, f"NOTE {LABEL.replace('-', '2')} they moved") == "unknown_organisation"


def test_a_new_key_of_its_contact_is_the_committees_to_decide(
    hall: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    hall.member(ann, LABEL, keyless=True)
    hall.later(seconds=1)
    hall.say(ann, "KEY", attachments=[ann.key_attachment()])
    prove(hall, ann)
    [asked] = all_of(hall, Request)
    assert (asked.kind, asked.state, asked.committee_because) == ("key", "committee", "organisation")
    approve(hall, carol)


def test_a_number_without_country_code_is_read_by_the_tld_beside_it(hall: Desk, ann: KeyPair) -> None:
    hall.member(ann, LABEL, "nl")
    assert said(hall, ann, "UPDATE\nPhone: 020 794 0123") == "updated"


# --- alerts and the roster


def test_an_alert_names_it_in_scope_for_and_calls(
    hall: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    join_cert(hall, ann, carol)
    hall.member(bob, "nl")
    for scope in (f"tld {LABEL}", "organisation example cert"):
        assert said(hall, bob, f"ALERT\nScope: {scope}\n\nPhishing, {scope}\n") == "posted"
        letter = [one for one in hall.letters if one.template == "letters/alert"][-1]
        assert set(hall.addresses(letter)) == {ann.address, bob.address, carol.address}
    hall.later(hours=1)
    assert said(hall, ann, "ALERT\nFor: CERT\n\nPhishing against us\n") == "posted"
    letter = [one for one in hall.letters if one.template == "letters/alert"][-1]
    assert letter.values["for_tlds"] == [LABEL]
    assert said(hall, bob, f"REACHED A-{hall.now:%Y}-0001 {LABEL}: on their way") == "noted"
    assert said(hall, bob, "ALERT\nScope: tld cert:nobody\n\nPhishing\n") == "bad_scope"


def test_an_alert_to_all_leaves_out_what_the_configuration_leaves_out(
    ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    with open_desk(f'{ALL}[alerts]\nconstituencies = ["cctld"]\n') as desk:
        desk.member(ann, LABEL)
        desk.member(bob, "nl", LABEL)
        desk.member(carol, office="committee")
        assert said(desk, carol, "ALERT\n\nPhishing\n") == "posted"
        letter = [one for one in desk.letters if one.template == "letters/alert"][-1]
        assert set(desk.addresses(letter)) == {bob.address, carol.address}
        assert said(desk, ann, "ALERT\n\nPhishing here\n") == "posted"
        letter = [one for one in desk.letters if one.template == "letters/alert"][-1]
        assert ann.address in set(desk.addresses(letter))
        assert said(desk, carol, f"ALERT\nScope: tld nl {LABEL}\n\nPhishing there\n") == "posted"
        letter = [one for one in desk.letters if one.template == "letters/alert"][-1]
        assert ann.address in set(desk.addresses(letter))


def test_help_shows_what_is_served_only(hall: Desk, desk: Desk, ann: KeyPair) -> None:
    hall.write("someone@client.example", "HELP SUBSCRIBE")
    assert "SUBSCRIBE CERT" in hall.text(hall.last("someone@client.example"))
    desk.write("someone@client.example", "HELP SUBSCRIBE")
    assert "CERT" not in desk.text(desk.last("someone@client.example"))


def test_stats_count_them_apart(hall: Desk, ann: KeyPair, carol: KeyPair) -> None:
    join_cert(hall, ann, carol)
    hall.later(seconds=1)
    hall.say(carol, "QUERY STATS")
    text = hall.text(hall.last(carol.address))
    lines = {" ".join(line.split()[:2]): line.split() for line in text.splitlines()}
    assert lines["CERTs 1"] == ["CERTs", "1"]
    assert lines["gTLDs 0"][:3] == ["gTLDs", "0", "of"]
    assert lines["Regional organisations"][-1] == "0"
    assert lines["ccTLDs 0"][:4] == ["ccTLDs", "0", "of", "309"]
