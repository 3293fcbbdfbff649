"""From the octets of one mail to what was signed, by which key, and whether that signature is good.

Everything here happens before any transaction: gpg runs, the database is only read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from tldops_bot.domain.certificate import Certificate
from tldops_bot.domain.unwrapped import Undecryptable
from tldops_bot.domain.verdict import UNSIGNED, UNSIGNED_REASONS, Verdict, bad, unsigned
from tldops_bot.intake.held_keys import Held, IsTimely, held_for
from tldops_bot.intake.judged import FindKeys, Judged, OpenPgp, Read
from tldops_bot.intake.opaque import as_signed, rewrapped, signed_only
from tldops_bot.intake.sent_keys import SentKeys
from tldops_bot.mail.bodies import (
    Body,
    InlineEncrypted,
    InlineSigned,
    PgpMimeEncrypted,
    PgpMimeSigned,
    PlainText,
    Unreadable,
)
from tldops_bot.mail.diagnosis import what_broke_block, what_broke_entity, what_is_wrong_with_block
from tldops_bot.mail.find_body import find_inside
from tldops_bot.mail.inline_blocks import bare_block, clearsign_signature, unstuffed
from tldops_bot.mail.openpgp_packets import (
    BadPackets,
    Issuer,
    SignedMessage,
    open_message,
    signature_issuers,
    signature_problem,
)
from tldops_bot.mail.signed_text import SignedText, covered_by, digest_of
from tldops_bot.mail.take_apart import IncomingMail


def find_nothing(_address: str) -> tuple[bytes, ...]:
    """For when keys are not looked for."""
    return ()


def judge(
    mail: IncomingMail,
    at: datetime,
    read: Read,
    openpgp: OpenPgp,
    find_keys: FindKeys = find_nothing,
    is_timely: IsTimely = lambda _: True,
) -> Judged:
    """Unwrap a mail, merge what it proves about registered keys, and verify its signature.

    `find_keys` looks for the keys published for an address, when no key that is held or sent along has signed.
    `is_timely` says of the moment of a signature whether it still counts.
    """
    judging = _Judge(mail, at, read, openpgp, find_keys)
    judged = judging.judged()
    if judging.held is None or not judging.held.is_told_by(judged.verdict, is_timely):
        return judged
    judging.is_for_a_stranger = True
    return judging.judged()


@dataclass(frozen=True, slots=True)
class _Tried:
    """What one certificate says of a signature, with the octets that were signed."""

    certificate: bytes
    is_registered: bool
    verdict: Verdict
    octets: bytes


class _Judge:
    def __init__(
        self, mail: IncomingMail, at: datetime, read: Read, openpgp: OpenPgp, find_keys: FindKeys
    ) -> None:
        self.mail, self.at, self.read, self.openpgp, self.find_keys = mail, at, read, openpgp, find_keys
        self.keys = SentKeys(at, read, openpgp)
        self.held: Held | None = None
        self.is_for_a_stranger = False

    def judged(self) -> Judged:
        body = self.mail.body
        if isinstance(body, InlineEncrypted) and (opaque := signed_only(body.block)):
            return self._message(body, *opaque)
        if isinstance(body, PgpMimeEncrypted | InlineEncrypted):
            return replace(self._encrypted(body), was_encrypted=True)
        self.keys.take(self.mail.keys)
        return self._signed_or_plain(body)

    def _signed_or_plain(self, body: Body) -> Judged:
        match body:
            case PgpMimeSigned():
                return self._detached(body)
            case InlineSigned():
                return self._inline(body)
            case PlainText():
                return self._result(UNSIGNED, text=body.text, detail=body.detail)
            case Unreadable():
                verdict = unsigned(body.reason) if body.reason in UNSIGNED_REASONS else bad(body.reason)
                return self._result(verdict, detail=body.detail)
            case _:
                return self._result(bad("malformed_mail"))

    def _encrypted(self, body: PgpMimeEncrypted | InlineEncrypted) -> Judged:
        ciphertext = body.ciphertext if isinstance(body, PgpMimeEncrypted) else body.block
        unwrapped = self.openpgp.unwrap(ciphertext)
        if isinstance(unwrapped, Undecryptable):
            return self._result(bad(unwrapped.reason))
        try:
            opened = open_message(unwrapped.octets, len(unwrapped.octets) * 100 + 1_000_000)
        except BadPackets as problem:
            return self._result(bad(problem.reason))
        if isinstance(opened, SignedMessage):
            return self._message(body, unwrapped.octets, opened)
        found = find_inside(body, opened.literal)
        self.keys.take((*found.keys, *self.mail.keys))
        if isinstance(found.body, PlainText):
            return self._result(bad("no_signature_inside"))
        return self._signed_or_plain(found.body)

    def _detached(self, body: PgpMimeSigned) -> Judged:
        """A signature that is only a file beside the text counts when it fits; else the mail is not signed."""
        judged = self._verified(body)
        if judged.verdict.is_good or body.otherwise is None:
            return judged
        return replace(self._signed_or_plain(body.otherwise), detail="exchange")

    def _verified(self, body: PgpMimeSigned) -> Judged:
        signed = covered_by(body.signed_octets)
        found = self._tried(
            body.signature, partial(self._verify_detached, body.signed_octets, body.signature)
        )
        if found is None:
            text = signed.text if isinstance(signed, SignedText) else ""
            return self._by_nobody(body.signature, unproven=text)
        digest = digest_of(body.signed_octets)
        judged = self._judged(found, signed, digest, partial(as_signed, body), "mime")
        if not self._asks_why(judged) or body.otherwise is not None:
            return judged
        verifies = self._verifies(body.signature, found.certificate)
        return replace(judged, detail=what_broke_entity(body.signed_octets, body.signature, verifies))

    def _inline(self, body: InlineSigned) -> Judged:
        signature = clearsign_signature(body.block)
        found = self._tried(signature, lambda key: self.openpgp.verify_inline(body.block, key, self.at))
        if found is None:
            return self._by_nobody(signature)
        if found.verdict.reason == "bad_signature" and body.may_be_stuffed:
            return self._inline(InlineSigned(unstuffed(body.block), body.charset))
        digest = digest_of(found.octets)
        signed = covered_by(found.octets, body.charset)
        judged = self._judged(found, signed, digest, partial(bare_block, body.block), "inline")
        if found.verdict.reason == "malformed_block":
            return replace(judged, detail=what_is_wrong_with_block(body.block))
        if not self._asks_why(judged):
            return judged
        verifies = self._verifies(signature, found.certificate)
        return replace(judged, detail=what_broke_block(body.block, body.charset, signature, verifies))

    def _by_nobody(self, signature: bytes, **found: str) -> Judged:
        """There may be several signatures, or none: that is said before the key is called unknown."""
        issuers = signature_issuers(signature)
        issuer = issuers[0].fingerprint if len(issuers) == 1 else ""
        return self._result(bad(signature_problem(signature) or "unknown_key", issuer), **found)

    def _asks_why(self, judged: Judged) -> bool:
        """Whether to look for what broke it: only for a registered person who is said to have signed."""
        is_theirs = self.held is not None and self.held.is_authors
        return judged.is_registered and is_theirs and judged.verdict.reason == "bad_signature"

    def _verifies(self, signature: bytes, certificate: bytes) -> Callable[[bytes], bool]:
        return lambda octets: self.openpgp.verify_detached(octets, signature, certificate, self.at).is_good

    def _verify_detached(self, octets: bytes, signature: bytes, certificate: bytes) -> tuple[Verdict, bytes]:
        return self.openpgp.verify_detached(octets, signature, certificate, self.at), octets

    def _message(
        self, body: PgpMimeEncrypted | InlineEncrypted, octets: bytes, opened: SignedMessage
    ) -> Judged:
        """Signed together with its text: the text is gpg's own output, and keys inside are tried first."""
        inside = find_inside(body, opened.literal) if isinstance(body, PgpMimeEncrypted) else None
        probable = covered_by(opened.literal, _charset(body))
        keys = probable.keys if isinstance(probable, SignedText) else ()
        self.keys.take((*keys, *(inside.keys if inside else ()), *self.mail.keys))
        found = self._tried(opened.signature, lambda key: self.openpgp.verify_message(octets, key, self.at))
        if found is None:
            return self._by_nobody(opened.signature)
        signed = covered_by(found.octets, _charset(body))
        return self._judged(found, signed, digest_of(found.octets), partial(rewrapped, opened), "mime")

    def _judged(
        self,
        found: _Tried,
        signed: SignedText | Unreadable,
        digest: str,
        original: Callable[[], bytes],
        form: str,
    ) -> Judged:
        verdict, is_registered = found.verdict, found.is_registered
        if not verdict.is_good:
            return self._result(verdict, is_registered=is_registered)
        if isinstance(signed, Unreadable):
            return self._result(bad(signed.reason, verdict.fingerprint), is_registered=is_registered)
        return self._result(
            verdict,
            text=signed.text,
            protected=(*signed.protected_to, *signed.protected_cc),
            digest=digest,
            original=original,
            original_form=form,
            is_registered=is_registered,
            covered=tuple(one.fingerprint for blob in signed.keys for one in self.keys.inspect(blob)),
        )

    def _result(self, verdict: Verdict, **found: Any) -> Judged:
        merged = tuple(self.keys.merged.values())
        return Judged(self.mail, verdict, certificates=self.keys.certificates, merged=merged, **found)

    def _tried(self, signature: bytes, verify: Callable[[bytes], tuple[Verdict, bytes]]) -> _Tried | None:
        """What comes of the certificates that may have signed, each on its own: the first that did, else the first."""
        first: _Tried | None = None
        issuers = signature_issuers(signature)
        for certificate, held in self._signers(issuers[0]) if len(issuers) == 1 else ():
            verdict, octets = verify(certificate)
            if first is None or verdict.is_good:
                self.held = held
                first = _Tried(certificate, held is not None and held.is_registered, verdict, octets)
            if verdict.is_good:
                break
        return first

    def _signers(self, issuer: Issuer) -> Iterator[tuple[bytes, Held | None]]:
        """The certificates that may speak: registered ones the signature points to, else one sent along.

        Failing those, one published for the author: it names nobody by that, but the signature may prove it.
        """
        name = issuer.fingerprint or issuer.key_id
        held = [] if self.is_for_a_stranger else held_for(self.read, name, self.mail.author)
        sent = [one for one in self.keys.certificates if _is_key_of(name, one)]
        # A stranger's certificate held here may claim a key that is not theirs: one sent along goes first.
        speaking = [one for one in held if one.is_registered or not sent]
        for one in speaking:
            merged = self.keys.merged.get(one.fingerprint)
            yield (merged.certificate.blob if merged is not None else one.keyring), one
        for certificate in () if speaking else chain(sent, self._looked_for(name)):  # lazily: only if needed
            if _is_key_of(name, certificate):
                self.keys.add(certificate)
                yield certificate.blob, None
                return

    def _looked_for(self, name: str) -> Iterator[Certificate]:
        """What the Autocrypt header hints at; then what is published for the author, if that is not the one."""
        if not name:
            return
        if self.mail.hinted_key:
            yield from self.keys.inspect(self.mail.hinted_key)
        if self.mail.author:
            for blob in self.find_keys(self.mail.author):
                yield from self.keys.inspect(blob)


def _is_key_of(name: str, certificate: Certificate) -> bool:
    return bool(name) and any(key.endswith(name) for key in certificate.fingerprints)


def _charset(body: PgpMimeEncrypted | InlineEncrypted) -> str:
    return body.charset if isinstance(body, InlineEncrypted) else "utf-8"
