"""Signed commands in a closed loop, against gpg alone verifying them and signing the answers."""

import itertools
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import footprint
from benchmarks.figures import Figure, Say, times
from benchmarks.load import send_all
from benchmarks.people import Member
from benchmarks.sink_process import SinkProcess
from benchmarks.site import WHO_MAIL, Site, new_site
from tests.keys import LIST_ADDRESS
from tldops_bot.mail.bodies import PgpMimeSigned
from tldops_bot.mail.take_apart import take_apart

MOST = 1.5
PROCESSES = 2  # gpg processes at a time, as many as the service runs on two processors
CONNECTIONS = 4
_GPG = ("gpg", "--no-options", "--batch", "--quiet", "--no-auto-check-trustdb", "--trust-model=always")
_ANSWER = b"Content-Type: text/plain\r\n\r\n" + b"A line of an answer, as long as most of them are.\r\n" * 30


@dataclass(frozen=True, slots=True)
class _Asked:
    """One mail with a question, ready for the service and, taken apart, for gpg."""

    sender: str
    octets: bytes
    certificate: bytes

    @property
    def parts(self) -> tuple[bytes, bytes]:
        body = take_apart(self.octets).body
        assert isinstance(body, PgpMimeSigned)
        return body.signed_octets, body.signature


def measure(members: Sequence[Member], sink: SinkProcess, mails: int, rounds: int, say: Say) -> list[Figure]:
    """From the first 250 to the last reply taken by the sink."""
    ours, floors = [], []
    with new_site(members) as site:
        for number in range(rounds):
            say(f"signed commands, round {number + 1}")
            asked = _questions(members, mails, number)
            with site.serve(sink.port, CONNECTIONS):
                footprint.settle(site)
                ours.append(_by_service(asked, site, sink))
                floors.append(_by_gpg(asked, site.home / "var/gnupg"))
    return [times(f"{mails} signed QUERY mails: last reply", ours, floors, MOST)]


def _questions(members: Sequence[Member], mails: int, number: int) -> list[_Asked]:
    senders = itertools.cycle(members[:WHO_MAIL])
    found = []
    for nth, one in zip(range(mails), senders, strict=False):
        text = f"List: {LIST_ADDRESS}\nQUERY nl\n# question {number}.{nth}\n"
        found.append(_Asked(one.address, one.signed_mail(text), one.certificate))
    return found


def _by_service(asked: Sequence[_Asked], site: Site, sink: SinkProcess) -> float:
    sink.listen_for(b"multipart/encrypted")
    accepted = send_all(site.port, [(one.sender, one.octets) for one in asked], CONNECTIONS)
    return sink.wait_for(len(asked)).at[-1] - accepted.at[0]


def _by_gpg(asked: Sequence[_Asked], home: Path) -> float:
    """Files are written before; the agent that signs runs already, as it does for the service."""
    with tempfile.TemporaryDirectory(prefix="gpg", dir="/tmp") as folder:
        jobs = [_job(Path(folder), home, number, one) for number, one in enumerate(asked)]
        begun_at = time.monotonic()
        with ThreadPoolExecutor(PROCESSES) as pool:
            list(pool.map(_run, jobs))
        return time.monotonic() - begun_at


def _job(folder: Path, home: Path, number: int, one: _Asked) -> tuple[list[str], list[str]]:
    """The two gpg calls that one mail needs at least."""
    keyring, text, signature = (folder / f"{number}.{end}" for end in ("gpg", "txt", "sig"))
    for path, octets in zip((keyring, text, signature), (one.certificate, *one.parts), strict=True):
        path.write_bytes(octets)
    empty = folder / "home"
    empty.mkdir(mode=0o700, exist_ok=True)
    verify = [*_GPG, f"--homedir={empty}", "--no-default-keyring", f"--keyring={keyring}"]
    sign = [*_GPG, f"--homedir={home}", "--armor", "--digest-algo=SHA512", "--detach-sign"]
    return [*verify, "--verify", str(signature), str(text)], sign


def _run(job: tuple[list[str], list[str]]) -> None:
    verify, sign = job
    subprocess.run(verify, check=True, capture_output=True)
    subprocess.run(sign, check=True, capture_output=True, input=_ANSWER)
