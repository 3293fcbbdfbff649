"""Writes a backup: one tar file with the database's rows, config.toml and what it names; a list at the end.

What a running service may change meanwhile is read at one moment; the file gets its name only when it is
complete.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

FORMAT = "tldops-bot backup 1"
MANIFEST, CONFIG, DATABASE = "manifest.json", "config.toml", "database.jsonl"
FILES = "files/"
GPG_HOME = "openpgp.home"
# Its keys, and nothing that could make gpg do anything: settings, sockets and locks belong to the machine.
IN_GPG_HOME = re.compile(
    r"pubring\.(kbx|gpg)|trustdb\.gpg|private-keys-v1\.d/[0-9A-F]{40}\.key|openpgp-revocs\.d/[0-9A-F]{40,64}\.rev"
)
_CHUNK = 1 << 20

Dump = Callable[[IO[bytes]], Mapping[str, Any]]


class BadBackup(Exception):
    """It cannot be written, or is no backup that can be relied on; the text says why in one line."""


@dataclass
class Backup:
    """What goes in, gathered before the file is begun; `left_out` says what could not be read, and why."""

    config: Path
    named: Mapping[str, Path]
    left_out: list[str] = field(default_factory=list)

    def write(self, target: Path, dump: Dump) -> None:
        """Make the file, 0600; `dump` writes the rows and says what they were. Raises BadBackup."""
        try:
            handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
        except OSError as problem:
            raise BadBackup(f"{target}: cannot be written ({problem.strerror})") from problem
        unfinished = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                self._fill(out, target.parent, dump)
                out.flush()
                os.fsync(out.fileno())
            unfinished.replace(target)
            _sync(target.parent)
        except OSError as problem:
            raise BadBackup(f"{target}: cannot be written ({problem.strerror})") from problem
        finally:
            unfinished.unlink(missing_ok=True)

    def _fill(self, out: IO[bytes], folder: Path, dump: Dump) -> None:
        contents: dict[str, str] = {}
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
            with tempfile.TemporaryFile(dir=folder) as rows:
                about = dump(rows)
                contents[DATABASE] = _add(tar, DATABASE, rows)
            contents[CONFIG] = _add(tar, CONFIG, io.BytesIO(self.config.read_bytes()))
            # After the rows, so that every key the database mentions is there.
            for role, path in self.named.items():
                for name, octets in self._read(role, path):
                    contents[name] = _add(tar, name, io.BytesIO(octets))
            listed = {"format": FORMAT, **about, "contents": contents}
            _add(tar, MANIFEST, io.BytesIO(json.dumps(listed, indent=1).encode()))

    def _read(self, role: str, path: Path) -> Iterator[tuple[str, bytes]]:
        if not path.is_dir():
            yield from self._octets(FILES + role, path)
            return
        for one in sorted(path.rglob("*")):
            below = one.relative_to(path).as_posix()
            is_wanted = IN_GPG_HOME.fullmatch(below) if role == GPG_HOME else one.is_file()
            if is_wanted:
                yield from self._octets(f"{FILES}{role}/{below}", one)

    def _octets(self, name: str, path: Path) -> Iterator[tuple[str, bytes]]:
        try:
            yield name, path.read_bytes()
        except OSError as problem:
            self.left_out.append(f"{path}: cannot be read ({problem.strerror}), and is left out")


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes]) -> str:
    """Add a member; returns its digest."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = content.seek(0, os.SEEK_END), 0o600
    digest = hashlib.sha256()
    content.seek(0)
    while piece := content.read(_CHUNK):
        digest.update(piece)
    content.seek(0)
    tar.addfile(entry, content)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    """Make the name, too, survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
