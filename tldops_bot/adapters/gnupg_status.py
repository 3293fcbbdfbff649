"""From gpg's status lines to a verdict; neither the exit code nor any single line is trusted alone.

gpg exits with 0 for revoked and expired keys, two signatures, SHA-1, and unsigned text given to --decrypt.
"""

import re
from datetime import UTC, datetime

from tldops_bot.adapters.gnupg_runner import Finished, GpgUnavailable, StatusLine
from tldops_bot.domain.address import parse_address
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.verdict import SignatureStanding, Verdict, bad
from tldops_bot.mail.headers import printable

# RFC 9580 section 9.5
STRONG_HASHES = {"8": "SHA256", "9": "SHA384", "10": "SHA512"}
WEAK_HASHES = frozenset({"1", "2", "3", "11"})
DOCUMENT_CLASSES = frozenset({"00", "01"})
_NO_PUBLIC_KEY = "9"
_FINGERPRINT = re.compile(r"[0-9A-F]{40}")
_REFUSALS = {
    "BADSIG": "bad_signature",
    "REVKEYSIG": "revoked_key",
    "EXPKEYSIG": "expired_key",
    "EXPSIG": "expired_signature",
}
_PROBLEMS = ("NODATA", "UNEXPECTED", "FAILURE", "ERROR", "DECRYPTION_FAILED", "BADARMOR", "NO_PUBKEY")


def judge(finished: Finished, fingerprint: str) -> Verdict:
    """Good only for exactly one good signature, by the key with this primary fingerprint, and nothing odd.

    Raises GpgUnavailable if gpg named no problem and failed all the same, for example for want of memory.
    """
    count = len(finished.lines("NEWSIG"))
    valid = finished.lines("VALIDSIG")
    if count > 1 or len(valid) > 1:
        return bad("several_signatures", fingerprint)
    if reason := _refusal(finished):
        return bad(reason, fingerprint)
    if count == 0:
        return bad("no_signature_inside", fingerprint)
    if len(valid) != 1 or len(finished.lines("GOODSIG")) != 1:
        return bad("malformed_block", fingerprint)
    verdict = _judge_valid(valid[0], fingerprint)
    if verdict.is_good and finished.lines(*_PROBLEMS):
        return bad("malformed_block", fingerprint)
    if verdict.is_good and finished.code != 0:
        raise GpgUnavailable("gpg found a good signature, and failed")
    return verdict


def _refusal(finished: Finished) -> str:
    for line in finished.lines("ERRSIG"):
        return _error_reason(line)
    named = (reason for keyword, reason in _REFUSALS.items() if finished.lines(keyword))
    return next(named, "")


def _error_reason(line: StatusLine) -> str:
    """ERRSIG <keyid> <pkalgo> <hashalgo> <class> <time> <rc> <fpr>."""
    hash_algorithm, code = (*line.arguments, *[""] * 6)[2:6:3]
    if hash_algorithm in WEAK_HASHES:
        return "weak_hash"
    return "unknown_key" if code == _NO_PUBLIC_KEY else "unsupported_signature"


def _judge_valid(line: StatusLine, fingerprint: str) -> Verdict:
    """VALIDSIG <fpr> <date> <time> <expires> <version> 0 <pkalgo> <hashalgo> <class> <primary fpr>."""
    if len(line.arguments) != 10:
        return bad("malformed_block", fingerprint)
    _, _, time, _, _, _, _, hash_algorithm, signature_class, primary = line.arguments
    if primary != fingerprint or not _FINGERPRINT.fullmatch(primary):
        return bad("unknown_key", primary)
    if hash_algorithm not in STRONG_HASHES:
        return bad("weak_hash", primary)
    signed_at = _moment(time)
    if signature_class not in DOCUMENT_CLASSES or signed_at is None:
        return bad("bad_signature", primary)
    return Verdict(SignatureStanding.GOOD, "", primary, signed_at, STRONG_HASHES[hash_algorithm])


