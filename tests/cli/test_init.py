"""`init`: what it asks, what it makes, and what it says is left to do."""

import os
import pty
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.desk import kill_agent
from tldops_bot.cli._frame import parts_of
from tldops_bot.config import load_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="in", dir="/tmp"))  # short: the agent of gpg has a socket in it
    yield folder
    for home in folder.rglob("gnupg"):
        kill_agent(home)
    subprocess.run(["rm", "-rf", folder], check=True)


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TLDOPS_", "COLUMNS"))}
    return kept | {"PYTHONPATH": str(ROOT), "TERM": "dumb"} | more


def init(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tldops_bot", *words]
    return subprocess.run(
        command,
        cwd=place,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def at_a_terminal(place: Path, typed: str) -> str:
    """What stands on the screen when somebody types this."""
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "tldops_bot", "init"]
    running = subprocess.Popen(command, cwd=place, env=environment(), stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    os.write(master, typed.encode())
    screen = b""
    with suppress(OSError):  # EIO, when the last one has closed it
        while octets := os.read(master, 65536):
            screen += octets
    os.close(master)
    assert running.wait(180) == 0, screen
    return screen.decode().replace("\r\n", "\n")


def test_it_says_what_is_left_to_do_with_this_lists_own_names(place: Path) -> None:
    done = init(place, "init", "--list-address", "desk@ops.example", "--owner", "ann@nic.example")
    assert (done.returncode, done.stderr) == (0, "")
    config = load_config(place / "config.toml")
    assert (config.list.address, config.list.owner) == ("desk@ops.example", "ann@nic.example")
    for words in (
        "desk+anything@ops.example",
        "127.0.0.1:8025 (SMTP)",
        'ops.example.         TXT  "v=spf1 mx -all"',
        "3. tldops-bot iana sync\n",
        "committee add",
        "doctor",
        f"{place}/var holds the list's secret key",
    ):
        assert words in done.stdout
    again = init(place, "init", "--list-address", "desk@ops.example")
    assert again.stdout == done.stdout


def test_elsewhere_it_says_how_the_configuration_is_named(place: Path) -> None:
    done = init(place, "init", "--directory", str(place / "a site"))
    assert f"tldops-bot --config '{place}/a site/config.toml' doctor" in done.stdout


def test_configuration_and_data_go_where_a_package_keeps_them(place: Path) -> None:
    done = init(
        place,
        "init",
        TLDOPS_CONFIG=f"{place}/etc/config.toml",
        TLDOPS_DATA=f"{place}/lib",
        TLDOPS_LISTEN="0.0.0.0:2525",
    )
    assert done.returncode == 0, done.stderr
    config = load_config(place / "etc/config.toml")
    assert config.database.url == f"sqlite:///{place}/lib/tldops.sqlite"
    assert (config.listener.host, config.listener.port) == ("0.0.0.0", 2525)
    assert config.openpgp.home == place / "lib/gnupg"
    assert stat.S_IMODE((place / "lib/tldops.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE((place / "lib/gnupg").stat().st_mode) == 0o700
    assert "6. tldops-bot serve\n" in done.stdout
    assert not (place / "etc/var").exists()


def test_at_a_terminal_it_asks_the_two_things_nobody_can_guess_until_they_make_sense(place: Path) -> None:
    screen = at_a_terminal(place, "nonsense\ndesk@ops.example\n\n")
    assert "That is not a mail address" in screen
    config = load_config(place / "config.toml")
    assert (config.list.address, config.list.owner) == ("desk@ops.example", "secretariat@ops.example")


def test_what_can_not_be_made_is_said_in_a_line(place: Path) -> None:
    deep = place / ("x" * 90)
    home = f"{deep}/var/gnupg"
    needed = f"tldops-bot: {home}: gpg needs a shorter path, of at most 86 octets; it has {len(home)}\n"
    done = init(place, "init", "--directory", str(deep))
    assert (done.returncode, done.stderr, deep.exists()) == (1, needed, False)
    deep.mkdir()
    (deep / "config.toml").write_text('[list]\naddress = "tld-ops@lists.example"\n')
    done = init(place, "init", "--directory", str(deep))
    assert (done.returncode, done.stderr, sorted(deep.iterdir())) == (1, needed, [deep / "config.toml"])
    (place / "file").touch()
    done = init(place, "init", "--data", str(place / "file/data"))
    assert (done.returncode, done.stderr.count("\n"), "Traceback" in done.stderr) == (1, 1, False)
    assert f"{place}/file" in done.stderr


def test_the_service_does_not_start_where_gpg_could_not_work(cli: Cli) -> None:
    file = cli.desk.app.config.file
    home = file.parent / ("x" * 87)
    file.write_text(f'{file.read_text()}\n[openpgp]\nhome = "{home}"\n')
    done = init(file.parent, "--config", str(file), "serve")
    needed = f"tldops-bot: {home}: gpg needs a shorter path, of at most 86 octets; it has {len(str(home))}\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", needed)


def test_a_passphrase_in_a_file_protects_the_key_it_makes(place: Path) -> None:
    toml = '[list]\naddress = "desk@ops.example"\n[openpgp]\npassphrase_file = "secret"\n'
    (place / "config.toml").write_text(toml)
    done = init(place, "init")
    assert (done.returncode, done.stderr) == (1, f"tldops-bot: {place}/secret: No such file or directory\n")
    (place / "secret").write_text("open sesame\n")
    assert init(place, "init").returncode == 0
    kept = [one.read_bytes() for one in place.glob("var/gnupg/private-keys-v1.d/*")]
    assert [b"protected-private-key" in one for one in kept] == [True, True]
    kill_agent(place / "var/gnupg")
    with parts_of(load_config(place / "config.toml")) as app:
        assert app.gnupg.sign_detached(b"x").startswith(b"-----BEGIN PGP SIGNATURE")


@pytest.mark.parametrize(
    "words", [("--list-address", "nonsense"), ("--owner", "nonsense"), ("--listen", "nonsense")]
)
def test_what_is_no_address_is_refused_before_anything_is_made(place: Path, words: tuple[str, str]) -> None:
    done = init(place, "init", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nonsense is not a" in done.stderr
    assert list(place.iterdir()) == []
    done = init(place, "init", "--list-address", f"{'x' * 40}@ops.example")
    assert (done.returncode, "64 octets before the @" in done.stderr) == (1, True)
    assert list(place.iterdir()) == []
