"""Sends wake-up calls through the operator's gateways, with the Apprise library.

Gateway URLs hold passwords and telephone numbers, and Apprise and the libraries below it write URLs into
their logs and errors. None of that leaves this module: a failure is one of a few words of our own.
"""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tldops_bot.domain.wake import NO_ANSWER, REFUSED, filled, takes_phone

if TYPE_CHECKING:
    from apprise import NotifyBase

LIMIT_SECONDS = 15.0
MOST_STUCK = 16  # calls that may hang in one gateway before nothing more is sent through it
_TALKATIVE = ("apprise", "requests", "urllib3", "requests_oauthlib", "oauthlib")
_PROBES = ("example", "+442079460123")

log = logging.getLogger(__name__)


class AppriseWake:
    """The gateways by name. Each call has a thread of its own: a thread that hangs can only be abandoned."""

    def __init__(self, gateways: Mapping[str, str], limit_seconds: float = LIMIT_SECONDS) -> None:
        # It loads some 150 plugins: half a second and 30 MB that only those with gateways should spend.
        from apprise import Apprise, AppriseAsset, PersistentStoreMode

        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            logging.getLogger(name).propagate = False
        self._load = Apprise.instantiate
        self._asset = AppriseAsset(
            storage_mode=PersistentStoreMode.MEMORY,
            async_mode=False,
            http_redirects=False,  # the text goes where the operator said, and nowhere else
            image_url_mask="",  # telephones would fetch a picture from elsewhere
            pgp_autogen=False,
            pem_autogen=False,
        )
        self._urls = dict(gateways)
        self._limit_seconds = limit_seconds
        self._running: dict[str, list[threading.Thread]] = {name: [] for name in gateways}
        for name, url in self._urls.items():
            if self._plugin(filled(url, _PROBES[takes_phone(url)])) is None:
                log.warning("gateway %s: Apprise can't use its URL; nobody is woken by it", name)

    def send(self, gateway: str, calls: Sequence[tuple[str, str]]) -> list[str]:
        """Send this text to all targets at once; for each "" if the gateway took it, else why not."""
        results = [NO_ANSWER] * len(calls)
        running = [one for one in self._running[gateway] if one.is_alive()]
        room = max(0, MOST_STUCK - len(running))
        started = [
            threading.Thread(
                target=self._send_one, args=(gateway, target, words, results, number), daemon=True
            )
            for number, (target, words) in enumerate(calls[:room])
        ]
        for thread in started:
            thread.start()
        ends_at = time.monotonic() + self._limit_seconds
        for thread in started:
            thread.join(max(0.0, ends_at - time.monotonic()))
        self._running[gateway] = running + started
        return list(results)  # a late call writes into a list that nobody reads any more

    def _send_one(self, gateway: str, target: str, words: str, results: list[str], number: int) -> None:
        plugin = self._plugin(filled(self._urls[gateway], target))
        try:
            is_taken = plugin is not None and plugin.notify(body=words)
        except Exception:  # noqa: BLE001  one plugin of many; what it says may quote the URL
            is_taken = False
        results[number] = "" if is_taken else REFUSED

    def _plugin(self, url: str) -> "NotifyBase | None":
        try:
            return self._load(url, asset=self._asset)
        except Exception:  # noqa: BLE001  the same: a plugin that breaks over a URL must not quote it
            return None
