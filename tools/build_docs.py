"""The site: docs/ and the reference, as pages to read without a server.

python -m tools.build_docs DIRECTORY         into DIRECTORY/html
python -m tools.build_docs DIRECTORY SITE    and from there into SITE/<version>, beside those of other versions
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.version import InvalidVersion, Version
from sphinx.cmd.build import build_main

from leat_async import __version__

from . import generate_reference

ROOT = Path(__file__).resolve().parents[1]
# Pages of the project that stand above docs/.
_ABOVE = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


def source(target: Path) -> None:
    """Gather what the site is made of."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    shutil.copytree(ROOT / "examples", target / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for name in _ABOVE:
        text = (ROOT / name).read_text("utf-8")
        (target / name).write_text(text.replace("](docs/", "]("), "utf-8")
    for page in target.rglob("*.md"):
        text = page.read_text("utf-8")
        page.write_text(re.sub(r"\]\((?:\.\./)+(?=[A-Z]+\.md|examples/)", lambda _: "](/", text), "utf-8")
    for name, text in generate_reference.pages().items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def add(html: Path, site: Path, version: str) -> None:
    """Put a version's pages beside those of others, and list all of them, the newest first, in a page above."""
    shutil.rmtree(site / version, ignore_errors=True)
    shutil.copytree(html, site / version)
    found = sorted(filter(None, map(_version, site.iterdir())), reverse=True)
    # What is no release is listed, and is not where the page leads to.
    newest = next((one for one in found if not one.is_prerelease), found[0])
    lines = "".join(f'<li><a href="{one}/index.html">{one}</a></li>\n' for one in found)
    (site / "index.html").write_text(_LIST.format(newest=newest, lines=lines), "utf-8")


def _version(folder: Path) -> Version | None:
    try:
        return Version(folder.name) if folder.is_dir() else None
    except InvalidVersion:
        return None


_LIST = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>leat_async: versions</title>
<h1>leat_async</h1>
<p><a href="{newest}/index.html">The documentation of {newest}</a>, the newest release. All there are:</p>
<ul>
{lines}</ul>
</html>
"""


def main(arguments: Sequence[str]) -> int:
    """Build it; warnings are errors."""
    if len(arguments) not in (1, 2):
        sys.stderr.write("usage: python -m tools.build_docs DIRECTORY [SITE]\n")
        return 2
    target = Path(arguments[0])
    source(target / "source")
    if len(arguments) == 2:
        os.environ["LEAT_SITE"] = "1"
    code = build_main(
        [
            "-q",
            "-W",
            "--keep-going",
            "-j",
            "auto",
            "-d",
            str(target / "doctrees"),
            str(target / "source"),
            str(target / "html"),
        ]
    )
    if code == 0 and len(arguments) == 2:
        add(target / "html", Path(arguments[1]), __version__.partition("+")[0])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
