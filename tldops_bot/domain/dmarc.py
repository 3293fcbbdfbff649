"""Does a mail speak for the domain in its From, and if not, what does that domain ask for? (RFC 9989)"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

MAX_QUERIES: Final = 8  # queries of one tree walk, section 4.10
MAX_TAGS: Final = 50
POLICIES: Final = ("none", "quarantine", "reject")


class DnsAnswers(Protocol):
    """What DMARC asks the DNS. None means temporary trouble; an empty answer is an answer."""

    def texts(self, name: str) -> Sequence[str] | None: ...
    def exists(self, name: str) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class Record:
    """One valid DMARC Policy Record, section 4.7. `applies` is False when it says too little to be used."""

    domain: str
    policy: str = "none"
    subdomain_policy: str = ""
    absent_policy: str = ""
    dkim_is_strict: bool = False
    spf_is_strict: bool = False
    public_suffix: str = "u"
    is_test: bool = False
    applies: bool = True

    def wishes(self, author_domain: str, exists: Callable[[str], bool | None]) -> str:
        """The policy for a failing mail of this author's domain (p, sp, np), one step milder in test mode."""
        wish = self.policy
        if author_domain != self.domain:
            wish = self.subdomain_policy or wish
            if self.absent_policy and exists(author_domain) is False:
                wish = self.absent_policy
        return POLICIES[max(0, POLICIES.index(wish) - 1)] if self.is_test else wish


@dataclass(frozen=True, slots=True)
class Walk:
    """What a tree walk found, longest name first. `is_troubled`: an answer is missing that may come later."""

    start: str
    records: tuple[Record, ...] = ()
    is_troubled: bool = False

    @property
    def organizational_domain(self) -> str:
        """Section 4.10.2. Never a TLD, unless it says psd=n: strangers who share it don't speak for it."""
        for one in self.records:
            if one.public_suffix == "n":
                return one.domain
            if one.domain != self.start and (one.public_suffix == "y" or _is_bare_tld(one)):
                return _one_below(one.domain, self.start)
        return self.records[-1].domain if self.records else self.start

    @property
    def applicable(self) -> Record | None:
        """The record of the author's domain, else of its organizational domain, else of the public suffix."""
        by_domain = {one.domain: one for one in self.records}
        suffix = self.records[-1] if self.records else None
        return by_domain.get(self.start) or by_domain.get(self.organizational_domain) or suffix


@dataclass(frozen=True, slots=True)
class Identifiers:
    """The domains for which SPF and DKIM passed, and those for which only trouble prevented an answer."""

    spf: tuple[str, ...] = ()
    dkim: tuple[str, ...] = ()
    troubled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The DMARC result, with the policy asked for and the domain that passed for the author's."""

    result: str
    policy: str = ""
    aligned_domain: str = ""


@dataclass(slots=True)
class Dmarc:
    """DMARC for one mail; caches its walks, so that no question is asked twice."""

    author_domain: str
    dns: DnsAnswers
    _walks: dict[str, Walk] = field(default_factory=dict)

    def could_align(self, domain: str) -> bool:
        """Whether alignment is possible: cheap, and never a false no."""
        return _is_within(domain, self._walk(self.author_domain).organizational_domain)

    def policy(self) -> Outcome:
        """What the author's domain asks for; the result is none, temperror, or fail as long as nothing passes."""
        walk = self._walk(self.author_domain)
        record = walk.applicable
        if walk.is_troubled and (record is None or record.domain != self.author_domain):
            return Outcome("temperror")
        if record is None or not record.applies:
            return Outcome("none")
        return Outcome("fail", record.wishes(self.author_domain, self.dns.exists))

    def outcome(self, identifiers: Identifiers) -> Outcome:
        """Pass if any domain that passed stands for the author's; whatever else passed does not matter."""
        asked = self.policy()
        record = self._walk(self.author_domain).applicable
        if asked.result != "fail" or record is None:
            return asked
        held = ((identifiers.dkim, record.dkim_is_strict), (identifiers.spf, record.spf_is_strict))
        for domains, is_strict in held:
            for one in domains:
                if self._aligns(one, is_strict):
                    return Outcome("pass", asked.policy, one)
        is_unsure = self._walk(self.author_domain).is_troubled and any(
            domains and not is_strict for domains, is_strict in held
        )
        if is_unsure or any(self._aligns(one, is_strict=False) for one in identifiers.troubled):
            return Outcome("temperror", asked.policy)
        return asked

    def _aligns(self, domain: str, is_strict: bool) -> bool:
        if domain == self.author_domain:
            return True
        if is_strict or not self.could_align(domain):
            return False
        own = self._walk(self.author_domain).organizational_domain
        return self._walk(domain).organizational_domain == own

    def _walk(self, domain: str) -> Walk:
        if domain not in self._walks:
            self._walks[domain] = walk(domain, self.dns.texts)
        return self._walks[domain]


