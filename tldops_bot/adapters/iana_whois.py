"""Asks whois.iana.org (RFC 3912) about one TLD after the other, unhurriedly; never follows a referral."""

import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from tldops_bot.domain.iana_record import Garbled, IanaRecord, NotFound
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.mail.iana_records import parse_answers

MAX_ANSWER_OCTETS = 64 * 1024
TIMEOUT_SECONDS = 20.0
CONNECT_SECONDS = 4.0
LOOK_UP_SECONDS = 0.5  # between two checks whether to stop
PAUSE_SECONDS = 1.0
MAX_FAILURES_IN_A_ROW = 5

Reason = Literal["unreachable", "timed_out", "too_large", "given_up"]
Clock = Callable[[], float]


class NoAnswer(Exception):
    """The server did not answer in full; `reason` says why in one word."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What `sync` yields instead of an answer; nothing is known, so nothing may change."""

    reason: Reason


Result = IanaRecord | NotFound | Garbled | Unanswered


@dataclass(frozen=True, slots=True)
class WhoisServer:
    """Where to ask, how long a whole answer may take, by which clock, and whether to stop."""

    host: str
    port: int
    clock: Clock  # in seconds, monotonic
    timeout_seconds: float = TIMEOUT_SECONDS
    is_stopping: Callable[[], bool] = lambda: False


def fetch(tld: Tld, server: WhoisServer) -> bytes:
    """The raw answer about a TLD. Blocks; raises NoAnswer."""
    deadline = server.clock() + server.timeout_seconds
    patience = min(server.timeout_seconds, CONNECT_SECONDS)
    try:
        with socket.create_connection((server.host, server.port), patience) as connection:
            connection.sendall(tld.a_label.encode("ascii") + b"\r\n")
            return _read_all(connection, deadline, server)
    except TimeoutError as slow:
        raise NoAnswer("timed_out") from slow
    except (OSError, UnicodeError) as broken:  # UnicodeError: not a valid host name
        raise NoAnswer("unreachable") from broken


def _read_all(connection: socket.socket, deadline: float, server: WhoisServer) -> bytes:
    """Read to the end of the stream. A server that drips one octet at a time meets the deadline, too."""
    octets = bytearray()
    while True:
        left = deadline - server.clock()
        if left <= 0 or server.is_stopping():
            raise NoAnswer("timed_out")
        connection.settimeout(min(left, LOOK_UP_SECONDS))
        try:
            piece = connection.recv(8192)
        except TimeoutError:
            continue
        if not piece:
            return bytes(octets)
        octets += piece
        if len(octets) > MAX_ANSWER_OCTETS:
            raise NoAnswer("too_large")


def read_answer(tld: Tld, octets: bytes) -> IanaRecord | NotFound | Garbled:
    """The answer in these octets, if it is a single one and about the TLD that was asked for."""
    answers = parse_answers(octets)
    if len(answers) > 1:
        return Garbled("several_answers", tld)
    answer = answers[0]
    about = parse_tld(answer.asked) if isinstance(answer, NotFound) else answer.tld
    return Garbled("other_tld", tld) if about not in (tld, None) else answer


def ask(tld: Tld, server: WhoisServer) -> Result:
    """Fetch and read the answer about one TLD."""
    try:
        octets = fetch(tld, server)
    except NoAnswer as nothing:
        return Unanswered(nothing.reason)
    return read_answer(tld, octets)


def sync(
    tlds: Iterable[Tld],
    server: WhoisServer,
    sleep: Callable[[float], None],
    pause_seconds: float = PAUSE_SECONDS,
) -> Iterator[tuple[Tld, Result]]:
    """Ask about each TLD in turn, pausing in between, and yield each answer as it comes.

    After a few failures in a row the server is left alone, and the rest is `given_up`.
    """
    failures = 0
    for number, tld in enumerate(tlds):
        if failures >= MAX_FAILURES_IN_A_ROW:
            yield tld, Unanswered("given_up")
            continue
        if number:
            sleep(pause_seconds)
        result = ask(tld, server)
        failures = failures + 1 if isinstance(result, Unanswered) else 0
        yield tld, result
