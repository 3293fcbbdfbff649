"""Requests that cross, and tokens in the wrong hands: each ends in a defined state, with a mail that says so."""

import threading
from datetime import timedelta

import pytest

from tests.clockwork import tick
from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import KeyPair, mail, message_entity, person
from tests.outcomes import (
    FIELDS,
    all_of,
    answer,
    join,
    outcome,
    outcomes,
    prove,
    rows,
    states,
    stored,
    subscribe,
    templates,
)
from tldops_bot.domain.envelope import Envelope
from tldops_bot.domain.iana_record import IanaRecord
from tldops_bot.domain.tld import parse_tld
from tldops_bot.store import iana, inbox
from tldops_bot.store.tables import CertificateRow, Person, Request

ADMIN, TECH = "admin@registry.example", "tech@registry.example"
MOBILE = "Mobile: +44 20 7946 0123\n"


def ask(desk: Desk, address: str, name: str = "Carl Example", tlds: str = "nl", more: str = "") -> None:
    """A plain request, proven."""
    desk.write(address, f"SUBSCRIBE {tlds}\nName: {name}\n{MOBILE}{more}")
    assert outcome(answer(desk, address)) == "proven"


def request_states(desk: Desk) -> list[str]:
    return [one.state for one in all_of(desk, Request)]


def retire(desk: Desk, tld: str) -> None:
    """IANA: the TLD is not assigned any more."""
    found = parse_tld(tld)
    assert found is not None
    record = IanaRecord(found, False, ("Not assigned",), "", None, None, (), "")
    with desk.app.database.write() as session:
        iana.keep_record(session, record, desk.now)


# --- a record that changes while something is asked about it


def move(desk: Desk, who: KeyPair, new: str) -> None:
    """A contact changes their address; both mailboxes say yes."""
    desk.write(who.address, f"UPDATE\nEmail: {new}")
    answer(desk, who.address)
    answer(desk, who.address)
    assert outcome(answer(desk, new)) == "address_changed"


def test_a_new_address_is_asked_about_anew_and_makes_no_second_person(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN, TECH)
    desk.member(ann, "be", keyless=True)
    ask(desk, ann.address, ann.name)
    old = desk.token_for(ADMIN)
    answer(desk, TECH)
    desk.later(days=5)
    move(desk, ann, "ann@elsewhere.example")
    assert outcome(desk.write(ADMIN, f"CONFIRM {old}")) == "token_void"
    asked = [one for one in desk.to(ADMIN) if one.template == "letters/vouch"][-1]
    assert asked.values["candidate"]["email"] == "ann@elsewhere.example"
    assert asked.values["until"] == desk.now + desk.app.config.membership.request_lifetime
    tick(desk, "advance_requests")
    assert states(desk, "nl") == {}, "the technical contact's word was for another address"
    assert outcome(answer(desk, ADMIN)) == "vouched"
    assert states(desk, "nl") == {"ann@elsewhere.example": "listed"}
    assert len(all_of(desk, Person)) == 1


def test_another_name_voids_the_votes_that_were_given_on_the_old_one(
    desk: Desk, ann: KeyPair, carol: KeyPair, bob: KeyPair
) -> None:
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        for one in (carol, bob):
            desk.member(one, office="committee")
        desk.member(ann, "be")
        desk.say(ann, f"SUBSCRIBE nl\n{FIELDS}")
        prove(desk, ann)
        desk.say_bound(carol, "APPROVE R-1")
        desk.say_bound(ann, "UPDATE\nName: Mallory Sample")
        assert "letters/renamed" in templates(desk, carol.address)
        decide = desk.last(bob.address)
        assert (decide.template, decide.values["request"]["name"]) == ("letters/decide", "Mallory Sample")
        assert "has been changed since" in desk.text(decide)
        late = bob.pgp_mime_signed(f"{LIST_LINE}\nAPPROVE R-1", at=desk.now - timedelta(minutes=1))
        assert outcome(desk.receive(late, bob.address)) == "changed_since", (
            "signed when Ann's name stood there"
        )
        assert outcome(desk.say_bound(bob, "APPROVE R-1")) == "noted"
        assert outcome(desk.say_bound(carol, "APPROVE R-1 she")) == "approved"


