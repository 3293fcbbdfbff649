"""The operator's templates, with ours in place of broken ones: one slip must not stop a mail."""

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tldops_bot.config.settings import ListSettings
from tldops_bot.domain.language import ENGLISH, is_language_code
from tldops_bot.mail.render import Composed, Rendered, Renderer, TemplateProblem

T = TypeVar("T")

log = logging.getLogger(__name__)


class FallbackRenderer(Renderer):
    """`broken` says what is wrong with which template until it is mended; changed files are read again."""

    def __init__(
        self, own: Path, shipped: Path, settings: ListSettings, languages: Collection[str] = (ENGLISH,)
    ) -> None:
        super().__init__([own, shipped], settings, languages)
        self._ours = Renderer([shipped], settings, languages)
        self.broken: dict[str, str] = {}

    def load_all(self) -> None:
        """The same for both; what can't even be read is known from now on."""
        self._ours.load_all()
        for language, made in self._environments.items():
            for name in made.list_templates(extensions=["j2"]):
                if is_language_code(name.partition("/")[0]):
                    continue  # looked at as one of its own language
                try:
                    made.get_template(name)
                except Exception as problem:  # noqa: BLE001  whatever is wrong with a file of the operator's
                    self._note(self._named(name.removesuffix(".txt.j2"), language), problem)

    def render(self, template: str, values: Mapping[str, Any], language: str = "") -> Rendered:
        """Raises TemplateProblem if ours can't be filled either."""
        ours = self._ours
        return self._either(template, super().render, ours.render, values, language)

    def fragment(self, template: str, values: Mapping[str, Any], language: str = "") -> Composed:
        """Raises TemplateProblem as `render` does."""
        return self._either(template, super().fragment, self._ours.fragment, values, language)

    def _either(
        self,
        template: str,
        theirs: Callable[[str, Mapping[str, Any], str], T],
        ours: Callable[[str, Mapping[str, Any], str], T],
        values: Mapping[str, Any],
        language: str,
    ) -> T:
        try:
            filled = theirs(template, values, language)
        except Exception as problem:  # noqa: BLE001  a template is a program of the operator's
            filled = ours(template, values, language)
            self._note(self._named(template, language), problem)
            return filled
        self.broken.pop(self._named(template, language), None)
        return filled

    def _named(self, template: str, language: str) -> str:
        """As in the folder of templates, so that what is broken in one language is not mended in another."""
        spoken = language if language in self._environments else self._home
        return template if spoken == ENGLISH else f"{spoken}/{template}"

    def _note(self, template: str, problem: Exception) -> None:
        """Of what Python says only its kind is told: it may quote a value."""
        words = str(problem) if isinstance(problem, TemplateProblem) else type(problem).__name__
        if template not in self.broken:
            log.error("the operator's template %s is broken; ours is used", template)
        self.broken[template] = words
