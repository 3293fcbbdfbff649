"""The pages for monitoring: /metrics, /healthz (the process is alive), /readyz (mail can be taken in)."""

import asyncio
import json
import platform
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from tldops_bot import __version__
from tldops_bot.adapters import gnupg_presence
from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.http_pages import Kept, Page, Pages
from tldops_bot.adapters.machine_watch import ends_at
from tldops_bot.adapters.prometheus_metrics import CONTENT_TYPE, Look, Metrics
from tldops_bot.app import App
from tldops_bot.checks.readiness import readiness
from tldops_bot.domain.finding import Finding, is_broken
from tldops_bot.jobs._all import JOBS
from tldops_bot.store import pulse
from tldops_bot.store.database import DatabaseMissing, StoreProblem

KEY_SECONDS: Final = 600.0  # between two looks at the list's key, for which gpg must be asked
READY_SECONDS: Final = 2.0


def pages(
    app: App, metrics: Metrics, is_listening: Callable[[], bool], connections: Callable[[], int]
) -> Pages:
    """All of them; none contains anybody's name, address or number."""
    look = _Looking(app)
    metrics.watch(look, connections)

    async def scrape() -> Page:
        return Page(HTTPStatus.OK, CONTENT_TYPE, await asyncio.to_thread(metrics.text))

    async def alive() -> Page:
        return Page(HTTPStatus.OK, "text/plain; charset=utf-8", b"tldops-bot lives\n")

    async def ready() -> Page:
        found = await asyncio.to_thread(lambda: list(readiness(app, is_listening())))
        return _readiness_page(found)

    return Pages({"/metrics": Kept(scrape), "/healthz": alive, "/readyz": Kept(ready, READY_SECONDS)})


def _readiness_page(found: Sequence[Finding]) -> Page:
    is_ready = not is_broken(found)
    checks = [{"check": one.check, "state": one.state.value, "says": one.says} for one in found]
    body = json.dumps({"ready": is_ready, "checks": checks}, indent=2, ensure_ascii=False)
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Page(status, "application/json", f"{body}\n".encode())


class _Looking:
    """What one scrape finds; the key and the versions are checked less often. One scrape at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._key: tuple[bool, datetime | None] = (False, None)
        self._key_at = -KEY_SECONDS
        self._versions: dict[str, str] = {}

    def __call__(self) -> Look:
        app = self._app
        now, held = app.now(), None
        try:
            app.database.must_exist()
            with app.database.read() as session:
                held = pulse.read(session, now)
            self._look_at_versions()
        except (DatabaseMissing, StoreProblem):
            held = None
        self._look_at_key(now)
        return Look(
            now=now,
            pulse=held,
            jobs={job.name: job.every for job in JOBS.values()},
            list_key_known=self._key[0],
            list_key_ends_at=self._key[1],
            disks={one.keeps: one.room.free_bytes for one in app.disks.look()},
            versions=self._versions,
        )

    def _look_at_versions(self) -> None:
        if not self._versions:
            self._versions = {
                "version": __version__,
                "python": platform.python_version(),
                "gnupg": gnupg_presence.version() or "unknown",
                "schema": self._app.schema.current(),
            }

    def _look_at_key(self, now: datetime) -> None:
        if time.monotonic() - self._key_at < KEY_SECONDS:
            return
        try:
            self._key = (True, ends_at(self._app.gnupg.list_certificate(now)))
            self._key_at = time.monotonic()
        except (GpgUnavailable, NoListKey):  # keep what was known
            return