# --- key listings, doc/DETAILS "Format of the colon listings"

_ALGORITHMS = {"1": "rsa", "2": "rsa", "3": "rsa", "16": "elg", "17": "dsa", "20": "elg"}
_ADDRESS = re.compile(r"<([^<>]*)>\s*(?:\([^<>()]*\)\s*)?\Z|\A([^<>\s]+@[^<>\s]+)\Z")
_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
_DEAD = frozenset({"r", "i", "d"})


def parse_listing(output: bytes, blobs: dict[str, bytes]) -> tuple[Certificate, ...]:
    """The certificates in a colon listing; `blobs` are the exported keys by primary fingerprint."""
    # Not splitlines(): gpg escapes line feeds and colons in a user ID, but no other line end of Unicode.
    records = [line.split(":") for line in output.decode("utf-8", errors="replace").split("\n")]
    starts = [at for at, record in enumerate(records) if record[0] == "pub"]
    ends = [*starts[1:], len(records)][: len(starts)]  # an empty listing has no groups
    groups = [records[start:end] for start, end in zip(starts, ends, strict=True)]
    return tuple(_certificate(group, blobs) for group in groups)


def _certificate(records: list[list[str]], blobs: dict[str, bytes]) -> Certificate:
    primary = records[0]
    keys = [record for record in records if record[0] in {"pub", "sub"}]
    prints = [record[9] for record in records if record[0] == "fpr"]
    user_ids = tuple(_unescape(one[9]) for one in records if one[0] == "uid" and one[1] not in _DEAD)
    end = _moment(primary[6])
    signing, encrypting = _usable(keys, "s"), _usable(keys, "e")
    used = {id(key): key for key in (primary, *signing, *encrypting)}.values()
    return Certificate(
        fingerprint=prints[0],
        subkey_fingerprints=tuple(prints[1:]),
        user_ids=user_ids,
        addresses=_addresses(user_ids),
        created_at=_moment(primary[5]) or datetime.fromtimestamp(0, UTC),
        expires_at=end,
        signs_until=_latest(signing, end),
        encrypts_until=_latest(encrypting, end),
        can_sign=bool(signing),
        can_encrypt=bool(encrypting),
        is_revoked=primary[1] == "r",
        algorithm=_weakest([_algorithm(key) for key in used]),
        blob=blobs.get(prints[0], b""),
    )


def _usable(keys: list[list[str]], capability: str) -> list[list[str]]:
    """The keys with this capability, expired ones too: when they end is reported separately."""
    return [key for key in keys if capability in key[11] and key[1] not in _DEAD]


def _latest(keys: list[list[str]], primary_end: datetime | None) -> datetime | None:
    ends = [_moment(key[6]) for key in keys]
    known = [end for end in ends if end is not None]
    latest = max(known) if known and len(known) == len(ends) else None
    both = [end for end in (latest, primary_end) if end is not None]
    return min(both) if both and keys else None


def _algorithm(key: list[str]) -> str:
    """In gpg's words: rsa2048, dsa1024, ed25519."""
    return f"{_ALGORITHMS[key[3]]}{key[2]}" if key[3] in _ALGORITHMS else key[16]


def _weakest(algorithms: list[str]) -> str:
    """The finite-field key with the fewest bits, DSA before the others; else the primary key's."""
    sized = [name for name in algorithms if name.startswith(("rsa", "elg", "dsa"))]
    return (
        min(sized, key=lambda name: (not name.startswith("dsa"), int(name[3:]))) if sized else algorithms[0]
    )


def _addresses(user_ids: tuple[str, ...]) -> tuple[str, ...]:
    found = (_ADDRESS.search(user_id) for user_id in user_ids)
    written = [match[1] or match[2] for match in found if match]
    return tuple(dict.fromkeys(address for text in written if (address := parse_address(text or ""))))


def _moment(seconds: str) -> datetime | None:
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdigit() else None


def _unescape(text: str) -> str:
    octets = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())
    return printable(octets.decode("utf-8", errors="replace"))
