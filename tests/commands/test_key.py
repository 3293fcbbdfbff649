"""KEY: a first key, a new key, and a key that must not be trusted any more."""

import pytest

from tests.desk import Desk
from tests.keys import KeyPair, key_entity, mail, message_entity
from tests.outcomes import all_of, answer, outcome, prove, rows, states, stored, templates
from tldops_bot.commands import _keys
from tldops_bot.jobs._as_command import as_command
from tldops_bot.jobs._job import JobContext
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.store import people
from tldops_bot.store.tables import InboxRow, Person

ADMIN = "admin@registry.example"


@pytest.fixture
def second(ann: KeyPair) -> KeyPair:
    return KeyPair.make("Ann Example", ann.address)


def is_member(desk: Desk, address: str) -> bool:
    with desk.look() as session:
        return people.standing(session, people.by_address(session, address), desk.now).is_member


# --- a first key


def test_first_key_of_a_listed_contact_takes_proof_and_the_vouchers_word(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.iana("nl", ADMIN)
    assert outcome(desk.say(ann, "KEY", attachments=[ann.key_attachment()])) == "waiting"
    assert templates(desk, ADMIN) == []
    assert outcome(prove(desk, ann)) == "proven"
    assert not is_member(desk, ann.address)
    assert outcome(answer(desk, ADMIN)) == "vouched"
    assert is_member(desk, ann.address)
    assert "letters/key_registered" in templates(desk, ann.address)


def test_first_key_waits_for_the_voucher_of_every_tld(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be", keyless=True)
    desk.iana("nl", ADMIN)
    desk.iana("be", "other@registry.example")
    desk.say(ann, "KEY", attachments=[ann.key_attachment()])
    prove(desk, ann)
    answer(desk, ADMIN)
    assert not is_member(desk, ann.address)
    answer(desk, "other@registry.example")
    assert is_member(desk, ann.address)


def test_key_that_somebody_else_made_for_an_address_proves_nothing_without_the_mailbox(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.iana("nl", ADMIN)
    mallory = KeyPair.make("Ann Example", ann.address)
    desk.say(mallory, "KEY", attachments=[mallory.key_attachment()])
    letter = next(one for one in desk.to(ann.address) if one.template == "letters/prove")
    assert [to.address for to in letter.to] == [ann.address]
    assert templates(desk, ADMIN) == []
    assert stored(desk, ann.address).fingerprint is None


# --- a new key, announced by the old one


def test_new_key_counts_when_it_has_signed_the_token(
    desk: Desk, ann: KeyPair, bob: KeyPair, second: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    assert outcome(desk.say(ann, "KEY", attachments=[second.key_attachment()])) == "waiting"
    token = desk.token_for(ann.address)
    assert outcome(desk.say(ann, f"CONFIRM {token}")) == "token_needs_signature"
    assert stored(desk, ann.address).fingerprint == ann.fingerprint
    assert outcome(desk.say(second, f"CONFIRM {token}")) == "key_registered"
    assert stored(desk, ann.address).fingerprint == second.fingerprint
    assert "letters/key_told" in templates(desk, bob.address)
    assert outcome(desk.say(ann, "SHOW")) == "replaced_key"
    assert outcome(desk.say(second, "SHOW")) == "record"


def test_announced_key_is_void_when_the_key_changed_meanwhile(
    desk: Desk, ann: KeyPair, second: KeyPair
) -> None:
    desk.member(ann, "nl")
    third = KeyPair.make("Ann Example", ann.address)
    desk.say(ann, "KEY", attachments=[second.key_attachment()])
    for_second = desk.token_for(ann.address)
    desk.later(seconds=1)
    desk.say(ann, "KEY", attachments=[third.key_attachment()])
    desk.say(third, f"CONFIRM {desk.token_for(ann.address)}")
    assert outcome(desk.say(second, f"CONFIRM {for_second}")) == "token_void"
    assert stored(desk, ann.address).fingerprint == third.fingerprint


def test_same_key_again_is_merely_renewed(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "KEY", attachments=[ann.key_attachment()])) == "renewed"


# --- what is refused


def test_refusals_change_nothing(desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    weak = KeyPair.make("Ann Example", ann.address, algorithm="ed25519")
    before = rows(desk)
    cases = (
        (ann, "KEY", [], "no_key_attached"),
        (ann, "KEY now", [ann], "bad_arguments"),
        (ann, "KEY", [bob], "key_in_use"),
        (ann, "KEY", [carol], "key_names_another"),
        (ann, "KEY", [weak], "no_encryption_key"),
        (weak, "KEY", [weak], "no_encryption_key"),
        (carol, "KEY", [carol], "waiting"),  # as it would be for a contact's address
    )
    for who, text, keys, reason in cases:
        desk.later(seconds=1)
        handled = desk.say(who, text, attachments=[one.key_attachment() for one in keys])
        assert outcome(handled) == reason
    assert outcome(desk.write(ann.address, "KEY")) == "unsigned"
    assert rows(desk) == before


def test_contact_who_left_gets_no_new_key(desk: Desk, ann: KeyPair, second: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say_bound(ann, "UNSUBSCRIBE ALL")
    answer(desk, ann.address)
    before = rows(desk)
    desk.say(second, "KEY", attachments=[second.key_attachment()])
    assert rows(desk) == before


def test_key_of_two_contacts_addresses_belongs_to_neither(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.member(bob, "be", keyless=True)
    both = KeyPair.make("Ann Example", ann.address, also=(f"Bob <{bob.address}>",))
    before = rows(desk)
    desk.say(both, "KEY", attachments=[both.key_attachment()])
    assert rows(desk) == before


def test_key_that_a_second_contact_was_listed_with_meanwhile_is_not_registered_twice(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.iana("be", ADMIN)
    both = KeyPair.make("Ann Example", ann.address, also=(f"Bob <{bob.address}>",))
    assert outcome(desk.say(ann, "KEY", attachments=[both.key_attachment()])) == "waiting"
    announced = desk.token_for(ann.address)
    wish = "SUBSCRIBE be\nName: Bob Example\nMobile: +44 20 7946 0456\n"
    desk.say(both, f"{wish}Email: {bob.address}", attachments=[both.key_attachment()])
    desk.say(both, f"CONFIRM {desk.token_for(bob.address)}")
    assert outcome(answer(desk, ADMIN)) == "vouched"
    assert stored(desk, bob.address).fingerprint == both.fingerprint
    assert outcome(desk.say(both, f"CONFIRM {announced}")) == "token_void"
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


def test_key_that_signs_must_be_the_one_attached(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.say(ann, "KEY", attachments=[ann.key_attachment()])
    desk.later(seconds=1)
    assert outcome(desk.say(ann, "KEY", attachments=[bob.key_attachment()])) == "no_key_attached"


def test_what_a_key_proved_is_not_kept_once_the_key_is_forgotten(desk: Desk, ann: KeyPair) -> None:
    (certificate,) = desk.app.gnupg.inspect(ann.certificate, desk.now)
    before = rows(desk)
    with desk.app.database.write() as session:
        job = JobContext(session, desk.now, desk.app.config, desk.app.tlds, desk.app.random_octets)
        _keys.keep_proven(as_command(job), certificate)
    assert rows(desk) == before


def test_replaced_key_that_is_revoked_blocks_nothing(desk: Desk, ann: KeyPair, second: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "KEY", attachments=[second.key_attachment()])
    desk.say(second, f"CONFIRM {desk.token_for(ann.address)}")
    third = KeyPair.make("Ann Example", ann.address)
    desk.later(seconds=1)
    desk.say(second, "KEY", attachments=[third.key_attachment()])
    desk.say(third, f"CONFIRM {desk.token_for(ann.address)}")
    desk.say(third, "HELP", attachments=[key_entity(encode(second.revoked(), PUBLIC_KEY))])
    assert stored(desk, ann.address).key_blocked_at is None


# --- lost, stolen, revoked


@pytest.mark.parametrize("word", ["LOST", "STOLEN", "lost"])
def test_lost_key_is_blocked_by_a_token_to_the_stored_mailbox(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair, word: str
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", ADMIN)
    assert outcome(desk.write(ann.address, f"KEY {word}")) == "mailbox"
    assert outcome(desk.say(ann, "SHOW")) == "record"
    desk.later(seconds=1)
    answer(desk, ann.address)
    assert stored(desk, ann.address).key_blocked_because == word.lower()
    assert outcome(desk.say(ann, "SHOW")) == "blocked_key"
    for address in (ann.address, bob.address, carol.address, ADMIN):
        assert "letters/key_blocked" in templates(desk, address)


def test_key_is_blocked_from_the_second_mailbox_while_a_thief_reads_the_first(
    desk: Desk, ann: KeyPair
) -> None:
    number = desk.member(ann, "nl")
    with desk.app.database.write() as session:
        owner = session.get_one(Person, number)
        owner.emergency_email, owner.emergency_proven_at = "Ann@spare.example", desk.now
    assert outcome(desk.write("ann@spare.example", "KEY STOLEN")) == "mailbox"
    assert templates(desk, ann.address) == []
    answer(desk, "ann@spare.example")
    assert outcome(desk.say(ann, "SHOW")) == "blocked_key"


def test_signed_by_the_key_itself_it_is_blocked_at_once(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(ann, "KEY STOLEN")) == "blocked"
    assert outcome(desk.say(ann, "SHOW")) == "blocked_key"


def test_blocked_key_ends_open_tokens_and_announces_no_new_key(
    desk: Desk, ann: KeyPair, second: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.say(ann, "KEY", attachments=[second.key_attachment()])
    token = desk.token_for(ann.address)
    desk.say(ann, "KEY LOST")
    assert outcome(desk.say(second, f"CONFIRM {token}")) == "token_void"
    assert outcome(desk.say(ann, "KEY", attachments=[second.key_attachment()])) == "blocked_key"


def test_stranger_blocks_nobody(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    assert outcome(desk.say(bob, "KEY LOST", attachments=[bob.key_attachment()])) == "not_a_contact"
    assert outcome(desk.write("mallory@other.example", "KEY LOST")) == "unsigned"
    desk.write(ann.address, "KEY LOST")  # a forged From causes a question, and no more
    assert stored(desk, ann.address).key_blocked_at is None


def test_keyless_contact_has_no_key_to_block(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", keyless=True)
    desk.write(ann.address, "KEY LOST")
    answer(desk, ann.address)
    assert "FAILED: KEY has_no_key" in [one.outcome for one in all_of(desk, InboxRow)]


@pytest.mark.parametrize("is_signed", [True, False])
def test_revocation_freezes_the_key_and_tells_everybody_concerned(
    desk: Desk, bob: KeyPair, is_signed: bool
) -> None:
    rita = KeyPair.make("Rita Example", "rita.sample@nic.example")
    desk.member(rita, "nl")
    desk.member(bob, "nl")
    revoked = key_entity(encode(rita.revoked(), PUBLIC_KEY))
    if is_signed:
        desk.say(bob, "HELP", attachments=[revoked])
    else:
        desk.receive(mail(bob.headers(), message_entity("HELP", [revoked])), bob.address)
    assert stored(desk, rita.address).key_blocked_because == "revoked"
    assert outcome(desk.say(rita, "SHOW")) in ("blocked_key", "revoked_key")
    assert "letters/key_blocked" in templates(desk, rita.address)
    assert "letters/key_blocked" in templates(desk, bob.address)
    assert states(desk, "nl") == {rita.address: "listed", bob.address: "listed"}


def test_bare_revocation_certificate_freezes_the_key(desk: Desk) -> None:
    rita = KeyPair.make("Rita Example", "rita.sample@nic.example")
    desk.member(rita, "nl")
    entity = message_entity("HELP", [key_entity(rita.revocation(), "revocation.asc")])
    desk.receive(mail(rita.headers(), entity), rita.address)
    assert stored(desk, rita.address).key_blocked_because == "revoked"
