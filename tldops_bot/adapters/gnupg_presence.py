"""Whether GnuPG is installed and works: its version, and its agent for a home."""

import os
import re
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from tldops_bot.domain.mendable import Mendable

SECONDS = 10
# A socket's path has at most 107 octets (unix(7)), and gpg-agent wants one for the end, too.
LONGEST_HOME: Final = 106 - len("/S.gpg-agent.browser")


class HomeTooLong(Mendable):
    """The agent's sockets would have longer paths than sockets may have."""


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


def must_fit(home: Path) -> None:
    """Raises HomeTooLong. Where there is a /run/user for this user, gpg has its sockets there, and any home will do."""
    octets = len(os.fsencode(home))
    if octets > LONGEST_HOME and not _is_elsewhere(home):
        raise HomeTooLong(
            f"{home}: gpg needs a shorter path, of at most {LONGEST_HOME} octets; it has {octets}"
        )


def agent_starts(home: Path) -> bool:
    """Whether the agent of this home runs, or can be started."""
    return _gpgconf(home, "--launch", "gpg-agent") is not None


def _is_elsewhere(home: Path) -> bool:
    socket = unquote_to_bytes((_gpgconf(home, "--list-dirs", "agent-socket") or b"").strip())
    return 0 < len(socket) <= LONGEST_HOME + len("/S.gpg-agent")


def _gpgconf(home: Path, *arguments: str) -> bytes | None:
    """What it prints; None if it is missing, fails, or takes too long."""
    command = ["gpgconf", "--homedir", str(home), *arguments]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout if ran.returncode == 0 else None
