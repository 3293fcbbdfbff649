"""Who can get in with a new key, and who can lock whom out: each row of the table in docs/keys.md is a test here."""

from datetime import timedelta

import pytest

from tests.desk import Desk
from tests.keys import KeyPair, person
from tests.outcomes import all_of, answer, outcome, stored, templates
from tldops_bot.domain.outgoing import Letter
from tldops_bot.jobs._all import JOBS
from tldops_bot.jobs._job import JobContext
from tldops_bot.store.tables import Request

ADMIN = "admin@registry.example"
HOME = "ann@home.example"


@pytest.fixture(scope="module")
def new() -> KeyPair:
    """A second key with Ann's address: hers, or one that somebody made to look so."""
    return KeyPair.make("Ann Example", "ann@nic.example")


@pytest.fixture(scope="module")
def dave() -> KeyPair:
    return person("Dave Example", "dave.sample@nic.example")


def clock(desk: Desk) -> None:
    """One run of the job that ends the wait."""
    with desk.app.database.write() as session:
        context = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        letters = list(JOBS["finish_key_recoveries"].run(context))
        desk.app.intake.post(session, letters, desk.now)
    desk.letters += letters


def ask(desk: Desk, who: KeyPair) -> str:
    desk.later(seconds=1)
    return outcome(desk.say(who, "KEY", attachments=[who.key_attachment()]))


def proven(desk: Desk, who: KeyPair) -> str:
    return outcome(desk.say(who, f"CONFIRM {token(desk, who.address, 'letters/prove')}"))


def waiting(desk: Desk, ann: KeyPair, new: KeyPair, *others: KeyPair, tld: str = "nl") -> None:
    """Ann's new key, proven and vouched for; now it waits."""
    desk.member(ann, tld)
    for other in others:
        desk.member(other, tld)
    desk.iana(tld, ADMIN)
    desk.later(days=1)
    assert ask(desk, new) == "waiting"
    assert proven(desk, new) == "proven"
    assert outcome(answer(desk, ADMIN)) == "vouched"
    assert [one.state for one in all_of(desk, Request)] == ["waiting"]


def letters_of(desk: Desk, address: str, template: str) -> list[Letter]:
    return [one for one in desk.to(address) if one.template == template]


def token(desk: Desk, address: str, template: str) -> str:
    return str(letters_of(desk, address, template)[-1].values["token"])


def key_of(desk: Desk, who: KeyPair) -> str | None:
    return stored(desk, who.address).fingerprint


def states(desk: Desk) -> list[tuple[str, str]]:
    return [(one.state, one.committee_because) for one in all_of(desk, Request)]


def give_emergency_address(desk: Desk, who: KeyPair) -> None:
    with desk.app.database.write() as session:
        from tldops_bot.store import people

        found = people.by_address(session, who.address)
        assert found is not None
        found.emergency_email, found.emergency_proven_at = HOME, desk.now


# --- getting in


def test_proof_voucher_and_patience_let_a_new_key_in(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new)
    assert key_of(desk, ann) == ann.fingerprint
    assert outcome(desk.say(ann, "SHOW")) == "record"
    desk.later(hours=71)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint
    desk.later(hours=1)
    clock(desk)
    assert key_of(desk, ann) == new.fingerprint
    assert outcome(desk.say(ann, "SHOW")) == "replaced_key"
    desk.later(seconds=1)
    assert outcome(desk.say(new, "SHOW")) == "record"
    assert "letters/key_registered" in templates(desk, ann.address)


def test_running_the_clock_twice_does_no_harm(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new)
    desk.later(days=4)
    clock(desk)
    clock(desk)
    assert templates(desk, ann.address).count("letters/key_registered") == 1


