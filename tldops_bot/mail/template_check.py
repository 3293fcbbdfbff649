"""What is wrong with templates that replace ours, and which ones a language lacks; nothing is rendered."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jinja2
from jinja2 import meta, nodes

from tldops_bot.domain.language import ENGLISH, is_language_code
from tldops_bot.domain.nearest import nearest
from tldops_bot.mail.render import environment

END = ".txt.j2"
_EVERYWHERE = frozenset({"list"})


@dataclass(frozen=True, slots=True)
class Flaw:
    """A file, named as in the template folder, and what to mend."""

    file: str
    words: str


def flaws(own: Path | None, ours: Path, languages: Collection[str]) -> list[Flaw]:
    """Everything wrong with the operator's templates, then what is missing in each language."""
    held = files_of(ours)
    found: list[Flaw] = []
    if own is not None:
        checker = _Checker(own, ours, languages)
        found += [Flaw(name, words) for name in files_of(own) for words in checker.of(name)]
        held += files_of(own)
    for language in languages:
        if language != ENGLISH:
            wanted = [f"{language}/{name}" for name in _in_english(ours) if f"{language}/{name}" not in held]
            found += [Flaw(name, "missing; English stands in for it") for name in wanted]
    return found


def _in_english(ours: Path) -> list[str]:
    return [name for name in files_of(ours) if language_of(name) == ENGLISH]


def files_of(folder: Path) -> list[str]:
    """All files in a template folder by their names there, except hidden ones."""
    names = (file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))


def language_of(name: str) -> str:
    """The language of a template, by the folder it is in."""
    folder = name.partition("/")[0]
    return folder if is_language_code(folder) else ENGLISH


class _Checker:
    """Looks at the operator's files, one by one."""

    def __init__(self, own: Path, ours: Path, languages: Collection[str]) -> None:
        self._own, self._languages, self._known = own, languages, _in_english(ours)
        self._ours = {one: _Sources(ours, language=one) for one in (ENGLISH, *languages)}
        self._used = {one: _Sources(own, ours, language=one) for one in (ENGLISH, *languages)}

    def of(self, file: str) -> Iterator[str]:
        """What is wrong with one of them."""
        language = language_of(file)
        name = file.removeprefix(f"{language}/")
        if not file.endswith(END):
            yield f"is no template: their names end in {END}"
        elif language not in self._used:
            yield f'"{language}" is not among templates.languages'
        elif name not in self._known and not self._is_a_part(name):
            near = nearest(name.removesuffix(END), [one.removesuffix(END) for one in self._known])
            yield "replaces no template" + (f"; did you mean {near}{END}?" if near else "")
        else:
            yield from self._broken(name, self._ours[language], self._used[language])

    def _is_a_part(self, name: str) -> bool:
        """Something that other templates, of the operator's or of a language, are made of."""
        trees = (self._used[language_of(one)].tree_or_none(_bare(one)) for one in self._parents)
        return any(name in _referenced(tree) for tree in trees if tree is not None)

    @property
    def _parents(self) -> list[str]:
        return [one for one in files_of(self._own) if one.endswith(END) and language_of(one) in self._used]

    def _broken(self, name: str, ours: "_Sources", used: "_Sources") -> Iterator[str]:
        try:
            tree = used.tree(name)
        except jinja2.TemplateSyntaxError as problem:
            yield f"line {problem.lineno}: {problem.message}"
        except (UnicodeDecodeError, OSError):
            yield "can't be read: it must be text in UTF-8"
        else:
            yield from _lacks(tree, used)
            if name in self._known:
                yield from _unknown_values(tree, ours.values_of(name))
            yield from _lost(tree, used)
            if ours.has_subject(name) and not used.has_subject(name):
                yield "the first line must be `Subject: …`, the second blank, then the text"


def _bare(file: str) -> str:
    return file.removeprefix(f"{language_of(file)}/")


