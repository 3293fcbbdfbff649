"""`serve`: the whole service in one process, until SIGTERM."""

import asyncio
import logging
import signal
from typing import Annotated

import typer

from tldops_bot.adapters.linux_secrets import keep_in_memory
from tldops_bot.app import App
from tldops_bot.cli._frame import opened, refuse
from tldops_bot.serving import Service


def serve(
    context: typer.Context,
    verbose: Annotated[bool, typer.Option("--verbose", help="One log line a mail.")] = False,
) -> None:
    """Take mail in, answer it, deliver, and keep the clock, until SIGTERM."""
    level = logging.INFO if verbose else logging.WARNING
    keep_in_memory()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with opened(context) as app:
        try:
            asyncio.run(_serve(app))
        except OSError as problem:
            refuse(f"cannot listen: {problem.strerror or type(problem).__name__}")


async def _serve(app: App) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Service(app).run(stop, _ready)


def _ready(addresses: tuple[str, ...]) -> None:
    for address in addresses:
        print(f"listening on {address}", flush=True)  # noqa: T201
