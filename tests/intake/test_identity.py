"""Identity is the registered key over the whole text; From neither selects nor refuses; all four forms are accepted."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import LIST_ADDRESS, KeyPair, key_entity, mail, message_entity, multipart, text_entity
from tests.outcomes import answer, outcome, outcomes, rows, stored
from tldops_bot.domain.outgoing import Entitled
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.store.tables import CertificateRow


@pytest.fixture
def town(desk: Desk, ann: KeyPair, bob: KeyPair) -> Desk:
    desk.member(ann, "nl")
    desk.member(bob, "be")
    return desk


def bot(desk: Desk) -> KeyPair:
    return KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)


FORMS: dict[str, Callable[[Desk, KeyPair, str], bytes]] = {
    "pgp_mime": lambda desk, who, text: who.pgp_mime_signed(text, at=desk.now),
    "pgp_mime_encrypted": lambda desk, who, text: who.pgp_mime_encrypted(text, bot(desk), at=desk.now),
    "signed_then_encrypted": lambda desk, who, text: who.signed_then_encrypted(text, bot(desk), at=desk.now),
    "inline": lambda desk, who, text: who.inline_signed(text, at=desk.now),
    "inline_encrypted": lambda desk, who, text: who.inline_encrypted(text, bot(desk), at=desk.now),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_accepted_and_attributed_to_the_key(town: Desk, ann: KeyPair, form: str) -> None:
    handled = town.receive(FORMS[form](town, ann, f"{LIST_LINE}\nQUERY be\nUPDATE\nFax: +44 20 7946 0999\n"))
    assert outcomes(handled) == ["contacts", "updated"]
    assert handled.decision.actor.fingerprint == ann.fingerprint
    assert handled.person == ann.address
    assert stored(town, ann.address).fax == "+44 20 7946 0999"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("author", ["Bob Example <bob.sample@registry.example>", "not an address", ""])
def test_from_neither_selects_nor_refuses(town: Desk, ann: KeyPair, form: str, author: str) -> None:
    raw = FORMS[form](town, ann, f"{LIST_LINE}\nUPDATE\nFax: +44 20 7946 0999\n")
    raw = raw.replace(b"From: Ann Example <ann@nic.example>", f"From: {author}".encode())
    handled = town.receive(raw)
    assert outcome(handled) == "updated"
    assert stored(town, ann.address).fax == "+44 20 7946 0999"
    assert stored(town, "bob.sample@registry.example").fax == ""
    (reply,) = [one for one in town.letters if one.template == "reply"]
    assert [to.address for to in reply.to] == [ann.address]
    assert "none of the addresses that we have of you" in town.text(reply)


@pytest.mark.parametrize("form", FORMS)
def test_stranger_changes_nothing_in_any_form(town: Desk, ann: KeyPair, carol: KeyPair, form: str) -> None:
    before = rows(town)
    raw = FORMS[form](town, carol, f"{LIST_LINE}\nUNSUBSCRIBE ALL\n")
    raw = raw.replace(b"Carol Example <carol.sample@committee.example>", b"Ann Example <ann@nic.example>")
    assert outcome(town.receive(raw)) == "unknown_key"
    assert rows(town) == before


def test_encrypted_without_a_signature_is_refused(town: Desk, ann: KeyPair) -> None:
    raw = ann.pgp_mime_encrypted("QUERY be", bot(town), sign=False)
    assert outcome(town.receive(raw)) == "no_signature_inside"


def test_signature_round_captured_encrypted_mail_is_refused_before_decryption(
    town: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    captured = bob.pgp_mime_encrypted("SHOW", bot(town), at=town.now)
    entity = captured[captured.index(b"Content-Type: multipart/encrypted") :]
    handled = town.receive(ann.sign_entity(entity, at=town.now))
    assert outcome(handled) == "signature_around_encryption"
    assert not handled.judged.was_encrypted


def test_key_that_expired_before_the_signature_is_refused(desk: Desk) -> None:
    short = KeyPair.make("Sara Example", "sara.sample@nic.example", made_at=desk.now, expire="seconds=864000")
    desk.member(short, "nl")
    desk.later(days=9)
    assert outcome(desk.say(short, "QUERY nl")) == "contacts"
    raw = short.pgp_mime_signed("QUERY nl\n", at=desk.now)
    desk.later(days=2)
    handled = desk.receive(raw)
    assert outcome(handled) in ("expired_key", "expired_signature", "bad_signature", "contacts")
    assert not handled.decision.actor.is_signed or handled.decision.status.value == "FAILED"


def test_longer_life_of_a_registered_key_is_merged_and_serves_at_once(desk: Desk, bob: KeyPair) -> None:
    short = KeyPair.make("Sara Example", "sara.sample@nic.example", made_at=desk.now, expire="seconds=864000")
    desk.member(short, "nl")
    desk.later(days=11)
    longer = encode(short.extended("2y", at=desk.now), PUBLIC_KEY)
    raw = short.pgp_mime_signed("QUERY nl", at=desk.now, attachments=[key_entity(longer)])
    assert outcome(desk.receive(raw)) == "contacts"
    with desk.look() as session:
        row = session.get(CertificateRow, short.fingerprint)
        assert row.expires_at > desk.now + timedelta(days=600)


def test_anybody_may_bring_a_registered_keys_news_and_nothing_else_of_it(desk: Desk, ann: KeyPair) -> None:
    short = KeyPair.make("Sara Example", "sara.sample@nic.example", made_at=desk.now, expire="seconds=864000")
    desk.member(short, "nl")
    same_name = KeyPair.make("Sara Example", "sara.sample@nic.example")
    desk.later(minutes=1)
    longer = encode(short.extended("2y", at=desk.now), PUBLIC_KEY)
    entity = message_entity("HELP", [key_entity(longer), same_name.key_attachment()])
    desk.receive(mail(ann.headers(), entity), ann.address)
    assert stored(desk, short.address).fingerprint == short.fingerprint
    desk.later(days=30)
    assert outcome(desk.say(short, "SHOW")) == "record"
    assert outcome(desk.say(same_name, "SHOW")) == "unknown_key"


def test_unsigned_text_beside_the_signed_part_is_ignored_and_named(town: Desk, ann: KeyPair) -> None:
    signed = ann.signed_entity(text_entity("QUERY be\n"), at=town.now)
    outside = text_entity("UNSUBSCRIBE ALL\nList: tld-ops@lists.example\n")
    handled = town.receive(mail(ann.headers(), multipart("mixed", outside, signed)))
    assert outcome(handled) == "contacts"
    assert handled.judged.mail.ignored
    assert "does not cover it" in town.text(town.letters[-1])


def test_two_signed_parts_are_refused(town: Desk, ann: KeyPair, bob: KeyPair) -> None:
    one = ann.signed_entity(text_entity("QUERY be\n"), at=town.now)
    other = bob.signed_entity(text_entity("UNSUBSCRIBE ALL\n"), at=town.now)
    before = rows(town)
    assert outcome(town.receive(mail(ann.headers(), multipart("mixed", one, other)))) == "several_signatures"
    assert rows(town) == before


# --- what the reply gives away


def test_decrypted_text_is_quoted_only_to_the_key_that_signed_it(town: Desk, ann: KeyPair) -> None:
    text = f"{LIST_LINE}\nUPDATE\nPostal: 1 Secret Street\n"
    town.receive(ann.pgp_mime_encrypted(text, bot(town), at=town.now), "mallory@other.example")
    (letter,) = [one for one in town.letters if one.template == "reply"]
    (told,) = [one for one in town.letters if one.template == "letters/record_changed"]
    assert "Secret Street" not in town.text(told)
    assert letter.is_confidential
    assert [(to.address, to.entitled, to.fingerprint) for to in letter.to] == [
        (ann.address, Entitled.PERSON, ann.fingerprint)
    ]


@pytest.mark.parametrize("sign", [True, False])
def test_decrypted_text_of_a_stranger_is_quoted_nowhere(town: Desk, ann: KeyPair, sign: bool) -> None:
    mallory = KeyPair.make("Mallory Example", "mallory@other.example")
    raw = mallory.pgp_mime_encrypted("QUREY secret words\n", bot(town), sign=sign, at=town.now)
    town.receive(raw, mallory.address)
    assert all("secret words" not in town.text(one) for one in town.letters)


@pytest.mark.parametrize(
    ("subject", "start"),
    [
        ("hello", "SUCCESS: hello"),
        ("x" * 200, "SUCCESS: " + "x" * 71),
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe=0D=0ABcc=3A_x?=", "SUCCESS: Grüße Bcc: x"),
        ("", "SUCCESS:"),
    ],
)
def test_subject_of_the_reply_is_the_outcome_and_ones_own_in_eighty_characters(
    town: Desk, ann: KeyPair, subject: str, start: str
) -> None:
    town.say(ann, "QUERY be", {"Subject": subject})
    assert town.letters[-1].subject == start
    assert len(town.letters[-1].subject) <= 80


@pytest.mark.parametrize(
    ("text", "word"), [("QUERY zz", "FAILED"), ("SUBSCRIBE lu", "WAITING"), ("SHOW", "SUCCESS")]
)
def test_subject_begins_with_how_it_ended(town: Desk, ann: KeyPair, text: str, word: str) -> None:
    town.say(ann, text, {"Subject": "re"})
    assert f"{word}: re" in [one.subject for one in town.letters]


def test_reply_answers_the_mail_and_never_goes_to_reply_to(town: Desk, ann: KeyPair) -> None:
    headers = {
        "Message-ID": "<one@client.example>",
        "References": "<zero@client.example>",
        "Reply-To": "x@other.example",
    }
    town.say(ann, "QUERY be", headers)
    letter = town.letters[-1]
    assert (letter.in_reply_to, letter.references) == ("<one@client.example>", ("<zero@client.example>",))
    assert [to.address for to in letter.to] == [ann.address]


def test_reply_goes_to_the_stored_address_the_mail_came_from(town: Desk, ann: KeyPair) -> None:
    town.say_bound(ann, "UPDATE\nEmergency-Email: spare@elsewhere.example")
    for address in (ann.address, "spare@elsewhere.example"):
        answer(town, address)
    for author, expected in (
        ("spare@elsewhere.example", ["spare@elsewhere.example"]),
        (ann.address, [ann.address]),
        ("third@other.example", [ann.address, "spare@elsewhere.example"]),
    ):
        town.later(seconds=1)
        town.say(ann, "QUERY be", {"From": author})
        assert [to.address for to in town.letters[-1].to] == expected
        assert town.letters[-1].values["from_elsewhere"] is (author == "third@other.example")


def test_the_lists_key_comes_once_and_no_file_with_a_mail_that_failed(town: Desk, ann: KeyPair) -> None:
    town.say(ann, "HELP QUERY\nHELP ALERT\nHELP")
    assert len(town.letters[-1].attachments) == 1
    town.say(ann, "HELP QUERY\nQUERY zz")
    assert town.letters[-1].attachments == ()


def test_of_an_unsigned_line_the_first_words_are_quoted_without_links(town: Desk) -> None:
    town.write("x@nic.example", "HELP query www.bad.example call +44 20 7946 0123")
    assert "\n> HELP query … call …\n" in town.text(town.letters[-1])


def test_one_bad_command_undoes_the_good_ones(town: Desk, ann: KeyPair) -> None:
    before = rows(town)
    handled = town.say_bound(ann, "UPDATE\nFax: +44 20 7946 0999\nUNSUBSCRIBE nl\nQUERY zz")
    assert outcomes(handled) == ["updated", "asked", "unknown_tld"]
    assert handled.decision.status.value == "FAILED"
    assert rows(town) == before
    assert [one.template for one in town.letters] == ["reply"]
    assert "NOTHING was done" in town.text(town.letters[0])


def test_answer_to_a_token_counts_even_under_a_signature_nobody_knows(
    desk: Desk, ann: KeyPair, bob: KeyPair
) -> None:
    """IANA contacts' mail programs may sign whatever they send; the token is the proof, not the key."""
    desk.iana("nl", bob.address)
    desk.say(
        ann, "SUBSCRIBE nl\nName: Ann Example\nPhone: +44 20 7946 0123", attachments=[ann.key_attachment()]
    )
    desk.say(ann, f"CONFIRM {desk.token_for(ann.address)}")
    assert (
        desk.say(bob, f"CONFIRM {desk.token_for(bob.address)}").decision.parts[0].outcome.outcome == "vouched"
    )


def test_command_under_a_signature_nobody_knows_is_refused(desk: Desk, bob: KeyPair) -> None:
    assert desk.say(bob, "QUERY nl").decision.reason == "unknown_key"