def _lacks(tree: nodes.Template, used: "_Sources") -> Iterator[str]:
    for name in sorted(_referenced(tree)):
        if used.tree_or_none(name) is None:
            yield f"is made of {name}, which is not there, or broken"
    for node in tree.find_all(nodes.FromImport):
        there = _names_in(used.tree_or_none(_constant(node.template)))
        for one in node.names:
            name = one if isinstance(one, str) else one[0]
            if there and name not in there:
                yield f"line {node.lineno}: {_constant(node.template)} has no {name}"


def _unknown_values(tree: nodes.Template, given: frozenset[str]) -> Iterator[str]:
    """Values that our template does not use: the program may not supply them."""
    for name in sorted(meta.find_undeclared_variables(tree) - given - _EVERYWHERE - _imported(tree)):
        near = nearest(name, sorted(given))
        yield f"uses {name}, which it is not given" + (f"; did you mean {near}?" if near else "")


def _lost(tree: nodes.Template, used: "_Sources") -> Iterator[str]:
    """Blocks that the frame has no place for."""
    frames = {name for node in tree.find_all(nodes.Extends) if (name := _constant(node.template))}
    places = {one for frame in frames for one in used.blocks_of(frame)}
    for node in [one for one in tree.body if isinstance(one, nodes.Block)]:
        if frames and node.name not in places:
            yield f"line {node.lineno}: its frame has no block {node.name}, so nobody would read it"


class _Sources:
    """Templates as they are found in folders, the first that has one, and what they use."""

    def __init__(self, *folders: Path, language: str = ENGLISH) -> None:
        self._environment = environment(folders, language)
        self.tree = cache(self._tree)

    def _tree(self, name: str) -> nodes.Template:
        """Raises TemplateError, UnicodeDecodeError."""
        assert self._environment.loader is not None
        source, file, _ = self._environment.loader.get_source(self._environment, name)
        self._environment.compile(source, name, file)  # finds filters that there are not
        return self._environment.parse(source, name, file)

    def tree_or_none(self, name: str) -> nodes.Template | None:
        try:
            return self.tree(name)
        except (jinja2.TemplateError, UnicodeDecodeError, OSError):
            return None

    def values_of(self, name: str) -> frozenset[str]:
        """What a template uses, with all that it is made of."""
        trees = [tree for one in self._all_of(name) if (tree := self.tree_or_none(one)) is not None]
        return frozenset(value for tree in trees for value in meta.find_undeclared_variables(tree))

    def blocks_of(self, name: str) -> frozenset[str]:
        trees = [tree for one in self._all_of(name) if (tree := self.tree_or_none(one)) is not None]
        return frozenset(block.name for tree in trees for block in tree.find_all(nodes.Block))

    def has_subject(self, name: str) -> bool:
        """Whether it is a whole mail: it begins with one, or its frame does."""
        trees = [tree for one in self._all_of(name) if (tree := self.tree_or_none(one)) is not None]
        said = ("".join(node.data for node in tree.find_all(nodes.TemplateData)) for tree in trees)
        return any(text.lstrip().startswith("Subject:") for text in said)

    def _all_of(self, name: str) -> list[str]:
        found = [name]
        for one in found:
            tree = self.tree_or_none(one)
            found += sorted((_referenced(tree) if tree is not None else set()) - set(found))
        return found


def _referenced(tree: nodes.Template) -> set[str]:
    return {name for name in meta.find_referenced_templates(tree) if name}


def _names_in(tree: nodes.Template | None) -> set[str]:
    """What another template may import from it."""
    if tree is None:
        return set()
    macros = {node.name for node in tree.find_all(nodes.Macro)}
    return macros | {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}


def _imported(tree: nodes.Template) -> set[str]:
    """What blocks may use besides values: imported or set at the top."""
    imported = [one for node in tree.find_all(nodes.FromImport) for one in node.names]
    return _names_in(tree) | {one if isinstance(one, str) else one[1] for one in imported}


def _constant(node: nodes.Expr) -> str:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""