def test_the_mailbox_alone_lets_nobody_in(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    ask(desk, new)
    proven(desk, new)
    desk.later(days=13)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint


def test_a_key_alone_lets_nobody_in(desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    ask(desk, new)
    words = token(desk, ann.address, "letters/prove")
    assert outcome(desk.write(ann.address, f"CONFIRM {words}")) == "token_needs_signature"
    assert (
        outcome(desk.say(bob, f"CONFIRM {words}", attachments=[bob.key_attachment()]))
        == "token_needs_signature"
    )
    assert templates(desk, ADMIN) == []


def test_a_voucher_s_no_brings_it_to_the_committee(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    ask(desk, new)
    proven(desk, new)
    answer(desk, ADMIN, "DECLINE")
    assert states(desk) == [("committee", "declined")]
    desk.later(days=30)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint


def test_a_blocked_key_is_replaced_the_same_way_and_no_quicker(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    desk.say(ann, "KEY STOLEN")
    ask(desk, new)
    proven(desk, new)
    answer(desk, ADMIN)
    assert states(desk) == [("waiting", "")]
    assert letters_of(desk, ann.address, "letters/recovery_stop_signed") == []
    assert letters_of(desk, ann.address, "letters/recovery_stop") != []
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint
    desk.later(days=3)
    clock(desk)
    assert key_of(desk, ann) == new.fingerprint
    assert stored(desk, ann.address).key_blocked_at is None


# --- who is told


@pytest.mark.parametrize("blocked_by", ["a thief of the mailbox", "a fellow contact"])
def test_a_wrongly_blocked_member_comes_back_by_mail_alone_as_the_notice_says(
    desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair, blocked_by: str
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN)
    if blocked_by == "a fellow contact":
        assert outcome(desk.say_bound(bob, f"KEY STOLEN {ann.address}")) == "blocked"
    else:
        desk.write(ann.address, "KEY LOST")
        answer(desk, ann.address)
    words = desk.text(letters_of(desk, ann.address, "letters/key_blocked")[0])
    assert "The way back is the same" in words
    assert "\nKEY\n" in words
    desk.later(days=1)
    assert outcome(desk.say(ann, "SHOW")) == "blocked_key"
    assert ask(desk, new) == "waiting"
    assert proven(desk, new) == "proven"
    assert outcome(answer(desk, ADMIN)) == "vouched"
    desk.later(hours=72)
    clock(desk)
    assert outcome(desk.say(new, "QUERY nl")) == "contacts"


def test_everybody_concerned_is_told_and_nobody_gets_another_s_token(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, dave: KeyPair, new: KeyPair
) -> None:
    desk.member(carol, office="committee")
    desk.member(dave, "nl", keyless=True)
    give_to = {ann.address, HOME, bob.address, dave.address, ADMIN}
    desk.member(ann, "nl")
    give_emergency_address(desk, ann)
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN)
    ask(desk, new)
    proven(desk, new)
    answer(desk, ADMIN)
    told = [one for one in desk.letters if one.template.startswith("letters/recovery_")]
    assert {to.address for one in told for to in one.to} == give_to | {carol.address}
    tokens = [one.values["token"] for one in told if "token" in one.values]
    assert len(set(tokens)) == len(tokens) == 6  # the old key has one of its own
    assert [one.template for one in told if one.to[0].address == carol.address] == ["letters/recovery_waits"]
    assert outcome(desk.say(carol, "PENDING")) == "pending"


def test_a_contact_whom_iana_lists_as_well_is_asked_once(
    desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.iana("nl", ADMIN, bob.address)
    desk.later(days=1)
    ask(desk, new)
    proven(desk, new)
    answer(desk, ADMIN)
    assert [one for one in templates(desk, bob.address) if "recovery" in one] == ["letters/recovery_cosign"]


def test_without_a_committee_the_operator_is_told_and_gets_no_names(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    waiting(desk, ann, new)
    (letter,) = letters_of(desk, "root@lists.example", "letters/decide_operator")
    assert "Ann" not in desk.text(letter)


# --- stopping it


def test_the_stored_mailbox_stops_it_without_a_signature(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new)
    words = token(desk, ann.address, "letters/recovery_stop")
    assert outcome(desk.write(ann.address, f"DECLINE {words} it was not me")) == "stopped"
    assert states(desk) == [("committee", "recovery_declined")]
    desk.later(days=30)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint


def test_the_emergency_address_stops_who_has_the_other_mailbox(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, "nl")
    give_emergency_address(desk, ann)
    desk.iana("nl", ADMIN)
    ask(desk, new)
    proven(desk, new)
    answer(desk, ADMIN)
    words = token(desk, HOME, "letters/recovery_stop")
    assert outcome(desk.write(HOME, f"DECLINE {words}")) == "stopped"
    assert states(desk) == [("committee", "recovery_declined")]


def test_the_old_key_stops_who_has_the_mailbox(desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new)
    (letter,) = letters_of(desk, ann.address, "letters/recovery_stop_signed")
    assert letter.to[0].fingerprint == ann.fingerprint
    words = str(letter.values["token"])
    assert outcome(desk.write(ann.address, f"DECLINE {words}")) == "token_needs_signature"
    assert outcome(desk.say(new, f"DECLINE {words}")) == "token_needs_signature"
    assert outcome(desk.say(ann, f"DECLINE {words}")) == "stopped"
    assert states(desk) == [("committee", "recovery_declined")]


def test_a_keyless_colleague_and_an_iana_contact_stop_it(
    desk: Desk, ann: KeyPair, dave: KeyPair, new: KeyPair
) -> None:
    desk.member(dave, "nl", keyless=True)
    waiting(desk, ann, new)
    words = token(desk, dave.address, "letters/recovery_stop")
    assert outcome(desk.write(dave.address, f"CONFIRM {words}")) == "token_other_answer"
    assert outcome(desk.write(dave.address, f"DECLINE {words}")) == "stopped"
    assert (
        outcome(desk.write(ADMIN, f"DECLINE {token(desk, ADMIN, 'letters/recovery_stop')}"))
        == "already_decided"
    )


def test_a_second_iana_contact_s_no_stops_what_waits(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN, "tech@registry.example")
    ask(desk, new)
    proven(desk, new)
    answer(desk, ADMIN)
    words = token(desk, "tech@registry.example", "letters/vouch")
    assert outcome(desk.write("tech@registry.example", f"DECLINE {words}")) == "not_vouched"
    assert states(desk) == [("committee", "declined")]


def test_a_no_locks_nobody_out_for_good(desk: Desk, ann: KeyPair, carol: KeyPair, new: KeyPair) -> None:
    """Who holds the stolen old key can say no for ever: then the committee decides."""
    desk.member(carol, office="committee")
    waiting(desk, ann, new)
    desk.say(ann, f"DECLINE {token(desk, ann.address, 'letters/recovery_stop_signed')}")
    (asked,) = all_of(desk, Request)
    assert outcome(desk.say_bound(carol, f"APPROVE R-{asked.id} spoke to her")) == "approved"
    assert key_of(desk, ann) == new.fingerprint


def test_a_no_after_the_wait_comes_too_late_and_says_so(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new)
    desk.later(days=4)
    clock(desk)
    words = token(desk, ann.address, "letters/recovery_stop")
    assert outcome(desk.write(ann.address, f"DECLINE {words}")) == "token_void"
    assert key_of(desk, ann) == new.fingerprint


def test_blocking_the_old_key_neither_silences_the_mailboxes_nor_shortens_the_wait(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    """Who has the mailbox and fears the old key's no may have it blocked: then all have the whole time again."""
    waiting(desk, ann, new)
    desk.later(hours=70)
    desk.write(ann.address, "KEY LOST")
    desk.later(seconds=1)
    answer(desk, ann.address)
    assert stored(desk, ann.address).key_blocked_because == "lost"
    desk.later(hours=70)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint
    words = token(desk, ann.address, "letters/recovery_stop")
    assert outcome(desk.write(ann.address, f"DECLINE {words}")) == "stopped"


# --- cutting it short


def test_blocking_the_old_key_begins_no_wait_for_a_key_that_nobody_has_proven(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    ask(desk, new)
    assert outcome(desk.say(ann, "KEY LOST")) == "blocked"
    (request,) = all_of(desk, Request)
    assert (request.state, "waits_until" in request.details) == ("proving", False)


def test_a_colleague_s_signature_cuts_the_wait_short(
    desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair
) -> None:
    waiting(desk, ann, new, bob)
    words = token(desk, bob.address, "letters/recovery_cosign")
    assert outcome(desk.write(bob.address, f"CONFIRM {words}")) == "token_needs_signature"
    assert outcome(desk.say(bob, f"CONFIRM {words}")) == "cosigned"
    assert key_of(desk, ann) == new.fingerprint


def test_a_colleague_s_signed_no_stops_it(desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new, bob)
    assert (
        outcome(desk.say(bob, f"DECLINE {token(desk, bob.address, 'letters/recovery_cosign')}")) == "stopped"
    )
    assert states(desk) == [("committee", "recovery_declined")]


def test_the_new_key_can_not_cosign_itself(desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new, bob)
    words = token(desk, bob.address, "letters/recovery_cosign")
    for who in (new, ann):
        assert outcome(desk.say(who, f"CONFIRM {words}")) == "token_needs_signature"


@pytest.mark.parametrize("how", ["stopped", "another key", "left"])
def test_a_colleague_s_signature_lets_nothing_in_that_waits_no_more(
    desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair, how: str
) -> None:
    waiting(desk, ann, new, bob)
    words, holds = token(desk, bob.address, "letters/recovery_cosign"), ann
    if how == "stopped":
        desk.write(ADMIN, f"DECLINE {token(desk, ADMIN, 'letters/recovery_stop')}")
    elif how == "another key":
        holds = KeyPair.make("Ann Example", ann.address)
        desk.say(ann, "KEY", attachments=[holds.key_attachment()])
        desk.say(holds, f"CONFIRM {token(desk, ann.address, 'letters/prove_key')}")
    else:
        desk.say_bound(ann, "UNSUBSCRIBE nl")
        answer(desk, ann.address)
    assert outcome(desk.say(bob, f"CONFIRM {words}")) == "token_void"
    assert key_of(desk, ann) == holds.fingerprint


@pytest.mark.parametrize("how", ["came later", "on probation", "left"])
def test_an_accomplice_who_has_just_come_can_not_cosign(
    desk: Desk, ann: KeyPair, bob: KeyPair, new: KeyPair, how: str
) -> None:
    waiting(desk, ann, new, bob)
    with desk.app.database.write() as session:
        from tldops_bot.store import people

        (entry,) = [one for one in people.contacts_of(session, "nl") if one.person.email == bob.address]
        if how == "came later":
            entry.since_at = desk.now
        elif how == "on probation":
            entry.probation_until = desk.now + timedelta(days=1)
        else:
            entry.state = people.LEFT
    words = token(desk, bob.address, "letters/recovery_cosign")
    assert outcome(desk.say(bob, f"CONFIRM {words}")) == "may_not_cosign"
    assert key_of(desk, ann) == ann.fingerprint
    assert states(desk) == [("waiting", "")]


def test_the_committee_ends_the_wait_either_way(
    desk: Desk, ann: KeyPair, carol: KeyPair, new: KeyPair
) -> None:
    desk.member(carol, office="committee")
    waiting(desk, ann, new)
    (asked,) = all_of(desk, Request)
    assert outcome(desk.say_bound(carol, f"REJECT R-{asked.id} she knows nothing of it")) == "rejected"
    desk.later(days=30)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint


# --- several TLDs


def two_tlds(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    desk.iana("nl", ADMIN)
    desk.iana("be", "other@registry.example")
    ask(desk, new)
    proven(desk, new)


def test_every_tld_of_the_person_must_agree(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    two_tlds(desk, ann, new)
    answer(desk, ADMIN)
    desk.later(days=4)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint
    answer(desk, "other@registry.example")
    desk.later(days=4)
    clock(desk)
    assert key_of(desk, ann) == new.fingerprint


def test_the_committee_s_no_for_one_tld_is_a_no_for_all(
    desk: Desk, ann: KeyPair, carol: KeyPair, new: KeyPair
) -> None:
    desk.member(carol, office="committee")
    two_tlds(desk, ann, new)
    answer(desk, ADMIN)
    answer(desk, "other@registry.example", "DECLINE")
    (declined,) = [one for one in all_of(desk, Request) if one.state == "committee"]
    desk.say_bound(carol, f"REJECT R-{declined.id} no")
    desk.later(days=30)
    clock(desk)
    assert {one.state for one in all_of(desk, Request)} == {"rejected"}
    assert key_of(desk, ann) == ann.fingerprint


def test_the_owner_s_no_stops_it_for_every_tld(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    two_tlds(desk, ann, new)
    answer(desk, ADMIN)
    desk.write(ann.address, f"DECLINE {token(desk, ann.address, 'letters/recovery_stop')}")
    assert {one.state for one in all_of(desk, Request)} == {"committee"}


# --- what has changed meanwhile


def test_a_key_replaced_by_the_old_one_meanwhile_ends_the_wait(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    waiting(desk, ann, new)
    third = KeyPair.make("Ann Example", ann.address)
    desk.say(ann, "KEY", attachments=[third.key_attachment()])
    desk.say(third, f"CONFIRM {token(desk, ann.address, 'letters/prove_key')}")
    desk.later(days=4)
    clock(desk)
    assert key_of(desk, ann) == third.fingerprint
    assert states(desk) == [("expired", "")]


def test_who_left_meanwhile_gets_no_new_key(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    waiting(desk, ann, new)
    desk.say_bound(ann, "UNSUBSCRIBE nl")
    answer(desk, ann.address)
    desk.later(days=4)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint


def test_who_leaves_one_of_two_tlds_meanwhile_hears_that_the_key_is_to_be_sent_again(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    two_tlds(desk, ann, new)
    answer(desk, ADMIN)
    desk.later(days=4)
    clock(desk)
    answer(desk, "other@registry.example")
    desk.say_bound(ann, "UNSUBSCRIBE be")
    answer(desk, ann.address)
    desk.later(days=4)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint
    letter = desk.last(ann.address)
    assert (letter.template, letter.values["why"]) == ("letters/not_possible", "left")
    assert "KEY, with the new key" in desk.text(letter)
    assert ask(desk, new) == "waiting"


def test_key_that_somebody_else_was_listed_with_meanwhile_is_told_of_and_not_registered_twice(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    """The clock and the committee both see it."""
    both = KeyPair.make("Ann Example", ann.address, also=(f"Bob <{bob.address}>",))
    waiting(desk, ann, both)
    desk.member(carol, office="committee")
    desk.iana("be", "other@registry.example")
    wish = "SUBSCRIBE be\nName: Bob Example\nMobile: +44 20 7946 0456\n"
    desk.say(both, f"{wish}Email: {bob.address}", attachments=[both.key_attachment()])
    desk.say(both, f"CONFIRM {desk.token_for(bob.address)}")
    answer(desk, "other@registry.example")
    assert key_of(desk, bob) == both.fingerprint
    assert outcome(desk.say_bound(carol, "APPROVE R-1")) == "no_longer_possible"
    assert letters_of(desk, ann.address, "letters/not_possible") == []
    desk.later(days=4)
    clock(desk)
    assert key_of(desk, ann) == ann.fingerprint
    (letter,) = letters_of(desk, ann.address, "letters/not_possible")
    assert letter.values["why"] == "key_taken"
    assert "a key that names your address only" in " ".join(desk.text(letter).split())


# --- locking others out of asking


def test_a_stranger_s_unproven_request_is_not_in_the_owner_s_way(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    mallory = KeyPair.make("Ann Example", ann.address)
    assert ask(desk, mallory) == "waiting"
    assert ask(desk, new) == "waiting"
    assert proven(desk, new) == "proven"


def test_strangers_do_not_flood_the_mailbox_with_questions(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    found = [ask(desk, KeyPair.make("Ann Example", ann.address)) for _ in range(5)]
    assert found == ["waiting"] * 5, "who asks may be anybody, and learns nothing"
    assert len(letters_of(desk, ann.address, "letters/prove")) == 3
    desk.later(days=1)
    assert ask(desk, KeyPair.make("Ann Example", ann.address)) == "waiting"


def test_the_same_request_is_made_once_and_a_proven_one_comes_first(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    assert ask(desk, new) == "waiting"
    assert ask(desk, new) == "waiting", "who has proven nothing is told nothing"
    proven(desk, new)
    assert ask(desk, new) == "already_asked"
    assert ask(desk, KeyPair.make("Ann Example", ann.address)) == "waiting", "a stranger learns nothing"
    assert len(letters_of(desk, ann.address, "letters/prove")) == 1


def test_who_sits_only_in_the_committee_is_decided_on_by_the_others(
    desk: Desk, ann: KeyPair, carol: KeyPair, new: KeyPair
) -> None:
    desk.member(ann, office="committee")
    desk.member(carol, office="committee")
    ask(desk, new)
    proven(desk, new)
    (asked,) = all_of(desk, Request)
    assert (asked.state, asked.tld) == ("committee", "")
    assert outcome(desk.say_bound(ann, f"APPROVE R-{asked.id}")) == "on_oneself"
    assert outcome(desk.say_bound(carol, f"APPROVE R-{asked.id}")) == "approved"
    assert key_of(desk, ann) == new.fingerprint


# --- what the old key's word must cover


def test_a_key_put_beside_the_signed_part_is_not_announced_by_the_old_key(
    desk: Desk, ann: KeyPair, new: KeyPair
) -> None:
    """Whoever carries Ann's signed KEY can add a part, and it must not count as hers."""
    from tests.keys import mail, message_entity, multipart

    desk.member(ann, "nl")
    signed = ann.signed_entity(message_entity("KEY\n"), at=desk.now)
    raw = mail(ann.headers(), multipart("mixed", signed, new.key_attachment()))
    assert outcome(desk.receive(raw, ann.address)) == "key_not_covered"
    assert letters_of(desk, ann.address, "letters/prove_key") == []


def test_an_autocrypt_header_announces_no_key(desk: Desk, ann: KeyPair, new: KeyPair) -> None:
    import base64

    desk.member(ann, "nl")
    header = f"addr={ann.address}; keydata={base64.b64encode(new.certificate).decode()}"
    assert outcome(desk.say(ann, "KEY", {"Autocrypt": header})) == "no_key_attached"


# --- blocking a colleague's key


def test_a_contact_blocks_the_key_of_another_contact_of_the_tld(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    assert outcome(desk.say(bob, f"KEY STOLEN {ann.address}")) == "blocked"
    assert stored(desk, ann.address).key_blocked_because == "stolen"
    assert stored(desk, bob.address).key_blocked_at is None
    assert "letters/key_blocked" in templates(desk, ann.address)


def test_nobody_blocks_the_key_of_who_shares_no_tld_with_them(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert outcome(desk.say(bob, f"KEY STOLEN {ann.address}")) == "nobody_there"
    desk.later(seconds=1)
    assert outcome(desk.say(bob, "KEY STOLEN nobody@nic.example")) == "nobody_there"
    assert outcome(desk.say(carol, f"KEY STOLEN {ann.address}", attachments=[carol.key_attachment()])) in (
        "nobody_there",
        "not_a_contact",
    )
    assert stored(desk, ann.address).key_blocked_at is None


def test_an_unsigned_mail_blocks_no_colleague_s_key(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    assert outcome(desk.write(bob.address, f"KEY STOLEN {ann.address}")) == "unsigned"
    assert stored(desk, ann.address).key_blocked_at is None


def test_one_may_name_oneself(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, f"KEY LOST <{ann.address}>")) == "blocked"


def test_a_colleague_without_a_key_has_none_to_block(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(bob, "nl")
    assert outcome(desk.say(bob, f"KEY LOST {ann.address}")) == "has_no_key"


def test_a_blocked_key_that_is_revoked_as_well_is_told_of_once(desk: Desk, bob: KeyPair) -> None:
    from tests.keys import key_entity
    from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode

    rita = KeyPair.make("Rita Example", "rita.sample@nic.example")
    desk.member(rita, "nl")
    desk.member(bob, "nl")
    desk.say(bob, f"KEY STOLEN {rita.address}")
    desk.later(seconds=1)
    desk.say(bob, "HELP", attachments=[key_entity(encode(rita.revoked(), PUBLIC_KEY))])
    assert stored(desk, rita.address).key_blocked_because == "stolen"
    assert templates(desk, rita.address).count("letters/key_blocked") == 1


def test_a_candidate_s_key_is_kept_up_to_date_while_it_waits(desk: Desk, ann: KeyPair) -> None:
    from datetime import UTC, datetime

    from tldops_bot.store.tables import CertificateRow

    desk.member(ann, "nl")
    desk.iana("nl", ADMIN)
    made_at = desk.now - timedelta(days=10)
    short = KeyPair.make("Ann Example", ann.address, expire="60d", made_at=made_at)
    ask(desk, short)
    short.extended("3y", at=desk.now)
    desk.later(seconds=1)
    desk.say(short, "HELP", attachments=[short.key_attachment()])
    with desk.look() as session:
        expires_at = session.get_one(CertificateRow, short.fingerprint).expires_at
    assert expires_at is not None
    assert expires_at > datetime.now(UTC) + timedelta(days=900)


def test_a_key_is_blocked_once(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.say(bob, f"KEY STOLEN {ann.address}")
    desk.later(seconds=1)
    desk.say(bob, f"KEY LOST {ann.address}")
    assert stored(desk, ann.address).key_blocked_because == "stolen"
    assert templates(desk, ann.address).count("letters/key_blocked") == 1