def test_a_change_of_anything_else_or_of_case_asks_nobody_again(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    desk.member(ann, "be")
    desk.say(ann, f"SUBSCRIBE nl\n{FIELDS}")
    prove(desk, ann)
    before = len(desk.to(ADMIN))
    desk.say_bound(ann, "UPDATE\nMobile: +44 20 7946 0199")
    assert len(desk.to(ADMIN)) == before
    desk.say_bound(ann, "UPDATE\nName: ANN Example")
    assert "letters/renamed" not in templates(desk, carol.address)


# --- the last seat


def two_for_one_seat(desk: Desk) -> dict[str, str]:
    """Two people wait for the voucher's word, and one seat is free; the token of each."""
    for number in range(2):
        desk.member(person(f"Person {number}", f"person{number}@nic.example"), "nl", keyless=True)
    desk.iana("nl", ADMIN)
    found = {}
    for name in ("carl", "dora"):
        ask(desk, f"{name}@nic.example", f"{name.title()} Example")
        found[name] = desk.token_for(ADMIN)
    return found


def test_second_for_the_last_seat_goes_to_the_committee(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    found = two_for_one_seat(desk)
    assert outcome(desk.write(ADMIN, f"CONFIRM {found['dora']}")) == "vouched"
    assert outcome(desk.write(ADMIN, f"CONFIRM {found['carl']}")) == "vouched"
    assert "dora@nic.example" in states(desk, "nl")
    assert "carl@nic.example" not in states(desk, "nl")
    assert templates(desk, "carl@nic.example")[-1] == "letters/with_committee"
    assert all_of(desk, Request)[0].committee_because == "no_free_seat"


def test_two_words_at_the_very_same_time_fill_one_seat_once(desk: Desk, carol: KeyPair) -> None:
    """Two workers, two connections, one SQLite file: seats are counted in the transaction that fills one."""
    desk.member(carol, office="committee")
    mails = []
    for name, token in two_for_one_seat(desk).items():
        envelope = Envelope(ADMIN, ("tld-ops@lists.example",), "192.0.2.1", "client.example", False, "ESMTP")
        raw = f"From: {ADMIN}\r\nTo: tld-ops@lists.example\r\nMessage-ID: <{name}@x.example>\r\n\r\n"
        mails.append((f"{raw}CONFIRM {token}\r\n".encode(), envelope, desk.now))
    with desk.app.database.write() as session:
        inbox.accept(session, mails)
    claims = []
    for number in range(2):
        with desk.app.database.write() as session:
            claims += inbox.claim(session, f"claim-{number}", desk.now)
    assert len(claims) == 2
    together = threading.Barrier(2)
    said: list[list[str]] = []

    def work(number: int) -> None:
        together.wait()
        said.append(outcomes(desk.app.intake.handle(claims[number], desk.now)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert said == [["vouched"], ["vouched"]]
    assert list(states(desk, "nl").values()) == ["listed"] * 3
    assert sorted(request_states(desk)) == ["committee", "done"]


# --- a mind that is changed


def test_voucher_takes_a_yes_back_while_the_committee_has_the_case(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    ask(desk, "noc@nic.example")
    token = desk.token_for(ADMIN)
    desk.write(ADMIN, f"CONFIRM {token}")
    assert outcome(desk.write(ADMIN, f"DECLINE {token} wrong person")) == "not_vouched"
    (request,) = all_of(desk, Request)
    assert (request.state, request.vouched_by) == ("committee", "")
    assert request.committee_because == "took_back,generic_address"
    (case,) = desk.say(carol, "PENDING").decision.parts[0].outcome.values["decide"]
    assert (case["declined_because"], case["vouched_by"]) == ("wrong person", "")
    assert templates(desk, carol.address) == ["letters/decide", "letters/decide", "reply"]
    before = rows(desk)
    for verb in ("CONFIRM", "DECLINE"):
        assert outcome(desk.write(ADMIN, f"{verb} {token}")) == "token_used"
    assert rows(desk) == before


def test_technical_contact_takes_a_yes_back_before_it_counts(desk: Desk) -> None:
    desk.iana("nl", ADMIN, TECH)
    ask(desk, "carl@nic.example")
    token = desk.token_for(TECH)
    desk.write(TECH, f"CONFIRM {token}")
    desk.write(TECH, f"DECLINE {token}")
    desk.later(days=5)
    tick(desk, "advance_requests")
    assert (states(desk, "nl"), request_states(desk)) == ({}, ["committee"])


def test_voucher_who_regrets_a_yes_once_it_is_carried_out_hears_of_objecting(desk: Desk) -> None:
    desk.iana("nl", ADMIN)
    ask(desk, "carl@nic.example")
    token = desk.token_for(ADMIN)
    desk.write(ADMIN, f"CONFIRM {token}")
    handled = desk.write(ADMIN, f"DECLINE {token}")
    assert outcome(handled) == "token_used"
    assert 'our mail "New contact for"' in desk.text(handled.letters[-1])
    assert outcome(answer(desk, ADMIN, "OBJECT", "too quick")) == "suspended"
    assert states(desk, "nl") == {"carl@nic.example": "suspended"}


@pytest.mark.parametrize("is_grey", [False, True])
def test_candidate_withdraws_before_joining(desk: Desk, carol: KeyPair, is_grey: bool) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    address = "noc@nic.example" if is_grey else "carl@nic.example"
    desk.write(address, f"SUBSCRIBE nl\n{FIELDS}")
    token = desk.token_for(address)
    desk.write(address, f"CONFIRM {token}")
    asked = desk.token_for(ADMIN)
    if is_grey:
        desk.write(ADMIN, f"CONFIRM {asked}")
    assert outcome(desk.write(address, f"DECLINE {token} another job")) == "withdrawn"
    assert request_states(desk) == ["withdrawn"]
    late = outcome(desk.write(ADMIN, f"CONFIRM {asked}"))
    assert late == ("token_used" if is_grey else "token_void")
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "already_decided"
    assert states(desk, "nl") == {}
    assert outcome(desk.write(address, f"DECLINE {token}")) == "token_used"


def test_only_the_key_withdraws_what_the_key_has_proven(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    token = desk.token_for(ann.address)
    desk.say(ann, f"CONFIRM {token}")
    assert outcome(desk.write(ann.address, f"DECLINE {token}")) == "token_needs_signature"
    assert request_states(desk) == ["vouching"]
    assert outcome(desk.say(ann, f"DECLINE {token}")) == "withdrawn"


def test_candidate_who_unsubscribes_hears_how_to_withdraw(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    before = rows(desk)
    handled = desk.say(ann, "UNSUBSCRIBE nl", attachments=[ann.key_attachment()])
    assert outcome(handled) == "not_a_contact"
    assert "with its DECLINE line" in desk.text(handled.letters[-1])
    assert rows(desk) == before


# --- the ground shifts


@pytest.mark.parametrize("when", ["before the proof", "before the word", "before the decision"])
def test_tld_that_is_retired_ends_its_request_and_says_so(desk: Desk, carol: KeyPair, when: str) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    address = "noc@nic.example"
    desk.write(address, f"SUBSCRIBE nl\n{FIELDS}")
    if when == "before the proof":
        retire(desk, "nl")
        answer(desk, address)
    else:
        answer(desk, address)
        token = desk.token_for(ADMIN)
        if when == "before the decision":
            desk.write(ADMIN, f"CONFIRM {token}")
        retire(desk, "nl")
        if when == "before the decision":
            assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "no_longer_possible"
        tick(desk, "advance_requests")
    assert (request_states(desk), states(desk, "nl")) == (["expired"], {})
    assert [one.values["why"] for one in desk.to(address) if one.template == "letters/not_possible"] == [
        "tld_gone"
    ]
    tick(desk, "advance_requests")
    assert templates(desk, address)[-1] == "letters/not_possible"


def test_retired_tld_does_not_hold_up_the_others(desk: Desk) -> None:
    for tld in ("nl", "be"):
        desk.iana(tld, ADMIN)
    desk.write("carl@nic.example", f"SUBSCRIBE nl be\n{FIELDS}")
    retire(desk, "nl")
    answer(desk, "carl@nic.example")
    answer(desk, ADMIN)
    assert (states(desk, "nl"), states(desk, "be")) == ({}, {"carl@nic.example": "listed"})


def test_candidate_listed_otherwise_meanwhile_is_not_listed_twice(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    desk.member(ann, "nl")
    answer(desk, ADMIN)
    with desk.look() as session:
        assert len(session.query(Person).all()[0].entries) == 1
    assert desk.last(ann.address).values["why"] == "listed_already"


# --- one person, two addresses


def test_one_key_under_two_addresses_joins_once(desk: Desk) -> None:
    both = KeyPair.make("Ann Example", "ann.sample@nic.example", also=("Ann <ann.sample@other.example>",))
    desk.iana("nl", ADMIN)
    desk.iana("be", ADMIN)
    other = "ann.sample@other.example"
    subscribe(desk, both, "nl")
    prove(desk, both)
    first = desk.token_for(ADMIN)
    subscribe(desk, both, "be", f"{FIELDS}Email: {other}\n")
    desk.say(both, f"CONFIRM {desk.token_for(other)}")
    second = desk.token_for(ADMIN)
    desk.write(ADMIN, f"CONFIRM {first}")
    assert outcome(desk.write(ADMIN, f"CONFIRM {second}")) == "vouched"
    assert (states(desk, "nl"), states(desk, "be")) == ({both.address: "listed"}, {})
    letter = desk.last(other)
    assert (letter.template, letter.values["why"]) == ("letters/not_possible", "key_taken")
    assert "UPDATE" in desk.text(letter)
    assert len(all_of(desk, Person)) == 1


def test_registered_key_under_another_address_is_told_what_to_do_instead(desk: Desk) -> None:
    both = KeyPair.make("Ann Example", "ann.sample@nic.example", also=("Ann <ann.sample@other.example>",))
    desk.member(both, "nl")
    text = f"SUBSCRIBE be\n{FIELDS}Email: ann.sample@other.example"
    attached = [both.key_attachment()]
    before = rows(desk)
    handled = desk.say(both, text, attachments=attached)
    assert outcome(handled) == "key_of_another_address"
    assert "UPDATE" in desk.text(handled.letters[-1])
    assert rows(desk) == before


def test_key_somebody_else_holds_is_told_to_its_owner_and_not_to_a_stranger(desk: Desk) -> None:
    both = KeyPair.make("Ann Example", "ann.sample@nic.example", also=("Ann <ann.sample@other.example>",))
    desk.member(both, "nl")
    entity = message_entity(f"SUBSCRIBE be\n{FIELDS}Email: ann.sample@other.example", [both.key_attachment()])
    headers = {"From": "x@elsewhere.example", "To": "tld-ops@lists.example", "Message-ID": "<1@x.example>"}
    assert outcome(desk.receive(mail(headers, entity), "x@elsewhere.example")) == "waiting"
    assert templates(desk, both.address) == ["letters/asked_in_vain"]
    assert all_of(desk, Request) == []


def test_same_name_under_another_address_is_told_to_the_committee_and_holds_nothing_up(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(ann, "nl")
    desk.iana("be", ADMIN)
    ask(desk, "ann.example@other.example", "ann  EXAMPLE", "be")
    answer(desk, ADMIN)
    assert states(desk, "be") == {"ann.example@other.example": "listed"}
    letter = desk.last(carol.address)
    assert (letter.template, letter.values["others"]) == ("letters/namesake", [["nl"]])
    assert letter.is_confidential


# --- tokens


def test_two_people_never_stand_in_one_question(desk: Desk) -> None:
    """A reminder for two at once must not let a yes to the one that is shown count for the other."""
    desk.iana("nl", ADMIN)
    ask(desk, "carl@nic.example", "Carl Example")
    ask(desk, "mallory@elsewhere.example", "Mallory Example")
    desk.later(days=3)
    reminders = [one for one in tick(desk, "advance_requests") if one.template == "letters/vouch"]
    assert [[it["name"] for it in one.values["requests"]] for one in reminders] == [
        ["Carl Example"],
        ["Mallory Example"],
    ]
    desk.write(ADMIN, f"CONFIRM {reminders[0].values['token']}")
    assert states(desk, "nl") == {"carl@nic.example": "listed"}


def test_token_of_one_candidate_does_not_prove_another(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    subscribe(desk, bob, "nl", FIELDS.replace("Ann", "Bob"))
    swapped = outcome(desk.say(bob, f"CONFIRM {desk.token_for(ann.address)}"))
    assert swapped == "token_needs_signature"
    assert request_states(desk) == ["proving", "proving"]


def test_proof_is_no_vouchers_word_and_the_word_no_proof(desk: Desk) -> None:
    desk.iana("nl", ADMIN)
    desk.write("carl@nic.example", f"SUBSCRIBE nl\n{FIELDS}")
    proof = desk.token_for("carl@nic.example")
    desk.write(ADMIN, f"CONFIRM {proof}")
    assert request_states(desk) == ["vouching"], "the token proves the mailbox, wherever it is sent from"
    assert outcome(desk.write("carl@nic.example", f"CONFIRM {proof}")) == "token_used"
    assert outcome(desk.write("carl@nic.example", f"OBJECT {desk.token_for(ADMIN)}")) == "token_other_answer"
    assert states(desk, "nl") == {}


def test_expired_proof_is_told_so_and_the_request_ends_without_a_mail(desk: Desk) -> None:
    desk.write("carl@nic.example", f"SUBSCRIBE nl\n{FIELDS}")
    desk.later(days=14)
    assert tick(desk, "advance_requests") == []
    assert request_states(desk) == ["expired"]
    assert outcome(answer(desk, "carl@nic.example")) == "token_expired"
    assert states(desk, "nl") == {}


def test_whoever_entered_somebody_hears_that_they_never_answered(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="secretariat")
    desk.say(carol, f"SUBSCRIBE nl be\n{FIELDS}Email: carl@nic.example")
    desk.later(days=14)
    (letter,) = tick(desk, "advance_requests")
    assert (letter.template, letter.to[0].address) == ("letters/unproven", carol.address)
    assert [one["number"] for one in letter.values["requests"]] == ["R-1", "R-2"]


def test_guessing_a_token_is_answered_few_times_and_changes_nothing(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", ADMIN)
    subscribe(desk, ann)
    prove(desk, ann)
    before = rows(desk)
    guesses = [f"{a}{b}22-2222-2222-2222" for a in "23456789" for b in "ACDE"]
    for guess in guesses:
        assert outcome(desk.write("mallory@elsewhere.example", f"CONFIRM {guess}")) == "token_unknown"
    assert len(desk.to("mallory@elsewhere.example")) <= 1
    assert rows(desk) == before


# --- names


@pytest.mark.parametrize(
    "name",
    [
        "Åsa Lindqvist-Øvergård",
        "Иван Пример",
        "Άννα Παράδειγμα",
        "آنا مثال",
        "אנה דוגמה",
        "例 花子",
        "김민수",
        "अन्ना उदाहरण",
        "அன்னா எடுத்துக்காட்டு",
        "อันนา ตัวอย่าง",
        "ანა მაგალითი",
        "Աննա Օրինակ",
        "አና ምሳሌ",
        "Nguyễn Thị Ví Dụ",
        "x" * 60 + " " + "y" * 59,
    ],
)
def test_name_of_any_script_joins_and_is_kept_as_it_is(desk: Desk, name: str) -> None:
    desk.iana("nl", ADMIN)
    ask(desk, "carl@nic.example", name)
    answer(desk, ADMIN)
    assert states(desk, "nl") == {"carl@nic.example": "listed"}
    assert stored(desk, "carl@nic.example").name == name
    for letter in desk.letters:
        assert desk.text(letter)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 200, "at most 120 characters"),
        ("Ann \u202eelpmaxE", "can't hold characters that are not seen"),
        ("Ann\u2066 Example", "can't hold characters that are not seen"),
        ("Ann\u200b Example", "can't hold characters that are not seen"),
        ("https://evil.example/ Ann", "can't hold characters that are not seen, or a link"),
        ("1234", "the name of a person"),
    ],
)
def test_name_that_can_not_be_kept_is_refused_with_what_is_wrong(desk: Desk, name: str, words: str) -> None:
    before = rows(desk)
    handled = desk.write("carl@nic.example", f"SUBSCRIBE nl\nName: {name}\n{MOBILE}")
    assert outcome(handled) == "bad_field"
    assert words in " ".join(desk.text(handled.letters[-1]).split())
    assert rows(desk) == before


def test_name_over_several_lines_is_one_line_and_holds_no_command(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    folded = "SUBSCRIBE nl\nName: Carl\n CONFIRM 2222-2222-2222-2222\n Example\n"
    desk.write("carl@nic.example", folded + MOBILE)
    desk.write("carl@nic.example", f"CONFIRM {desk.token_for('carl@nic.example')}")
    answer(desk, ADMIN)
    assert stored(desk, "carl@nic.example").name == "Carl CONFIRM 2222-2222-2222-2222 Example"
    for letter in desk.letters:
        assert not any(line.startswith("CONFIRM 2222") for line in desk.text(letter).split("\n"))


# --- what is left behind


def test_certificate_of_a_request_that_came_to_nothing_is_nobodys(desk: Desk, ann: KeyPair) -> None:
    subscribe(desk, ann)
    desk.say(ann, f"DECLINE {desk.token_for(ann.address)}")
    assert [one.person_id for one in all_of(desk, CertificateRow)] == [None]
    desk.iana("nl", ADMIN)
    join(desk, ann)
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


def test_first_key_that_waits_for_its_voucher_is_left_waiting_by_the_clock(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.iana("nl", ADMIN)
    desk.say(ann, "KEY", attachments=[ann.key_attachment()])
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    assert tick(desk, "advance_requests") == []
    assert request_states(desk) == ["vouching"]
    answer(desk, ADMIN)
    assert stored(desk, ann.address).fingerprint == ann.fingerprint
