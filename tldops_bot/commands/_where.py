"""What somebody asks to be a contact of: TLDs and organisations without one; and whether we serve them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tldops_bot.commands._command import Context, Refused
from tldops_bot.commands._fields import is_in_root, read_tlds, unknown
from tldops_bot.domain.organisation import kind_of, kind_of_word, organisation, parse_organisation
from tldops_bot.domain.request import Field
from tldops_bot.domain.tld import Tld


@dataclass(frozen=True, slots=True)
class _Asked:
    """An organisation by kind, and by label if one was given; else `Organisation:` names it."""

    kind: str
    labelled: Tld | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """Everything that one line names, for one person or several."""

    tlds: tuple[Tld, ...]
    asked: tuple[_Asked, ...]

    def of(self, fields: Sequence[Field]) -> list[Tld] | Refused:
        """All of it for the person with these fields, which may name the organisation."""
        name = next((one.value for one in fields if one.name == "Organisation"), "")
        found = list(self.tlds)
        for one in self.asked:
            by_name = organisation(one.kind, name)
            if one.labelled is not None:
                is_same = by_name is not None and by_name.a_label == one.labelled.a_label
                found.append(by_name if by_name is not None and is_same else one.labelled)
            elif by_name is not None:
                found.append(by_name)
            elif name.strip():
                return Refused("bad_field", {"field": "Organisation", "value": name[:80], "limit": 0})
            else:
                return Refused("field_missing", {"fields": ("Organisation",)})
        return list({tld.a_label: tld for tld in found}.values())


def read_where(ctx: Context, words: Sequence[str]) -> Where | Refused:
    """What the line names, if this list serves all of it.

    An organisation need not be known yet, and nothing is looked up about it: anybody may be asking.
    """
    asked = [one for word in words if (one := _asked(word)) is not None]
    others = [word for word in words if _asked(word) is None]
    tlds = read_tlds(ctx, others) if others or not asked else []
    if isinstance(tlds, Refused):
        return tlds
    for one in asked:
        if refused := _unless_served(ctx, one.labelled.a_label if one.labelled else one.kind, one.kind):
            return refused
    return not_in_root(ctx, tlds) or not_served(ctx, tlds) or Where(tuple(tlds), tuple(asked))


def not_in_root(ctx: Context, tlds: Iterable[Tld]) -> Refused | None:
    """Which of these have left the root: their contacts may be named, but nobody can join."""
    gone = next((tld for tld in tlds if not is_in_root(ctx, tld)), None)
    return unknown(ctx, gone.u_label, gone) if gone is not None else None


def not_served(ctx: Context, tlds: Iterable[Tld]) -> Refused | None:
    """Which of these are of a kind that this list does not serve, and what it serves."""
    for tld in tlds:
        facts = ctx.tlds.get(tld)
        kind = kind_of(tld.a_label) or (facts.kind if facts is not None else "")
        if refused := _unless_served(ctx, tld.shown, kind):
            return refused
    return None


def _unless_served(ctx: Context, name: str, kind: str) -> Refused | None:
    """A TLD younger than our table is of no known kind, and counts as served."""
    served = ctx.config.membership.constituencies
    return (
        Refused("not_served", {"tld": name, "kind": kind, "served": served})
        if kind not in ("", *served)
        else None
    )


def _asked(word: str) -> _Asked | None:
    if kind := kind_of_word(word):
        return _Asked(kind)
    labelled = parse_organisation(word) if ":" in word else None
    return _Asked(kind_of(labelled.a_label), labelled) if labelled is not None else None
