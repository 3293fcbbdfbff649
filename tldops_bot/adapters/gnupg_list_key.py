"""Which key the list signs with, and its public key as members get it, at hand so that nobody waits for gpg."""

from tldops_bot.adapters.gnupg_keyring import ListKeyring
from tldops_bot.mail.openpgp_armor import PUBLIC_KEY, encode
from tldops_bot.store import facts
from tldops_bot.store.database import Database


def chosen_fingerprint(database: Database) -> str:
    """The fingerprint of the key that the last rotation chose; "" before there is one, and while `init` is at work."""
    return database.read_if_there(lambda session: facts.get(session, facts.LIST_KEY)) or ""


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
