"""What the site has beside docs/: the papers at the top of the tree, the configuration, every refusal as it is worded.

mkdocs calls these functions while it builds (`mkdocs.yml`, hooks).
"""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PAPERS = ("README", "ARCHITECTURE", "CONTRIBUTING", "THREATS", "CHANGELOG")
REFUSALS = "<!-- every refusal -->"


def on_files(files: Files, config: Any) -> Files:
    """Put the papers and the example configuration into the site, under project/."""
    for name in PAPERS:
        words = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"project/{name.lower()}.md", content=words))
    example = (ROOT / "config.example.toml").read_text(encoding="utf-8")
    page = f"# Every key of config.toml\n\n```toml\n{example}```\n"
    files.append(File.generated(config, "project/configuration.md", content=page))
    _put_into_the_menu(files, config)
    return files


def _put_into_the_menu(files: Files, config: Any) -> None:
    """A page that the menu in mkdocs.yml does not name stands at the end of what is for operators."""
    named = set(re.findall(r"[\w/-]+\.md", str(config.nav)))
    others = sorted(file.src_uri for file in files.documentation_pages() if file.src_uri not in named)
    next(group["Operators"] for group in config.nav if "Operators" in group).extend(others)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links to the papers lead to where they are in the site; the refusals are put in where they belong."""
    up = "../" * page.file.src_uri.count("/")
    names = "|".join(PAPERS)
    there = re.sub(
        rf"\]\((?:\.\./)+({names})\.md(#[\w-]+)?\)",
        lambda found: f"]({up}project/{found[1].lower()}.md{found[2] or ''})",
        markdown,
    )
    there = re.sub(r"\]\((?:\.\./)+config\.example\.toml\)", f"]({up}project/configuration.md)", there)
    return there.replace(REFUSALS, every_refusal()) if REFUSALS in there else there


def every_refusal() -> str:
    """Each refusal once, as people read it, in the order of their names."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from tests.template_values import LIST
    from tests.template_values import REFUSALS as SAMPLES
    from tldops_bot.config.shipped import shipped
    from tldops_bot.mail.render import Renderer

    renderer = Renderer([shipped("templates")], LIST)
    shown = (
        renderer.fragment(f"refusals/{name}", values[0]).strip() for name, values in sorted(SAMPLES.items())
    )
    return "\n\n".join(f"```text\n{text}\n```" for text in shown)
