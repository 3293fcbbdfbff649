"""How a process of our own begins that works beside us: its secrets stay in memory, and it ends when we do."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading

from tldops_bot.adapters.linux_memory import give_back_what_is_large
from tldops_bot.adapters.linux_secrets import end_with_parent, keep_in_memory


def live_and_die_with_parent() -> None:
    """The worker holds both ends of its queue, so it would outlive a parent that was killed, for ever.

    The system ends it where it can: one that hangs inside a library can't end itself.
    """
    keep_in_memory()
    give_back_what_is_large()
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it, too; the parent says when to end
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def give_way() -> None:
    """The same, and whatever else has something to do goes first."""
    live_and_die_with_parent()
    os.nice(10)


def _end_after(sentinel: int) -> None:
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
