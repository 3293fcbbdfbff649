"""Mails made to cost time and memory; `python -m tests.attacks.hostile` says in JSON what each cost."""

import base64
import json
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from tests.desk import Desk, open_desk
from tldops_bot.store.tables import InboxRow

TOP = b"From: <x@elsewhere.example>\r\nTo: <tld-ops@lists.example>\r\nMIME-Version: 1.0\r\n"
LIMIT = 10_000_000  # what the listener takes


def text(body: bytes, more: bytes = b"") -> bytes:
    return TOP + b"Content-Type: text/plain; charset=utf-8\r\n" + more + b"\r\n" + body


def nested(depth: int) -> bytes:
    head, inside = b"", b"Content-Type: text/plain\r\n\r\nHELP\r\n"
    for number in range(depth):
        head += b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number)
    return TOP + head + inside


def parts(count: int, kind: bytes = b"text/plain") -> bytes:
    one = b"--b\r\nContent-Type: " + kind + b"\r\n\r\nHELP\r\n"
    return TOP + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + one * count + b"--b--\r\n"


def lines(line: bytes, size: int = 5_000_000) -> bytes:
    return text((line + b"\r\n") * (size // (len(line) + 2)))


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
    "one_long_line": lambda: text(b"A" * LIMIT),
    "one_long_word_like_a_verb": lambda: text(b"SUBSCRIB" * 500_000),
    "near_verbs": lambda: lines(b"SUBSCIRBE nl"),
    "verbs": lambda: lines(b"SUBSCRIBE nl"),
    "fields": lambda: text(b"SUBSCRIBE nl\r\n" + b"Organisation: x\r\n" * 200_000),
    "folded_field": lambda: text(b"SUBSCRIBE nl\r\nPostal: x\r\n" + b"  more\r\n" * 15_000),
    "persons": lambda: text(b"SUBSCRIBE nl\r\n" + PERSON * 20_000),
    "tlds": lambda: text(b"SUBSCRIBE " + b"nl be de fr " * 100_000 + b"\r\n" + PERSON),
    "odd_tlds": lambda: text(b"SUBSCRIBE " + b"xn--" + b"a" * 1_000_000 + b"\r\n" + PERSON),
    "blank_lines": lambda: text(b"\r\n" * 3_000_000),
    "quotes": lambda: lines(b"> " * 30),
    "phone": lambda: text(b"SUBSCRIBE nl\r\nName: Ann\r\nPhone: +" + b"1" * 2_000_000 + b"\r\n"),
    "address": lambda: text(
        b"SUBSCRIBE nl\r\nName: Ann\r\nEmail: " + b"a." * 2_000_000 + b"@nic.example\r\n"
    ),
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
    "flowed": lambda: text(b"x \r\n" * 1_000_000).replace(b"utf-8\r\n", b"utf-8; format=flowed\r\n", 1),
    "base64": lambda: text(b"====\r\n" * 1_000_000, b"Content-Transfer-Encoding: base64\r\n"),
    "quoted_printable": lambda: text(
        b"=\r\n" * 2_000_000, b"Content-Transfer-Encoding: quoted-printable\r\n"
    ),
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


def cost(names: list[str]) -> dict[str, dict[str, float]]:
    """Seconds of computing and megabytes that each mail took, and how many of them are still in hand."""
    found = {}
    with open_desk() as desk:
        desk.write("first@elsewhere.example", "HELP")
        for name in names:
            raw = MAILS[name]()[:LIMIT]
            forget_peak()
            before, started = peak(), time.process_time()
            desk.receive(raw, "x@elsewhere.example")
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
    print(json.dumps(cost(sys.argv[1:] or list(MAILS))))
