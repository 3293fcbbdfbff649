"""Builds the steps of a Containerfile in a chroot made by debootstrap, and runs the program there as a container would.

    python packaging/try_containerfile.py      # as root; needs debootstrap, dist/*.whl and Debian's packages

For machines where no container engine runs. It knows the few instructions that packaging/Containerfile uses.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BASE = "docker.io/library/debian:bookworm-slim"
TEMPORARY = "/tmp"  # of the container
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="container", dir="/var/tmp"))
    try:
        base = folder / "base"
        say(f"debootstrap, for {BASE}")
        command = ["debootstrap", "--variant=minbase", "--merged-usr", "bookworm", str(base)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        image = Image(folder, base)
        for instruction, rest in instructions((TOP / "packaging/Containerfile").read_text()):
            image.follow(instruction, rest)
        image.try_it()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def say(text: str) -> None:
    print(f"-- {text}", flush=True)


def instructions(text: str) -> Iterator[tuple[str, str]]:
    text = re.sub(r"(?m)^\s*#.*\n", "", text).replace("\\\n", " ")
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, _, rest = line.partition(" ")
        yield instruction, " ".join(rest.split())


class Image:
    """The stages of a build, each a folder; the last one is what would be run."""

    def __init__(self, folder: Path, base: Path) -> None:
        self.folder, self.base = folder, base
        self.stages: dict[str, Path] = {}
        self.root = base
        self._begin()

    def _begin(self) -> None:
        self.environment = {"PATH": PATH}
        self.user, self.place, self.entry = "0:0", "/", [""]
        self.command: list[str] = []
        self.volumes: list[str] = []

    def follow(self, instruction: str, rest: str) -> None:
        getattr(self, f"_{instruction.lower()}")(rest)

    def _from(self, rest: str) -> None:
        source, _, name = rest.partition(" AS ")
        assert source == BASE, source
        self._begin()
        self.root = self.folder / (name or "image")
        self.stages[name] = self.root
        subprocess.run(["cp", "-a", str(self.base), str(self.root)], check=True)

    def _run(self, rest: str) -> None:
        say(f"RUN {rest[:100]} …")
        chroot(self.root, ["/bin/bash", "-euo", "pipefail", "-c", rest], self.environment, self.place)

    def _copy(self, rest: str) -> None:
        *sources, into = rest.split()
        origin = TOP
        if sources[0].startswith("--from="):
            origin = self.stages[sources.pop(0).removeprefix("--from=")]
        target = self.root / into.lstrip("/")
        for pattern in sources:
            found = sorted(origin.glob(pattern.lstrip("/")))
            assert found, f"nothing to copy: {pattern}"
            for one in found:
                whole = (
                    ["-T", str(one)] if one.is_dir() else [str(one)]
                )  # a folder's content goes into the target
                subprocess.run(["cp", "-a", *whole, str(target)], check=True)

    def _env(self, rest: str) -> None:
        self.environment |= dict(one.split("=", 1) for one in shlex.split(rest))

    def _user(self, rest: str) -> None:
        self.user = rest

    def _workdir(self, rest: str) -> None:
        self.place = rest
        (self.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _entrypoint(self, rest: str) -> None:
        self.entry = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)

    def _volume(self, rest: str) -> None:
        self.volumes = json.loads(rest)

    def _nothing(self, rest: str) -> None:
        """What means nothing to a chroot."""

    _shell = _label = _expose = _stopsignal = _nothing

    def try_it(self) -> None:
        size = subprocess.run(["du", "-sm", str(self.root)], capture_output=True, text=True, check=True)
        subprocess.run(["du", "-xm", "--max-depth=3", "--threshold=20", str(self.root)], check=True)
        say(f"the image: {size.stdout.split()[0]} MB, runs as {self.user}")
        for words in (["--version"], ["init", "--list-address", "tld-ops@lists.example"], ["keys", "show"]):
            say(f"read-only, without a right: {' '.join([*self.entry, *words])}")
            self._as_container([*self.entry, *words])
        say(f"read-only, without a right: {' '.join([*self.entry, 'demo'])}")
        self._as_container([*self.entry, "demo"], output=subprocess.DEVNULL)
        say(f"read-only, without a right: {' '.join([*self.entry, *self.command])}, until SIGTERM")
        self._as_container(
            ["timeout", "--signal=TERM", "--preserve-status", "20", *self.entry, *self.command]
        )

    def _as_container(self, words: list[str], output: int | None = None) -> None:
        user, _, group = self.user.partition(":")
        held = f"{self.folder}/data"
        root = str(self.root)
        environment = shlex.join(f"{key}={value}" for key, value in self.environment.items())
        script = f"""
        ip link set lo up
        mkdir -p {held} && chown {user}:{group} {held} && chmod 700 {held}
        mount --bind {root} {root} && mount -o remount,ro,bind {root}
        mount --bind {held} {root}{self.volumes[0]}
        mount -t tmpfs -o mode=1777 none {root}{TEMPORARY}
        mount -t proc none {root}/proc
        mount -t tmpfs none {root}/dev && for one in null zero random urandom; do
            touch {root}/dev/$one && mount --bind /dev/$one {root}/dev/$one; done
        mkdir -m 1777 {root}/dev/shm
        ! touch {root}/usr/written 2>/dev/null
        exec chroot {root} /usr/bin/env --ignore-environment {environment} \\
            setpriv --reuid {user} --regid {group} --clear-groups --no-new-privs \\
            --bounding-set=-all --inh-caps=-all env --chdir={self.place} {shlex.join(words)}
        """
        command = ["unshare", "--mount", "--pid", "--fork", "--net", "--ipc", "bash", "-euc", script]
        subprocess.run(command, check=True, stdout=output)


def chroot(root: Path, words: list[str], environment: dict[str, str], place: str) -> None:
    script = """
    mount --bind /dev "$0/dev"
    mount -t proc none "$0/proc"
    cp /etc/resolv.conf "$0/etc/" || true
    cp /etc/ssl/certs/ca-certificates.crt "$0/run/" || true  # of a network that has a certificate authority of its own
    exec chroot "$0" "$@"
    """
    command = ["unshare", "--mount", "bash", "-euc", script, str(root), "env", f"--chdir={place}", *words]
    network = {key: value for key, value in os.environ.items() if key.lower().endswith("_proxy")}
    network |= {"PIP_CERT": "/run/ca-certificates.crt", "DEBIAN_FRONTEND": "noninteractive"}
    environment = environment | network
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main())
