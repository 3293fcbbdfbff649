"""`serve`: the whole service in one process, until SIGTERM."""

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import Annotated

import typer

from tldops_bot.adapters import log_lines
from tldops_bot.adapters.gnupg_presence import must_fit
from tldops_bot.adapters.linux_memory import give_back_what_is_large
from tldops_bot.adapters.linux_secrets import keep_in_memory
from tldops_bot.adapters.linux_serve_lock import CannotServe, alone_on
from tldops_bot.adapters.systemd_supervisor import Supervisor
from tldops_bot.app import App
from tldops_bot.cli._frame import opened, refuse
from tldops_bot.serving import Service

LONGEST_END_SECONDS = 8.5

log = logging.getLogger(__name__)


def serve(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="A log line for each mail, on stderr.")] = False,
) -> None:
    """Take mail in, answer it, deliver, and keep the clock, until SIGTERM."""
    keep_in_memory()
    give_back_what_is_large()
    with opened(context) as app:
        must_fit(app.config.openpgp.home)
        settings = app.config.log
        is_journal = settings.format == "text" and log_lines.is_journal(os.environ, sys.stderr.fileno())
        form = "journal" if is_journal else settings.format
        log_lines.set_up(form, "info" if verbose and settings.level != "debug" else settings.level)
        try:
            with alone_on(app.database.file):
                asyncio.run(_serve(app))
        except CannotServe as problem:
            refuse(str(problem))
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            refuse(f"cannot listen: {where}{problem.strerror or type(problem).__name__}")


async def _serve(app: App) -> None:
    stop = asyncio.Event()
    supervisor = Supervisor(os.environ, os.getpid())

    def end() -> None:
        supervisor.stopping()
        _end_by_force_after(LONGEST_END_SECONDS)
        stop.set()

    def ready(addresses: tuple[str, ...]) -> None:
        for address in addresses:
            print(f"listening on {address}", flush=True)  # noqa: T201
        for address in service.watched_at:
            print(f"metrics on {address}", flush=True)  # noqa: T201
        supervisor.ready(addresses)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    service = Service(app)
    informing = asyncio.create_task(supervisor.keep_informed(service.is_making_progress))
    try:
        await service.run(stop, ready, supervisor.sockets())
    finally:
        informing.cancel()


def _end_by_force_after(seconds: float) -> None:
    """Exit even if something hangs, a locked database or a library: no more is lost than by SIGKILL."""

    def end() -> None:
        log.warning("not everything came to its end in time; the next start takes up what was in hand")
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
