"""`python -m tests.attacks.hunt [WORDS]`: the slowest of two thousand mails made to cost time.

The exit status is 1 where one takes more than two seconds. Every header field, text, structure and OpenPGP armor that
a mail may have, filled up with what parsers trip over. gpg runs in processes of its own, with limits of their own, and
is not counted.
"""

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

from tests.attacks.hostile import LIMIT, READ, TOP, a_member_among_many, armored, bomb, signed
from tests.desk import LIST_LINE, Desk, open_desk
from tests.keys import LIST_ADDRESS, KeyPair, encrypted_entity, mail

MOST_SECONDS = 2.0
SHOWN = 10
LARGEST = 9_800_000  # of what a mail is filled with
ARMORED = 7_000_000  # before it is armored
FIELD = 250_000  # more of a header is not read
BROKEN = 31_500  # in larger ones nobody looks for what broke the signature

UNITS = (
    *"()[]<>\"'\\,;:.@/-_=~*#1é例\t\r\0 \udcff",
    *[
        ")(",
        '"\\',
        "<>",
        "a.",
        "<a@b.c>,",
        "g:a@b.c;",
        "(a(b)",
        "xn--a.",
        "a*0*=b;",
        ";a=b",
        ';a="b',
        "=?utf-8?b?",
        "=?=?=?",
        "%41",
    ],
    *("=?utf-8?q?=41?= ", "a b ", "\r\n ", "\r\n x", "x\r\n\t", "1 Jan 2026 "),
)
FIELDS = [
    "From",
    "To",
    "Cc",
    "Subject",
    "Message-ID",
    "References",
    "In-Reply-To",
    "Date",
    "Received",
    "X-Loop",
    "Auto-Submitted",
    "Content-Transfer-Encoding",
    "Received-SPF",
    "Delivered-To",
    "List-Id",
    "MIME-Version",
    "Precedence",
    "Content-Type:text/plain;x=",
    "Content-Disposition:attachment;filename=",
    "DKIM-Signature:v=1;a=rsa-sha256;d=nic.example;s=x;h=from;bh=",
    "Authentication-Results:lists.example;dmarc=",
    "Autocrypt:addr=x@elsewhere.example;keydata=",
]
LINES = (
    *"""CONFIRM ABCD-EFGH-JKLM
ABCD-EFGH-JKLM
> On Monday Ann wrote:
On 1 Jan 2026, Ann <a@b.example> wrote:
From: Ann
-----Original Message-----
Name: Ann
Mobile: +44 20 7946 0123
Email: ann@nic.example
SUBSCRIBE nl
SUBSRCIBE
QUERY PERSON Ann
QUERY ORGANISATION c e r
List: tld-ops@lists.example
Scope: nl
Title: x
YES
REACHED A-2026-0001 nl: x
ACK A-2026-0001
a: b
:
- -----BEGIN PGP

-- """.splitlines(),
    "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nHELP",
    *("a" * 990 + ":", "Phone: +44 20 7946 0123 ext " + "1" * 900, "SUBSCRIBE " + "nl, be " * 130),
    *(
        unit * (900 // len(unit.encode()))
        for unit in " \t.>=_*-S<\x0b\x0c\x1c\x85\xa0\u200b\u202e\u2028\ufdfaİ"
    ),
    *(
        unit * (900 // len(unit.encode()))
        for unit in ("> ", "</", "a\u0301\u0301", "👩‍👩‍👧", "&#65;", "<!--")
    ),
    *(unit * (900 // len(unit)) for unit in ("<a href=x>", "SUBSCRIBENLSUBSCRIBE", "+44 20 7946 0123 ")),
)
KINDS = ("plain", "html", "plain; format=flowed; delsp=yes")
VERBS = [
    "QUERY",
    "SUBSCRIBE",
    "UPDATE",
    "INVITE",
    "NOTE",
    "HISTORY",
    "EXERCISE",
    "FORGET",
    "REMOVE",
    "KEY",
    "ACK",
    "OBJECT",
    "RETRACT",
    "STATUS",
    "SHOW",
    "ROSTER",
]
INSIDE = {
    "text": b"Content-Type: text/plain\r\n\r\nHELP\r\n",
    "base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nSEVMUA==\r\n",
    "a mail": b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nHELP\r\n",
    "a key": b"Content-Type: application/pgp-keys\r\n\r\n" + armored(b"PUBLIC KEY BLOCK", b"\x99"),
    "a signature": b"Content-Type: application/pgp-signature\r\n\r\n" + armored(b"SIGNATURE", b"\x89"),
    "a bounce": b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nStatus: 5.1.1\r\n",
    "nothing": b"",
    "fields": b"A: b\r\n" * 40 + b"\r\nx\r\n",
    "itself": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n',
    "another": b'Content-Type: multipart/mixed; boundary="c"\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n',
}
MULTIPARTS = (
    *("mixed", "alternative", "related", "digest", "report; report-type=delivery-status"),
    *('signed; protocol="application/pgp-signature"', 'encrypted; protocol="application/pgp-encrypted"'),
)
PACKETS = {
    "user ids": b"\xb4\x01a",
    "signatures": b"\x88\x05\x04\x00\x01\x08\x00",
    "keys": b"\x98\x06\x04\0\0\0\0\x16",
    "subkeys": b"\xb8\x06\x04\0\0\0\0\x16",
    "literals": b"\xac\x07t\0\0\0\0\0a",
    "markers": b"\xa8\x03PGP",
    "one-pass": b"\x90\x0d\x03\0\x08\x01AAAAAAAA\0",
    "for a key": b"\x84\x0c\x03AAAAAAAA\x01\0\x01",
    "partial": b"\xd2\xe0a",
    "literals in parts": b"\xcb\xe0a",
    "padding": b"\xd5\x01a",
    "zeros": b"\0",
    "subpackets": b"\x89\x10\x00\x04\x00\x01\x08\x0f\xf0" + b"\x02\x04" * 2040 + b"\0" * 16,
}

Mails = Iterator[tuple[str, Callable[[], bytes]]]


def filled(unit: bytes, most: int) -> bytes:
    return unit * (most // max(1, len(unit)))


def of_strangers() -> Mails:
    for name in FIELDS:
        top = name if ":" in name else f"{name}: "
        for unit in UNITS:
            octets = unit.encode(errors="surrogateescape")
            yield f"{name} of {unit!r}", partial(headed, TOP + top.encode(), octets)
    for kind in KINDS:
        for line in LINES:
            yield f"{kind} of {line[:40]}", partial(entity_of_lines, kind, line, READ)
    for name, entity in structures():
        yield name, partial(lambda entity: TOP + entity(), entity)
    for label in ("PUBLIC KEY BLOCK", "SIGNATURE", "MESSAGE"):
        for name, block in armors(label.encode()):
            yield f"{label} of {name}", partial(in_place, label, block)


def headed(top: bytes, unit: bytes) -> bytes:
    return top + filled(unit, FIELD) + b"\r\n\r\nHELP\r\n"


def entity_of_lines(kind: str, line: str, most: int) -> bytes:
    octets = line.encode() + b"\r\n"
    return TOP + f"Content-Type: text/{kind}; charset=utf-8\r\n\r\n".encode() + filled(octets, most)


def structures() -> Mails:
    """Entities that are no text."""
    for kind in MULTIPARTS:
        top = f'Content-Type: multipart/{kind}; boundary="b"\r\n\r\n'.encode()
        for name, inside in INSIDE.items():
            part = b"--b\r\n" + inside
            yield (
                f"{kind} of {name}",
                partial(lambda top, part: top + filled(part, LARGEST) + b"--b--\r\n", top, part),
            )
    for depth in (8, 20, 100, 50_000):
        yield (
            f"mails in mails, {depth}",
            partial(lambda n: b"Content-Type: message/rfc822\r\n\r\n" * n + b"HELP\r\n", depth),
        )
        part = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        yield (
            f"same boundary, {depth}",
            partial(lambda n, part: part * n + filled(b"--b\r\n\r\nx\r\n", 5_000_000), depth, part),
        )
    for encoding in ("quoted-printable", "base64", "x-uuencode"):
        top = f"Content-Type: text/plain\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        for unit in (b"=", b"=41", b"=\r\n", b" \r\n", b"=GG", b"A" * 75 + b"=\r\n", b"\t" * 70 + b"\r\n"):
            yield (
                f"{encoding} of {unit[:9]!r}",
                partial(lambda top, unit: top + filled(unit, LARGEST), top, unit),
            )


def armors(label: bytes) -> Mails:
    begin, end = b"-----BEGIN PGP %s-----\r\n" % label, b"-----END PGP %s-----\r\n" % label
    for name, unit in PACKETS.items():
        yield name, partial(lambda unit: armored(label, filled(unit, ARMORED)), unit)
    yield "a bomb", lambda: armored(label, bomb(400))
    yield "fields", lambda: begin + filled(b"A: b\r\n", LARGEST) + b"\r\n" + end
    yield "no base64", lambda: begin + b"\r\n" + filled(b"=\r\n", LARGEST) + end
    yield "blocks", lambda: filled(begin + b"\r\niQ==\r\n" + end, LARGEST)
    yield "beginnings", lambda: filled(begin, LARGEST)


def in_place(label: str, block: Callable[[], bytes]) -> bytes:
    """An armor of this kind where it belongs."""
    if label == "SIGNATURE":
        return signed(block())
    kind = b"application/pgp-keys" if label == "PUBLIC KEY BLOCK" else b"text/plain"
    return TOP + b"Content-Type: " + kind + b"\r\n\r\n" + block()


def of_a_member(desk: Desk, ann: KeyPair) -> Mails:
    """Signed, signed and broken on the way, and encrypted to the list."""
    bot = KeyPair.of(desk.app.gnupg.keyring.export(), "TLD-OPS", LIST_ADDRESS)

    def text(line: str, most: int = READ) -> str:
        return filled(line.encode() + b"\n", most).decode()

    def broken(raw: bytes) -> bytes:
        return raw.replace(b"SHA512\r\n\r\n", b"SHA512\r\n\r\nx", 1)

    for line in LINES:
        said = line[:40]
        yield f"signed {said}", lambda line=line: ann.pgp_mime_signed(text(line), at=desk.now)
        alert = f"{LIST_LINE}\nALERT\nTitle: x\n\n"
        yield (
            f"alert {said}",
            lambda line=line, alert=alert: ann.pgp_mime_signed(alert + text(line), at=desk.now),
        )
        yield f"broken {said}", lambda line=line: broken(ann.inline_signed(text(line, BROKEN), at=desk.now))
        yield f"inline {said}", lambda line=line: ann.inline_signed(text(line), at=desk.now)
        yield f"encrypted {said}", lambda line=line: ann.pgp_mime_encrypted(text(line), bot, at=desk.now)
    for verb in VERBS:
        for unit in (" ", '"', ",", "a b ", "1", "é", "a.", "@", "-", "xn--a.", "\t", ":"):
            words = f"{LIST_LINE}\n{verb} " + filled(unit.encode(), READ - 1000).decode()
            yield f"{verb} {unit}", lambda words=words: ann.pgp_mime_signed(words, at=desk.now)
    for name, entity in structures():
        yield f"signed {name}", lambda entity=entity: ann.sign_entity(entity(), at=desk.now)
        yield (
            f"encrypted {name}",
            lambda entity=entity: mail(
                ann.headers(), encrypted_entity(ann.encrypted(entity(), bot, at=desk.now))
            ),
        )


def hunt(words: list[str]) -> list[tuple[float, str, str]]:
    """Seconds of computing, which mail, and what it was told; the slowest first."""
    found = []
    with open_desk() as desk:
        ann = a_member_among_many(desk)
        mails = [(name, make, "") for name, make in of_strangers()]
        mails += [(name, make, ann.address) for name, make in of_a_member(desk, ann)]
        for number, (name, make, known) in enumerate(mails):
            if words and not any(word in name for word in words):
                continue
            sender = known or f"x{number}@elsewhere.example"  # else so many of one's mails are not answered
            raw = make()[:LIMIT].replace(b"x@elsewhere.example", sender.encode(), 1)
            started = time.process_time()
            said = desk.receive(raw, sender).decision.summary
            found.append((time.process_time() - started, name, said))
            desk.later(minutes=1)
    return sorted(found, reverse=True)


if __name__ == "__main__":
    slowest = hunt(sys.argv[1:])
    print(f"{len(slowest):,} mails")
    for seconds, name, said in slowest[:SHOWN]:
        print(f"{seconds:5.2f} s  {name}: {said[:60]}")
    sys.exit(bool(slowest) and slowest[0][0] > MOST_SECONDS)
