"""A Card of RFC 9553 as JSON Schema (2020-12): every property that section 2 defines, and no other.

Where the RFC has a registry of values, the ones it registers itself. Only version 1.0, without localizations.
"""

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WORD: Schema = {"type": "string", "minLength": 1}
YES: Schema = {"const": True}
PREFERENCE: Schema = {"type": "integer", "minimum": 1, "maximum": 100}  # section 1.5.3
UTC: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z$",
}  # section 1.4.3
URI: Schema = {"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$"}
ID = r"^[A-Za-z0-9_-]{1,255}$"  # section 1.4.1
CONTEXTS: Schema = {  # section 1.5.1
    "type": "object",
    "propertyNames": {"enum": ["private", "work", "billing", "delivery"]},
    "additionalProperties": YES,
}


def thing(name: str, required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    """An object of a type; `@type` need not be there where only one is possible (section 1.3.4)."""
    return {
        "type": "object",
        "properties": {"@type": {"const": name}, **properties},
        "required": list(required),
        "additionalProperties": False,
    }


def by_id(of: Schema) -> Schema:
    return {
        "type": "object",
        "patternProperties": {ID: of},
        "additionalProperties": False,
        "minProperties": 1,
    }


def set_of(*values: str) -> Schema:
    names: Schema = {"propertyNames": {"enum": list(values)}} if values else {}
    return {"type": "object", "additionalProperties": YES, **names}


AUTHOR = thing("Author", name=TEXT, uri=URI)
SHARED: dict[str, Schema] = {"contexts": CONTEXTS, "pref": PREFERENCE, "label": TEXT}
RESOURCE: dict[str, Schema] = {"kind": WORD, "uri": URI, "mediaType": WORD, **SHARED}  # section 1.4.4
COMPONENT = thing("NameComponent", ("value", "kind"), value=TEXT, kind=WORD, phonetic=TEXT)
ADDRESS_COMPONENT = thing("AddressComponent", ("value", "kind"), value=TEXT, kind=WORD, phonetic=TEXT)
PARTIAL_DATE = thing(
    "PartialDate",
    year={"type": "integer", "minimum": 0},
    month={"type": "integer", "minimum": 1, "maximum": 12},
    day={"type": "integer", "minimum": 1, "maximum": 31},
    calendarScale=TEXT,
)
ADDRESS = thing(
    "Address",
    components={"type": "array", "items": ADDRESS_COMPONENT},
    isOrdered={"type": "boolean"},
    countryCode={"type": "string", "pattern": "^[A-Z]{2}$"},
    coordinates={"type": "string", "pattern": "^geo:"},
    timeZone={"type": "string", "pattern": r"^[A-Za-z][A-Za-z0-9+_-]*(/[A-Za-z0-9+_-]+)*$"},  # RFC 6557 names
    full=TEXT,
    defaultSeparator=TEXT,
    phoneticScript=WORD,
    phoneticSystem=WORD,
    contexts=CONTEXTS,
    pref=PREFERENCE,
)
PHONE = thing(
    "Phone",
    ("number",),
    number=WORD,
    features=set_of("mobile", "voice", "text", "video", "main-number", "textphone", "fax", "pager"),
    **SHARED,
)
ORGANISATION = thing(
    "Organization",
    name=TEXT,
    units={"type": "array", "items": thing("OrgUnit", ("name",), name=TEXT, sortAs=TEXT), "minItems": 1},
    sortAs=TEXT,
    contexts=CONTEXTS,
)
NAME = thing(
    "Name",
    components={"type": "array", "items": COMPONENT},
    isOrdered={"type": "boolean"},
    defaultSeparator=TEXT,
    full=TEXT,
    sortAs={"type": "object", "additionalProperties": TEXT},
    phoneticScript=WORD,
    phoneticSystem=WORD,
)
NOTE = thing("Note", ("note",), note=TEXT, created=UTC, author=AUTHOR)
CARD: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "@type": {"const": "Card"},
        "version": {"const": "1.0"},
        "created": UTC,
        "kind": {"enum": ["individual", "group", "org", "location", "device", "application"]},
        "language": WORD,
        "members": set_of(),
        "prodId": TEXT,
        "relatedTo": {"type": "object", "additionalProperties": thing("Relation", relation=set_of())},
        "uid": URI,
        "updated": UTC,
        "name": NAME,
        "nicknames": by_id(thing("Nickname", ("name",), name=TEXT, contexts=CONTEXTS, pref=PREFERENCE)),
        "organizations": by_id(ORGANISATION),
        "speakToAs": thing("SpeakToAs", grammaticalGender=WORD, pronouns={"type": "object"}),
        "titles": by_id(thing("Title", ("name",), name=TEXT, kind=WORD, organizationId=WORD)),
        "emails": by_id(thing("EmailAddress", ("address",), address=WORD, **SHARED)),
        "onlineServices": by_id(thing("OnlineService", service=TEXT, uri=URI, user=TEXT, **SHARED)),
        "phones": by_id(PHONE),
        "preferredLanguages": by_id(
            thing("LanguagePref", ("language",), language=WORD, contexts=CONTEXTS, pref=PREFERENCE)
        ),
        "calendars": by_id(thing("Calendar", ("uri", "kind"), **RESOURCE)),
        "schedulingAddresses": by_id(thing("SchedulingAddress", ("uri",), uri=URI, **SHARED)),
        "addresses": by_id(ADDRESS),
        "cryptoKeys": by_id(thing("CryptoKey", ("uri",), **RESOURCE)),
        "directories": by_id(
            thing("Directory", ("uri", "kind"), listAs={"type": "integer", "minimum": 1}, **RESOURCE)
        ),
        "links": by_id(thing("Link", ("uri",), **RESOURCE)),
        "media": by_id(thing("Media", ("uri", "kind"), **RESOURCE)),
        "anniversaries": by_id(
            thing("Anniversary", ("kind", "date"), kind=WORD, date=PARTIAL_DATE, place=ADDRESS)
        ),
        "keywords": set_of(),
        "notes": by_id(NOTE),
        "personalInfo": by_id(
            thing(
                "PersonalInfo",
                ("kind", "value"),
                kind=WORD,
                value=TEXT,
                level=WORD,
                listAs=PREFERENCE,
                label=TEXT,
            )
        ),
    },
    "required": ["@type", "version", "uid"],
    "additionalProperties": False,
}
CARDS: Schema = {"type": "array", "items": CARD}
