"""Whether GnuPG is installed and works: its version, and its agent for a home."""

import re
import subprocess
from pathlib import Path

SECONDS = 10


def version() -> str | None:
    """The version, such as "2.2.40"; "" if gpg does not say, None if there is no gpg."""
    try:
        ran = subprocess.run(["gpg", "--version"], capture_output=True, timeout=SECONDS, check=False)
    except OSError:
        return None
    except subprocess.TimeoutExpired:
        return ""
    first = ran.stdout.decode("utf-8", "replace").partition("\n")[0]
    found = re.search(r"\(GnuPG[^)]*\) (\d+(?:\.\d+)+)", first)
    return found[1] if found else ""


def agent_starts(home: Path) -> bool:
    """Whether the agent of this home runs, or can be started."""
    command = ["gpgconf", "--homedir", str(home), "--launch", "gpg-agent"]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0
