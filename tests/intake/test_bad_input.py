"""Whatever comes in: one clear reply or silence, nothing changed, nothing lost, and the mail behind it goes through."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, mail, multipart, person, text_entity
from tests.outcomes import all_of, outcome, outcomes, rows
from tldops_bot.store.tables import InboxRow

Shared = tuple[Desk, list[bytes], dict[str, list[Any]]]
TOP = b"From: x@nic.example\r\nTo: tld-ops@lists.example\r\nSubject: s\r\nMessage-ID: <m@nic.example>\r\n"
PLAIN = (
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: %s\r\n\r\n%s"
)


def plain(text: bytes, charset: bytes = b"utf-8", encoding: bytes = b"8bit") -> bytes:
    return TOP + PLAIN % (charset, encoding, text)


BAD_MAILS = {
    "empty mail": b"",
    "one line end": b"\r\n",
    "headers alone": TOP,
    "empty text": plain(b""),
    "blank text": plain(b" \r\n\r\n\t"),
    "prose": plain(b"Could you call me back, please?"),
    "unknown verb": plain(b"QUREY nl"),
    "unsigned command": plain(b"QUERY nl"),
    "null bytes": plain(b"\x00\x00QUERY\x00 nl\x00" * 100),
    "null bytes in headers": TOP.replace(b"s\r\n", b"\x00\x01s\x00\r\n") + b"\r\nHello",
    "no Message-ID": plain(b"Hello").replace(b"Message-ID: <m@nic.example>\r\n", b""),
    "headers of 100 kB": TOP
    + b"X-Long: "
    + b"x" * 100_000
    + b"\r\n"
    + b"X-More: y\r\n" * 5000
    + b"\r\nHello",
    "one header line of 1 MB": b"Subject: " + b"x" * 1_000_000 + b"\r\n" + TOP + b"\r\nHello",
    "a charset that does not exist": plain("Grüße".encode(), b"klingon-8"),
    "a charset that lies": plain(b"\xff\xfe\xc3\x28QUERY nl"),
    "a charset that is code": plain(b"__import__", b"unicode_escape"),
    "broken base64": plain(b"%%%%===", b"utf-8", b"base64"),
    "unknown encoding": plain(b"Hello", b"utf-8", b"x-uuencode-rot13"),
    "html alone": TOP + b"Content-Type: text/html\r\n\r\n<p>QUERY nl</p>",
    "multipart without boundary": TOP + b"Content-Type: multipart/mixed\r\n\r\nHello",
    "multipart never closed": TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello",
    "multipart of nothing": TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
    "signed without a signature": TOP
    + b'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b--',
    "encrypted without anything": TOP
    + b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n--b--\r\n',
    "armor of nothing": plain(
        b"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nQUERY nl\r\n-----BEGIN PGP SIGNATURE-----\r\n"
    ),
    "message of nothing": plain(b"-----BEGIN PGP MESSAGE-----\r\n\r\nAAAA\r\n-----END PGP MESSAGE-----\r\n"),
    "deep nesting": TOP
    + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(200))
    + b"\r\nHello",
    "many parts": TOP
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 3000
    + b"--b--\r\n",
    "two From lines": b"From: a@nic.example\r\n" + plain(b"Hello"),
    "several authors": plain(b"Hello").replace(b"x@nic.example\r", b"x@nic.example, y@nic.example\r"),
    "bare line feeds": plain(b"QUERY nl\nQUERY be").replace(b"\r\n", b"\n"),
    "bare carriage returns": plain(b"QUERY nl").replace(b"\r\n", b"\r"),
    "endless line": plain(b"A" * 1_000_000),
    "a million lines": plain(b"\n" * 1_000_000),
    "emoji": plain("🐟 QUERY 🐟".encode()),
    "turned text": plain("\u202eln YREUQ".encode()),
    "token of nothing": plain(b"CONFIRM 7F3K-9QWX-2M4T-B8RD"),
    "subscribe of nothing": plain(b"SUBSCRIBE"),
    "unknown TLD": plain(b"SUBSCRIBE zz\r\nName: Ann Example\r\nPhone: +44 20 7946 0123"),
    "bad phone number": plain(b"SUBSCRIBE nl\r\nName: Ann Example\r\nPhone: 1"),
    "missing field": plain(b"SUBSCRIBE nl\r\nName: Ann Example"),
    "two commands, one of them bad": plain(b"HELP\r\nSUBSCRIBE zz"),
    "header injection": TOP.replace(b"Subject: s", b"Subject: =?utf-8?q?x=0D=0ABcc:_evil@other.example?=")
    + b"\r\nHello",
}


@pytest.mark.parametrize("name", BAD_MAILS)
def test_bad_mail_changes_nothing_and_the_next_one_goes_through(desk: Desk, ann: KeyPair, name: str) -> None:
    desk.member(ann, "nl")
    before = rows(desk)
    desk.receive(BAD_MAILS[name], "x@nic.example")
    assert rows(desk) == before
    assert [one.template for one in desk.letters] in ([], ["reply"])
    for letter in desk.letters:
        assert [to.address for to in letter.to] in (["x@nic.example"], ["a@nic.example"], ["y@nic.example"])
        assert "\n" not in letter.subject + desk.text(letter).split("\n")[0]
        assert "Traceback" not in desk.text(letter)
    assert outcome(desk.say(ann, "QUERY nl")) == "contacts"
    assert [one.state for one in all_of(desk, InboxRow)] == ["done", "done"]
    assert all_of(desk, InboxRow)[0].raw == BAD_MAILS[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("empty text", "empty_mail"),
        ("prose", "no_command"),
        ("unknown verb", "unknown_verb"),
        ("unsigned command", "unsigned"),
        ("unknown TLD", "unknown_tld"),
        ("bad phone number", "bad_phone"),
        ("missing field", "field_missing"),
        ("html alone", "no_plain_text"),
        ("token of nothing", "token_unknown"),
        ("no Message-ID", "no_command"),
        ("headers of 100 kB", "no_command"),
    ],
)
def test_person_is_told_what_was_wrong(desk: Desk, name: str, reason: str) -> None:
    handled = desk.receive(BAD_MAILS[name], "x@nic.example")
    assert outcome(handled) == reason
    assert [to.address for to in desk.last("x@nic.example").to] == ["x@nic.example"]
    assert desk.last("x@nic.example").subject.startswith("FAILED: ")


def test_two_commands_one_of_them_bad_are_both_not_done(desk: Desk) -> None:
    handled = desk.receive(BAD_MAILS["two commands, one of them bad"])
    assert outcomes(handled) == ["commands", "unknown_tld"]
    assert "NOTHING was done" in desk.text(desk.letters[0])


@pytest.mark.parametrize("change", ["text", "signature", "cut", "twice"])
def test_signed_mail_that_was_tampered_with_is_refused(desk: Desk, ann: KeyPair, change: str) -> None:
    desk.member(ann, "nl")
    raw = ann.pgp_mime_signed(f"{LIST_LINE}\nUNSUBSCRIBE nl", at=desk.now)
    before = rows(desk)
    tampered = {
        "text": raw.replace(b"UNSUBSCRIBE nl", b"UNSUBSCRIBE ALL"),
        "signature": raw.replace(
            b"-----BEGIN PGP SIGNATURE-----\r\n\r\ni", b"-----BEGIN PGP SIGNATURE-----\r\n\r\nj"
        ),
        "cut": raw[: len(raw) // 2],
        "twice": raw.replace(b"application/pgp-signature; name", b"text/plain; name"),
    }[change]
    assert tampered != raw
    handled = desk.receive(tampered)
    assert handled.decision.status.value == "FAILED"
    assert rows(desk) == before
    assert "bad_signature" in outcomes(handled) or change != "text"


# --- mutations of good mails

TEXT = f"{LIST_LINE}\nUPDATE\nFax: +44 20 7946 0999"


@pytest.fixture(scope="module")
def shared() -> Iterator[Shared]:
    """One desk for many mutations, where each good mail was carried out once: from now on no row may change."""
    ann = person("Ann Example", "ann@nic.example")
    with open_desk() as desk:
        desk.member(ann, "nl")
        bot = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)
        signed = ann.signed_entity(text_entity(f"{TEXT}\n# beside another part"), at=desk.now)
        raws = [
            ann.pgp_mime_signed(TEXT, at=desk.now, attachments=[ann.key_attachment()]),
            ann.inline_signed(TEXT, at=desk.now),
            ann.pgp_mime_encrypted(TEXT, bot, at=desk.now),
            mail(ann.headers(), multipart("mixed", signed, text_entity("x"))),
        ]
        for raw in raws:
            assert outcome(desk.receive(raw)) == "updated"
        yield desk, raws, rows(desk)


def mutated(raw: bytes, seed: int) -> bytes:
    """A few octets inside what was signed changed, cut, doubled or moved."""
    chance = random.Random(seed)
    octets = bytearray(raw)
    body = raw.index(b"\r\n\r\n")
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(body, len(octets)), chance.randint(1, 60)
        match chance.randrange(5):
            case 0:
                octets[at] ^= 1 << chance.randrange(8)
            case 1:
                del octets[at : at + length]
            case 2:
                octets[at:at] = octets[at : at + length]
            case 3:
                octets[at:at] = chance.randbytes(length)
            case 4:
                octets[at:at] = chance.choice(
                    [b"\r\n\r\n", b"\x00", b"--", b"UNSUBSCRIBE ALL\r\n", b"\r\n.\r\n", b"="]
                )
    return bytes(octets)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.integers(0, 3))
def test_mutated_signed_mail_changes_nothing(shared: Shared, seed: int, which: int) -> None:
    desk, raws, before = shared
    handled = desk.receive(mutated(raws[which], seed), "ann@nic.example")
    assert rows(desk) == before
    if handled.judged.verdict.is_good:  # only what lies outside the signature was hit
        assert handled.decision.reason == "repeated"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [b"", TOP, TOP + b"\r\n", TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"]
    ),
)
def test_any_octets_never_raise_and_never_change_rows(shared: Shared, octets: bytes, top: bytes) -> None:
    desk, _, before = shared
    desk.receive(top + octets, "x@nic.example")
    assert rows(desk) == before
