"""`doctor --loop`: a mail from the list to itself, signed and encrypted, out and back in."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from tldops_bot.adapters.dkimpy_signatures import check_signatures
from tldops_bot.adapters.dns_lookups import DnsLookups
from tldops_bot.adapters.gnupg_keyring import NoListKey
from tldops_bot.adapters.gnupg_runner import GpgUnavailable
from tldops_bot.adapters.port_probe import look_at_port, look_at_socket
from tldops_bot.adapters.smtp_delivery import Attempt, Outgoing
from tldops_bot.app import App
from tldops_bot.domain.address import address_key
from tldops_bot.domain.certificate import NotEncrypted
from tldops_bot.domain.finding import Finding, broken, ok, skipped, warning
from tldops_bot.domain.outgoing import Entitled, Kind, Letter, Recipient
from tldops_bot.domain.unwrapped import Unwrapped
from tldops_bot.mail.compose import draft, message_id, outer_headers
from tldops_bot.mail.headers import split_entity
from tldops_bot.mail.mime_entities import encrypted_part, signed_part
from tldops_bot.mail.openpgp_packets import BadPackets, open_message
from tldops_bot.store import inbox_control
from tldops_bot.store.database import StoreProblem

PATIENCE_SECONDS: Final = 180.0
LOOK_SECONDS: Final = 0.25
CLOCKS_APART: Final = timedelta(minutes=2)
_BLOCK = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: to which address, when, and what is inside the encryption."""

    address: str
    at: datetime
    octets: bytes
    inside: bytes


def loop_test(
    app: App, sleep: Callable[[float], None] = time.sleep, patience: float = PATIENCE_SECONDS
) -> Iterator[Finding]:
    """Send it, wait for it, and report what became of it on the way."""
    settings = app.config.listener
    there = look_at_socket(settings.socket) if settings.socket else look_at_port(settings.host, settings.port)
    if there.who != "us":
        yield skipped("loop", "`serve` must be running, to take the mail that comes back", "tldops-bot serve")
        return
    try:
        sent = _made(app)
        attempt = asyncio.run(_send(app, sent))
    except (GpgUnavailable, NoListKey):
        yield broken("loop", "gpg could not sign and encrypt it", "see above, at gpg agent")
        return
    if attempt.result != "taken":
        says = f"the smarthost did not take it: {attempt.code} {attempt.text}"
        yield broken("loop", says, "see above, at smarthost")
        return
    began = time.monotonic()
    came = _wait(app, sent, sleep, began + patience)
    if came is None:
        says = f"it went out, and did not come back within {patience:.0f} s"
        mend = f"the smarthost's log says where it took mail to {sent.address}; the MX record must lead here"
        yield broken("loop", says, mend)
        return
    yield from _judged(app, sent, came)


def _made(app: App) -> Sent:
    """The mail. Nobody answers it: it is automatic, and from the list's own address."""
    now, word = app.now(), app.random_octets(8).hex()
    settings = app.config.list
    address = settings.home.with_tag(f"loop.{word}")
    letter = Letter(Kind.NOTICE, "letters/loop", {"word": word}, (Recipient(address, Entitled.ADDRESS),))
    written = draft(letter, app.renderer.render(letter.template, letter.values), settings, now)
    inside = signed_part(written.entity, app.gnupg.sign_detached(written.entity))
    sealed = app.gnupg.encrypt(inside, app.gnupg.list_certificate(now).blob)
    if isinstance(sealed, NotEncrypted):
        raise GpgUnavailable("gpg does not encrypt to the list's key")
    own_id = message_id(0, now, word.encode(), settings)
    head = outer_headers(written.headers, written.subject, settings).for_recipient(address, own_id)
    return Sent(address, now, head + encrypted_part(sealed), inside)


async def _send(app: App, sent: Sent) -> Attempt:
    """A bounce would come to the same address."""
    try:
        return await app.smarthost.send_one(Outgoing(0, sent.address, sent.address, sent.octets))
    finally:
        await app.smarthost.close()


def _wait(app: App, sent: Sent, sleep: Callable[[float], None], until: float) -> inbox_control.Arrived | None:
    while True:
        try:
            with app.database.read() as session:
                found = inbox_control.arrived_for(session, sent.address, sent.at - CLOCKS_APART)
        except StoreProblem:  # busy; the next look may tell
            found = None
        if found is not None or time.monotonic() >= until:
            return found
        sleep(LOOK_SECONDS)


def _judged(app: App, sent: Sent, came: inbox_control.Arrived) -> Iterator[Finding]:
    if address_key(came.mail_from) != address_key(sent.address):
        mend = f"tldops-bot inbox list shows it; the smarthost's log says why it refused {sent.address}"
        yield broken("loop", "it came back as a bounce", mend)
        return
    if _inside(app, came.raw) == sent.inside:
        took = max(0.0, (came.received_at - sent.at).total_seconds())
        yield ok("loop", f"signed, encrypted, sent, taken and opened again in {took:.1f} s")
    else:
        mend = "some server on the way rewrites mail: take out disclaimers and virus scanners that change it"
        yield broken("loop", "it came back changed, and cannot be opened", mend)
    yield from _dkim(app, came.raw)
    yield from _clocks(came)


def _inside(app: App, raw: bytes) -> bytes:
    found = _BLOCK.search(raw)
    if found is None:
        return b""
    try:
        opened = app.gnupg.unwrap(found[0])
        return open_message(opened.octets, len(raw)).literal if isinstance(opened, Unwrapped) else b""
    except (GpgUnavailable, BadPackets):
        return b""


def _dkim(app: App, raw: bytes) -> Iterator[Finding]:
    if not app.net.nameservers:
        yield skipped("dkim", "no DNS is asked, so no signature can be checked")
        return
    domain = app.config.list.address.rpartition("@")[2].lower()
    lookups = DnsLookups(app.net.own_resolvers()).for_mail()
    found = check_signatures(raw, lambda one: one == domain or domain.endswith(f".{one}"), lookups)
    if found.result == "pass":
        yield ok("dkim", f"signed by {found.passed[0]}")
    elif found.result == "none":
        mend = "have the smarthost sign what it takes from this machine; OpenDKIM: InternalHosts"
        yield warning("dkim", f"it carries no DKIM signature of {domain}", mend)
    else:
        mend = (
            f"the key below _domainkey.{domain} must be the smarthost's, and nothing may change mail after it"
        )
        yield broken("dkim", f"its DKIM signature is not good ({found.result})", mend)


def _clocks(came: inbox_control.Arrived) -> Iterator[Finding]:
    """The server in front of us noted when it had the mail; its clock should agree with ours."""
    headers, _ = split_entity(came.raw)
    stamp = headers.first("received").rpartition(";")[2].strip()
    try:
        theirs = parsedate_to_datetime(stamp[:100])
        apart = abs(theirs - came.received_at)
    except (ValueError, TypeError, IndexError, OverflowError):  # no readable date
        return
    if apart > CLOCKS_APART:
        says = f"ours and the mail server's are {int(apart.total_seconds())} s apart"
        yield warning("clock", says, "timedatectl set-ntp true, on both machines")
    else:
        yield ok("clock", "ours and the mail server's agree")
