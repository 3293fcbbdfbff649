"""Mails made to cost time and memory; `python -m tests.attacks.hostile` says in JSON what each cost.

A text over the limit is refused unread, so nearly all stay just below it.
"""

import base64
import json
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import KeyPair
from tldops_bot.mail.charsets import MAX_TEXT_BYTES
from tldops_bot.store.tables import InboxRow

TOP = b"From: <x@elsewhere.example>\r\nTo: <tld-ops@lists.example>\r\nMIME-Version: 1.0\r\n"
LIMIT = 10_000_000  # what the listener takes
COLLEAGUES = 150  # whose names are looked through
READ = MAX_TEXT_BYTES - 100  # what is read of a text


def text(body: bytes, kind: bytes = b"text/plain; charset=utf-8") -> bytes:
    return TOP + b"Content-Type: " + kind + b"\r\n\r\n" + body[:READ]


def encoded(encoding: bytes, body: bytes) -> bytes:
    """As large as a mail may be: what comes of it is smaller."""
    return TOP + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body


def nested(depth: int) -> bytes:
    head, inside = b"", b"Content-Type: text/plain\r\n\r\nHELP\r\n"
    for number in range(depth):
        head += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number)
    return TOP + head + inside


def parts(count: int, kind: bytes = b"text/plain") -> bytes:
    one = b"--b\r\nContent-Type: " + kind + b"\r\n\r\nHELP\r\n"
    return TOP + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + one * count + b"--b--\r\n"


