"""Where a mailbox's OpenPGP key is published.

Web Key Directory: draft-koch-openpgp-webkey-service; DNS: RFC 7929 section 3. What is found there is a hint.
"""

import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from tldops_bot.domain.address import parse_address

# Phil Zimmermann's base 32, as the draft has it.
Z_BASE_32 = "ybndrfg8ejkmcpqxot1uwisza345h769"
WELL_KNOWN = "/.well-known/openpgpkey"
OPENPGPKEY_LABEL = "_openpgpkey"


@dataclass(frozen=True, slots=True)
class NoKey:
    """Nothing was found at one place, and why.

    not_published, not_trusted (TLS or DNSSEC), unreachable, timed_out, too_large, redirected, forbidden_address,
    or too_often.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class WebKey:
    """One URL to ask by HTTPS GET."""

    host: str
    path: str


def z_base_32(octets: bytes) -> str:
    """Five bits per character, the last one padded with zeros."""
    bits = "".join(f"{octet:08b}" for octet in octets)
    groups = (bits[at : at + 5].ljust(5, "0") for at in range(0, len(bits), 5))
    return "".join(Z_BASE_32[int(group, 2)] for group in groups)


def web_key_name(local_part: str) -> str:
    """The file name of a mailbox in a Web Key Directory: only ASCII letters are lowered."""
    lowered = local_part.encode().lower()  # bytes.lower() knows ASCII alone
    return z_base_32(hashlib.sha1(lowered, usedforsecurity=False).digest())


def web_keys(address: str) -> tuple[WebKey, ...]:
    """The advanced method's URL, then the direct one's, which counts only if the first host is missing."""
    parsed = parse_address(address)
    if parsed is None:
        return ()
    local, _, domain = parsed.rpartition("@")
    file = f"hu/{web_key_name(local)}?l={quote(local, safe='')}"
    return (
        WebKey(f"openpgpkey.{domain}", f"{WELL_KNOWN}/{domain}/{file}"),
        WebKey(domain, f"{WELL_KNOWN}/{file}"),
    )


def openpgpkey_name(address: str) -> str:
    """The DNS name of a mailbox's OPENPGPKEY records, without the final dot; "" if it is not an address.

    The local part is hashed as written: RFC 7929 leaves its case to whoever owns it.
    """
    local, _, domain = (parse_address(address) or "").rpartition("@")
    if not local:
        return ""
    return f"{hashlib.sha256(local.encode()).hexdigest()[:56]}.{OPENPGPKEY_LABEL}.{domain}"
