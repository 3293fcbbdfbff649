"""Mails as octets: nothing a relay must touch, nothing injected, signatures that real gpg finds good."""

import email
import email.policy
import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.keys import gpg, list_key, person
from tldops_bot.config.settings import ListSettings
from tldops_bot.domain.draft import Draft
from tldops_bot.domain.outgoing import Attachment, Entitled, Kind, Letter, Recipient
from tldops_bot.mail import compose
from tldops_bot.mail.compose import MAX_SUBJECT, BadAddress, draft, message_id, outer_headers
from tldops_bot.mail.mime_entities import (
    attachment_entity,
    encrypted_part,
    multipart,
    signed_part,
    text_entity,
)
from tldops_bot.mail.render import Rendered

LIST = ListSettings(address="tld-ops@lists.example", owner="secretariat@lists.example")
NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ANN = Recipient("ann@nic.example", Entitled.PERSON, 1)
BOB = Recipient("bob@nic.example", Entitled.MEMBER, 2)


def written(text: str = "Hello\n", subject: str = "A word", **letter: object) -> Draft:
    values: dict[str, object] = {"kind": Kind.REPLY, "template": "x", "values": {}, "to": (ANN,)} | letter
    return draft(Letter(**values), Rendered(subject, text), LIST, NOW)  # type: ignore[arg-type]


def parse(octets: bytes) -> EmailMessage:
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def whole(made: Draft, to: str = "ann@nic.example", part: bytes | None = None) -> bytes:
    headers = outer_headers(made.headers, made.subject, LIST)
    own_id = message_id(7, NOW, b"key", LIST)
    return headers.for_recipient(to, own_id, made.reply_to) + (part or signed_part(made.entity, b"sig\n"))


def text_of(entity: bytes) -> str:
    body = parse(entity).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def is_untouchable(entity: bytes) -> bool:
    """What RFC 3156 section 3 and 5 ask of what is signed."""
    lines = entity.split(b"\r\n")
    return (
        not re.search(rb"\r(?!\n)|(?<!\r)\n|[^\x09\x0d\x0a\x20-\x7e]", entity)
        and max(map(len, lines)) <= 76
        and not any(line.endswith((b" ", b"\t")) or line.startswith(b"From ") for line in lines)
    )


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=400) | st.lists(
    st.sampled_from(
        ["From me", "a" * 90, "ünï", " ", "\t", "\r", ".", "--", "-- ", "=", "\n", "Ελληνικά " * 9]
    )
).map("\n".join)


@given(text=TEXTS, files=st.lists(st.binary(max_size=200), max_size=2))
def test_any_text_becomes_an_entity_that_no_relay_has_reason_to_touch(text: str, files: list[bytes]) -> None:
    attachments = tuple(Attachment("a.bin", "application/octet-stream", octets) for octets in files)
    made = written(text, attachments=attachments)
    assert is_untouchable(made.entity)
    expected = "\n".join(re.split("\r\n|\r|\n", text))
    assert text_of(made.entity) == (expected if expected.endswith("\n") else expected + "\n")
    carried = [part.get_payload(decode=True) for part in parse(made.entity).iter_attachments()]
    assert carried == files


ANYTHING = st.text(
    st.one_of(st.characters(), st.sampled_from("\r\n\x00\x0b\x85\u2028\u202e<>@,:; ")), max_size=300
)


HEADERS = [
    *("To", "Message-ID", "From", "Subject", "Date", "Auto-Submitted", "References", "List-Id", "List-Help"),
    *("List-Subscribe", "List-Unsubscribe", "List-Post", "List-Owner", "X-Loop", "MIME-Version"),
]


@given(subject=ANYTHING, in_reply_to=ANYTHING, reference=ANYTHING)
def test_no_value_can_add_a_header_or_a_line(subject: str, in_reply_to: str, reference: str) -> None:
    made = written(subject=subject, in_reply_to=in_reply_to, references=(reference, "<good@client.example>"))
    assert is_untouchable(made.entity)
    raw = whole(made)
    head = raw[: raw.index(b"\r\nContent-Type:")].decode("ascii")
    names = re.findall(r"^([^\s:]+):", head, re.MULTILINE)
    assert [name for name in names if name != "In-Reply-To"] == HEADERS
    message = parse(raw)
    assert message["To"] == "ann@nic.example"
    assert "<good@client.example>" in message["References"]
    assert len(made.subject) <= MAX_SUBJECT
    assert " ".join(str(message["Subject"]).split()) == made.subject


