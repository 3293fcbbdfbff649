"""The list's public key as members get it, kept at hand so that no transaction ever waits for gpg."""

from tldops_bot.adapters.gnupg_keyring import ListKeyring
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode


class ListKey:
    """The key that signs now, armored. `keys rotate` is another process, so `look_again` now and then."""

    def __init__(self, keyring: ListKeyring) -> None:
        self._keyring = keyring
        self._armored = b""
        self._look()

    def armored(self) -> bytes:
        """What HELP attaches; runs no gpg."""
        return self._armored

    def look_again(self) -> None:
        """Notice a rotation. Raises GpgUnavailable, and NoListKey if there is none."""
        self._keyring.look_again()
        self._look()

    def _look(self) -> None:
        self._armored = encode(self._keyring.export(), PUBLIC_KEY)
