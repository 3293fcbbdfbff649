"""A backup from somebody who wishes us ill, or from a bad disk, is none; and nothing is written before that is known."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tldops_bot.adapters.tar_backup import FORMAT, Backup, BadBackup
from tldops_bot.adapters.tar_restore import opened
from tldops_bot.config.moving import ROLES

KEY = f"files/openpgp.home/private-keys-v1.d/{'A' * 40}.key"
GOOD = {"config.toml": b"[list]\n", "database.jsonl": b"", KEY: b"secret"}
Members = dict[str, bytes]


def manifest(members: Members, **more: Any) -> bytes:
    about = {
        "format": FORMAT,
        "made_at": "2026-11-21T06:00:00+00:00",
        "list": "tld-ops@lists.example",
        "revision": "0001",
        "contents": {name: hashlib.sha256(octets).hexdigest() for name, octets in members.items()},
    }
    return json.dumps(about | more).encode()


def entry(name: str, octets: bytes = b"") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size = len(octets)
    return made


def archive(
    folder: Path,
    members: Members,
    add: Callable[[tarfile.TarFile], None] = lambda _tar: None,
    **more: Any,
) -> Path:
    """A tar file with these members, a manifest that fits them, and what `add` puts in beside it."""
    file = folder / "b.tar"
    with tarfile.open(file, "w") as tar:
        for name, octets in (members | {"manifest.json": manifest(members, **more)}).items():
            tar.addfile(entry(name, octets), io.BytesIO(octets))
        add(tar)
    return file


def refused(file: Path) -> str:
    with pytest.raises(BadBackup) as found, opened(file, ROLES):
        pass
    assert "\n" not in str(found.value)
    return str(found.value)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[list]\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/held.txt.j2").write_text("words")
    made = Backup(tmp_path / "config.toml", {"templates.directory": tmp_path / "own"})
    about = json.loads(manifest({}))
    made.write(tmp_path / "b.tar", lambda out: about if out.write(b"{}\n") else {})
    with opened(tmp_path / "b.tar", ROLES) as backup:
        assert (backup.config, backup.roles) == ("[list]\n", {"templates.directory"})
        assert backup.rows().read() == b"{}\n"
        backup.lay_out(tmp_path / "there", {"templates.directory": "kept/x"})
    assert (tmp_path / "there/kept/x/held.txt.j2").read_text() == "words"
    assert (tmp_path / "there/kept/x/held.txt.j2").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "there/kept").stat().st_mode & 0o777 == 0o700


def test_a_good_one_is_taken(tmp_path: Path) -> None:
    with opened(archive(tmp_path, GOOD), ROLES) as backup:
        assert backup.roles == {"openpgp.home"}


def test_one_that_was_cut_short_is_told_from_one_that_was_changed(tmp_path: Path) -> None:
    whole = archive(tmp_path, GOOD | {"files/openpgp.home/pubring.kbx": b"x" * 9000})
    whole.write_bytes(whole.read_bytes()[:-12_000])
    assert "cut short" in refused(whole)


@pytest.mark.parametrize(
    "name",
    [
        "files/templates.directory/../../../etc/cron.d/x",
        "files/templates.directory/./x",
        "files/templates.directory//x",
        "files/templates.directory/",
        "files/../x",
        "files/list.address",
        "files/listener.socket",
        "files/database.url/x",
        "files//etc/passwd",
        f"files/templates.directory/{'x' * 256}",
        "files/templates.directory/" + "a/" * 30 + "x",
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    assert refused(archive(tmp_path, GOOD | {name: b""})).endswith("it holds a file that leads elsewhere")


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "x", "config.toml.bak", "./config.toml", "var/x"])
def test_what_does_not_belong_there_is_refused(tmp_path: Path, name: str) -> None:
    assert "does not belong there" in refused(archive(tmp_path, GOOD | {name: b""}))


@pytest.mark.parametrize(
    "name", ["gpg.conf", "gpg-agent.conf", "private-keys-v1.d/x.key", "S.gpg-agent", "a/pubring.kbx"]
)
def test_settings_that_could_make_gpg_run_programs_are_refused(tmp_path: Path, name: str) -> None:
    assert "more than keys" in refused(archive(tmp_path, GOOD | {f"files/openpgp.home/{name}": b"x"}))


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE],
)
def test_links_devices_and_folders_are_refused(tmp_path: Path, kind: bytes) -> None:
    def add(tar: tarfile.TarFile) -> None:
        made = entry("files/templates.directory/x")
        made.type, made.linkname = kind, "/etc/passwd"
        tar.addfile(made)

    assert "no plain file" in refused(archive(tmp_path, GOOD, add))


def test_a_file_with_holes_is_refused(tmp_path: Path) -> None:
    """A sparse member of a hundred octets may claim to be a terabyte."""

    def add(tar: tarfile.TarFile) -> None:
        made = entry("files/templates.directory/x")
        made.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": "files/templates.directory/x",
            "GNU.sparse.realsize": str(1 << 40),
        }
        octets = b"1\n0\n1\n".ljust(512, b"\0") + b"x".ljust(512, b"\0")
        made.size = len(octets)
        tar.addfile(made, io.BytesIO(octets))

    assert "no plain file" in refused(archive(tmp_path, GOOD, add))


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    def add(tar: tarfile.TarFile) -> None:
        tar.addfile(entry("config.toml", b"x"), io.BytesIO(b"x"))

    assert "twice" in refused(archive(tmp_path, GOOD, add))


def test_what_is_not_listed_and_what_is_missing_is_refused(tmp_path: Path) -> None:
    listed = {name: hashlib.sha256(octets).hexdigest() for name, octets in GOOD.items()}
    assert "what it lists" in refused(archive(tmp_path, GOOD, contents=listed | {"files/x": "0" * 64}))
    assert "what it lists" in refused(archive(tmp_path, GOOD, contents={}))
    for name in ("config.toml", "database.jsonl"):
        without = {known: octets for known, octets in GOOD.items() if known != name}
        assert refused(archive(tmp_path, without)).endswith(f"it holds no {name}")


def test_a_changed_octet_is_noticed(tmp_path: Path) -> None:
    file = archive(tmp_path, GOOD)
    octets = file.read_bytes()
    assert octets.count(b"secret") == 1
    file.write_bytes(octets.replace(b"secret", b"Secret"))
    assert refused(file).endswith("was changed")


@pytest.mark.parametrize("length", [0, 1, 100, 512, 1000, 2000])
def test_one_that_ends_too_soon_is_refused(tmp_path: Path, length: int) -> None:
    file = archive(tmp_path, GOOD)
    file.write_bytes(file.read_bytes()[:length])
    assert refused(file)


@pytest.mark.parametrize(
    "octets", [b"", b"hello", b"\x1f\x8b" + b"x" * 600, b"\0" * 10240, b"SQLite format 3\0" * 99]
)
def test_what_is_no_backup_is_refused(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "b.tar").write_bytes(octets)
    assert refused(tmp_path / "b.tar")


def test_compressed_ones_are_refused_before_they_swell(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "b.tar", "w:gz") as tar:
        tar.addfile(entry("manifest.json", bytes(9_000_000)), io.BytesIO(bytes(9_000_000)))
    assert "damaged" in refused(tmp_path / "b.tar")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"format": "tldops-bot backup 2"}, "newer version"),
        ({"format": None}, "newer version"),
        ({"made_at": "yesterday"}, "cannot be read"),
        ({"made_at": "2026-11-21T06:00:00"}, "cannot be read"),
        ({"made_at": 5}, "cannot be read"),
        ({"list": 5}, "cannot be read"),
        ({"revision": None}, "cannot be read"),
        ({"contents": []}, "cannot be read"),
        ({"contents": dict.fromkeys(GOOD, "x")}, "cannot be read"),
        ({"contents": dict.fromkeys(GOOD, 5)}, "cannot be read"),
    ],
)
def test_an_odd_list_of_contents_is_refused(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    assert why in refused(archive(tmp_path, GOOD, **more))


@pytest.mark.parametrize("octets", [b"", b"[]", b"5", b"{", b"\xff", b"[" * 100_000])
def test_a_list_of_contents_that_is_none_is_refused(tmp_path: Path, octets: bytes) -> None:
    with tarfile.open(tmp_path / "b.tar", "w") as tar:
        for name, content in (GOOD | {"manifest.json": octets}).items():
            tar.addfile(entry(name, content), io.BytesIO(content))
    assert "cannot be read" in refused(tmp_path / "b.tar")


def test_two_files_for_one_place_are_refused(tmp_path: Path) -> None:
    roles = {"smarthost.password_file": "x", "openpgp.passphrase_file": "x"}
    members = GOOD | {f"files/{role}": b"1" for role in roles}
    with (
        opened(archive(tmp_path, members), ROLES) as backup,
        pytest.raises(BadBackup, match="two files go to one place"),
    ):
        backup.lay_out(tmp_path / "there", roles | {"openpgp.home": "gnupg"})


def test_a_file_where_a_folder_must_be_is_refused(tmp_path: Path) -> None:
    members = GOOD | {"files/smarthost.password_file": b"1"}
    with opened(archive(tmp_path, members), ROLES) as backup, pytest.raises(BadBackup, match="one place"):
        backup.lay_out(tmp_path / "there", {"smarthost.password_file": "a", "openpgp.home": "a"})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refused(tmp_path / "none") == f"{tmp_path}/none: cannot be read (No such file or directory)"
    assert "cannot be read" in refused(tmp_path)
