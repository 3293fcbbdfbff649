"""What somebody signed, rewrapped for others; and OpenPGP messages that contain both a text and its signature."""

from tldops_bot.domain.outgoing import Attachment
from tldops_bot.mail.bare_entity import bare_entity
from tldops_bot.mail.bodies import PgpMimeSigned
from tldops_bot.mail.mime_entities import attachment_entity, multipart, signed_part
from tldops_bot.mail.openpgp_armor import MESSAGE, SIGNATURE, BadArmor, dearmor, encode
from tldops_bot.mail.openpgp_packets import SignedMessage, split_signed_message
from tldops_bot.mail.signature_hint import hint_of

MAX_OPAQUE_BYTES = 2_000_000  # inflated: as large as a text may be


def signed_only(block: bytes) -> tuple[bytes, SignedMessage] | None:
    """What `gpg --sign --armor` makes: armored like an encrypted message, but only signed."""
    try:
        octets = dearmor(block, MESSAGE)
    except BadArmor:
        return None
    opened = split_signed_message(octets, MAX_OPAQUE_BYTES)
    return (octets, opened) if opened else None


def as_signed(body: PgpMimeSigned) -> bytes:
    """The multipart/signed as it came, or anew if anything unsigned could be read in it."""
    return (bare_entity(body.entity) if body.entity else b"") or detached(body.signed_octets, body.signature)


def detached(signed_octets: bytes, signature: bytes) -> bytes:
    """PGP/MIME anew round the same octets and the same signature, each found good."""
    hint = hint_of(signature)
    armored = encode(dearmor(signature, SIGNATURE), SIGNATURE)
    return signed_part(signed_octets, armored, "its author", hint.hash_name if hint else "sha512")


def rewrapped(opened: SignedMessage) -> bytes:
    """What was signed inside the encryption, as an entity anybody can verify with gpg alone.

    CRLF text goes into multipart/signed again; other octets travel as original.bin and original.sig.
    """
    is_text = b"\n" not in opened.literal.replace(b"\r\n", b"")
    if is_text and opened.literal[:8].lower() == b"content-":
        return detached(opened.literal, opened.signature)
    parts = (
        Attachment("original.bin", "application/octet-stream", opened.literal),
        Attachment("original.sig", "application/octet-stream", opened.signature),
    )
    return multipart("mixed", "", tuple(attachment_entity(part) for part in parts))
