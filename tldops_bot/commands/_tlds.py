"""What somebody names: TLDs, and organisations without one; whether we know them, and whether we serve them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tldops_bot.commands._command import Context, Refused
from tldops_bot.domain.nearest import nearest
from tldops_bot.domain.organisation import kind_of, kind_of_word, organisation, parse_organisation
from tldops_bot.domain.request import Field
from tldops_bot.domain.tld import Tld, parse_tld
from tldops_bot.store import iana, organisations, people

MAX_TLDS = 400  # in one command; there are 309 ccTLDs


def read_tlds(ctx: Context, words: Sequence[str]) -> list[Tld] | Refused:
    """What somebody named, each once: TLDs in the root or with contacts here, organisations; or why not.

    `CERT` and `REGIONAL` on their own stand for the actor's own organisations of that kind.
    """
    if not words:
        return Refused("no_tld")
    if len(words) > MAX_TLDS:
        return Refused("too_many_tlds", {"limit": MAX_TLDS})
    parsed = {word: parse_tld(word) for word in words}
    assigned = iana.assigned(ctx.session, {tld.a_label for tld in parsed.values() if tld is not None})
    found: dict[str, Tld] = {}
    for word in words:
        kind = kind_of_word(word)
        named = _own_organisations(ctx, kind) if kind else [_organisation(ctx, word) or parsed[word]]
        if kind and not named:
            return Refused("which_organisation", {"word": word[:20], "kind": kind})
        for tld in named:
            if tld is None or not is_known(ctx, tld, assigned):
                return unknown(ctx, word, tld)
            found[tld.a_label] = tld
    return list(found.values())


def _organisation(ctx: Context, word: str) -> Tld | None:
    parsed = parse_organisation(word) if ":" in word else None
    return (organisations.by_label(ctx.session, parsed.a_label) or parsed) if parsed else None


def _own_organisations(ctx: Context, kind: str) -> list[Tld | None]:
    standing = ctx.actor.standing
    own = [label for label in (*standing.tlds, *standing.suspended_tlds) if kind_of(label) == kind]
    return [_organisation(ctx, label) for label in own]


def unknown(ctx: Context, word: str, tld: Tld | None) -> Refused:
    """Why that is not one, with the nearest that is."""
    if ":" in word:
        held = organisations.labels(ctx.session) if ctx.actor.is_signed else []
        near = nearest(tld.a_label if tld else word, held, within=2)
        return Refused("unknown_organisation", {"word": word[:80], "nearest": near})
    known = [facts.tld.a_label for facts in ctx.tlds]
    near = nearest(tld.a_label if tld else word, known, within=1)
    return Refused("unknown_tld", {"word": word[:80], "nearest": near})


def is_in_root(ctx: Context, tld: Tld, assigned: Mapping[str, bool] | None = None) -> bool:
    """Whether the TLD exists: by IANA's own answer if we have it, else by the table we came with.

    An organisation exists once somebody was listed for it; strangers must not learn from this which ones do.
    `assigned` is what IANA said, where that was looked up for many at once.
    """
    if kind_of(tld.a_label):
        return ctx.actor.person is None or organisations.by_label(ctx.session, tld.a_label) is not None
    if assigned is None:
        assigned = iana.assigned(ctx.session, [tld.a_label])
    return assigned.get(tld.a_label, tld in ctx.tlds)


def is_known(ctx: Context, tld: Tld, assigned: Mapping[str, bool] | None = None) -> bool:
    """Whether it can be named: even a TLD that has left the root, while it has contacts who may leave."""
    is_there = is_in_root(ctx, tld, assigned)
    return is_there or bool(people.contacts_of(ctx.session, tld.a_label, people.LIVING))


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
