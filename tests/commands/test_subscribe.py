"""SUBSCRIBE: from the first mail to a listed contact, and everything that may go wrong on the way."""

import pytest
from sqlalchemy import select

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair, mail, message_entity, person
from tests.outcomes import (
    FIELDS,
    all_of,
    answer,
    join,
    outcome,
    prove,
    rows,
    states,
    stored,
    subscribe,
    templates,
)
from tldops_bot.domain.iana_record import IanaRecord
from tldops_bot.domain.tld import parse_tld
from tldops_bot.store import iana, people, requests
from tldops_bot.store.tables import Entry, Person, Request


def test_key_and_iana_contact_make_a_member(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    assert outcome(subscribe(desk, ann)) == "waiting"
    proof = desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    assert outcome(proof) == "proven"
    voucher = desk.write(
        "admin@registry.example", f"CONFIRM {desk.token_for('admin@registry.example')}\n> quoted"
    )
    assert outcome(voucher) == "vouched"
    with desk.look() as session:
        person = session.scalars(select(Person)).one()
        assert [entry.state for entry in person.entries] == [people.LISTED]
        assert person.fingerprint == ann.fingerprint
        assert people.standing(session, person, desk.now).is_member
    assert "letters/welcome" in [one.template for one in desk.to(ann.address)]
    assert "letters/told" in [one.template for one in desk.to("admin@registry.example")]


def test_proof_must_be_signed_by_the_key_that_joins(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    token = desk.token_for(ann.address)
    assert outcome(desk.write(ann.address, f"CONFIRM {token}")) == "token_needs_signature"
    stranger = desk.say(bob, f"CONFIRM {token}", attachments=[bob.key_attachment()])
    assert outcome(stranger) == "token_needs_signature"
    with desk.look() as session:
        assert session.scalars(select(Request)).one().state == requests.PROVING


def test_iana_contact_is_not_asked_before_the_candidate_has_proven_the_address(
    desk: Desk, ann: KeyPair
) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    assert desk.to("admin@registry.example") == []


def test_without_a_key_one_is_listed_but_no_member(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    desk.write("carl@nic.example", "SUBSCRIBE nl\nName: Carl Example\nMobile: +44 20 7946 0456\n")
    desk.write("carl@nic.example", f"CONFIRM {desk.token_for('carl@nic.example')}")
    desk.write("admin@registry.example", f"CONFIRM {desk.token_for('admin@registry.example')}")
    with desk.look() as session:
        person = session.scalars(select(Person)).one()
        standing = people.standing(session, person, desk.now)
    assert standing.is_listed
    assert not standing.is_member


def test_declining_voucher_sends_the_request_to_the_committee(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    desk.write(
        "admin@registry.example", f"DECLINE {desk.token_for('admin@registry.example')} we do not know her"
    )
    with desk.look() as session:
        assert session.scalars(select(Request)).one().state == requests.COMMITTEE
        assert session.scalars(select(Entry)).all() == []


# --- what is refused, and changes nothing


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"SUBSCRIBE\n{FIELDS}", "no_tld"),
        (f"SUBSCRIBE zz\n{FIELDS}", "unknown_tld"),
        (f"SUBSCRIBE nl zz\n{FIELDS}", "unknown_tld"),
        (f"SUBSCRIBE com\n{FIELDS}", "not_served"),
        ("SUBSCRIBE nl", "field_missing"),
        ("SUBSCRIBE nl\nName: Ann Example", "field_missing"),
        ("SUBSCRIBE nl\nMobile: +44 20 7946 0123", "field_missing"),
        ("SUBSCRIBE nl\nName: Ann Example\nPhone: 12345", "bad_phone"),
        ("SUBSCRIBE nl\nName: Ann Example\nPhone: +44 20 7946 0123 ext", "bad_phone"),
        (f"SUBSCRIBE nl\n{FIELDS}Email: ann@localhost", "bad_field"),
        (f"SUBSCRIBE nl\n{FIELDS}Email: a@nic.example b@nic.example", "bad_field"),
        (f"SUBSCRIBE nl\n{FIELDS}Fnord: x", "unknown_field"),
        ("SUBSCRIBE nl\n" + FIELDS * 4, "too_many_persons"),
        (f"SUBSCRIBE nl\n{FIELDS}{FIELDS}", "field_missing"),
    ],
)
@pytest.mark.parametrize("is_signed", [True, False])
def test_bad_request_changes_nothing(
    desk: Desk, ann: KeyPair, text: str, reason: str, is_signed: bool
) -> None:
    before = rows(desk)
    if is_signed:
        handled = desk.say(ann, text, attachments=[ann.key_attachment()])
    else:
        handled = desk.write("ann@nic.example", text)
    assert outcome(handled) == reason
    assert rows(desk) == before
    assert [one.template for one in desk.letters] == ["reply"]


def test_more_tlds_than_one_person_can_serve_are_refused(desk: Desk, ann: KeyPair) -> None:
    many = [facts.tld.a_label for facts in desk.app.tlds.of_kind("cctld")][:61]
    assert outcome(subscribe(desk, ann, " ".join(many))) == "too_many_tlds"


def test_tld_iana_no_longer_assigns_is_unknown(desk: Desk, ann: KeyPair) -> None:
    found = parse_tld("nl")
    with desk.app.database.write() as session:
        iana.keep_record(session, IanaRecord(found, False, (), "", None, None, (), ""), desk.now)
    assert outcome(subscribe(desk, ann)) == "unknown_tld"


@pytest.mark.parametrize("word", [".NL", "NL", "рф", "xn--p1ai"])
def test_tld_is_read_however_it_is_written(desk: Desk, ann: KeyPair, word: str) -> None:
    assert outcome(subscribe(desk, ann, word)) == "waiting"


def test_second_request_for_the_same_tld_is_told_of_the_first(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    before = rows(desk)
    assert outcome(subscribe(desk, ann)) == "waiting", "who has proven nothing is told nothing"
    assert rows(desk) == before
    prove(desk, ann)
    assert outcome(subscribe(desk, ann)) == "already_asked"


def test_contact_cannot_become_one_twice(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "SUBSCRIBE nl")) == "already_contact"


# --- keys


def test_key_of_another_address_is_refused(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    raw = ann.pgp_mime_signed(
        f"SUBSCRIBE nl\n{FIELDS}Email: {bob.address}", at=desk.now, attachments=[ann.key_attachment()]
    )
    assert outcome(desk.receive(raw)) == "key_names_another"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        ({"expire": "seconds=100000", "made_at": None}, "expiring_key"),
        ({"algorithm": "ed25519"}, "no_encryption_key"),
    ],
)
def test_key_unfit_for_service_is_refused(desk: Desk, made: dict, reason: str) -> None:
    if "made_at" in made:
        made = made | {"made_at": desk.now}
    unfit = KeyPair.make("Una Example", "una.sample@nic.example", **made)
    before = rows(desk)
    assert outcome(subscribe(desk, unfit)) == reason
    assert rows(desk) == before


