"""The keys of `process --key`: as if they belonged to the addresses in their user IDs, for one transaction.

They are what an operator has at hand, for "why does her mail not verify?": whole keyrings, two keys of one person, an
old copy and a newer one of the same key. All of them may speak.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tldops_bot.adapters.gnupg_verdicts import Gnupg
from tldops_bot.cli._frame import note, read_file
from tldops_bot.domain.address import address_key, same_address
from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.verdict import Verdict
from tldops_bot.mail.attached_keys import keys_in
from tldops_bot.mail.openpgp_packets import BadPackets, split_certificates
from tldops_bot.store import people, people_keys
from tldops_bot.store.database import Session
from tldops_bot.store.tables import Person

MOST_KEY_BYTES = 10_000_000


@dataclass(slots=True)
class Belief:
    """Who is taken to be registered with which key, by its full fingerprint."""

    session: Session
    moment: datetime
    held: dict[str, tuple[Person, Certificate]] = field(default_factory=dict)

    def take(self, certificate: Certificate, author: str) -> None:
        """Give it to whoever has this key or one of its addresses; else to somebody new."""
        addresses = certificate.addresses
        known = [people.by_address(self.session, one) for one in addresses]
        holder = people.by_fingerprint(self.session, certificate.fingerprint)
        person = next((one for one in (holder, *known) if one is not None), None)
        if person is None:
            email = next((one for one in addresses if same_address(one, author)), addresses[0])
            person = Person(name=email, email=email, email_key=address_key(email), created_at=self.moment)
            self.session.add(person)
            self.session.flush()
        self.held[certificate.fingerprint] = (person, certificate)
        self.may_speak(certificate.fingerprint)

    def is_withheld(self, verdict: Verdict) -> bool:
        """Whether a key is called unknown because the mail is not from its holder, who alone is told."""
        made_by = verdict.fingerprint if verdict.reason == "unknown_key" else ""
        prints = {one for _, key in self.held.values() for one in (key.fingerprint, *key.subkey_fingerprints)}
        return bool(made_by) and any(one.endswith(made_by) for one in prints)

    def may_speak(self, fingerprint: str) -> None:
        """People have one key each; of several believed, it is the one that signed."""
        if fingerprint in self.held:
            people_keys.register_key(self.session, *self.held[fingerprint], self.moment)


def certificates_in(gnupg: Gnupg, files: Iterable[Path], moment: datetime) -> tuple[Certificate, ...]:
    """Those in these files that prove themselves and have an address, each once; what is of no use is named on stderr."""
    found: dict[str, Certificate] = {}
    for file in files:
        readable = _inspected(gnupg, list(_keys_in(file)), moment)
        if not readable:
            note(f"{file}: holds no OpenPGP public key")
        for certificate in readable:
            if not certificate.addresses:
                note(f"{file}: key {certificate.fingerprint} names no address that was good at that time")
            elif before := found.get(certificate.fingerprint):
                merged = gnupg.merge(before.blob, certificate.blob, moment)
                found[certificate.fingerprint] = gnupg.inspect(merged, moment)[0]
            else:
                found[certificate.fingerprint] = certificate
    return tuple(found.values())


def _inspected(gnupg: Gnupg, keys: Sequence[bytes], moment: datetime) -> Sequence[Certificate]:
    """All at once, which is quick; or one by one, so that an unreadable one spoils no other."""
    together = gnupg.inspect(b"".join(keys), moment)
    if len(together) == len(keys):
        return together
    return [one for key in keys for one in gnupg.inspect(key, moment)]


def _keys_in(file: Path) -> Iterator[bytes]:
    for key in keys_in(read_file(file, MOST_KEY_BYTES)):
        try:
            yield from split_certificates(key)
        except BadPackets:
            yield key
