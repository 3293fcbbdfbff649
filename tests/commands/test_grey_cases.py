"""What is grey goes to the committee, each case with its own reason, and everybody is told; the rest is not held up."""

import pytest

from tests.clockwork import come_back, tick
from tests.desk import Desk, open_desk
from tests.keys import KeyPair, person
from tests.outcomes import FIELDS, all_of, answer, join, outcome, prove, states, subscribe, templates
from tldops_bot.domain.mail_authentication import Authentication
from tldops_bot.store.tables import Request

ADMIN, TECH = "admin@registry.example", "tech@registry.example"
MOBILE = "Mobile: +44 20 7946 0123\n"


def ask(desk: Desk, address: str, name: str = "Carl Example", tlds: str = "nl") -> None:
    """A plain request, proven."""
    desk.write(address, f"SUBSCRIBE {tlds}\nName: {name}\n{MOBILE}")
    assert outcome(answer(desk, address)) == "proven"


def reasons(desk: Desk) -> list[str]:
    return [one.committee_because for one in all_of(desk, Request) if one.state == "committee"]


@pytest.mark.parametrize(
    ("address", "name", "reason"),
    [
        ("hostmaster@nic.example", "Carl Example", "generic_address"),
        ("nl-noc@nic.example", "Carl Example", "generic_address"),
        ("c@nic.example", "Carl Example", "initials"),
        ("carl.sample@nic.example", "C. E.", "initials_name"),
        ("carl.sample@nic.example", "Security Team", "role_as_name"),
        ("carl.sample@nic.example", "Сarl Example", "mixed_scripts"),
        ("carl.sample@gmail.com", "Carl Example", "freemail"),
    ],
)
def test_grey_person_goes_to_the_committee_after_the_vouchers_word(
    desk: Desk, carol: KeyPair, address: str, name: str, reason: str
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    ask(desk, address, name)
    assert templates(desk, carol.address) == []
    answer(desk, ADMIN)
    assert states(desk, "nl") == {}
    assert reasons(desk) == [reason]
    assert templates(desk, carol.address) == ["letters/decide"]
    assert templates(desk, address)[-1] == "letters/with_committee"


@pytest.mark.parametrize(("dmarc", "expected"), [("fail", ["dmarc_failed"]), ("pass", []), ("none", [])])
def test_mail_that_fails_its_domains_check_is_a_case_for_the_committee(
    desk: Desk, dmarc: str, expected: list[str]
) -> None:
    desk.iana("nl", ADMIN)
    desk.app.intake._who_mailed = lambda *_: Authentication(dmarc=dmarc, source="checked")
    ask(desk, "carl@nic.example")
    answer(desk, ADMIN)
    assert reasons(desk) == expected


def test_vouchers_mail_need_not_pass_since_the_token_is_the_proof(desk: Desk) -> None:
    desk.iana("nl", ADMIN)
    ask(desk, "carl@nic.example")
    desk.app.intake._who_mailed = lambda *_: Authentication(dmarc="fail", source="checked")
    answer(desk, ADMIN)
    assert states(desk, "nl") == {"carl@nic.example": "listed"}


def test_voucher_whose_mailbox_is_dead_is_not_waited_for(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN, TECH)
    ask(desk, "carl@nic.example")
    come_back(desk, ADMIN)
    tick(desk, "advance_requests")
    assert reasons(desk) == [], "the technical contact may still answer"
    come_back(desk, TECH)
    tick(desk, "advance_requests")
    assert reasons(desk) == ["voucher_bounces"]
    tick(desk, "advance_requests")
    assert templates(desk, carol.address) == ["letters/decide"]


def test_silence_goes_to_the_committee_on_day_fourteen_with_what_else_is_grey(
    desk: Desk, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    ask(desk, "noc@nic.example")
    desk.later(days=13.9)
    tick(desk, "advance_requests")
    assert reasons(desk) == []
    desk.later(hours=3)
    tick(desk, "advance_requests")
    assert reasons(desk) == ["no_answer,generic_address"]


def test_contact_for_many_tlds_is_a_case_for_the_committee_in_one_mail(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    tlds = ("nl", "be", "lu", "fr", "de", "at")
    for tld in tlds:
        desk.iana(tld, ADMIN)
    ask(desk, "carl@nic.example", tlds=" ".join(tlds))
    answer(desk, ADMIN)
    assert reasons(desk) == ["many_tlds"] * 6
    assert templates(desk, carol.address) == ["letters/decide"]
    assert templates(desk, "carl@nic.example").count("letters/with_committee") == 1
    numbers = " ".join(f"R-{number}" for number in range(1, 7))
    assert f"APPROVE {numbers}\n" in desk.text(desk.last(carol.address))
    assert outcome(desk.say_bound(carol, f"APPROVE {numbers} known to all")) == "several"
    assert [states(desk, tld) for tld in tlds] == [{"carl@nic.example": "listed"}] * 6


def test_key_that_the_voucher_was_not_shown_is_a_case_for_the_committee(
    desk: Desk, ann: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    ask(desk, ann.address, "Ann Example")
    desk.member(ann, "be")
    answer(desk, ADMIN)
    assert reasons(desk) == ["other_key"]


def test_members_key_is_shown_to_the_voucher_of_another_tld(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("be", ADMIN)
    desk.say(ann, "SUBSCRIBE be")
    prove(desk, ann)
    assert desk.last(ADMIN).values["candidate"]["fingerprint"] == ann.fingerprint
    answer(desk, ADMIN)
    assert states(desk, "be") == {ann.address: "listed"}


def test_no_of_another_voucher_is_kept_with_a_case_that_waits_already(desk: Desk, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN, TECH)
    ask(desk, "noc@nic.example")
    late = desk.token_for(TECH)
    answer(desk, ADMIN)
    desk.write(TECH, f"DECLINE {late} never heard of him")
    (case,) = desk.say(carol, "PENDING").decision.parts[0].outcome.values["decide"]
    assert case["declined_because"] == "never heard of him"
    assert templates(desk, carol.address).count("letters/decide") == 1


# --- what the committee sees


def test_pending_shows_what_is_known_and_stays_within_its_columns(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(bob, "lu", office="secretariat")
    desk.member(person("Ann Example", "ann.other@nic.example"), "fr", keyless=True)
    desk.iana("nl", "hostmaster-with-a-long-name@registry-with-a-long-name.example", TECH)
    long = "noc@a-registry-with-a-name-that-is-very-much-longer-than-usual.example"
    desk.app.intake._who_mailed = lambda *_: Authentication("softfail", "none", "fail", "checked", "none")
    desk.say(bob, f"SUBSCRIBE nl be\n{FIELDS}Email: {long}")
    answer(desk, long)
    answer(desk, TECH, "DECLINE", "who is that? " * 20)
    desk.say_bound(carol, "NOTE R-1 phoned, " + "no answer, " * 12)
    handled = desk.say(carol, "PENDING")
    text = desk.text(handled.letters[-1])
    assert max(map(len, text.splitlines())) <= 80
    for needed in (
        "by Bob Example",
        "DMARC fail",
        "another address",
        TECH,
        "DECLINE at",
        "no answer",
        "phoned",
        "Key:          none",
        "Phone:        +44 20 7946 0123",
        "R-2, .be",
    ):
        assert needed in text, (needed, text)


def test_case_of_somebody_who_asked_for_another_shows_the_address_that_proves_nothing(
    desk: Desk, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.write("x@elsewhere.example", f"SUBSCRIBE nl\n{FIELDS}Email: carl@nic.example")
    answer(desk, "carl@nic.example")
    (case,) = desk.say(carol, "PENDING").decision.parts[0].outcome.values["decide"]
    assert case["asked_by"] == {"is_own": False, "name": "", "address": "x@elsewhere.example"}


def test_author_that_the_domain_vouches_for_is_named_as_who_asked(
    desk: Desk, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(bob, "be")
    desk.app.intake._who_mailed = lambda *_: Authentication(dmarc="pass", source="checked")
    for author in (bob.address, "x@elsewhere.example"):
        desk.write(author, f"SUBSCRIBE nl\n{FIELDS}Email: c.{author}")
        answer(desk, f"c.{author}")
    first, second = desk.say(carol, "PENDING").decision.parts[0].outcome.values["decide"]
    assert (first["asked_by"]["name"], second["asked_by"]["name"]) == (bob.name, "")


# --- how it is decided


@pytest.fixture
def dora() -> KeyPair:
    return person("Dora Example", "dora.sample@committee.example")


@pytest.fixture
def erik() -> KeyPair:
    return person("Erik Example", "erik.sample@committee.example")


def votes(desk: Desk, who: KeyPair, line: str) -> str:
    desk.later(seconds=1)
    return outcome(desk.say_bound(who, line))


def test_disagreement_stays_open_and_is_told_once(
    ann: KeyPair, carol: KeyPair, dora: KeyPair, erik: KeyPair
) -> None:
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        for one in (carol, dora, erik):
            desk.member(one, office="committee")
        subscribe(desk, ann)
        prove(desk, ann)
        assert votes(desk, carol, "APPROVE R-1 met her") == "noted"
        assert votes(desk, dora, "REJECT R-1 not sure") == "noted"
        assert votes(desk, dora, "REJECT R-1 still not sure") == "noted"
        assert templates(desk, erik.address) == ["letters/decide", "letters/votes_differ"]
        assert "not sure" in desk.text(desk.last(erik.address))
        assert "counts once" in desk.text(desk.last(dora.address))
        assert votes(desk, erik, "REJECT R-1 left the registry") == "rejected"
        assert states(desk, "nl") == {}
        letter = desk.last(ann.address)
        assert letter.values["because"] == "still not sure\nleft the registry"
        for told in (carol, dora):
            assert desk.last(told.address).template == "letters/decided"
            assert desk.last(told.address).values["cases"][0]["approved"] is False
        assert desk.last(erik.address).template == "reply"


def test_what_concerns_one_of_three_of_the_committee_takes_two(
    desk: Desk, ann: KeyPair, carol: KeyPair, dora: KeyPair, erik: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(carol, "nl", office="committee")
    desk.member(dora, office="committee")
    desk.member(erik, office="committee")
    desk.say_bound(ann, f"REMOVE nl {carol.address}")
    assert votes(desk, dora, "APPROVE R-1") == "noted"
    assert votes(desk, carol, "APPROVE R-1") == "on_oneself"
    assert votes(desk, erik, "APPROVE R-1") == "kept"


def test_nobody_decides_about_oneself_under_a_second_address(
    desk: Desk, carol: KeyPair, dora: KeyPair
) -> None:
    for one in (carol, dora):
        desk.member(one, office="committee")
    ask(desk, "another@elsewhere.example", "carol  EXAMPLE")
    assert "letters/decide" not in templates(desk, carol.address)
    assert votes(desk, carol, "APPROVE R-1") == "on_oneself"
    assert votes(desk, dora, "APPROVE R-1") == "approved"


def test_what_too_few_of_the_committee_may_decide_is_the_operators_from_the_start(
    carol: KeyPair, dora: KeyPair
) -> None:
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        for one in (carol, dora):
            desk.member(one, office="committee")
        desk.say(carol, f"SUBSCRIBE nl\n{FIELDS}Email: carl@nic.example")
        answer(desk, "carl@nic.example")
        assert templates(desk, carol.address) == ["reply"]
        assert templates(desk, dora.address) == ["letters/decide"]
        assert "Of the committee too few may give" in desk.text(desk.last("root@lists.example"))
        assert votes(desk, dora, "APPROVE R-1") == "noted"
        assert "our operator is asked" in desk.text(desk.last(dora.address))


@pytest.mark.parametrize("line", ["APPROVE R-1", "REJECT R-1 not this one"])
def test_nobody_decides_what_they_entered_themselves(
    desk: Desk, carol: KeyPair, dora: KeyPair, line: str
) -> None:
    desk.member(carol, office="committee")
    desk.member(dora, office="committee")
    desk.say(carol, f"SUBSCRIBE nl\n{FIELDS}Email: carl@nic.example")
    answer(desk, "carl@nic.example")
    assert outcome(desk.say_bound(carol, line)) == "entered_by_yourself"
    assert outcome(desk.say_bound(dora, line)) in ("approved", "rejected")


def test_nobody_decides_the_removal_they_began(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(carol, "nl", office="committee")
    desk.say_bound(carol, f"REMOVE nl {ann.address}")
    assert outcome(desk.say_bound(carol, "REJECT R-1 has left")) == "entered_by_yourself"


def test_several_are_decided_in_one_line_or_none_is(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann, "nl be lu")
    prove(desk, ann)
    assert outcome(desk.say_bound(carol, "REJECT R-1 R-9 no")) == "no_such_request"
    assert outcome(desk.say_bound(carol, "REJECT R-1 R-2")) == "bad_arguments"
    assert {one.state for one in all_of(desk, Request)} == {"committee"}
    assert outcome(desk.say_bound(carol, "REJECT r-1 R-2 R-1 not responsible")) == "several"
    assert [one.state for one in all_of(desk, Request)] == ["rejected", "rejected", "committee"]
    assert outcome(desk.say_bound(carol, "APPROVE R-3")) == "approved"


def test_one_of_several_that_can_not_be_approved_stops_all(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann, "nl")
    prove(desk, ann)
    desk.write("x@nic.example", f"SUBSCRIBE be\n{FIELDS}Email: carl@nic.example")
    assert outcome(desk.say_bound(carol, "APPROVE R-1 R-2")) == "not_proven_yet"
    assert states(desk, "nl") == {}


def test_several_that_need_another_vote_say_so(ann: KeyPair, carol: KeyPair) -> None:
    with open_desk("[membership]\ncommittee_votes = 2") as desk:
        desk.member(carol, office="committee")
        subscribe(desk, ann, "nl be")
        prove(desk, ann)
        handled = desk.say_bound(carol, "APPROVE R-1 R-2")
        assert (outcome(handled), handled.decision.status.value) == ("several", "WAITING")


def test_upheld_objection_tells_the_person_why(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.say_bound(bob, f"REMOVE nl {ann.address}")
    desk.say_bound(carol, "REJECT R-1 works elsewhere now")
    assert "> works elsewhere now" in desk.text(desk.last(ann.address))


# --- and when nobody decides


def test_committee_is_reminded_and_the_person_told_that_it_takes_long(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann, "nl be")
    prove(desk, ann)
    subscribe(desk, bob, "lu", FIELDS.replace("Ann", "Bob"))
    days: dict[str, list[int]] = {"letters/cases_waiting": [], "letters/takes_long": []}
    for day in range(36):
        for letter in [*tick(desk, "remind_committee"), *tick(desk, "remind_committee")]:
            days[letter.template].append(day)
        desk.later(days=1)
    assert days == {"letters/cases_waiting": [3, 7, 14, 21, 28, 28, 35, 35], "letters/takes_long": [7, 28]}
    assert templates(desk, "root@lists.example") == ["letters/cases_waiting"] * 2, "after four weeks, weekly"
    assert "decide in their place" in desk.text(desk.last("root@lists.example"))
    reminder = next(one for one in desk.letters if one.template == "letters/cases_waiting")
    assert [one["number"] for one in reminder.values["cases"]] == ["R-1", "R-2"]
    assert ann.name not in desk.text(reminder)


def test_without_a_committee_the_operator_is_reminded(desk: Desk, ann: KeyPair) -> None:
    subscribe(desk, ann)
    prove(desk, ann)
    desk.later(days=30)
    letters = tick(desk, "remind_committee")
    assert [(one.template, one.to[0].address) for one in letters] == [
        ("letters/cases_waiting", "root@lists.example"),
        ("letters/takes_long", ann.address),
    ]
    assert "tldops-bot requests list" in desk.text(letters[0])


def test_decided_case_is_not_reminded_of(desk: Desk, ann: KeyPair, carol: KeyPair) -> None:
    desk.member(carol, office="committee")
    subscribe(desk, ann)
    prove(desk, ann)
    desk.say_bound(carol, "REJECT R-1 no")
    desk.later(days=30)
    assert tick(desk, "remind_committee") == []


def test_suspended_contact_hears_that_it_takes_long(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN)
    join(desk, ann)
    desk.write(ADMIN, f"OBJECT {desk.token_for(ADMIN)}")
    desk.later(days=8)
    assert ann.address in [one.to[0].address for one in tick(desk, "remind_committee")]
