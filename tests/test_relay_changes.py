"""What is harmless on the way does no harm; what broke a signature is named, with how to send again, and stays broken.

`python -m tests.test_relay_changes` prints the table: what was done to the mail, what the reply says of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests import relay_changes as relay
from tests.client_mails import CLIENTS, Writer
from tests.keys import KeyPair, mail, text_entity
from tests.test_client_mails import (
    FORMS,
    POSTAL,
    Room,
    assert_read_to_the_letter,
    open_room,
    received,
    written,
)
from tldops_bot.domain.verdict import SignatureStanding
from tldops_bot.intake import Handled
from tldops_bot.mail.diagnosis import DETAILS

TEXT = "TEST\nList: tld-ops@lists.example\nQUERY nl\n"


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    with open_room() as opened:
        yield opened


@pytest.fixture(autouse=True)
def another_day(room: Room) -> None:
    """What can't be verified gets six answers a day at most."""
    room.desk.later(days=1)


# --- harmless


@pytest.mark.parametrize("change", relay.HARMLESS)
@pytest.mark.parametrize("form", [FORMS[0], FORMS[2]])
@pytest.mark.parametrize("client", CLIENTS)
def test_what_no_signature_covers_may_change(
    room: Room, client: str, form: str, change: relay.Change
) -> None:
    raw = written(room, client, form, room.ann, POSTAL)
    if raw is None:
        pytest.skip("not a form of this client")
    handled = received(room, change(raw))
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert handled.person == "ann@nic.example"
    assert_read_to_the_letter(handled, POSTAL)


@pytest.mark.parametrize("client", [one for one, shape in CLIENTS.items() if shape.encrypted_type])
def test_encryption_that_exchange_has_taken_apart_is_read(room: Room, client: str) -> None:
    raw = written(room, client, "encrypted", room.ann, POSTAL)
    assert raw is not None
    handled = received(room, relay.exchange_encrypted(raw))
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert_read_to_the_letter(handled, POSTAL)


@pytest.mark.parametrize("client", [one for one, shape in CLIENTS.items() if shape.signed_type])
def test_a_signature_beside_its_text_counts_when_the_octets_are_untouched(room: Room, client: str) -> None:
    """Exchange's multipart/mixed: accepted because gpg verifies exactly what is carried."""
    raw = written(room, client, "signed", room.ann, POSTAL)
    assert raw is not None
    handled = received(room, relay.exchange_signed(raw))
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert handled.person == "ann@nic.example"
    assert_read_to_the_letter(handled, POSTAL)
    assert handled.judged.original().startswith(b"Content-Type: multipart/signed;")


@pytest.mark.parametrize(
    "change",
    [
        relay.inline_in_base64,
        relay.inline_in_quoted_printable,
        relay.inline_with_disclaimer,
        relay.without_end_blanks,
        relay.line_feeds,
    ],
)
@pytest.mark.parametrize("form", [FORMS[0], FORMS[2]])
def test_an_inline_block_bears_what_does_not_touch_its_lines(
    room: Room, form: str, change: relay.Change
) -> None:
    raw = written(room, "gpg by hand", form, room.ann, POSTAL)
    assert raw is not None
    handled = received(room, change(raw))
    assert handled.judged.verdict.is_good, handled.judged.verdict
    assert_read_to_the_letter(handled, POSTAL)


# --- broken


@dataclass(frozen=True)
class Case:
    """A text that the change can break, what it does, and the word for it."""

    name: str
    text: str
    change: relay.Change
    detail: str
    encoding: str = "8bit"

    def raw(self, who: KeyPair, room: Room) -> bytes:
        fields = {"Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": self.encoding}
        entity = text_entity(self.text, fields)
        if self.encoding == "quoted-printable":
            entity = relay.to_quoted_printable(entity)
        return relay.on_signed(self.change)(who.sign_entity(entity, at=room.desk.now))


