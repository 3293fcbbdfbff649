"""What came of taking the encryption off a message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """An OpenPGP message without its encryption, binary: signed or not."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Undecryptable:
    """Why nothing could be unwrapped, one of verdict.REASONS."""

    reason: str
