"""A process is as large after large mails as it was before."""

import os
import subprocess
import sys

import pytest

# The first block that is freed teaches glibc to keep such blocks; a small one behind the second pins it.
LARGE_MAILS = """
import os
from tldops_bot.adapters.linux_memory import give_back_what_is_large

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

give_back_what_is_large()
first = b"x" * 9_000_000
del first
before = resident()
second = b"x" * 9_000_000
kept = [b"y" * 4096 for _ in range(500)]
del second
print(resident() - before)
"""


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in os.confstr_names, reason="another C library than glibc")
def test_what_a_large_mail_took_is_given_back() -> None:
    ran = subprocess.run([sys.executable, "-c", LARGE_MAILS], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 4_000_000