@pytest.mark.parametrize(
    "evil", ["\r\nBcc: eve@evil.example", "\n", "\r", "\0", ", eve@evil.example", ">", " "]
)
def test_an_address_that_is_more_than_an_address_gets_nothing(evil: str) -> None:
    headers = outer_headers({"Date": "x"}, "s", LIST)
    for to, reply_to in (
        ("ann@nic.example" + evil + "x", ""),
        ("ann@nic.example", "a@b.example" + evil + "x"),
    ):
        with pytest.raises(BadAddress) as problem:
            headers.for_recipient(to, "<a@b>", reply_to)
        assert "ann" not in str(problem.value)
    with pytest.raises(BadAddress):
        headers.for_recipient("ann@nic.example", "<a@b" + evil + "x>")
    with pytest.raises(BadAddress):
        written(reply_to="ann@nic.example" + evil + "x")
    with pytest.raises(BadAddress):
        written(to=(Recipient("ann@nic.example" + evil + "x", Entitled.PERSON),))


def test_a_list_mail_says_what_rfc_2369_2919_and_3834_ask_for() -> None:
    message = parse(whole(written(kind=Kind.ROSTER)))
    assert message["List-Id"] == "<tld-ops.lists.example>"
    assert message["List-Help"] == "<mailto:tld-ops@lists.example?body=HELP>"
    assert message["List-Unsubscribe"] == "<mailto:tld-ops@lists.example?body=UNSUBSCRIBE%20ALL>"
    assert message["List-Owner"] == "<mailto:secretariat@lists.example>"
    assert message["List-Post"] == "<mailto:tld-ops@lists.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"] == "TLD-OPS <tld-ops@lists.example>"
    assert message["Date"].datetime == NOW
    assert parse(whole(written()))["Auto-Submitted"] == "auto-replied"


def test_an_answer_names_what_it_answers_even_when_that_is_long() -> None:
    long = f"<{'a' * 200}@client.example>"
    made = written(in_reply_to=long, references=("<one@client.example>", long))
    raw = whole(made)
    assert f"In-Reply-To: {long}\r\n".encode() in raw
    assert f"References: <one@client.example> {long}\r\n".encode() in raw


def test_of_many_references_the_last_are_kept() -> None:
    made = written(references=tuple(f"<{n}@client.example>" for n in range(100)))
    assert made.headers["References"].split()[0] == "<80@client.example>"
    assert len(made.headers["References"].split()) == 20


def test_a_token_is_returned_to_an_address_of_its_own() -> None:
    assert written(route="r7").reply_to == "tld-ops+t.r7@lists.example"
    assert written(reply_to="ann@nic.example").reply_to == "ann@nic.example"
    assert b"\r\nReply-To: <tld-ops+t.r7@lists.example>\r\n" in whole(written(route="r7"))
    assert b"Reply-To" not in whole(written())


def test_the_message_id_is_the_same_for_every_attempt_and_another_for_every_delivery() -> None:
    first = message_id(7, NOW, b"key", LIST)
    assert first == message_id(7, NOW, b"key", LIST)
    assert re.fullmatch(r"<d\.7\.[0-9a-f]{20}@lists\.example>", first)
    others = {message_id(8, NOW, b"key", LIST), message_id(7, NOW, b"other", LIST)}
    others.add(
        message_id(7, NOW.replace(year=2027), b"key", LIST)
    )  # after a restore, numbers are given again
    assert len(others | {first}) == 4


def test_headers_are_protected_inside_the_signed_part() -> None:
    inside = parse(written(subject="Grüße an alle").entity)
    assert (inside["Subject"], inside["To"]) == ("Grüße an alle", "ann@nic.example")
    assert inside["From"] == "TLD-OPS <tld-ops@lists.example>"
    assert inside["Date"].datetime == NOW
    assert inside["Content-Type"].params["hp"] == "clear"
    assert inside["HP-Outer"] is None


def test_encrypted_mail_says_inside_what_could_be_read_outside() -> None:
    for made in (written(is_confidential=True), written(to=(BOB,))):
        inside = parse(made.entity)
        assert inside["Content-Type"].params["hp"] == "cipher"
        outer = [str(line) for line in inside.get_all("HP-Outer", [])]
        assert [line.split(":")[0] for line in outer] == ["From", "Subject", "Date", "To"]
        assert outer[1] == "Subject: A word"


def test_a_mail_to_many_names_none_of_them() -> None:
    made = written(to=(ANN, BOB))
    assert parse(made.entity)["To"] is None
    assert b"nic.example" not in made.entity


