"""Where the content of a mail ends, and which content is refused (RFC 5321 sections 2.3.8, 4.1.1.4, 4.5.2).

Only CRLF.CRLF ends a mail. A bare CR, a bare LF or a NUL inside it is what SMTP smuggling is made of: another
server may have seen two mails where we see one, so nothing in such a mail is believed.
"""

_END = b"\r\n.\r\n"


class Content:
    """Collects one mail in bounded memory: at most one and a half times `max_octets`, whatever is sent."""

    def __init__(self, max_octets: int) -> None:
        self._max_octets = max_octets
        # Leading dots are doubled on the wire, so it may carry more octets than the mail has.
        self._max_on_wire = max_octets + max_octets // 2 + 1024
        self._buffer = bytearray(b"\r\n")  # the line end of DATA itself: an empty mail starts with its end
        self.is_too_large = False

    @property
    def held(self) -> int:
        """Octets in memory."""
        return len(self._buffer)

    def feed(self, data: bytes) -> bytes | None:
        """Take octets from the wire; at the end of the mail, return those after it, which are commands."""
        start = max(0, len(self._buffer) - len(_END) + 1)
        self._buffer += data
        end = self._buffer.find(_END, start)
        if end >= 0:
            rest = bytes(self._buffer[end + len(_END) :])
            del self._buffer[end + 2 :]
        if self.is_too_large or len(self._buffer) > self._max_on_wire:
            self.discard()
        return rest if end >= 0 else None

    def discard(self) -> None:
        """Keep only the few octets needed to recognise the end."""
        self.is_too_large = True
        del self._buffer[: -len(_END) + 1]

    def finish(self) -> bytes:
        """The mail as the sender wrote it, without the dots that were added on the way."""
        if self.is_too_large:
            return b""
        plain = self._buffer.replace(b"\r\n.", b"\r\n") if b"\r\n." in self._buffer else self._buffer
        with memoryview(plain) as view:
            octets = bytes(view[2:])
        self._buffer.clear()
        if len(octets) > self._max_octets:
            self.is_too_large = True
            return b""
        return octets


def is_clean(octets: bytes) -> bool:
    """Whether every CR and LF is part of a CRLF, and there is no NUL."""
    line_ends = octets.count(b"\r\n")
    return octets.count(b"\n") == line_ends == octets.count(b"\r") and b"\0" not in octets
