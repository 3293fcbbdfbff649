"""Attacks on the way into the roster: by strangers, by one mailbox, by one key."""

from itertools import pairwise

import pytest
from sqlalchemy import select

from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import KEYS_MADE_AT, KeyPair, gpg, mail, message_entity, person
from tests.outcomes import FIELDS, all_of, answer, join, outcome, prove, states, stored, subscribe, templates
from tldops_bot.intake import Handled
from tldops_bot.store import people, requests
from tldops_bot.store.tables import Entry, Person, Request, Token

IANA = "admin@registry.example"
STRANGER = "stranger@elsewhere.example"


@pytest.fixture(scope="module")
def mallory() -> KeyPair:
    return person("Mallory Example", "mallory@elsewhere.example")


def reply_text(desk: Desk, handled: Handled) -> str:
    (letter,) = [one for one in handled.letters if one.template == "reply"]
    return desk.text(letter)


def ask_for(email: str, tlds: str = "nl", more: str = "") -> str:
    return f"SUBSCRIBE {tlds}\nName: Ann Example\nMobile: +44 20 7946 0123\nEmail: {email}\n{more}"


# --- who is a member, nobody learns by asking


@pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "plain"])
@pytest.mark.parametrize("about", ["member", "asked", "nobody"])
def test_a_stranger_reads_the_same_whoever_is_named(
    desk: Desk, ann: KeyPair, mallory: KeyPair, about: str, is_signed: bool
) -> None:
    desk.iana("nl", IANA)
    if about == "member":
        desk.member(ann, "nl")
    if about == "asked":
        subscribe(desk, ann)
        prove(desk, ann)
    text = ask_for(ann.address)
    own_key = [mallory.key_attachment()]
    handled = desk.say(mallory, text, attachments=own_key) if is_signed else desk.write(STRANGER, text)
    assert outcome(handled) == ("key_names_another" if is_signed else "waiting")
    if not is_signed:
        assert "R-" not in reply_text(desk, handled)
        assert ann.address not in reply_text(desk, handled)


def test_a_strangers_key_with_a_members_address_is_no_way_to_ask_who_is_a_member(
    desk: Desk, ann: KeyPair
) -> None:
    desk.iana("nl", IANA)
    forged = KeyPair.make("Mallory Example", "mallory@elsewhere.example", also=(f"Ann <{ann.address}>",))
    text = ask_for(ann.address)
    before = outcome(desk.say(forged, text, attachments=[forged.key_attachment()]))
    desk.later(seconds=1)
    assert outcome(desk.say(forged, text, attachments=[forged.key_attachment()])) == before, "asked again"
    desk.later(days=15)
    desk.member(ann, "be")
    assert outcome(desk.say(forged, text, attachments=[forged.key_attachment()])) == before == "waiting"
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


