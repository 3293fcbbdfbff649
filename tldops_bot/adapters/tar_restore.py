"""Reads a backup: every member is examined before anything is written, and then written only where we say.

Whoever made the file may be hostile: names that lead elsewhere, links, devices, sparse files, two members of
one name, settings that make gpg run programs. None of that is in a backup of ours, so a file that has any is
refused.
"""

import hashlib
import json
import os
import re
import shutil
import tarfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from tldops_bot.adapters.tar_backup import (
    CONFIG,
    DATABASE,
    FILES,
    FORMAT,
    GPG_HOME,
    IN_GPG_HOME,
    MANIFEST,
    BadBackup,
)

MOST_MEMBERS = 100_000
MOST_MANIFEST_BYTES = 50_000_000
MOST_CONFIG_BYTES = 1_000_000
_CHUNK = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")
_BROKEN = "damaged, or not a backup of this program"


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup that has been examined and is whole."""

    about: Mapping[str, Any]
    made_at: datetime
    config: str
    roles: frozenset[str]
    _tar: tarfile.TarFile
    _members: Mapping[str, tarfile.TarInfo]

    def rows(self) -> IO[bytes]:
        """The lines of the database."""
        return _content(self._tar, self._members[DATABASE])

    def lay_out(self, folder: Path, places: Mapping[str, str]) -> None:
        """Write the files below `folder`, each role at its place, 0600 in folders of 0700. Raises BadBackup."""
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, member in self._members.items():
            if name.startswith(FILES):
                role, _, below = name.removeprefix(FILES).partition("/")
                target = folder / places[role] / below if below else folder / places[role]
                try:
                    make_folders(target.parent, folder)
                    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                    with os.fdopen(handle, "wb") as out:
                        shutil.copyfileobj(_content(self._tar, member), out, _CHUNK)
                except (FileExistsError, NotADirectoryError):
                    raise BadBackup(f"{_BROKEN}: two files go to one place") from None


@contextmanager
def opened(file: Path, roles: Collection[str]) -> Iterator[Opened]:
    """Examine a backup; `roles` are those known here. Raises BadBackup."""
    with ExitStack() as until_then:
        with _what_is_wrong(file):
            source = until_then.enter_context(file.open("rb"))
            tar = until_then.enter_context(tarfile.open(fileobj=source, mode="r:"))
            found = _looked_through(tar, os.fstat(source.fileno()).st_size, roles)
        yield found


@contextmanager
def _what_is_wrong(file: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError, UnicodeError) as problem:
        raise BadBackup(f"{file}: {_BROKEN}") from problem
    except OSError as problem:
        raise BadBackup(f"{file}: cannot be read ({problem.strerror or 'it ends too soon'})") from problem


def make_folders(folder: Path, above: Path) -> None:
    """Make a folder and those between it and the one above, 0700."""
    if folder != above:
        make_folders(folder.parent, above)
        folder.mkdir(mode=0o700, exist_ok=True)


def _looked_through(tar: tarfile.TarFile, size: int, roles: Collection[str]) -> Opened:
    members = _members(tar, size)
    for name in (MANIFEST, CONFIG, DATABASE):
        if name not in members:
            raise BadBackup(f"{_BROKEN}: it holds no {name}")
    about = _manifest(tar, members[MANIFEST])
    found = frozenset(_role(name, roles) for name in members if name.startswith(FILES))
    listed = about["contents"]
    if set(listed) != set(members) - {MANIFEST}:
        raise BadBackup(f"{_BROKEN}: it does not hold what it lists")
    for name, digest in listed.items():
        if _digest(tar, members[name]) != digest:
            raise BadBackup(f"{_BROKEN}: {name[:80]} was changed")
    if members[CONFIG].size > MOST_CONFIG_BYTES:
        raise BadBackup(f"{_BROKEN}: {CONFIG} is too large")
    config = _content(tar, members[CONFIG]).read().decode()
    return Opened(about, datetime.fromisoformat(about["made_at"]), config, found, tar, members)


def _members(tar: tarfile.TarFile, size: int) -> dict[str, tarfile.TarInfo]:
    found: dict[str, tarfile.TarInfo] = {}
    for member in tar:
        if not member.isreg() or member.issparse() or member.size < 0:
            raise BadBackup(f"{_BROKEN}: it holds something that is no plain file")
        if member.offset_data + member.size > size:
            raise BadBackup(f"{_BROKEN}: it was cut short, its end is missing")
        if member.name in found or len(found) >= MOST_MEMBERS:
            raise BadBackup(f"{_BROKEN}: a name stands in it twice, or too many")
        if not member.name.startswith(FILES) and member.name not in (MANIFEST, CONFIG, DATABASE):
            raise BadBackup(f"{_BROKEN}: it holds what does not belong there")
        found[member.name] = member
    return found


def _role(name: str, roles: Collection[str]) -> str:
    """The key of config.toml that a file belongs to; its path below must lead nowhere else."""
    role, slash, below = name.removeprefix(FILES).partition("/")
    parts = below.split("/") if slash else []
    is_odd = any(one in ("", ".", "..") or "\0" in one or len(one.encode()) > 255 for one in parts)
    if role not in roles or is_odd or len(parts) > 20 or str(PurePosixPath(name)) != name:
        raise BadBackup(f"{_BROKEN}: it holds a file that leads elsewhere")
    if role == GPG_HOME and not IN_GPG_HOME.fullmatch(below):
        raise BadBackup(f"{_BROKEN}: the gpg home holds more than keys")
    return role


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    if member.size > MOST_MANIFEST_BYTES:
        raise BadBackup(f"{_BROKEN}: its list of contents is too large")
    try:
        about = json.loads(_content(tar, member).read())
        contents, made_at = about["contents"], datetime.fromisoformat(about["made_at"])
        words = [about["list"], about["revision"], *contents.values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise BadBackup(f"{_BROKEN}: its list of contents cannot be read") from problem
    if about.get("format") != FORMAT:
        raise BadBackup("made by a newer version of this program, or by another one")
    if made_at.tzinfo is None or not all(isinstance(word, str) for word in words):
        raise BadBackup(f"{_BROKEN}: its list of contents cannot be read")
    if not all(_DIGEST.fullmatch(digest) for digest in contents.values()):
        raise BadBackup(f"{_BROKEN}: its list of contents cannot be read")
    return dict(about)


def _digest(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    digest, content = hashlib.sha256(), _content(tar, member)
    while piece := content.read(_CHUNK):
        digest.update(piece)
    return digest.hexdigest()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise BadBackup(_BROKEN)
    return content
