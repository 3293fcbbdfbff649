"""Makes the C library return memory to the system once a large mail has been dealt with."""

import ctypes
import sys

_M_MMAP_THRESHOLD = -3  # mallopt(3)
_M_ARENA_MAX = -8
_LARGE_BYTES = 512 * 1024


def give_back_what_is_large() -> None:
    """Call this before there are threads.

    Left alone, glibc stops returning freed memory after the first large block, and keeps a heap for each
    thread: a flood of large mails would leave the process twice its size for good.
    """
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):  # musl has none, and needs none
            library.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
            library.mallopt(_M_ARENA_MAX, 2)