LONG = "Postal: a long line with many short words in it, for somebody or something to fold it in two, or more"
BODY = relay.on_body
CASES = [
    Case("8bit to quoted-printable", TEXT + "# Zürich\n", relay.to_quoted_printable, "reencoded"),
    Case("7bit to quoted-printable", TEXT + "# a = b\n", relay.to_quoted_printable, "reencoded", "7bit"),
    Case("8bit to base64", TEXT + "# Zürich\n", relay.to_base64, "reencoded"),
    Case("7bit to base64", TEXT, relay.to_base64, "reencoded", "7bit"),
    Case(
        "quoted-printable to 8bit",
        TEXT + "# Zürich\n",
        relay.from_quoted_printable,
        "reencoded",
        "quoted-printable",
    ),
    Case("to another charset", TEXT + "# Zürich\n", relay.to_latin_1, "charset"),
    Case("trailing blanks removed", TEXT + "-- \nAnn\n", BODY(relay.without_end_blanks), "trailing_blanks"),
    Case("trailing blanks added", TEXT, BODY(relay.with_end_blanks), "trailing_blanks"),
    Case("tabs to blanks", TEXT + "#\tone\ttwo\n", BODY(relay.tabs_to_blanks), "tabs"),
    Case("no-break spaces", TEXT + "#  two  blanks\n", BODY(relay.to_no_break_spaces), "no_break_spaces"),
    Case("folded at 76", TEXT + LONG + "\n", BODY(relay.folded_at_76), "wrapped"),
    Case("From escaped", TEXT + "\nFrom here on.\n", BODY(relay.from_escaped), "from_line"),
    Case("dots doubled", TEXT + "\n.hidden\n", BODY(relay.dots_doubled), "dots"),
    Case("byte order mark", TEXT, BODY(relay.with_mark), "byte_order_mark"),
    Case("footer", TEXT, BODY(relay.with_footer), "footer"),
    Case("banner", TEXT, BODY(relay.with_banner), "banner"),
    Case("blank line at the end", TEXT, BODY(relay.with_blank_line), "blank_lines"),
    Case("header fields folded", TEXT, relay.fields_refolded, "headers"),
    Case("header fields quoted", TEXT, relay.fields_quoted, "headers"),
]


