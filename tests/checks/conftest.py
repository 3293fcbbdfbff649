"""What the tests of the doctor and of the pages share."""

import pytest

from tldops_bot.adapters import gnupg_presence, port_probe


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers at once on an idle machine answers a loaded one, too."""
    monkeypatch.setattr(gnupg_presence, "SECONDS", 300)
    monkeypatch.setattr(port_probe, "SECONDS", 60.0)