def lines(line: bytes, first: bytes = b"") -> bytes:
    return text(first + (line + b"\r\n") * (READ // (len(line) + 2)))


def armored(kind: bytes, octets: bytes) -> bytes:
    block = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return b"-----BEGIN PGP %s-----\r\n\r\n%s-----END PGP %s-----\r\n" % (kind, block, kind)


def signed(signature: bytes) -> bytes:
    return (
        TOP
        + b'Content-Type: multipart/signed; boundary="b"; protocol="application/pgp-signature"\r\n\r\n'
        + b"--b\r\nContent-Type: text/plain\r\n\r\nHELP\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n"
        + signature
        + b"\r\n--b--\r\n"
    )


def bomb(megabytes: int = 300) -> bytes:
    """A compressed packet without a length."""
    squeeze = zlib.compressobj(9)
    return (
        b"\xa8\x03"
        + b"".join([squeeze.compress(b"\0" * 1_000_000) for _ in range(megabytes)])
        + squeeze.flush()
    )


PERSON = b"Name: Ann Example\r\nMobile: +44 20 7946 0123\r\nEmail: ann@nic.example\r\n"

MAILS: dict[str, Callable[[], bytes]] = {
    "over_the_limit": lambda: TOP + b"\r\n" + b"A" * LIMIT,
    "one_long_line": lambda: text(b"A" * READ),
    "one_long_word_like_a_verb": lambda: text(b"SUBSCRIB" * 500_000),
    "near_verbs": lambda: lines(b"SUBSCIRBE nl"),
    "verbs": lambda: lines(b"SUBSCRIBE nl"),
    "fields": lambda: lines(b"Fax: x", b"SUBSCRIBE nl\r\n"),
    "near_fields": lambda: lines(b"Emergenxy-Emaik: x", b"SUBSCRIBE nl\r\n"),
    "near_fields_that_matter": lambda: lines(b"Scpoe: nl", b"ALERT\r\n"),
    "folded_field": lambda: lines(b" " + b"more" * 23, b"SUBSCRIBE nl\r\nPostal: x\r\n"),
    "persons": lambda: text(b"SUBSCRIBE nl\r\n" + PERSON * 30_000),
    "tlds": lambda: text(b"SUBSCRIBE " + b"nl be de fr " * 200_000 + b"\r\n" + PERSON),
    "odd_tlds": lambda: text(b"SUBSCRIBE " + b"xn--" + b"a" * 1_000_000 + b"\r\n" + PERSON),
    "blank_lines": lambda: text(b"\r" * READ),
    "quotes": lambda: lines(b"> " * 30),
    "phone": lambda: text(b"SUBSCRIBE nl\r\nName: Ann\r\nPhone: +" + b"1" * READ),
    "address": lambda: text(b"SUBSCRIBE nl\r\nName: Ann\r\nEmail: a@" + b"a-" * READ),
    "nested": lambda: nested(5_000),
    "deep_and_large": lambda: nested(8) + b"QUFB" * 2_400_000,
    "blanks_in_a_field": lambda: TOP + b"Content-Type: text/plain" + b" " * 5_000_000 + b"x\r\n\r\nHELP\r\n",
    "boundary_in_pieces": lambda: (
        TOP
        + b"Content-Type: multipart/mixed"
        + b"".join(b"; boundary*%d=a" % n for n in range(300_000))
        + b"\r\n\r\nHELP\r\n"
    ),
    "comments_in_a_field": lambda: (
        TOP + b"Content-Type: text/plain" + b"; a=b (c)" * 500_000 + b"\r\n\r\nHELP\r\n"
    ),
    "parts": lambda: parts(200_000),
    "key_parts": lambda: parts(100_000, b"application/pgp-keys"),
    "header": lambda: TOP + b"Subject: " + b"=?utf-8?q?=41?= " * 300_000 + b"\r\n\r\nHELP\r\n",
    "many_headers": lambda: TOP + b"X-A: b\r\n" * 500_000 + b"\r\nHELP\r\n",
    "many_received": lambda: TOP + b"Received: a\r\n" * 300_000 + b"\r\nHELP\r\n",
    "from_list": lambda: b"From: " + b"a@b.example, " * 300_000 + b"\r\n\r\nHELP\r\n",
    "from_comments": lambda: b"From: " + b"(" * 2_000_000 + b"\r\n\r\nHELP\r\n",
    "from_quotes": lambda: b"From: " + b'"\\' * 1_000_000 + b"\r\n\r\nHELP\r\n",
    "references": lambda: TOP + b"References: " + b"<a@b> " * 500_000 + b"\r\n\r\nHELP\r\n",
    "content_type": lambda: TOP + b"Content-Type: text/plain" + b"; a*0*=b" * 300_000 + b"\r\n\r\nHELP\r\n",
    "flowed": lambda: text(b"x \r\n" * READ, b"text/plain; format=flowed"),
    "flowed_line_ends": lambda: text(b"\r" * READ, b"text/plain; format=flowed; delsp=yes"),
    "base64": lambda: encoded(b"base64", b"====\r\n" * 1_600_000),
    "quoted_printable": lambda: encoded(b"quoted-printable", b"=\r\n" * 3_300_000),
    "quoted_blanks": lambda: encoded(b"quoted-printable", (b" " * 990 + b"\r\n") * 10_000),
    "armor_begins": lambda: lines(b"-----BEGIN PGP SIGNED MESSAGE-----"),
    "armor_ends": lambda: lines(b"-----END PGP SIGNATURE-----"),
    "key_begins": lambda: lines(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"),
    "key_of_zeros": lambda: text(armored(b"PUBLIC KEY BLOCK", b"\x99\0\0" * 1_000_000)),
    "key_of_user_ids": lambda: text(armored(b"PUBLIC KEY BLOCK", b"\xb4\x01a" * 1_000_000)),
    "signature_of_zeros": lambda: signed(armored(b"SIGNATURE", b"\x88\0" * 1_000_000)),
    "message_bomb": lambda: text(armored(b"MESSAGE", bomb())),
    "signature_bomb": lambda: signed(armored(b"SIGNATURE", bomb())),
    "partial_lengths": lambda: text(armored(b"MESSAGE", b"\xd2" + b"\xe0a" * 2_000_000)),
    "nul": lambda: text(b"\0" * 5_000_000),
    "boundaries": lambda: (
        TOP + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--bb\r\n" * 1_000_000
    ),
    "autocrypt": lambda: (
        TOP + b"Autocrypt: addr=x@elsewhere.example; keydata=" + b"mQ" * 1_000_000 + b"\r\n\r\nHELP\r\n"
    ),
    "alert": lambda: lines(b"ALERT"),
    "test": lambda: text(b"TEST\r\n" + b"QUERY nl\r\n" * 200_000),
    "list_lines": lambda: lines(b"List: tld-ops@lists.example"),
    "authentication_results": lambda: (
        TOP + b"Authentication-Results: mx; dmarc=" + b"fail;" * 500_000 + b"\r\n\r\nHELP\r\n"
    ),
    "dkim_signatures": lambda: b"DKIM-Signature: v=1; a=rsa-sha256; d=x.example\r\n" * 50_000 + text(b"HELP"),
}


def many(unit: str, first: str) -> str:
    return first + unit * ((READ - 1000) // len(unit))


# Signed by a member, whose commands are carried out.
SIGNED: dict[str, Callable[[], str]] = {
    "organisation_asked_for": lambda: many("c e r ", "QUERY ORGANISATION "),
    "person_asked_for": lambda: many("a ", "QUERY PERSON "),
    "numbers_asked_for": lambda: many("4 ", "QUERY +"),
    "tlds_asked_for": lambda: many("nl ", "QUERY "),
    "calls_told": lambda: many(" \t", "REACHED A-2026-0001 nl") + ": x",
    "scope_of_organisations": lambda: f"{LIST_LINE}\nALERT\n{many('c e ', 'Scope: organisation ')}\n\nFire\n",
    "signed_line_ends": lambda: many("\n", "SHOW\n"),
}


def a_member_among_many(desk: Desk) -> KeyPair:
    """One whose TLD has many contacts; what is slow the first time has been done."""
    ann = KeyPair.make("Ann Example", "ann@nic.example")
    desk.member(ann, "nl")
    for number in range(COLLEAGUES):
        desk.member(replace(ann, address=f"{number}@nic.example"), "nl", keyless=True)
    desk.write("first@elsewhere.example", "HELP")
    return ann


def cost(names: list[str]) -> dict[str, dict[str, float]]:
    """Seconds of computing and megabytes that each mail took, and how many of them are still in hand."""
    found = {}
    with open_desk() as desk:
        ann = a_member_among_many(desk)
        for number, name in enumerate(names):
            if name in SIGNED:
                raw, sender = ann.pgp_mime_signed(SIGNED[name](), at=desk.now), ann.address
            else:
                sender = f"x{number}@elsewhere.example"  # else so many of one's mails are not answered
                raw = MAILS[name]()[:LIMIT].replace(b"x@elsewhere.example", sender.encode(), 1)
            forget_peak()
            before, started = peak(), time.process_time()
            desk.receive(raw, sender)
            found[name] = {"seconds": time.process_time() - started, "megabytes": peak() - before}
        found["left"] = {"stuck": float(still_in_hand(desk))}
    return found


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """The most memory this process has had since, in MB; what gpg may use is limited where it is started."""
    (line,) = [one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("VmHWM:")]
    return int(line.split()[1]) / 1024


def still_in_hand(desk: Desk) -> int:
    with desk.look() as session:
        return len(session.scalars(select(InboxRow.id).where(InboxRow.state != "done")).all())


if __name__ == "__main__":
    print(json.dumps(cost(sys.argv[1:] or [*MAILS, *SIGNED])))