def test_an_unfit_key_is_no_way_to_ask_who_is_a_member(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    unfit = KeyPair.make("Ann Example", ann.address, algorithm="ed25519")
    before = outcome(desk.say(unfit, ask_for(ann.address), attachments=[unfit.key_attachment()]))
    desk.member(ann, "nl")
    after = outcome(desk.say(unfit, ask_for(ann.address), attachments=[unfit.key_attachment()]))
    assert before == after == "no_encryption_key"


def test_a_key_is_no_way_to_ask_who_is_a_member(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    texts = set()
    for named in (ann.address, "nobody@nic.example"):
        forged = KeyPair.make("Mallory Example", "mallory@elsewhere.example", also=(f"Somebody <{named}>",))
        for _ in range(5):
            desk.later(minutes=1)
            handled = desk.say(forged, "KEY", attachments=[forged.key_attachment()])
            texts.add(reply_text(desk, handled).replace(" ".join(quads(forged.fingerprint)), "KEY"))
    assert len(texts) == 1


def quads(fingerprint: str) -> list[str]:
    return [fingerprint[at : at + 4] for at in range(0, 40, 4)]


def test_replaces_is_no_way_to_ask_who_is_a_member(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    desk.member(ann, "nl")
    for named in (ann.address, "nobody@nic.example"):
        text = ask_for("carl@nic.example", more=f"Replaces: {named}")
        assert outcome(desk.write(f"x-{named}", text)) == "waiting"


def test_the_member_who_was_named_hears_of_it_once_a_day(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for number in range(5):
        desk.write(f"{number}@elsewhere.example", ask_for(ann.address))
    assert templates(desk, ann.address) == ["letters/asked_in_vain"]
    desk.later(hours=25)
    desk.write(STRANGER, ask_for(ann.address))
    assert templates(desk, ann.address) == ["letters/asked_in_vain"] * 2


def test_a_member_is_told_the_truth(desk: Desk, ann: KeyPair, bob: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    assert outcome(desk.say(bob, ask_for(ann.address))) == "already_contact"
    assert (
        outcome(desk.say(bob, ask_for("x.y@nic.example", more="Replaces: nobody@nic.example")))
        == "replaces_nobody"
    )


# --- nobody is kept out by a stranger


def test_a_strangers_request_in_my_name_does_not_stand_in_my_way(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    forged = KeyPair.make("Ann Example", ann.address)
    desk.write(STRANGER, ask_for(ann.address))
    desk.say(forged, ask_for(ann.address), attachments=[forged.key_attachment()])
    join(desk, ann)
    assert states(desk, "nl") == {ann.address: "listed"}
    assert stored(desk, ann.address).fingerprint == ann.fingerprint


def test_with_the_proof_of_one_request_the_others_in_that_name_end(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    desk.write(STRANGER, ask_for(ann.address))
    forged = desk.token_for(ann.address)
    subscribe(desk, ann)
    prove(desk, ann)
    assert sorted(one.state for one in all_of(desk, Request)) == [requests.VOUCHING, requests.WITHDRAWN]
    assert outcome(desk.write(ann.address, f"CONFIRM {forged}")) == "token_void"


def test_my_key_attached_by_somebody_else_does_not_stand_in_my_way(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    raw = mail(ann.headers(), message_entity(ask_for(ann.address), [ann.key_attachment()]))
    assert outcome(desk.receive(raw)) == "waiting"
    assert outcome(subscribe(desk, ann)) == "waiting"


def test_what_a_stranger_wrote_about_me_is_shown_before_i_say_yes(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    more = "Emergency-Email: thief@elsewhere.example\nPhone: +44 20 7946 0999\n"
    desk.write(STRANGER, ask_for(ann.address, more=more))
    shown = desk.text(desk.last(ann.address))
    assert "t…@elsewhere.example" in shown
    assert "+44…99" in shown
    assert "+44…23" in shown
    assert "79460999" not in shown.replace(" ", "")


def test_what_is_encrypted_to_me_shows_my_numbers_in_full(desk: Desk, ann: KeyPair) -> None:
    desk.iana("nl", IANA)
    subscribe(desk, ann, "nl")
    assert "…" not in desk.text(desk.last(ann.address))
    assert "+44 20 7946 0123" in desk.text(desk.last(ann.address))


def test_a_strangers_request_changes_nothing_of_a_stored_record(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    desk.iana("be", IANA)
    before = stored(desk, ann.address)
    more = "Emergency-Email: thief@elsewhere.example\nOrganisation: Thieves\n"
    desk.write(STRANGER, ask_for(ann.address, "be", more))
    prove(desk, ann)
    answer(desk, IANA)
    assert states(desk, "be") == {ann.address: "listed"}
    after = stored(desk, ann.address)
    assert (after.name, after.mobile, after.organisation) == (before.name, before.mobile, before.organisation)
    assert after.emergency_email == ""
    assert templates(desk, "thief@elsewhere.example") == []


# --- nobody established goes by one mailbox or one key alone


def test_replaces_takes_nobody_off_for_good_at_once(
    desk: Desk, ann: KeyPair, bob: KeyPair, carol: KeyPair
) -> None:
    desk.member(bob, "nl")
    desk.member(carol, office="committee")
    desk.iana("nl", IANA)
    subscribe(desk, ann, "nl", f"{FIELDS}Replaces: {bob.address}\n")
    prove(desk, ann)
    assert bob.address in desk.text(desk.last(IANA))
    answer(desk, IANA)
    assert states(desk, "nl") == {bob.address: people.SUSPENDED, ann.address: people.LISTED}
    assert "letters/replaced" in templates(desk, bob.address)
    assert "letters/decide_objection" in templates(desk, carol.address)
    desk.say_bound(carol, f"RESTORE {bob.address} nl")
    assert states(desk, "nl") == {bob.address: people.LISTED, ann.address: people.LISTED}


def test_who_left_the_committee_has_no_vote_any_more(ann: KeyPair, carol: KeyPair) -> None:
    with open_desk("[membership]\ncommittee_votes = 2\n") as desk:
        assert outcomes_with_a_rogue_who_left(desk, ann, carol) == ["noted", "noted"]
        assert all_of(desk, Entry) == [], "one vote of two"


def outcomes_with_a_rogue_who_left(desk: Desk, ann: KeyPair, carol: KeyPair) -> list[str]:
    dora = person("Dora Example", "dora@committee.example")
    rogue, honest = desk.member(dora, office="committee"), desk.member(carol, office="committee")
    assert rogue != honest
    subscribe(desk, ann)
    prove(desk, ann)
    first = outcome(desk.say_bound(dora, "APPROVE R-1"))
    with desk.app.database.write() as session:
        gone = session.scalars(select(Person).where(Person.id == rogue)).one()
        session.delete(gone.offices[0])
    return [first, outcome(desk.say_bound(carol, "APPROVE R-1"))]


# --- keys that take in somebody else's key


def adopting(victim: KeyPair, name: str, address: str, capability: str = "c") -> KeyPair:
    """A key that has bound another person's key to itself as a subkey; no consent is needed to authenticate.

    It takes the primary key, which certifies, or else the newest that has that capability.
    """
    listing = gpg(victim.home, "--with-colons", "--with-keygrip", "--list-keys", victim.fingerprint).decode()
    lines = [line.split(":") for line in listing.splitlines() if line[:3] in ("pub", "sub", "grp")]
    grips = [after[9] for key, after in pairwise(lines) if key[0] != "grp" and capability in key[11]]
    grip = grips[-1]
    thief = KeyPair.make(name, address)
    talk = f"addkey\n13\n{grip}\n=A\n0\nsave\n".encode()
    edit = ("--expert", "--command-fd=0", "--status-fd=1", "--edit-key", thief.fingerprint)
    gpg(thief.home, *edit, octets=talk, at=KEYS_MADE_AT)
    return thief


def test_a_key_that_took_in_mine_does_not_lock_me_out(desk: Desk) -> None:
    desk.iana("nl", IANA)
    vera = KeyPair.make("Vera Example", "vera@nic.example")
    thief = adopting(vera, "Mallory Example", "mallory@elsewhere.example")
    assert vera.fingerprint.encode() in gpg_listing(thief), "the attack is not what it should be"
    desk.say(thief, f"SUBSCRIBE nl\n{FIELDS}", attachments=[thief.key_attachment()])
    assert outcome(subscribe(desk, vera)) == "waiting"
    assert outcome(prove(desk, vera)) == "proven"
    answer(desk, IANA)
    assert states(desk, "nl") == {vera.address: "listed"}
    assert outcome(desk.say(vera, "SHOW")) == "record"


def test_a_key_that_took_in_a_members_does_not_speak_for_the_member(desk: Desk) -> None:
    vera = KeyPair.make("Vera Example", "vera@nic.example")
    desk.member(vera, "nl")
    thief = adopting(vera, "Mallory Example", "mallory@elsewhere.example")
    desk.say(thief, f"SUBSCRIBE be\n{FIELDS}", attachments=[thief.key_attachment()])
    assert outcome(desk.say(vera, "SHOW")) == "record"
    assert outcome(desk.say(thief, "SHOW")) == "not_a_contact"


@pytest.mark.parametrize("is_here", [True, False], ids=["a member", "who wants to join"])
def test_a_member_whose_key_took_in_the_subkey_that_signs_locks_nobody_out(desk: Desk, is_here: bool) -> None:
    desk.iana("nl", IANA)
    vera = KeyPair.make("Vera Example", "vera@nic.example")
    vera.add_subkey("ed25519", "sign")
    thief = adopting(vera, "Mallory Example", "mallory@elsewhere.example", capability="s")
    desk.member(thief, "be")
    if is_here:
        desk.member(vera, "nl")
    else:
        subscribe(desk, vera)
        prove(desk, vera)
        answer(desk, IANA)
    for text, headers in (("SHOW", {}), ("SHOW\n# from elsewhere", {"From": "vera@elsewhere.example"})):
        assert outcome(desk.say(vera, text, headers)) == "record"
    assert outcome(desk.say(thief, "SHOW")) == "record"


def gpg_listing(who: KeyPair) -> bytes:
    options = ("--with-colons", "--with-subkey-fingerprint", "--list-keys", who.fingerprint)
    return gpg(who.home, *options)


# --- mail to third parties


def test_a_stranger_makes_us_ask_an_address_three_times_a_day_at_most(desk: Desk) -> None:
    for number, tld in enumerate(("nl", "be", "lu", "fr", "de", "at")):
        handled = desk.write(f"{number}@elsewhere.example", ask_for("victim.sample@nic.example", tld))
        assert outcome(handled) == "waiting"
    assert templates(desk, "victim.sample@nic.example") == ["letters/prove"] * 3
    assert len(all_of(desk, Request)) == 3, "what nobody can prove is not kept"
    desk.later(hours=25)
    desk.write(STRANGER, ask_for("victim.sample@nic.example", "de"))
    assert templates(desk, "victim.sample@nic.example") == ["letters/prove"] * 4


def test_strangers_together_make_us_ask_sixty_addresses_an_hour_at_most(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for number in range(25):
        named = "".join(
            f"Name: Person {letter}\nMobile: +44 20 7946 0123\nEmail: {letter}{number}@nic.example\n"
            for letter in "abc"
        )
        desk.write(f"{number}@elsewhere.example", f"SUBSCRIBE be\n{named}")
    assert len([one for one in desk.letters if one.template == "letters/prove"]) == 60
    assert outcome(desk.say(ann, ask_for("colleague.sample@nic.example", "be"))) == "waiting"
    assert templates(desk, "colleague.sample@nic.example") == ["letters/prove"], (
        "members still enter colleagues"
    )


# --- questions to stored mailboxes


def test_a_mailbox_is_asked_three_times_a_day_about_one_command(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl")
    for _ in range(12):
        desk.write(ann.address, "KEY LOST", **{"Message-ID": f"<{_}@client.example>"})
        desk.later(minutes=40)
    assert templates(desk, ann.address) == ["letters/held_mailbox"] * 3
    token = desk.token_for(ann.address)
    desk.write(ann.address, f"CONFIRM {token}")
    desk.work()
    assert stored(desk, ann.address).key_blocked_because == "lost", "whichever of them is answered"


def test_questions_to_one_iana_contact_do_not_silence_another(desk: Desk, ann: KeyPair) -> None:
    desk.member(ann, "nl", "be")
    desk.iana("nl", IANA)
    desk.iana("be", "other@registry.example")
    for number in range(8):
        desk.write(IANA, f"REMOVE nl {ann.address}", **{"Message-ID": f"<{number}@client.example>"})
    desk.write("other@registry.example", f"REMOVE be {ann.address}")
    assert templates(desk, "other@registry.example") == ["letters/held_mailbox"]
    assert len(templates(desk, IANA)) <= 3


def test_a_mail_written_for_another_list_is_asked_about_once_however_often_it_is_sent(
    desk: Desk, ann: KeyPair
) -> None:
    desk.member(ann, "nl")
    raw = ann.pgp_mime_signed("UNSUBSCRIBE nl", at=desk.now)
    for _ in range(20):
        desk.receive(raw, STRANGER)
        desk.later(hours=3)
    assert templates(desk, ann.address) == ["letters/held"]
    assert states(desk, "nl") == {ann.address: "listed"}
    assert len(all_of(desk, Token)) == 1


def test_a_token_counts_once_even_for_two_who_answer_at_the_same_time(desk: Desk, ann: KeyPair) -> None:
    """Where two nodes work, the row is locked by whoever reads it first; here it is enough that it says so."""
    from sqlalchemy.dialects import postgresql

    from tldops_bot.store import tokens

    seen: list[str] = []

    class Listening:
        def scalar(self, statement: object) -> None:
            seen.append(str(statement.compile(dialect=postgresql.dialect())))  # type: ignore[attr-defined]

    tokens.find(Listening(), "7F3K-9QWX-2M4T-B8RD")  # type: ignore[arg-type]
    assert "FOR UPDATE" in seen[0]


def test_no_binding_line_means_no_effect_for_a_thief_of_the_mail_alone(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    desk.member(ann, "nl")
    desk.member(bob, "nl")
    raw = ann.pgp_mime_signed(f"REMOVE nl {bob.address}", at=desk.now)
    assert desk.receive(raw).decision.kind == "held"
    assert states(desk, "nl") == {ann.address: "listed", bob.address: "listed"}
    assert LIST_LINE not in raw.decode()
