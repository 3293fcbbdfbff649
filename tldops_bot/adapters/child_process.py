"""How our own child processes start: their memory is kept private, and they end when we do."""

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading

from tldops_bot.adapters.linux_memory import give_back_what_is_large
from tldops_bot.adapters.linux_secrets import end_with_parent, keep_in_memory


def live_and_die_with_parent() -> None:
    """End when the parent does, even if it is killed.

    A worker holds both ends of its queue, so nothing would ever tell it that the parent is gone; the kernel
    does, where it can. A worker that hangs inside a library could not end itself anyway.
    """
    keep_in_memory()
    give_back_what_is_large()
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it as well
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def give_way() -> None:
    """Let everything else on the machine go first, if the system lets us."""
    with contextlib.suppress(OSError):  # a sandbox may forbid it; the work must be done all the same
        os.nice(10)


def _end_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