def walk(start: str, texts: Callable[[str], Sequence[str] | None]) -> Walk:
    """The DNS tree walk, section 4.10: from the domain upwards, in at most eight queries."""
    found: list[Record] = []
    is_troubled = False
    for target in walk_targets(start):
        answer = texts(f"_dmarc.{target}")
        is_troubled = is_troubled or answer is None
        record = parse_record(target, answer or ())
        if record is not None:
            found.append(record)
            if record.public_suffix in ("y", "n"):
                break
    return Walk(start, tuple(found), is_troubled)


def walk_targets(start: str) -> tuple[str, ...]:
    """The names to ask: the domain itself, then its last seven labels, and upwards."""
    labels = start.split(".")
    first_parent = max(1, len(labels) - (MAX_QUERIES - 1))
    return (start, *(".".join(labels[i:]) for i in range(first_parent, len(labels))))


def parse_record(domain: str, texts: Sequence[str]) -> Record | None:
    """The single record among these texts; None if there is none, or more than one."""
    ours = [found for found in map(_tags, texts) if found]
    if len(ours) != 1:
        return None
    tags = ours[0]
    policies = {name: tags.get(name, "").lower() for name in ("p", "sp", "np")}
    is_sound = policies["p"] in POLICIES and all(
        policies[name] in POLICIES for name in ("sp", "np") if name in tags
    )
    suffix = tags.get("psd", "u").lower()
    # Without a valid policy (4.10.1): `none` if reports are asked for, else as if there were no record.
    wishes = policies if is_sound else {"p": "none", "sp": "", "np": ""}
    return Record(
        domain,
        policy=wishes["p"],
        subdomain_policy=wishes["sp"],
        absent_policy=wishes["np"],
        dkim_is_strict=tags.get("adkim", "").lower() == "s",
        spf_is_strict=tags.get("aspf", "").lower() == "s",
        public_suffix=suffix if suffix in ("y", "n") else "u",
        is_test=tags.get("t", "").lower() == "y",
        applies=is_sound or "mailto:" in tags.get("rua", "").lower(),
    )


def _tags(text: str) -> dict[str, str]:
    """The tags of a record, the first of each name; none at all unless `v=DMARC1` comes first."""
    pairs = [part.partition("=") for part in text.split(";")[:MAX_TAGS]]
    cut = [(name.strip().lower(), value.strip()) for name, equals, value in pairs if equals]
    return dict(reversed(cut)) if cut and cut[0] == ("v", "DMARC1") else {}


def _is_bare_tld(record: Record) -> bool:
    """RFC 9989 would let a TLD's record without `psd` unite all its registrants into one organization."""
    return "." not in record.domain


def _one_below(domain: str, start: str) -> str:
    labels = start.split(".")
    return ".".join(labels[-(domain.count(".") + 2) :])


def _is_within(domain: str, above: str) -> bool:
    return domain == above or domain.endswith("." + above)
