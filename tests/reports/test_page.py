"""The page in a real browser, headless. `LEAT_SCREENSHOTS=1` writes the pictures of the docs anew."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from leat_async.reports import Figures, MonthlyReport
from leat_async.reports.charts import ChartSeries, across, bars, lines
from leat_async.reports.frame import rendered, safe
from leat_async.reports.language import Writer

from ..pictures import ANEW, IMAGES, check_picture
from ..sandbox.test_inspector import launch as launch
from .test_monthly import account as account
from .test_monthly import october as october
from .test_rows import report as made_up

PHONE, DESKTOP, PAPER = {"width": 375, "height": 812}, {"width": 1280, "height": 900}, {"width": 690, "height": 980}
# What hangs over the edge of what it stands in, and can't be scrolled to.
CUT = """() => [...document.querySelectorAll("main *")].filter(node => {
  const box = node.getBoundingClientRect();
  return box.width && !node.closest("svg, .scroll, details") && (box.right > innerWidth + 1 || box.left < -1);
}).map(node => node.outerHTML.slice(0, 80))"""
SCROLLS = """() => [...document.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth)
  .map(one => one.getAttribute("aria-label"))"""
# Writing of charts that lies on other writing of the same chart, or outside the page.
LYING = """() => [...document.querySelectorAll("svg")].flatMap(chart => {
  const boxes = [...chart.querySelectorAll("text")].filter(text => text.textContent.trim() && text.closest(".axis"))
    .map(text => ({box: text.getBoundingClientRect(), text: text.textContent}));
  const out = boxes.filter(one => one.box.left < 0 || one.box.right > innerWidth);
  const on = boxes.filter((one, at) => boxes.slice(at + 1).some(other =>
    one.box.left < other.box.right && other.box.left < one.box.right &&
    one.box.top + 2 < other.box.bottom && other.box.top + 2 < one.box.bottom));
  return [...out, ...on].map(one => `${chart.getAttribute("aria-label")}: ${one.text}`);
})"""
# What looks like an earlier one in all that its contrast comes of.
ALIKE = """() => {
  const seen = new Set();
  const drawn = (node) => { const style = getComputedStyle(node); return [
    style.color, style.fontSize, style.fontWeight, style.fontFamily, style.textShadow, style.opacity, style.filter,
    style.backgroundColor, style.backgroundImage, style.position, style.visibility, style.display, node.tagName,
  ].join(); };
  for (const one of document.querySelectorAll("td, th, dd, dt, li, h2, caption, figcaption, summary, span")) {
    const around = [];
    for (let node = one.parentElement; node; node = node.parentElement) around.push(node);
    const look = [one, ...one.querySelectorAll("*"), ...around].map(drawn).join(";");
    one.toggleAttribute("data-alike", seen.has(look));
    seen.add(look);
  }
  return seen.size;
}"""
CONTRAST = "color-contrast"
_AXE = Axe()


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


class Shown:
    """A page in a browser, with what it asked for and complained about."""

    def __init__(self, browser: Browser, path: Path, size: dict[str, int], scheme: str, *, paper: bool = False) -> None:
        self.page: Page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.problems.append(message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        if paper:
            self.page.emulate_media(media="print")
        self._url = path.as_uri()
        self.page.goto(self._url)
        self.check_calm()
        assert self.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert self.page.evaluate(CUT) == []
        assert self.page.evaluate(LYING) == []

    def check_calm(self) -> None:
        """It has complained of nothing and asked for nothing but itself."""
        assert self.problems == []
        assert [url for url in self.requests if not url.startswith("data:")] == [self._url]

    def check_access(self, *, contrast: bool = True) -> None:
        """Nothing that axe-core finds with all unfolded, contrast of AA in light and in dark included.

        All else is the same in both. Contrast takes axe-core longer than all else: of what looks the same it sees one.
        """
        self.page.locator("details").evaluate_all("nodes => nodes.forEach(node => { node.open = true })")
        self.page.evaluate(_AXE.axe_script)
        self._check_with_axe({"rules": {CONTRAST: {"enabled": False}}})
        for scheme in ("light", "dark") if contrast else ():
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            assert self.page.evaluate(ALIKE) > 0
            # What the contrast in a drawing is it can't tell.
            self._check_with_axe({"runOnly": [CONTRAST]}, without=("[data-alike]", "svg"))
        self.check_calm()

    def _check_with_axe(self, options: dict[str, Any], without: tuple[str, ...] = ()) -> None:
        asked = [{"exclude": [[what] for what in without]}, {**options, "resultTypes": ["violations"]}]
        found = self.page.evaluate("([context, options]) => axe.run(context, options)", asked)["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.fixture(scope="module")
def files(october: MonthlyReport, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for language in ("en", "nl"):
        found[language] = folder / f"{language}.html"
        found[language].write_text(october.to_html(language), encoding="utf-8")  # type: ignore[arg-type]
    return found


def always(report: MonthlyReport) -> str:
    """Its page, whenever it is made."""
    return msgspec.structs.replace(report, made_at="2026-11-01T09:00:00+00:00").to_html()


@pytest.mark.parametrize(("device", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_it_reads_on_every_screen(
    browser: Browser, files: dict[str, Path], october: MonthlyReport, device: str, size: dict[str, int]
) -> None:
    """No error, no request, nothing cut, and nothing that axe-core finds, contrast of AA included."""
    for language, path in files.items():
        shown = Shown(browser, path, size, "light")
        # No colour depends on the language.
        shown.check_access(contrast=language == "en")
        for scheme in ("light", "dark") if language == "en" else ():
            name = f"report_{device}_{scheme}.png"
            if ANEW:
                shown.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                shown.page.reload()
                shown.page.set_viewport_size({**size, "height": 1500})  # type: ignore[arg-type]
                shown.page.screenshot(path=IMAGES / name)
            check_picture(name, always(october))
        shown.page.close()


def test_it_prints_on_a4(browser: Browser, files: dict[str, Path], october: MonthlyReport) -> None:
    shown = Shown(browser, files["en"], PAPER, "dark", paper=True)
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    # Paper does not scroll.
    assert shown.page.evaluate(
        "[...document.querySelectorAll('.scroll')].every(one => one.scrollWidth <= one.clientWidth)"
    )
    pdf = shown.page.pdf(prefer_css_page_size=True, print_background=True)
    pages = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert 2 <= len(pages) <= 5
    assert {(round(float(width)), round(float(height))) for width, height in pages} <= {(595, 842), (596, 842)}
    if ANEW:
        shown.page.screenshot(path=IMAGES / "report_print.png")
    shown.page.close()
    check_picture("report_print.png", always(october))


def test_a_notebook_shows_it_without_its_frame(browser: Browser, october: MonthlyReport, tmp_path: Path) -> None:
    bundle = october._repr_mimebundle_()
    assert bundle["text/plain"] == "<MonthlyReport Sandbox Hospitality, 2026-10-01 to 2026-11-01>"
    assert october._repr_html_() == bundle["text/html"]
    cell = tmp_path / "cell.html"
    cell.write_text(f"<!doctype html><html lang=en><title>cell</title><p>before</p>{bundle['text/html']}", "utf-8")
    page = browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]
    page.goto(cell.as_uri())
    assert page.locator("svg").count() == 6
    # The notebook's own writing stays as it is.
    assert page.evaluate("getComputedStyle(document.querySelector('p')).fontFamily") != page.evaluate(
        "getComputedStyle(document.querySelector('main')).fontFamily"
    )
    page.close()


def test_it_is_small_and_holds_all_figures(october: MonthlyReport, files: dict[str, Path]) -> None:
    text = files["en"].read_text(encoding="utf-8")
    assert len(text.encode()) < 100_000
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    for month in october.months:
        assert f">{month.figures.transactions:,}</td>" in text
    assert text.count("<svg ") == text.count("<details>") == 6
    dutch = files["nl"].read_text(encoding="utf-8")
    assert '<html lang="nl">' in dutch
    assert f">{october.current.figures.credits_outstanding:,}<".replace(",", ".") in dutch


def test_names_of_an_account_are_no_html(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "odd.html"
    nasty = "<script>alert(1)</script>\"'&"
    path.write_text(made_up(*[Figures()] * 13, account=nasty, timezone="UTC").to_html(), encoding="utf-8")
    shown = Shown(browser, path, DESKTOP, "light")
    assert nasty in shown.page.locator("h1").inner_text()
    shown.page.close()


def test_no_text_turns_the_line_it_stands_in() -> None:
    """Names of files and rewards may hold what does so, in a page and in its charts."""
    turned = "\u202etxt.exe\x1b"
    page = rendered("page.html", w=Writer("en"), title=turned, style="", body=safe(f"<i>{turned}</i>"))
    drawn = across("Rewards", [turned], [ChartSeries(name="Claimed", values=[3])], str)
    assert "<title>\\u202etxt.exe\\x1b</title>" in page
    # HTML of our own is as it was made.
    assert f"<i>{turned}</i>" in page
    assert "\\u202etxt.exe\\x1b" in drawn
    assert not {"\u202e", "\x1b"} & set(drawn)


def test_bars_say_what_they_stand_for() -> None:
    series = [ChartSeries(name="Given", values=[3, 0]), ChartSeries(name="Spent", values=[1, None])]
    root = ElementTree.fromstring(bars("Credits", ["Sep", "Oct"], series, lambda value: f"{value:.0f} c"))
    spaced = "{http://www.w3.org/2000/svg}"
    told = [node.text for node in root.iter(f"{spaced}title")]
    assert told == ["Sep, Given, 3 c", "Oct, Given, 0 c", "Sep, Spent, 1 c"]
    assert (root.get("role"), root.get("aria-label")) == ("img", "Credits")
    single = [ChartSeries(name="Transactions", values=[3, 4])]
    assert "<title>Oct, 4</title>" in across("Shops", ["Sep", "Oct"], single, str)
    assert 'class="line' in lines("Outstanding", ["Sep", "Oct"], single, str)
    assert bars("x", ["a"], single, str) == bars("x", ["a"], single, str)


def test_the_library_leaves_no_hook_behind() -> None:
    import sys

    bars("x", ["a"], [ChartSeries(name="b", values=[1])], str)
    assert all(hasattr(finder, "find_spec") for finder in sys.meta_path)
    code = (
        "from importlib import metadata; from leat_async.reports.charts import ChartSeries, bars;"
        "bars('x', ['a'], [ChartSeries(name='b', values=[1])], str);"
        "import importlib_metadata; print(metadata.version('pygal'))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