def test_the_signature_over_the_first_part_is_good_for_real_gpg(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    key = list_key()
    files = (Attachment("roster.csv", "text/csv", "a;ünï\r\n".encode()),)
    made = written("From us \n\ntrailing blanks  \nünïcode\n", attachments=files)
    part = signed_part(made.entity, key.detached(made.entity))
    message = parse(part)
    assert message["Content-Type"].params["micalg"] == "pgp-sha512"
    assert message["Content-Type"].params["protocol"] == "application/pgp-signature"
    edge = b"--" + str(message.get_boundary()).encode()
    _, signed, signature, end = part.split(edge)
    assert end == b"--\r\n"
    folder = tmp_path_factory.mktemp("sig")
    (folder / "signed").write_bytes(signed[2:-2])
    (folder / "sig").write_bytes(signature[signature.index(b"-----BEGIN") :])
    assert signed[2:-2] == made.entity
    status = gpg(key.home, "--status-fd=1", "--verify", str(folder / "sig"), str(folder / "signed"))
    assert b"VALIDSIG" in status
    assert key.fingerprint.encode() in status


def test_an_encrypted_part_is_rfc_3156_and_real_gpg_reads_it() -> None:
    ann = person("Ann Example", "ann@nic.example")
    raw = whole(written(), part=encrypted_part(list_key().encrypted(b"inside\r\n", ann, sign=False)))
    message = parse(raw)
    assert message.get_content_type() == "multipart/encrypted"
    assert message["Content-Type"].params["protocol"] == "application/pgp-encrypted"
    control, data = message.iter_parts()
    assert control.get_content_type() == "application/pgp-encrypted"
    assert control.get_payload(decode=True) == b"Version: 1\r\n"
    assert ann.decrypt(data.get_payload(decode=True)) == b"inside\r\n"  # type: ignore[arg-type]
    assert not re.search(rb"(?<!\r)\n", raw)


def test_a_raw_entity_travels_octet_for_octet() -> None:
    original = person("Ann Example", "ann@nic.example").signed_entity(
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        b"\xc3\xbc \r\nFrom me\r\n"
    )
    made = written(attachments=(Attachment("", "", original, is_raw_entity=True),), is_confidential=True)
    assert original in made.entity
    assert b"Content-Transfer-Encoding: 8bit\r\n\r\n--" in made.entity


@pytest.mark.parametrize("octets", [b"a\nb", b"a\rb", b"a\0b\r\n"])
def test_a_raw_entity_that_would_not_survive_travels_as_a_file(octets: bytes) -> None:
    entity = attachment_entity(Attachment("original.bin", "", octets, is_raw_entity=True))
    assert parse(entity).get_payload(decode=True) == octets
    assert parse(entity).get_filename() == "original.bin"


def test_a_hostile_file_name_is_only_a_name() -> None:
    entity = attachment_entity(Attachment('../a"\r\nX-Evil: 1', "text/vcard", b"x"))
    assert parse(entity).get_filename() == ".._a___X-Evil__1"
    assert b"\nX-Evil" not in entity
    assert attachment_entity(Attachment("", "text/csv", b"x")).count(b'"file"') == 2


@pytest.mark.parametrize(
    "media_type", ["", "text", "text/plain\r\nX: y", "text/plain; a", "text/plain; a=b c"]
)
def test_what_is_no_media_type_is_a_mistake_of_ours(media_type: str) -> None:
    with pytest.raises(ValueError, match="media type"):
        attachment_entity(Attachment("a", media_type, b""))


@pytest.mark.parametrize("width", [60, 68, 69, 70, 71, 72, 76, 77])
def test_a_full_line_that_begins_as_an_mbox_does_is_broken_behind_that_word(width: int) -> None:
    text = "ü\n" + "From ".ljust(width, "a") + "\n"
    entity = text_entity(text)
    assert is_untouchable(entity)
    assert parse(entity).get_content().replace("\r\n", "\n") == text


def test_no_part_can_hold_the_boundary_it_stands_between() -> None:
    first = multipart("mixed", "", (b"a", b"b"))
    boundary = str(parse(first).get_boundary())
    part = f"--{boundary}\r\n".encode()
    again = str(parse(multipart("mixed", "", (part,))).get_boundary())
    assert again.encode() not in part
    # Whoever could guess a boundary from its content would have to find a cycle of SHA-256.
    assert str(parse(multipart("mixed", "", (b"a", b"c"))).get_boundary()) != boundary


def test_a_text_in_another_script_is_base64_and_one_with_a_few_accents_is_readable() -> None:
    assert b"Content-Transfer-Encoding: base64" in written("Ελληνικά κείμενα\n").entity
    assert b"=C3=BC" in written("a few words with an ü\n").entity
    assert b"Content-Transfer-Encoding: 7bit" in written("plain\n").entity


@given(
    st.text(st.sampled_from('ab =?_-()<>@.,;:"\\%\t\r\né'), max_size=100),
    st.sampled_from([SMTP, compose._UNFOLDED]),
)
def test_what_is_written_without_the_library_is_what_it_would_write(text: str, policy: Any) -> None:
    for value in (text, "a" * len(text), "word " * (len(text) // 4) + "end"):
        for name in ("Subject", "References", "List-Help"):
            by_library = compose._by_the_library(name, compose.one_line(value), policy)
            assert compose._header_line(name, value, policy) == by_library
