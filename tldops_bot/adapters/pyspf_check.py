"""Checks SPF with pyspf (RFC 7208), made to ask the DNS through our own limited look-ups."""

from typing import Any, Final

import spf

from tldops_bot.adapters.dns_lookups import Kind, MailLookups
from tldops_bot.domain.mail_authentication import result_word

# What the library raises on malformed names, numbers and texts.
_STUMBLES: Final = (spf.PermError, ValueError, LookupError, TypeError, AssertionError, AttributeError)


def check_sender(peer: str, mail_from: str, helo: str, lookups: MailLookups) -> str:
    """Whether the host at the address `peer` may send mail for the domain of `mail_from`."""
    try:
        query = _Query(peer, mail_from, helo or "unknown", lookups)
        result, _, _ = query.check()
    except _STUMBLES:
        return "permerror"
    return result_word(str(result))


class _Query(spf.query):  # type: ignore[misc]
    """The library's evaluation, with its one way into the DNS replaced."""

    def __init__(self, peer: str, mail_from: str, helo: str, lookups: MailLookups) -> None:
        super().__init__(i=peer, s=mail_from, h=helo)
        self._lookups = lookups

    def dns(self, name: str, qtype: Kind, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        """Records as the library wants them; raises its TempError on trouble, its PermError on too many voids."""
        answer = self._lookups.ask(str(name), qtype)
        if answer.trouble:
            raise spf.TempError("DNS")
        if not answer.texts and not answer.values and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > spf.MAX_VOID_LOOKUPS:
                raise spf.PermError("too many void lookups")
        if qtype == "TXT":
            return [(one,) for one in answer.texts]
        if qtype == "MX":
            pairs = (one.partition(" ") for one in answer.values)
            return [(int(preference), host) for preference, _, host in pairs]
        return list(answer.values)
