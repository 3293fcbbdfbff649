"""Has the C library give memory back: what a large mail took is the system's again when the mail is done with."""

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # mallopt(3)
_M_ARENA_MAX = -8
_LARGE_BYTES = 512 * 1024


def give_back_what_is_large() -> None:
    """To be called before there are threads.

    Left alone, glibc keeps what was freed once there was a block as large as that, and has a heap for each thread: for
    good, a flood of large mails would leave the process twice as large as it was.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):  # musl has none, and needs none
            library.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            library.mallopt(_M_ARENA_MAX, 2)
