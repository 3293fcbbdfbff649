"""The kinds of stored requests: what somebody waits for."""

from enum import StrEnum


class RequestKind(StrEnum):
    """What a request asks for; domain/entry_life.py says which states each goes through."""

    SUBSCRIBE = "subscribe"  # to be a contact of a TLD
    KEY = "key"  # a first or a new key for somebody listed
    OBJECTION = "objection"  # the committee's word on an entry: an objection, a removal, a suspension
