"""Keeps what a process holds in memory (mail, keys, passwords) out of core files and from other processes."""

import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # prctl(2)


def keep_in_memory() -> None:
    """No core file, not to a program either (core(5)), and no look into the memory by others of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
