"""Asks the kernel whether anything keeps this machine's clock right: adjtimex(2), which anybody may read."""

import ctypes

_TIME_ERROR = 5  # the state of a clock that nothing keeps right
_OCTETS = 512  # more than struct timex has anywhere; mode 0, its first field, changes nothing


def is_kept() -> bool | None:
    """Whether the clock is synchronised; None if the system does not say."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (AttributeError, OSError):  # not Linux
        return None
    state = int(adjtimex(ctypes.create_string_buffer(_OCTETS)))
    return None if state < 0 else state != _TIME_ERROR
