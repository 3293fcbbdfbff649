"""What mail servers, gateways and mailing lists do to mails on their way: octets in, octets out.

HARMLESS are those after which a mail must still be taken; the others break a signature, and say what they are.
"""

import base64
import quopri
import re
from collections.abc import Callable

from tests.keys import crlf, mail, multipart, text_entity

Change = Callable[[bytes], bytes]
FOOTER = text_entity("_______________________________________________\nTLD-OPS mailing list\n")


# --- round the mail


def received(raw: bytes) -> bytes:
    """Trace fields, a DKIM signature, a spam score, a tag in the subject."""
    trace = (
        "Return-Path: <someone@client.example>\n"
        "Received: from mx.client.example (mx.client.example [192.0.2.1])\n\tby mx.lists.example (Postfix)"
        " with ESMTPS id 4F0E;\n\tFri, 20 Nov 2026 10:00:01 +0000 (UTC)\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=client.example;\n\ts=s1; b=ZXhhbXBsZQ==\n"
        "X-Spam-Status: No, score=-2.1\n"
    )
    return crlf(trace.encode()) + raw.replace(b"Subject: ", b"Subject: [EXTERNAL] ", 1)


def line_feeds(raw: bytes) -> bytes:
    """As a mailbox on disk has it."""
    return raw.replace(b"\r\n", b"\n")


def list_footer(raw: bytes) -> bytes:
    """Mailman: the whole mail as the first part, the list's footer as the second."""
    top, entity = split(raw)
    return top + multipart("mixed", entity, FOOTER)


def list_header_and_footer(raw: bytes) -> bytes:
    top, entity = split(raw)
    return top + multipart("mixed", text_entity("A post to the list\n"), entity, FOOTER)


def outer_fields_refolded(raw: bytes) -> bytes:
    """The type of the whole mail on one line, its parameters after tabs; no signature covers it."""
    top, entity = split(raw)
    fields, blank, body = entity.partition(b"\r\n\r\n")
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", fields)
    return top.replace(b"Subject:", b"subject:") + unfolded.replace(b"; ", b";\r\n\t") + blank + body


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The header fields of the mail, and the entity with its Content fields."""
    fields, _, body = raw.partition(b"\r\n\r\n")
    lines = re.findall(rb"[^\r\n]+(?:\r\n[ \t][^\r\n]*)*(?:\r\n|\Z)", fields)
    content = [line for line in lines if line.lower().startswith(b"content-")]
    others = [line for line in lines if line not in content]
    ended = [b"".join(line.rstrip(b"\r\n") + b"\r\n" for line in some) for some in (others, content)]
    return ended[0], ended[1] + b"\r\n" + body


# --- Exchange


def exchange_encrypted(raw: bytes) -> bytes:
    """multipart/encrypted as mixed: an empty text, and both parts as files in base64."""
    top, entity = split(raw)
    version, message = parts(entity)
    return top + multipart(
        "mixed",
        b'Content-Type: text/plain; charset="us-ascii"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n',
        _as_file(version, "application/pgp-encrypted", "ATT00001"),
        _as_file(message, "application/octet-stream", "encrypted.asc"),
    )


def exchange_signed(raw: bytes) -> bytes:
    """multipart/signed as mixed, what was signed untouched, the signature as a file in base64."""
    top, entity = split(raw)
    content, signature = parts(entity)
    return top + multipart(
        "mixed", content, _as_file(signature, "application/pgp-signature", "signature.asc")
    )


def exchange_signed_anew(raw: bytes) -> bytes:
    """The same, but the text has been written anew: other header fields, other encoding."""
    top, entity = split(raw)
    content, signature = parts(entity)
    _, _, body = content.partition(b"\r\n\r\n")
    text = (
        b'Content-Type: text/plain; charset="us-ascii"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    )
    text += body.rstrip() + b"=20\r\n"
    return top + multipart("mixed", text, _as_file(signature, "application/pgp-signature", "signature.asc"))


def _as_file(entity: bytes, media_type: str, name: str) -> bytes:
    fields = (
        f'Content-Type: {media_type}; name="{name}"\n'
        f'Content-Description: {name}\nContent-Disposition: attachment; filename="{name}"; size=10;\n'
        '\tcreation-date="Fri, 20 Nov 2026 10:00:00 GMT"\nContent-Transfer-Encoding: base64\n\n'
    )
    body = entity.partition(b"\r\n\r\n")[2]
    return crlf(fields.encode() + base64.encodebytes(body))


def parts(entity: bytes) -> list[bytes]:
    """The parts between the first boundary that the entity names."""
    found = re.search(rb'boundary="?([^";\r\n]+)', entity)
    assert found
    return [one[2:-2] for one in entity.split(b"--" + found[1])[1:-1]]


# --- on the octets that are signed


def on_signed(change: Change) -> Change:
    """The same change, done to the first part of a multipart/signed mail."""

    def changed(raw: bytes) -> bytes:
        content = parts(split(raw)[1])[0]
        assert raw.count(content) == 1
        after = change(content)
        assert after != content, "this change changes nothing"
        return raw.replace(content, after)

    return changed


def on_body(change: Change) -> Change:
    """The same change, done to what follows the header fields of one part."""

    def changed(entity: bytes) -> bytes:
        fields, blank, body = entity.partition(b"\r\n\r\n")
        return fields + blank + change(body)

    return changed


def to_quoted_printable(entity: bytes) -> bytes:
    """What a relay without 8BITMIME does."""
    fields, _, body = entity.partition(b"\r\n\r\n")
    encoded = quopri.encodestring(body.replace(b"\r\n", b"\n"))
    return _with_encoding(fields, b"quoted-printable") + b"\r\n\r\n" + crlf(encoded)


def to_base64(entity: bytes) -> bytes:
    fields, _, body = entity.partition(b"\r\n\r\n")
    return _with_encoding(fields, b"base64") + b"\r\n\r\n" + crlf(base64.encodebytes(body))


def from_quoted_printable(entity: bytes) -> bytes:
    """What a relay with 8BITMIME does that likes things plain."""
    fields, _, body = entity.partition(b"\r\n\r\n")
    return _with_encoding(fields, b"8bit") + b"\r\n\r\n" + crlf(quopri.decodestring(body))


def to_latin_1(entity: bytes) -> bytes:
    fields, _, body = entity.partition(b"\r\n\r\n")
    fields = re.sub(rb"(?i)utf-8", b"iso-8859-1", fields)
    return fields + b"\r\n\r\n" + body.decode().encode("iso-8859-1")


def _with_encoding(fields: bytes, word: bytes) -> bytes:
    return re.sub(rb"(?im)^(content-transfer-encoding: )\S+", rb"\g<1>" + word, fields)


def without_end_blanks(octets: bytes) -> bytes:
    return re.sub(rb"[ \t]+\r\n", b"\r\n", octets)


def with_end_blanks(octets: bytes) -> bytes:
    return octets.replace(b"nl\r\n", b"nl  \r\n")


def tabs_to_blanks(octets: bytes) -> bytes:
    return octets.expandtabs(8)


def to_no_break_spaces(octets: bytes) -> bytes:
    return octets.replace(b"  ", b" \xc2\xa0")


def folded_at_76(octets: bytes) -> bytes:
    """Long lines cut at the last blank before column 76."""
    return b"\r\n".join(_folded(line) for line in octets.split(b"\r\n"))


def _folded(line: bytes) -> bytes:
    lines = []
    while len(line) > 76 and b" " in line[:77]:
        at = line.rindex(b" ", 0, 77)
        lines.append(line[:at])
        line = line[at + 1 :]
    return b"\r\n".join([*lines, line])


def from_escaped(octets: bytes) -> bytes:
    """An mbox file on the way."""
    return re.sub(rb"(?m)^From ", b">From ", octets)


def dots_doubled(octets: bytes) -> bytes:
    """SMTP's transparency, not undone."""
    return re.sub(rb"(?m)^\.", b"..", octets)


