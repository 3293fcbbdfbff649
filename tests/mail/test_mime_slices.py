"""Parts begin and end where RFC 2046 section 5.1.1 says, whatever stands between them."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from tldops_bot.mail.mime_slices import slice_entity

_EDGE = re.compile(rb"(?:^|\r?\n)--b(--)?[ \t]*(?=\r?\n|\Z)")


def cut_by_the_grammar(body: bytes) -> list[bytes]:
    """The same in one pattern, as the RFC has it."""
    pieces: list[bytes] = []
    start = None
    for edge in _EDGE.finditer(body):
        if start is not None:
            pieces.append(body[start : edge.start()])
        if edge[1]:
            return pieces
        start = body.find(b"\n", edge.end()) + 1 or len(body)
    return pieces if start is None else [*pieces, body[start:]]


@given(
    st.lists(st.sampled_from([b"\r\n", b"\n", b"--b", b"--", b"b", b"\r", b" ", b"\t", b"x"]), max_size=16)
)
@example([b"--b", b"\r\n", b"--b", b"\r\n", b"--b", b"--"])  # empty parts
@example([b"\n", b"--b", b"x", b"\n", b"--b", b"\n", b"x", b"--b", b"\n", b"--b", b"--"])  # nearly a boundary
def test_parts_lie_between_lines_that_are_a_boundary_and_nothing_else(tokens: list[bytes]) -> None:
    body = b"".join(tokens)
    root = slice_entity(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)
    assert [part.octets for part in root.children] == cut_by_the_grammar(body)
