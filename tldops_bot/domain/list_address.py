"""The list's own address and its sub-addresses, `list+tag@domain` (RFC 5233); which recipients are ours."""

from dataclasses import dataclass

from tldops_bot.domain.address import MAX_LOCAL_OCTETS, MAX_OCTETS


@dataclass(frozen=True, slots=True)
class ListAddress:
    """`local@domain`, with a delimiter between `local` and a tag. Compared without regard to ASCII case."""

    local: str
    domain: str
    delimiter: str = "+"

    def __post_init__(self) -> None:
        if not self.local or not self.domain or len(self.delimiter) != 1:
            raise ValueError("a list address needs a local part, a domain and a delimiter of one character")
        if not (self.local + self.domain + self.delimiter).isascii():
            raise ValueError("a list address is ASCII; write the domain as A-label")
        if len(self.local) > MAX_LOCAL_OCTETS:
            raise ValueError("the local part of the list address is longer than 64 octets")

    @classmethod
    def parse(cls, address: str, delimiter: str = "+") -> "ListAddress":
        """Read `local@domain`. Raises ValueError."""
        local, at, domain = address.rpartition("@")
        if not at or "@" in local:
            raise ValueError("a list address has one @")
        return cls(local, domain, delimiter)

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"

    def owns(self, rcpt: str) -> bool:
        """Whether `rcpt` is the list or one of its sub-addresses; an empty tag is neither."""
        return self._tag(rcpt) is not None

    def tag(self, rcpt: str) -> str:
        """What follows the delimiter, in lower case; "" for the list itself, and for other addresses."""
        return self._tag(rcpt) or ""

    def with_tag(self, tag: str) -> str:
        """The sub-address for `tag`. Raises ValueError if its local part would exceed 64 octets."""
        local = f"{self.local}{self.delimiter}{tag}"
        if not tag or not tag.isascii() or not tag.isprintable() or set(tag) & set(' @<>()[],:;"\\'):
            raise ValueError("not a tag for an address")
        if len(local) > MAX_LOCAL_OCTETS or len(local) + 1 + len(self.domain) > MAX_OCTETS:
            raise ValueError("too long: with the tag of a bounce, there are more than 64 octets before the @")
        return f"{local}@{self.domain}"

    def _tag(self, rcpt: str) -> str | None:
        # ASCII only before folding case: "ſ" and the Kelvin sign fold to ASCII letters.
        if not rcpt.isascii():
            return None
        local, _, domain = rcpt.lower().rpartition("@")
        if domain != self.domain.lower() or len(local) > MAX_LOCAL_OCTETS:
            return None
        mine = self.local.lower()
        if local == mine:
            return ""
        # Not partition(): with "-" as delimiter, "tld-ops" itself holds one.
        head = mine + self.delimiter.lower()
        return local[len(head) :] or None if local.startswith(head) else None
