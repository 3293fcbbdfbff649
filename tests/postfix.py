"""A Postfix of our own: an instance in a folder with a short name, while a block lasts. Root alone may start one.

with running(home, port, "relay_domains = tcp.example\n"): …
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 300.0
IS_THERE = os.geteuid() == 0 and shutil.which("postfix", path="/usr/sbin:/usr/bin") is not None
# What the operator's machine has anyway, and what makes Postfix hurry. With a backoff of 1 s, which it counts in
# whole seconds, its queue manager may meet a mail that the last try still holds, and leave it for five minutes.
_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/log
maillog_file_prefixes = {home}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
queue_run_delay = 1s
minimal_backoff_time = 2s
maximal_backoff_time = 3s
transport_retry_time = 1s
default_destination_concurrency_failed_cohort_limit = 0
"""
_MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def running(home: Path, port: int, main_cf: str) -> Iterator[None]:
    """It listens on that port of 127.0.0.1; `main_cf` says where mail goes. Its log is `home/log`."""
    for name in ("queue", "data", "etc"):
        (home / name).mkdir(parents=True, exist_ok=True)
    shutil.chown(home / "data", "postfix")
    (home / "etc/main.cf").write_text(_MAIN_CF.format(home=home) + main_cf)
    (home / "etc/master.cf").write_text(_MASTER_CF.format(port=port))
    _control("start", home)
    try:
        _wait_until_it_listens(home, port)
        yield
    finally:
        _control("abort", home)


def _control(verb: str, home: Path) -> None:
    command = ["/usr/sbin/postfix", "-c", str(home / "etc"), verb]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 0, done.stderr


def _wait_until_it_listens(home: Path, port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"Postfix does not listen: {(home / 'log').read_text(errors='replace')}")
