"""How Sphinx makes the site."""

import os
import re
from typing import Any

from sphinx.search.en import SearchEnglish

from leat_async import __version__

project = "leat_async"
author = "The leat_async maintainers"
project_copyright = "the leat_async maintainers, MIT licence"
# The commit that lies behind a version between two releases is too long for a heading.
release = version = __version__.partition("+")[0]
extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton"]
html_theme = "furo"
# The usual one underlines modules, as if they were links.
pygments_dark_style = "github-dark"
html_title = f"leat_async {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/versions.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
# Whether the site stands in a folder beside those of other versions.
html_context = {"other_versions": bool(os.environ.get("LEAT_SITE"))}
exclude_patterns = ["examples/*.md"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
add_module_names = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
# Attributes called `type` or `str` hide nothing of ours.
suppress_warnings = ["ref.python"]

# Short enough for a line of a phone.
_OPTION = re.compile(r'<span class="pre">(?=-[^<]{1,28}</span>)')
_CELL = re.compile(r"<td>.*?</td>", re.DOTALL)
_CODE = re.compile(r'(?<=<span class="pre">)[^<]{12,}(?=</span>)')
_PARAMETERS = re.compile(r"<dl>\n((?:<dd>.*?</dd>\n?)+)</dl>", re.DOTALL)


def accessible(app: Any, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """Mend what readers stumble over: headings without a level, lists of nothing, options cut in two, wide tables."""
    for part in ("furo_navigation_tree", "body"):
        if part in context:
            context[part] = str(context[part]).replace('role="heading"', 'role="heading" aria-level="2"')
    if "body" in context:
        body = _PARAMETERS.sub(_lines, context["body"])
        body = _CELL.sub(lambda cell: _CODE.sub(_breakable, cell[0]), body)
        context["body"] = _OPTION.sub('<span class="pre whole">', body)


def _breakable(code: re.Match[str]) -> str:
    """A long name in a table, which may go on in another line where its parts meet, so that the table is no wider."""
    parts = re.sub(r"(?<=[\w)}])[._/(\[](?=[\w{$])", r"\g<0><wbr>", code[0])
    return parts.replace("-&gt;", '<wbr><span class="whole">-&gt;</span>')


def _lines(found: re.Match[str]) -> str:
    inside = found[1].replace("<dd>", '<div class="parameter-line">').replace("</dd>", "</div>")
    return f"<div>{inside}</div>"


class Searched(SearchEnglish):
    """What the search knows: numbers too, since exit codes and errors are asked for by theirs."""

    def word_filter(self, word: str) -> bool:
        return word not in self.stopwords


def setup(app: Any) -> None:
    """Come after the theme has made its part."""
    app.connect("html-page-context", accessible, priority=900)
    app.add_search_language(Searched)