def test_registered_address_changes_its_key_by_key_only(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    second = KeyPair.make("Ann Example", ann.address)
    before = rows(desk)
    assert outcome(subscribe(desk, second, "be")) == "waiting", "a stranger is told nothing"
    assert rows(desk) == before
    assert templates(desk, ann.address) == ["reply", "letters/asked_in_vain"]
    assert (
        outcome(desk.say(ann, f"SUBSCRIBE be\n{FIELDS}", attachments=[second.key_attachment()])) == "use_key"
    )


def test_registered_key_cannot_list_another_address(desk: Desk) -> None:
    both = KeyPair.make("Ann Example", "ann.sample@nic.example", also=("Ann <ann.sample@other.example>",))
    desk.member(both, "nl")
    text = f"SUBSCRIBE be\n{FIELDS}Email: ann.sample@other.example"
    handled = desk.say(both, text, attachments=[both.key_attachment()])
    assert outcome(handled) == "key_of_another_address"
    assert "UPDATE" in desk.text(handled.letters[0])


def test_key_in_a_plain_mail_still_proves_itself(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    entity = message_entity(f"SUBSCRIBE nl\n{FIELDS}", [ann.key_attachment()])
    assert outcome(desk.receive(mail(ann.headers(), entity), ann.address)) == "waiting"
    token = desk.token_for(ann.address)
    assert desk.last(ann.address).to[0].fingerprint == ann.fingerprint or desk.to(ann.address)
    assert outcome(desk.write(ann.address, f"CONFIRM {token}")) == "token_needs_signature"
    assert outcome(desk.say(ann, f"CONFIRM {token}")) == "proven"


# --- for others, for several TLDs


def test_member_may_enter_a_colleague_though_the_own_key_is_attached(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    handled = subscribe(
        desk, ann, "nl", "Name: Carl Example\nEmail: carl@nic.example\nMobile: +44 20 7946 0456\n"
    )
    assert outcome(handled) == "waiting"
    (asked,) = all_of(desk, Request)
    assert (asked.email_key, asked.fingerprint, asked.person_id) == ("carl@nic.example", None, None)
    assert desk.last("carl@nic.example").values["asked_by_other"]


def test_up_to_three_persons_each_prove_their_own_address(desk: Desk) -> None:
    people_named = "".join(
        f"Name: {name} Example\nEmail: {name.lower()}@nic.example\nPhone: +44 20 7946 0{number}\n"
        for name, number in (("Dora", 456), ("Emil", 457), ("Fred", 458))
    )
    handled = desk.write("secretary@nic.example", f"SUBSCRIBE nl\n{people_named}")
    assert outcome(handled) == "waiting"
    for name in ("dora", "emil", "fred"):
        assert templates(desk, f"{name}@nic.example") == ["letters/prove"]
    assert len(all_of(desk, Request)) == 3
    assert all_of(desk, Person) == []


def test_one_mail_per_iana_address_with_single_tokens_for_each_tld(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    desk.iana("be", "admin@registry.example")
    desk.iana("lu", "other@registry.example")
    subscribe(desk, ann, "nl be lu")
    prove(desk, ann)
    assert templates(desk, "admin@registry.example") == ["letters/vouch"]
    singles = {one["tld"]: one["token"] for one in desk.last("admin@registry.example").values["singles"]}
    assert set(singles) == {"nl", "be"}
    desk.write("admin@registry.example", f"CONFIRM {singles['be']}")
    assert states(desk, "be") == {ann.address: "listed"}
    assert states(desk, "nl") == {}
    desk.write("admin@registry.example", f"DECLINE {singles['nl']}")
    assert {one.tld: one.state for one in all_of(desk, Request)} == {
        "nl": "committee",
        "be": "done",
        "lu": "vouching",
    }


def test_iana_address_is_asked_three_times_a_day_at_most(desk: Desk) -> None:
    for tld in ("nl", "be", "lu", "fr"):
        desk.iana(tld, "admin@registry.example")
        desk.write("carl@nic.example", f"SUBSCRIBE {tld}\n{FIELDS}")
        answer(desk, "carl@nic.example")
    assert templates(desk, "admin@registry.example") == ["letters/vouch"] * 3


def test_contact_asks_for_another_tld_with_what_is_stored(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("be", "admin@registry.example")
    assert outcome(desk.say(ann, "SUBSCRIBE be\nName: Somebody Else\nOrganisation: Elsewhere")) == "waiting"
    prove(desk, ann)
    answer(desk, "admin@registry.example")
    assert states(desk, "be") == {ann.address: "listed"}
    assert stored(desk, ann.address).name == ann.name


def test_own_iana_address_is_proof_and_word_in_one(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ann.address)
    subscribe(desk, ann)
    assert outcome(prove(desk, ann)) == "proven"
    assert states(desk, "nl") == {ann.address: "listed"}


# --- the committee's cases


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("hostmaster@nic.example", "generic_address"),
        ("carl.sample@gmail.com", "freemail"),
        ("c@nic.example", "initials"),
    ],
)
def test_grey_address_goes_to_the_committee_after_the_vouchers_word(
    desk: Desk, carol: KeyPair, address: str, reason: str
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", "admin@registry.example")
    desk.write(address, f"SUBSCRIBE nl\n{FIELDS}")
    answer(desk, address)
    assert outcome(answer(desk, "admin@registry.example")) == "vouched"
    (asked,) = all_of(desk, Request)
    assert (asked.state, asked.committee_because) == ("committee", reason)
    assert templates(desk, carol.address) == ["letters/decide"]
    assert desk.last(carol.address).is_confidential
    assert "letters/with_committee" in templates(desk, address)
    assert states(desk, "nl") == {}


def test_fourth_contact_goes_to_the_committee(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    for who in (bob, carol, person("Dora Example", "dora@nic.example")):
        desk.member(who, "nl")
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    (asked,) = all_of(desk, Request)
    assert (asked.state, asked.committee_because) == ("committee", "no_free_seat")


def test_replaced_contact_goes_as_the_new_one_comes(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    for who in (bob, carol, person("Dora Example", "dora@nic.example")):
        desk.member(who, "nl")
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann, "nl", f"{FIELDS}Replaces: {bob.address}\n")
    prove(desk, ann)
    assert states(desk, "nl")[bob.address] == "listed"
    answer(desk, "admin@registry.example")
    assert (states(desk, "nl")[ann.address], states(desk, "nl")[bob.address]) == ("listed", "suspended")
    assert "letters/replaced" in templates(desk, bob.address)


def test_voucher_whose_address_changed_lately_is_one_for_the_committee(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "first@registry.example")
    desk.later(days=1)
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    (asked,) = all_of(desk, Request)
    assert (asked.state, asked.committee_because) == ("committee", "fresh_voucher")


def test_tld_without_an_iana_address_is_one_for_the_committee(desk: Desk, ann: KeyPair) -> None:
    subscribe(desk, ann)
    prove(desk, ann)
    (asked,) = all_of(desk, Request)
    assert (asked.state, asked.committee_because) == ("committee", "no_voucher")
    assert templates(desk, "root@lists.example") == ["letters/decide_operator"]


def test_technical_contacts_word_waits_for_the_administrative_one(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example", "tech@registry.example")
    subscribe(desk, ann)
    prove(desk, ann)
    handled = answer(desk, "tech@registry.example")
    assert handled.decision.status.value == "WAITING"
    assert states(desk, "nl") == {}
    assert outcome(answer(desk, "admin@registry.example")) == "vouched"
    assert states(desk, "nl") == {ann.address: "listed"}


def test_technical_contacts_word_counts_once_the_wait_is_over(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example", "tech@registry.example")
    subscribe(desk, ann)
    prove(desk, ann)
    desk.later(hours=73)
    handled = answer(desk, "tech@registry.example")
    assert handled.decision.status.value == "SUCCESS"
    assert states(desk, "nl") == {ann.address: "listed"}


# --- probation


def test_probation_closes_query_roster_and_alert_until_it_ends(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example", "tech@registry.example")
    join(desk, ann)
    for text in ("QUERY nl", "ROSTER", f"{LIST_LINE}\nALERT\n\nLook out"):
        assert outcome(desk.say(ann, text)) == "on_probation"
    assert outcome(desk.say(ann, "SHOW")) == "record"
    desk.later(hours=48)
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"


def test_probation_ends_when_the_last_iana_address_agrees(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example", "tech@registry.example")
    join(desk, ann)
    assert outcome(desk.say(ann, "QUERY nl")) == "on_probation"
    token = next(
        one.values["token"] for one in desk.to("tech@registry.example") if one.template == "letters/vouch"
    )
    assert outcome(desk.write("tech@registry.example", f"CONFIRM {token}")) == "vouched"
    desk.later(seconds=1)
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"


def test_no_probation_where_everybody_has_agreed(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    join(desk, ann)
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"


def test_emergency_address_is_asked_once_listed(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann, "nl", f"{FIELDS}Emergency-Email: ann@elsewhere.example\n")
    prove(desk, ann)
    assert templates(desk, "ann@elsewhere.example") == []
    answer(desk, "admin@registry.example")
    assert templates(desk, "ann@elsewhere.example") == ["letters/emergency"]
    assert outcome(answer(desk, "ann@elsewhere.example")) == "emergency_proven"


def test_stored_request_shows_no_person_before_the_word_is_given(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", "admin@registry.example")
    subscribe(desk, ann)
    prove(desk, ann)
    assert all_of(desk, Person) == []
    assert outcome(desk.say(ann, "QUERY nl")) == "not_a_contact"
