"""The forms the one message of a mail may take, as values."""

from dataclasses import dataclass, field

from tldops_bot.mail.mime_slices import Part

# For a mail that needs a signature and has one, but by S/MIME, which speaks for nobody here.
SMIME = "smime"


@dataclass(frozen=True, slots=True)
class PgpMimeSigned:
    """RFC 3156 section 5; `signed_octets` has CRLF line ends.

    `entity` is the multipart/signed it came as, if there was one.
    `otherwise` is what the mail is without its signature, where that is only a part beside the text (a server
    has made multipart/mixed of multipart/signed): a signature that fits is one, any other is none.
    """

    signed_octets: bytes
    signature: bytes
    entity: Part | None = None
    otherwise: "PlainText | Unreadable | None" = None


@dataclass(frozen=True, slots=True)
class PgpMimeEncrypted:
    """RFC 3156 section 4: an OpenPGP message whose inside is a MIME entity."""

    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class InlineSigned:
    """A cleartext-signed block, from its first dashed line to its last.

    `may_be_stuffed`: the text is a flowed one, so a blank may have been put in front of some of its lines.
    """

    block: bytes
    charset: str
    may_be_stuffed: bool = False


@dataclass(frozen=True, slots=True)
class InlineEncrypted:
    """An armored OpenPGP message whose inside is text."""

    block: bytes
    charset: str


@dataclass(frozen=True, slots=True)
class PlainText:
    """The first text of a mail not signed with OpenPGP; `detail` is SMIME if signed with that, else ""."""

    text: str
    detail: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A mail that can't be acted on; `reason`: one of verdict.REASONS, `detail`: of diagnosis.DETAILS, SMIME or ""."""

    reason: str
    detail: str = field(default="", compare=False)


Body = PgpMimeSigned | PgpMimeEncrypted | InlineSigned | InlineEncrypted | PlainText | Unreadable


@dataclass(frozen=True, slots=True)
class Found:
    """The one message, the keys sent along (signed ones first), and the names of what it does not cover."""

    body: Body
    keys: tuple[bytes, ...] = ()
    ignored: tuple[str, ...] = ()
