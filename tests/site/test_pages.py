"""The site in a real browser: on a phone and a desk, by day and night, without JavaScript, with every link whole."""

from __future__ import annotations

import os
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

pytestmark = pytest.mark.site
PHONE, DESK = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
PAGES = (
    "index",
    "client",
    "cli",
    "bulk",
    "every_night",
    "from_php",
    "guarantees",
    "errors",
    "recipes/frameworks",
    "reference/index",
    "reference/client",
    "reference/operations/visits",
    "reference/command_line",
    "search",
    "genindex",
)
LARGEST = 500_000
# What hangs over the edge and can't be scrolled to.
CUT = """() => [...document.querySelectorAll("article *")].filter(node => {
  const box = node.getBoundingClientRect();
  return box.width && !node.closest("pre, .table-wrapper, .highlight, svg") && box.right > innerWidth + 1;
}).map(node => node.outerHTML.slice(0, 90))"""


class Links(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.add(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


def test_no_link_and_no_anchor_is_broken(site: Path) -> None:
    pages = {path.relative_to(site).as_posix(): Links(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 100
    broken = defaultdict(set)
    for name, page in pages.items():
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = (site / name).parent / unquote(parts.path) if parts.path else site / name
            there = Path(os.path.normpath(path)).relative_to(site).as_posix()
            whole = (site / there).is_file()
            if whole and parts.fragment and there in pages:
                whole = unquote(parts.fragment) in pages[there].anchors
            if not whole:
                broken[target].add(name)
    assert broken == {}


def test_no_page_is_large(site: Path) -> None:
    sizes = {path.relative_to(site).as_posix(): path.stat().st_size for path in site.rglob("*.html")}
    assert {name: size for name, size in sizes.items() if size > LARGEST} == {}


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone at night"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads(browser: Browser, address: str, name: str, size: dict[str, int], scheme: str) -> None:
    """No error, nothing from elsewhere, nothing cut, and nothing serious that axe-core finds."""
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("response", lambda answer: problems.append(answer.url) if answer.status >= 400 else None)
    page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else problems.append(sent.url))
    page.goto(f"{address}/{name}.html")
    assert problems == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate(CUT) == []
    found = Axe().run(page).response["violations"]
    page.close()
    assert [
        (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ] == []


def test_no_width_of_a_window_cuts_a_page(browser: Browser, address: str) -> None:
    """Columns get wider, and the contents of the page come beside it, from certain widths on."""
    page = browser.new_page()
    page.goto(f"{address}/sandbox.html")
    for width in [*range(320, 2000, 40), 1184, 1312, 1313, 1424, 1550, 1551, 1552, 1568]:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_no_table_is_wider_than_a_page_on_a_desk(browser: Browser, address: str, site: Path) -> None:
    """Its last columns would have to be looked for. Some tables have eight."""
    page = browser.new_page(viewport=DESK)  # type: ignore[arg-type]
    cut = []
    for path in sorted([*site.glob("*.html"), *site.glob("re*/*.html")]):
        name = path.relative_to(site).as_posix()
        page.goto(f"{address}/{name}")
        if page.evaluate(
            "[...document.querySelectorAll('.table-wrapper')].some(t => t.scrollWidth > t.clientWidth + 1)"
        ):
            cut.append(name)
    page.close()
    assert cut == []


def test_the_search_page_is_searched_from_on_a_phone(browser: Browser, address: str) -> None:
    """Where the sidebar with its field is hidden."""
    page = browser.new_page(viewport=PHONE)  # type: ignore[arg-type]
    page.goto(f"{address}/search.html")
    page.locator("article input[name=q]").fill("reconcile")
    page.get_by_role("button", name="Search").click()
    page.locator("#search-results a", has_text="Errors").first.wait_for()
    page.close()


@pytest.mark.parametrize("name", [name for name in PAGES if name != "search"])
def test_a_page_reads_without_javascript(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=DESK)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/{name}.html")
    heading = page.locator("article h1").first
    assert heading.is_visible()
    # All of the text, and the way to the other pages.
    assert page.locator("article p, article li, article td, article dd").last.is_visible()
    assert page.locator(".sidebar-tree a", has_text="Concepts").first.is_visible()
    context.close()
