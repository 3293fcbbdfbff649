"""What is agreed with the service manager: sockets handed over, what it is told, and its watchdog."""

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import pytest

from tests.adapters.smtp_talk import LIST, MAIL, Inbox, Talk, story
from tests.keys import LIST_ADDRESS
from tests.service import town
from tldops_bot.adapters.smtp_listener import Listener
from tldops_bot.adapters.systemd_supervisor import Supervisor
from tldops_bot.config.settings import ListenerSettings

PATIENCE = 180.0


@pytest.fixture
def manager(short_path: Path) -> Iterator[socket.socket]:
    """The socket on which a service manager is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        os.chdir(short_path)
        sock.bind("notify")
        sock.settimeout(PATIENCE)
        yield sock


@pytest.fixture(autouse=True)
def _same_folder_afterwards() -> Iterator[None]:
    here = Path.cwd()
    yield
    os.chdir(here)


def told(sock: socket.socket) -> str:
    return sock.recv(4096).decode()


def test_without_a_manager_nothing_is_handed_over_and_nobody_told() -> None:
    alone = Supervisor({}, 7)
    assert alone.sockets() == ()
    alone.ready(("127.0.0.1:8025",))
    asyncio.run(
        asyncio.wait_for(alone.keep_informed(lambda: True), PATIENCE)
    )  # returns: there is nobody to inform


def test_it_is_told_when_mail_is_taken_and_when_no_more(manager: socket.socket) -> None:
    supervisor = Supervisor({"NOTIFY_SOCKET": "notify"}, 7)
    supervisor.ready(("127.0.0.1:25", "[::1]:25"))
    supervisor.stopping()
    assert told(manager) == "READY=1\nSTATUS=listening on 127.0.0.1:25, [::1]:25"
    assert told(manager).startswith("STOPPING=1\n")


def test_an_abstract_address_is_told_too() -> None:
    name = f"tldops-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name)
        sock.settimeout(PATIENCE)
        Supervisor({"NOTIFY_SOCKET": "@" + name}, 7).stopping()
        assert told(sock).startswith("STOPPING=1\n")


def test_a_manager_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    Supervisor({"NOTIFY_SOCKET": str(gone)}, 7).ready(())
    assert not gone.exists()


def test_the_watchdog_hears_of_a_turning_loop_while_all_is_well(manager: socket.socket) -> None:
    async def watched() -> None:
        well = chain([True, False, True, True], repeat(False))
        supervisor = Supervisor({"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "2000"}, 7)
        informing = asyncio.create_task(supervisor.keep_informed(lambda: next(well)))
        assert [await asyncio.to_thread(told, manager) for _ in range(3)] == ["WATCHDOG=1"] * 3
        manager.settimeout(0.1)
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(told, manager)
        informing.cancel()

    asyncio.run(watched())


@pytest.mark.parametrize(
    "environment",
    [
        {"LISTEN_FDS": "1"},
        {"LISTEN_FDS": "1", "LISTEN_PID": "8"},  # meant for the process that started us
        {"LISTEN_FDS": "-1", "LISTEN_PID": "7"},
        {"LISTEN_FDS": "²", "LISTEN_PID": "7"},
        {"LISTEN_FDS": "", "LISTEN_PID": "7"},
    ],
)
def test_descriptors_not_meant_for_this_process_are_not_touched(environment: dict[str, str]) -> None:
    assert Supervisor(environment, 7).sockets() == ()


def test_the_watchdog_of_another_process_is_not_ours_to_calm(manager: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": "notify", "WATCHDOG_USEC": "2000", "WATCHDOG_PID": "8"}
    asyncio.run(asyncio.wait_for(Supervisor(environment, 7).keep_informed(lambda: True), PATIENCE))
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        told(manager)


@story
async def test_mail_comes_in_by_every_socket_handed_over_and_none_is_removed(short_path: Path) -> None:
    os.chdir(short_path)
    unix, tcp = socket.socket(socket.AF_UNIX), socket.socket()
    unix.bind(str(Path("handed").absolute()))
    tcp.bind(("127.0.0.1", 0))
    inbox = Inbox()
    settings = ListenerSettings(socket=short_path / "not-this-one")
    listener = Listener(settings, "lists.example", LIST.owns, inbox.accept)
    addresses = await listener.start([unix, tcp])
    assert addresses == (str(short_path / "handed"), f"127.0.0.1:{tcp.getsockname()[1]}")
    for address in addresses:
        talk = await Talk.to(address)
        await talk.hello()
        assert (await talk.deliver(MAIL)).startswith("250 ")
        await talk.close()
    await listener.stop(0.2)
    assert [octets.endswith(MAIL) for octets, _ in inbox.mails] == [True, True]
    assert [file.name for file in short_path.iterdir()] == ["handed"]


def test_serve_takes_the_door_it_is_handed_says_when_it_is_open_and_when_it_closes(
    manager: socket.socket,
) -> None:
    with town() as place, socket.create_server(("127.0.0.1", 0)) as door:
        port, number = door.getsockname()[1], door.fileno()
        # As systemd does: descriptor 3, and the number of the process, which is known only once it runs.
        script = f'exec 3<&{number}; export LISTEN_PID=$$ WATCHDOG_PID=$$; exec "$@"'
        command = [sys.executable, "-m", "tldops_bot", "--config", str(place.config.file), "serve"]
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "NOTIFY_SOCKET": str(Path("notify").absolute()),
            "LISTEN_FDS": "1",
            "WATCHDOG_USEC": "3600000000",
        }
        running = subprocess.Popen(
            ["bash", "-c", script, "bash", *command],
            env=environment,
            pass_fds=[number],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            first = {told(manager), told(manager)}
            assert first == {"WATCHDOG=1", f"READY=1\nSTATUS=listening on 127.0.0.1:{port}"}
            with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as client:
                client.sendmail("ann@nic.example", [LIST_ADDRESS], MAIL)
            running.send_signal(signal.SIGTERM)
            assert told(manager).startswith("STOPPING=1\n")
            out, err = running.communicate(timeout=PATIENCE)
        finally:
            running.kill()
            running.communicate()
        assert (running.returncode, out, err) == (0, f"listening on 127.0.0.1:{port}\n".encode(), b"")
