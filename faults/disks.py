"""A disk of our own that is easily filled, where the system lets us mount one."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from faults.town import FaultTown, fault_town

DISK_BYTES = 24 * 1024 * 1024


@contextmanager
def small_disk() -> Iterator[FaultTown]:
    """A town on a disk of its own, of a few megabytes. For root."""
    home = Path(tempfile.mkdtemp(prefix="fd", dir="/tmp"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "faults", str(home)], check=True)
    try:
        with fault_town(home=home) as town:
            yield town
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)
        shutil.rmtree(home, ignore_errors=True)


_A_LAYER = """
mount -t tmpfs none "$0" && mkdir "$0/upper" "$0/work" "$0/root" &&
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
"""


@cache
def can_mount() -> bool:
    """Whether a disk, and a layer above this machine's, may be mounted: root of a container often may not."""
    if os.geteuid() != 0 or None in (shutil.which("mount"), shutil.which("unshare")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        command = ["unshare", "--mount", "sh", "-c", _A_LAYER, folder]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