def with_mark(octets: bytes) -> bytes:
    return b"\xef\xbb\xbf" + octets


def with_footer(octets: bytes) -> bytes:
    return (
        octets + b"\r\n\r\nThis mail is confidential. If you are not meant, forget it.\r\nExample Corp.\r\n"
    )


def with_banner(octets: bytes) -> bytes:
    return b"CAUTION: this mail comes from outside.\r\n\r\n" + octets


def with_blank_line(octets: bytes) -> bytes:
    return octets + b"\r\n"


def fields_refolded(entity: bytes) -> bytes:
    fields, blank, body = entity.partition(b"\r\n\r\n")
    return re.sub(rb"; ", b";\r\n\t", fields, count=1) + blank + body


def fields_quoted(entity: bytes) -> bytes:
    return re.sub(rb"charset=utf-8", b'charset="utf-8"', entity, count=1)


# --- on mails whose text is one inline block


def inline_in_base64(raw: bytes) -> bytes:
    return mail({}, split(raw)[0] + to_base64(split(raw)[1]))


def inline_in_quoted_printable(raw: bytes) -> bytes:
    return split(raw)[0] + to_quoted_printable(split(raw)[1])


def inline_with_disclaimer(raw: bytes) -> bytes:
    return raw + b"\r\n-- \r\nThis mail is confidential.\r\n"


def dash_escapes_undone(raw: bytes) -> bytes:
    return raw.replace(b"\r\n- -", b"\r\n-")


def cut_off(raw: bytes) -> bytes:
    return raw[: raw.index(b"-----END PGP SIGNATURE")]


# --- on the structure of multipart/signed


def part_added(raw: bytes) -> bytes:
    """A virus scanner's word as a third part."""
    at = raw.rindex(b"\r\n--", 0, raw.rindex(b"--"))
    edge = raw[at : raw.rindex(b"--")]
    return raw[:at] + edge + b"\r\n" + text_entity("Scanned: clean.\n") + raw[at:]


def signature_removed(raw: bytes) -> bytes:
    """A filter that lets no attachments through."""
    at = raw.rindex(b"\r\n--", 0, raw.index(b"Content-Type: application/pgp-signature"))
    return raw[:at] + raw[raw.rindex(b"\r\n--") :]


def signature_retyped(raw: bytes) -> bytes:
    return re.sub(rb"(?<=Content-Type: )application/pgp-signature", b"application/octet-stream", raw)


HARMLESS: tuple[Change, ...] = (
    received,
    line_feeds,
    list_footer,
    list_header_and_footer,
    outer_fields_refolded,
)