def check_named_and_refused(room: Room, handled: Handled, reason: str, detail: str) -> None:
    """What broke it is said, what was asked is not done, and nobody counts as having signed it."""
    assert handled.judged.verdict.standing is SignatureStanding.BAD
    assert (handled.judged.verdict.reason, handled.judged.detail) == (reason, detail)
    assert (handled.decision.kind, handled.decision.reason) == ("refused", reason)
    assert (handled.judged.text, handled.person, handled.decision.parts) == ("", "", ())
    reply = room.desk.text(handled.letters[0])
    assert "NOTHING was done" in reply
    assert (
        room.desk.app.renderer.fragment(f"refusals/{reason}", {"fingerprint": "", "detail": detail})
        or detail == ""
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_broke_a_signature_is_named(room: Room, case: Case) -> None:
    handled = received(room, case.raw(room.ann, room))
    check_named_and_refused(room, handled, "bad_signature", case.detail)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_of_these_mails_was_good_before(room: Room, case: Case) -> None:
    unchanged = Case(case.name, case.text, lambda entity: entity + b"x", case.detail, case.encoding)
    raw = unchanged.raw(room.ann, room)
    content = relay.parts(relay.split(raw)[1])[0]
    handled = received(room, raw.replace(content, content[:-1]))
    assert handled.judged.verdict.is_good
    assert handled.judged.detail == ""


@pytest.mark.parametrize("change", [relay.with_blank_line, lambda entity: entity.rstrip(b"\r\n")])
def test_a_blank_line_after_the_last_of_several_signed_parts_is_named(
    room: Room, change: relay.Change
) -> None:
    raw = Writer(CLIENTS["Thunderbird"], room.ann).signed(TEXT, room.desk.now)
    handled = received(room, relay.on_signed(change)(raw))
    check_named_and_refused(room, handled, "bad_signature", "blank_lines")


@pytest.mark.parametrize("client", [one for one, shape in CLIENTS.items() if shape.signed_type])
def test_a_footer_in_the_signed_text_of_a_client_is_named(room: Room, client: str) -> None:
    """Added to the text within whatever the client has wrapped round it."""
    text = TEXT + "the end of it\n"
    raw = Writer(CLIENTS[client], room.ann).signed(text, room.desk.now)
    ending = b"the end of it\r\n"
    if ending not in raw:
        pytest.skip("base64, in which no gateway adds lines")
    changed = raw.replace(ending, ending + b"\r\n--\r\nThis mail is confidential.\r\n", 1)
    check_named_and_refused(room, received(room, changed), "bad_signature", "footer")


INLINE = [
    ("wrapped", TEXT + LONG + "\n", relay.folded_at_76),
    ("tabs", TEXT + "#\tone\ttwo\n", relay.tabs_to_blanks),
    ("no_break_spaces", TEXT + "#  two  blanks\n", relay.to_no_break_spaces),
    ("dots", TEXT + "\n.hidden\n", relay.dots_doubled),
    ("charset", TEXT + "# Zürich\n", relay.to_latin_1),
    ("footer", TEXT, lambda raw: raw.replace(b"QUERY nl\r\n", b"QUERY nl\r\n\r\nScanned: clean.\r\n")),
    ("banner", TEXT, lambda raw: raw.replace(b"TEST\r\n", b"[External]\r\nTEST\r\n")),
]


@pytest.mark.parametrize(("detail", "text", "change"), INLINE, ids=[one[0] for one in INLINE])
def test_what_broke_an_inline_block_is_named(
    room: Room, detail: str, text: str, change: relay.Change
) -> None:
    raw = Writer(CLIENTS["gpg by hand"], room.ann).signed(text, room.desk.now)
    changed = change(raw)
    assert changed != raw
    assert received(room, raw).judged.verdict.is_good
    check_named_and_refused(room, received(room, changed), "bad_signature", detail)


DAMAGED = [
    ("dash_escapes", relay.dash_escapes_undone),
    ("cut_off", relay.cut_off),
    ("control_characters", lambda raw: raw.replace(b"QUERY nl", b"QUERY nl\x0c")),
    ("long_lines", lambda raw: raw.replace(b"QUERY nl", b"QUERY nl" + b" nl" * 400)),
    ("armor_fields", lambda raw: raw.replace(b"Hash: SHA512", b"Hash: SHA512\r\nComment: none")),
]


@pytest.mark.parametrize(("detail", "change"), DAMAGED, ids=[one[0] for one in DAMAGED])
def test_what_is_wrong_with_a_block_is_named(room: Room, detail: str, change: relay.Change) -> None:
    raw = Writer(CLIENTS["gpg by hand"], room.ann).signed(TEXT + "-- \nAnn\n", room.desk.now)
    changed = change(raw)
    assert changed != raw
    check_named_and_refused(room, received(room, changed), "malformed_block", detail)


REBUILT = [
    ("part_added", relay.part_added),
    ("signature_removed", relay.signature_removed),
    ("signature_retyped", relay.signature_retyped),
    ("cut_off", lambda raw: raw[: raw.rindex(b"\r\n--")]),
]


@pytest.mark.parametrize(("detail", "change"), REBUILT, ids=[one[0] for one in REBUILT])
def test_what_a_server_did_to_the_parts_is_named(room: Room, detail: str, change: relay.Change) -> None:
    raw = room.ann.pgp_mime_signed(TEXT, at=room.desk.now)
    check_named_and_refused(room, received(room, change(raw)), "malformed_mail", detail)


def test_a_text_that_exchange_has_written_anew_is_unsigned_and_says_why(room: Room) -> None:
    raw = room.ann.pgp_mime_signed("QUERY nl\n", at=room.desk.now)
    handled = received(room, relay.exchange_signed_anew(raw))
    assert handled.judged.verdict.standing is SignatureStanding.NONE
    assert handled.judged.detail == "exchange"
    assert (handled.decision.reason, handled.person) == ("unsigned", "")
    assert "Exchange" in room.desk.text(handled.letters[0])


# --- a diagnosis is no verdict


def test_a_forged_text_is_never_taken_for_a_broken_one(room: Room) -> None:
    raw = room.ann.pgp_mime_signed(TEXT, at=room.desk.now)
    handled = received(room, raw.replace(b"QUERY nl", b"QUERY be"))
    check_named_and_refused(room, handled, "bad_signature", "")


def test_a_footer_that_is_a_command_is_not_carried_out(room: Room) -> None:
    raw = room.ann.pgp_mime_signed("List: tld-ops@lists.example\nSHOW\n", at=room.desk.now)
    handled = received(room, raw.replace(b"SHOW\r\n", b"SHOW\r\nUNSUBSCRIBE ALL\r\n"))
    check_named_and_refused(room, handled, "bad_signature", "footer")


def test_what_strangers_sign_is_not_diagnosed(room: Room) -> None:
    """Only registered people are helped so: others could make the bot hash whatever they like."""
    raw = room.stranger.pgp_mime_signed(TEXT, at=room.desk.now, attachments=[room.stranger.key_attachment()])
    handled = received(room, raw.replace(b"QUERY nl\r\n", b"QUERY nl\r\n\r\nfooter\r\n"))
    assert (handled.judged.verdict.reason, handled.judged.detail) == ("bad_signature", "")


def test_a_loose_signature_of_something_else_leaves_a_plain_mail_plain(room: Room) -> None:
    """A signed file with its signature beside a text: the text was never signed, and its answer still counts."""
    other = room.ann.detached(b"another file", at=room.desk.now)
    signature = b"Content-Type: application/pgp-signature; name=data.sig\r\n\r\n" + other
    raw = mail(room.ann.headers(), relay.multipart("mixed", text_entity("HELP\n"), signature))
    handled = received(room, raw)
    assert handled.judged.verdict.standing is SignatureStanding.NONE
    assert handled.judged.text == "HELP\n"
    assert [one.request.verb for one in handled.decision.parts] == ["HELP"]


def test_a_loose_signature_inside_encryption_that_does_not_fit_is_refused(room: Room) -> None:
    """Within encryption there is no falling back to unsigned: the text would be answered to whoever resends it."""
    signed = room.ann.signed_entity(text_entity("QUERY nl\n"), at=room.desk.now)
    content, signature = relay.parts(signed)
    loose = relay.multipart("mixed", content.replace(b"nl", b"be"), signature)
    whole = room.ann.encrypted(loose, room.list_key, sign=False)
    raw = mail(room.ann.headers(), relay_encrypted(whole))
    handled = received(room, raw)
    assert handled.judged.verdict.reason == "bad_signature"
    assert handled.judged.text == ""


def relay_encrypted(ciphertext: bytes) -> bytes:
    version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    message = b"Content-Type: application/octet-stream\r\n\r\n" + ciphertext
    return relay.multipart('encrypted; protocol="application/pgp-encrypted"', version, message)


# --- the words


@pytest.mark.parametrize("detail", DETAILS)
def test_each_thing_that_breaks_a_mail_has_its_words(room: Room, detail: str) -> None:
    renderer = room.desk.app.renderer
    plain = str(renderer.fragment("refusals/bad_signature", {"fingerprint": "", "detail": ""}))
    text = str(renderer.fragment("refusals/bad_signature", {"fingerprint": "", "detail": detail}))
    assert text != plain
    assert len(text.split("\n\n")[0].split("\n")) >= 3, "it has no words of its own"
    assert text.endswith("what is encrypted can't be changed on the\nway.")
    assert all(len(line) <= 76 for line in text.split("\n"))


def table() -> list[str]:
    """Each change to a PGP/MIME mail that breaks its signature, and the word that the reply has for it."""
    lines = []
    with open_room() as room:
        for case in CASES:
            handled = received(room, case.raw(room.ann, room))
            verdict = handled.judged.verdict
            lines.append(f"{case.name:28}{verdict.reason:16}{handled.judged.detail or 'NOT NAMED'}")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
