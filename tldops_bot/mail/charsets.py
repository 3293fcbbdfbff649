"""Octets of a text part to text: transfer encodings (RFC 2045), charsets, flowed lines (RFC 3676)."""

import binascii
import codecs
import quopri
import re

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,39}")
# Python has codecs that are not charsets (unicode_escape, idna); only these are read.
KNOWN = frozenset(
    {
        *("utf-8", "ascii", "koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "big5hkscs"),
        *("euc_jp", "iso2022_jp", "shift_jis", "cp932", "euc_kr", "cp949", "tis-620", "cp874"),
        *("cp437", "cp850", "cp852", "cp855", "cp858", "cp866", "mac-roman", "mac-cyrillic"),
    }
    | {f"iso8859-{number}" for number in range(1, 17) if number != 12}
    | {f"cp{number}" for number in range(1250, 1259)}
)
# What mail programs call them besides, mostly of the list at https://encoding.spec.whatwg.org/#names-and-labels;
# the last row has words for not knowing.
_ALSO_CALLED = {
    "utf-8": "unicode-1-1-utf-8 x-unicode-2-0-utf-8 x-utf-8",
    "iso8859-6": "iso-8859-6-i csiso88596i",
    "iso8859-8": "iso-8859-8-i csiso88598i logical",
    "iso8859-15": "csisolatin9",
    "koi8-r": "koi koi8 x-koi8-r",
    "koi8-u": "koi8-ru",
    "cp874": "windows-874 dos-874 x-windows-874",
    "cp1250": "x-cp1250",
    "cp1251": "x-cp1251 win-1251",
    "cp1252": "x-cp1252 x-windows-1252 x-ansi",
    "mac-roman": "macintosh mac csmacintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gbk": "x-gbk csgb2312 gb_2312-80",
    "big5": "cn-big5 x-x-big5",
    "euc_jp": "x-euc-jp cseucpkdfmtjapanese",
    "cp932": "windows-31j x-sjis x-ms-cp932",
    "cp949": "ks_c_5601-1987 ks_c_5601-1989 ksc_5601 ks_c_5601 csksc56011987 cseuckr windows-949 x-windows-949",
    "ascii": "unknown-8bit x-unknown unknown default_charset x-user-defined",
}
_BY_LABEL = {label: codec for codec, labels in _ALSO_CALLED.items() for label in labels.split()}
# Of one text, after its transfer encoding. Nobody writes that much, and it would take much memory.
MAX_TEXT_BYTES = 2_000_000
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


def decode_charset(octets: bytes, charset: str, errors: str = "strict") -> str | None:
    """The text, or None when the charset is unknown or, with strict errors, the octets are not in it.

    No charset, a word for an unknown one, and US-ASCII are read as UTF-8, which contains ASCII and is what is
    meant by mistake.
    """
    name = charset.strip().lower() or "utf-8"
    if not _NAME.fullmatch(name):
        return None
    try:
        codec = _BY_LABEL.get(name) or codecs.lookup(name).name
        if codec not in KNOWN:
            return None
        return octets.decode("utf-8" if codec == "ascii" else codec, errors=errors)
    except (LookupError, UnicodeError):
        return None


def decode_transfer(octets: bytes, encoding: str) -> bytes | None:
    """The body without its Content-Transfer-Encoding; None if that is unknown or broken."""
    match encoding.strip().lower():
        case "" | "7bit" | "8bit" | "binary":
            return octets
        case "quoted-printable":
            return quopri.decodestring(octets)
        case "base64":
            return _decode_base64(octets.translate(None, b" \t\r\n"))
    return None


def _decode_base64(text: bytes) -> bytes | None:
    if not _BASE64.fullmatch(text):
        return None
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        return None


def unflow(text: str, delete_space: bool) -> str:
    """RFC 3676 section 4: soft breaks joined, space-stuffing undone; a quoted line keeps its > marks."""
    pieces: list[str] = []  # a single list for all paragraphs: a text may consist of two million line ends
    open_depth = -1
    for raw in text.split("\n"):
        line = raw.lstrip(">")
        depth = len(raw) - len(line)
        line = line.removeprefix(" ")
        is_signature_mark = line == "-- "
        if depth != open_depth or is_signature_mark:
            pieces.append("\n" + (">" * depth + " " if depth else ""))
        is_soft = line.endswith(" ") and not is_signature_mark
        pieces.append(line[:-1] if is_soft and delete_space else line)
        open_depth = depth if is_soft else -1
    return "".join(pieces)[1:]
