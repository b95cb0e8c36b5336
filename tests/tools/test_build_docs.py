"""Where the site of each version stands."""

from __future__ import annotations

import re
from pathlib import Path

from tools import build_docs


def test_versions_stand_side_by_side_and_the_newest_release_is_named_first(tmp_path: Path) -> None:
    html, site = tmp_path / "html", tmp_path / "site"
    html.mkdir()
    site.mkdir()
    (site / "images").mkdir()
    for version in ("0.9", "0.10", "1.0rc1", "0.9"):
        (html / "index.html").write_text(version)
        build_docs.add(html, site, version)
    text = (site / "index.html").read_text()
    assert re.findall(r'href="(.*?)"', text) == [f"{one}/index.html" for one in ("0.10", "1.0rc1", "0.10", "0.9")]
    assert (site / "0.10" / "index.html").read_text() == "0.10"


def test_without_a_place_it_says_how(tmp_path: Path) -> None:
    assert build_docs.main([]) == 2
