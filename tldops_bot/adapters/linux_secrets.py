"""Keeps what a process holds in memory (mail, keys, passwords) out of core dumps and other hands."""

import ctypes
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1  # prctl(2)
_PR_SET_DUMPABLE = 4


def keep_in_memory() -> None:
    """No core dump, piped ones included (core(5)), and no peeking by other processes of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def end_with_parent() -> None:
    """The kernel kills this process when the thread that started it ends, whatever it is doing then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
