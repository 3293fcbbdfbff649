"""Answers go to whom a mail says it is from, and are signed by the list: a stranger's link does not ride on them."""

import pytest

from tests.desk import LIST_LINE, Desk
from tests.keys import KeyPair, person, text_entity

LURE = "https://evil.example/login"
WORDS = f"evil.example ann@evil.example {LURE}"
SUBJECT = f"Your key was stolen: {LURE} www.evil.example evil.example"
NAMED = "Name: Vera Victim\nMobile: +44 20 7946 0123"
TEXTS = (
    "HELP",
    f"HELP {LURE}",
    f"Dear member, go to {LURE}",
    f"{LURE}",
    f"HELPP {WORDS}",
    f"SUBSCRIBE {LURE}\n{NAMED}",
    f"SUBSCRIBE nl {WORDS}\n{NAMED}",
    *(f"SUBSCRIBE nl\n{NAMED}\n{name}: {WORDS}" for name in ("Language", "Timezone", "Phone", "Replaces")),
    f"SUBSCRIBE nl\n{NAMED}\nReplaces: account@evil.example",
    f"SUBSCRIBE nl\n{NAMED}\nEmial: {WORDS}",
    f"QUERY nl\n\n{WORDS}",
    f"UNSUBSCRIBE {WORDS}",
    f"KEY STOLEN {WORDS}",
    f"REMOVE nl {WORDS}",
    f"CONFIRM {WORDS}",
    f"TEST\nSUBSCRIBE {WORDS}\nList: {LURE}\n{WORDS}\n\n{WORDS}",
)


@pytest.fixture
def victim(desk: Desk) -> KeyPair:
    """A member whose name a stranger uses; IANA lists the address as well."""
    found = person("Vera Victim", "vera@nic.example")
    desk.member(found, "be")
    desk.iana("be", found.address)
    return found


def seen(desk: Desk) -> str:
    texts = [desk.text(letter) for letter in desk.letters]
    desk.letters.clear()
    return "\n".join(texts)


@pytest.mark.parametrize("address", ["vera@nic.example", "nobody.we.know@elsewhere.example"])
def test_no_answer_brings_a_strangers_link_to_whom_the_mail_names(
    desk: Desk, victim: KeyPair, address: str
) -> None:
    eve = KeyPair.make("Vera Victim", address)
    for number, text in enumerate(TEXTS):
        desk.later(days=1, hours=1)
        desk.write(address, text, SUBJECT)
        if address != victim.address or number % 4 == 0:  # by a key that nobody knows
            desk.say(eve, f"{LIST_LINE}\n{text}", {"Subject": SUBJECT})
        assert desk.letters, text
        assert "evil" not in seen(desk).replace("a…@evil.example", ""), text


def test_a_captured_mail_brings_no_link_in_its_subject_or_beside_what_is_signed(
    desk: Desk, victim: KeyPair
) -> None:
    file = text_entity("words\n").replace(b"\r\n", b'; name="https://evil.example/x"\r\n', 1)
    raw = victim.pgp_mime_signed("QUERY be\n", {"Subject": SUBJECT.rpartition(" ")[0]}, at=desk.now)
    top, _, signed = raw.partition(b"Content-Type: multipart/signed")
    beside = b"Content-Type: multipart/signed" + signed + b"\r\n--e\r\n" + file + b"\r\n--e--\r\n"
    mixed = b"Content-Type: multipart/mixed; boundary=e\r\n\r\n--e\r\n" + beside
    for _ in range(2):
        desk.receive(top + mixed, "thief@elsewhere.example")
        assert "Ignored" in desk.text(desk.letters[0]) or "carried out" in desk.text(desk.letters[0])
        assert "evil" not in seen(desk)


def test_a_member_reads_the_subject_they_wrote(desk: Desk, victim: KeyPair) -> None:
    desk.say(victim, "QUERY be", {"Subject": "Phishing against bank.example, see roster.pdf"})
    assert desk.letters[0].subject == "SUCCESS: Phishing against bank.example, see roster.pdf"
