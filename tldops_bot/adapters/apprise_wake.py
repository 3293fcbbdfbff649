"""Sends wake-up calls through the gateways that the operator has configured, by the Apprise library.

The URLs of gateways hold passwords and telephone numbers, and Apprise and what it stands on write URLs into their
logs and errors: nothing of that comes out of here, but one of a few words of ours.
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
MOST_STUCK = 16  # calls of one gateway that never end; beyond them nothing more is tried there
_TALKATIVE = ("apprise", "requests", "urllib3", "requests_oauthlib", "oauthlib")
_PROBES = ("example", "+442079460123")

log = logging.getLogger(__name__)


class AppriseWake:
    """The gateways by name. A call runs in a thread of its own, since nothing else can be left when it hangs."""

    def __init__(self, gateways: Mapping[str, str], limit_seconds: float = LIMIT_SECONDS) -> None:
        # It reads some 150 plugins: half a second and 30 MB, for whoever has gateways only.
        from apprise import Apprise, AppriseAsset, PersistentStoreMode

        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            logging.getLogger(name).propagate = False
        self._load = Apprise.instantiate
        self._asset = AppriseAsset(
            storage_mode=PersistentStoreMode.MEMORY,
            async_mode=False,
            http_redirects=False,  # the word goes where the operator said, and nowhere else
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
        """Say these words to these targets, all at the same time; for each "" where it was taken, else why not."""
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
        return list(results)  # whoever is late writes into the list that nobody looks at any more

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
