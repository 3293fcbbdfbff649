"""What a request keeps besides its columns, by name: as it was written, and what has come to it since."""

from typing import TypedDict


class RequestDetails(TypedDict, total=False):
    """Kept as JSON, so times are RFC 3339 texts. What does not apply is left out."""

    # The candidate, as written; numbers as E.164, too.
    name: str
    email: str
    emergency_email: str
    phone: str
    phone_e164: str
    mobile: str
    mobile_e164: str
    fax: str
    fax_e164: str
    postal: str
    organisation: str
    timezone: str
    language: str
    key_algorithm: str
    called: dict[str, str]  # the TLDs' labels in their own scripts, and organisations' names
    replaces: str  # an address or a name
    # Who asks, and how sure that is.
    authentication: str  # what DKIM, SPF and DMARC said of the mail
    signed: bool
    entered_by: int | None  # a stored person, for somebody else
    is_suspect: bool  # a later mail failed its domain's policy
    mails: list[list[str]]  # what each mail did, when, and its authentication
    # What came of it.
    reasons: list[str]  # why it is the committee's to decide
    committee_at: str
    committee_reminded_at: str
    told_long_at: str
    reminded_at: str
    restated_at: str
    untold: int  # decided, and by whom; the rest of the committee has still to hear
    declined_because: str
    technical_word_at: str
    technical_address: str
    voucher: str
    voucher_is_fresh: bool
    # Of a new key.
    old: str  # the fingerprint it is to replace
    waits_until: str
    # Of an objection.
    entry_id: int
    asked_from: str
