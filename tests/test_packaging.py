"""Units, Debian package and container file, checked by the tools that know them; the package installed and removed."""

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from faults.disks import can_mount
from tests.test_wheel import PURELIB, run
from tldops_bot import __version__
from tldops_bot.cli.commands import app

ROOT = Path(__file__).resolve().parent.parent
PACKAGING = ROOT / "packaging"
UNITS = (PACKAGING / "systemd/tldops-bot.service", PACKAGING / "systemd/tldops-bot.socket")
WORST_EXPOSURE = 1.5  # of 10; "OK" ends at 2
PATIENCE = 600


def output(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_one_version_is_named_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert CliRunner().invoke(app, ["--version"]).output == f"tldops-bot {__version__}\n"


# --- systemd

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


@needs_systemd
def test_systemd_understands_the_units() -> None:
    """What is not installed here (the program, its manual page) is no fault of theirs."""
    _, said = output("systemd-analyze", "verify", *UNITS)
    ours = [line for line in said.splitlines() if "tldops-bot" in line]
    assert [line for line in ours if "is not executable" not in line and "Command 'man " not in line] == []


@needs_systemd
def test_the_service_may_do_little() -> None:
    _, said = output("systemd-analyze", "security", "--offline=true", "--no-pager", UNITS[0])
    found = re.search(r"Overall exposure level for tldops-bot\.service: ([0-9.]+)", said)
    assert found, said
    assert float(found[1]) <= WORST_EXPOSURE


@needs_systemd
def test_what_the_service_is_forbidden_is_not_what_it_needs() -> None:
    """It sets limits on itself, locks memory, starts gpg, and gives way while it makes the roster's files."""
    allowed: set[str] = set()
    for line in re.findall(r"(?m)^SystemCallFilter=(.*)$", UNITS[0].read_text()):
        named = calls(*line.removeprefix("~").split())
        allowed = allowed - named if line.startswith("~") else allowed | named
    assert not {"setrlimit", "mount", "chown"} & allowed
    assert {"prlimit64", "mlock", "execve", "clone3", "flock", "fchmod", "setpriority"} <= allowed


def calls(*names: str) -> set[str]:
    """What system calls these are, groups and groups in them taken apart."""
    groups = [name for name in names if name.startswith("@")]
    found = {name for name in names if not name.startswith("@")}
    if groups:
        _, said = output("systemd-analyze", "syscall-filter", *groups)
        words = [line.strip() for line in said.splitlines() if line.startswith("    ")]
        found |= calls(*(word for word in words if not word.startswith("#")))
    return found


# --- container


@pytest.mark.skipif(
    shutil.which("hadolint", path=Path(sys.executable).parent) is None, reason="needs hadolint"
)
def test_the_container_file_is_without_fault() -> None:
    assert output(Path(sys.executable).with_name("hadolint"), PACKAGING / "Containerfile") == (0, "")


def test_the_container_is_nobody_writes_to_one_place_and_installs_only_what_is_locked() -> None:
    text = (PACKAGING / "Containerfile").read_text()
    last = text[text.rindex("\nFROM ") :]
    assert re.findall(r"(?m)^USER (.*)$", last) == ["10001:10001"]
    assert re.findall(r"(?m)^VOLUME (.*)$", last) == ['["/data"]']
    assert "pip install" not in last
    for line in re.findall(r"pip install [^\n]*", text):
        assert "--require-hashes" in line or "--no-deps --no-index" in line


# --- Debian


def debian_python() -> str:
    """The version of Debian's own Python, "" where there is none."""
    if not Path("/usr/bin/python3").exists() or shutil.which("dpkg-deb") is None:
        return ""
    return output("/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")[1].strip()


needs_debian = pytest.mark.skipif(
    debian_python() != f"{sys.version_info[0]}.{sys.version_info[1]}" or not can_mount(),
    reason="needs root who may mount, on a Debian whose Python is of the version of this one",
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make deb` makes it, but the libraries are those of this environment, to which it points."""
    place = tmp_path_factory.mktemp("deb")
    env = place / "root/usr/lib/tldops-bot"
    pip = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check")
    run("/usr/bin/python3", "-m", "venv", "--without-pip", env, cwd=place)
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place, cwd=ROOT)
    install = (*pip, "--python", env / "bin/python", "install", "--no-deps", "--no-compile")
    run(*install, next(place.glob("*.whl")), cwd=place)
    libraries = Path(run(env / "bin/python", "-c", PURELIB, cwd=place).strip())
    (libraries / "libraries.pth").write_text("/srv/libraries\n")
    (place / "out").mkdir()
    script = "COMPRESSION=0 DEBEMAIL=ann@nic.example DEBFULLNAME='Ann Example' exec \"$@\""
    return Path(
        run(
            "sh", "-c", script, "sh", PACKAGING / "debian/pack.sh", place / "root", place / "out", cwd=place
        ).strip()
    )


# This machine again, with a layer above it that takes what is written and is gone in the end. $0: its folder.
ELSEWHERE = """
mount -t tmpfs -o mode=755 none "$0"
mkdir "$0/upper" "$0/work" "$0/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$0/upper,workdir=$0/work" "$0/root"
mount -t proc none "$0/root/proc"
mount --rbind /dev "$0/root/dev"
mount -t tmpfs -o mode=755 none "$0/root/run"
mount -t tmpfs -o mode=1777 none "$0/root/tmp"
mkdir "$0/root/srv/package" "$0/root/srv/libraries"
mount --bind "$1" "$0/root/srv/package"
mount --bind "$2" "$0/root/srv/libraries"
chroot "$0/root" bash -euc "$3"
find "$0/upper" -name '*tldops*' ! -type c -printf 'left: %P\n'
"""


@pytest.fixture
def elsewhere(tmp_path: Path, package: Path) -> "Elsewhere":
    return Elsewhere(tmp_path, package)


class Elsewhere:
    """A machine on which the package lies in /srv/package; nothing is left of it."""

    def __init__(self, place: Path, package: Path) -> None:
        self._place, self._package = place, package

    def run(self, script: str) -> str:
        seen = (self._package.parent, sysconfig.get_paths()["purelib"])
        command = ("unshare", "--mount", "--pid", "--fork", "bash", "-euc", ELSEWHERE, self._place, *seen)
        code, said = output(*command, script)
        assert code == 0, said
        return said


@needs_debian
def test_the_package_is_installed_set_up_upgraded_and_removed_and_leaves_only_what_people_entrusted(
    elsewhere: Elsewhere,
) -> None:
    said = elsewhere.run("""
        install="dpkg --no-triggers --install /srv/package/*.deb"
        $install
        echo "== $(tldops-bot --version)"
        tldops-bot init --list-address desk@ops.example >/dev/null
        stat --format '== %U %G %a %n' /etc/tldops-bot /etc/tldops-bot/config.toml \\
            /var/lib/tldops-bot /var/lib/tldops-bot/gnupg /var/lib/tldops-bot/tldops.sqlite
        systemd-analyze --man=no verify tldops-bot.service tldops-bot.socket 2>&1 \\
            | grep tldops | sed 's/^/verify: /' || true
        su -s /bin/sh -c 'touch /usr/lib/tldops-bot/written' tldops 2>/dev/null && echo "== it could change itself"
        $install
        tldops-bot committee list --json
        dpkg --no-triggers --purge tldops-bot
        ls /etc/tldops-bot /var/lib/tldops-bot | sed 's/^/kept: /'
        rm -r /var/lib/tldops-bot && deluser tldops
    """)
    assert [line for line in said.splitlines() if line.startswith("== ")] == [
        f"== tldops-bot {__version__}",
        "== tldops tldops 750 /etc/tldops-bot",
        "== tldops tldops 644 /etc/tldops-bot/config.toml",
        "== tldops tldops 700 /var/lib/tldops-bot",
        "== tldops tldops 700 /var/lib/tldops-bot/gnupg",
        "== tldops tldops 600 /var/lib/tldops-bot/tldops.sqlite",
    ]
    assert "Next: tldops-bot init" in said
    assert "\n[]\n" in said
    assert "verify: " not in said
    assert "/var/lib/tldops-bot is left" in said
    assert {"kept: gnupg", "kept: tldops.sqlite"} <= set(said.splitlines())
    assert [line for line in said.splitlines() if line.startswith("left: ")] == []
