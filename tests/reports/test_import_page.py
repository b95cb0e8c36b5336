"""The page of an import in a real browser, headless. `LEAT_SCREENSHOTS=1` makes the picture of the docs anew."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser

from leat_async import RateLimit, reports
from leat_async.reports import handed, import_page
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient, bulk

from ..pictures import ANEW, IMAGES, check_picture
from ..sandbox.test_inspector import launch as launch
from .test_import_report import SOURCE, made_up, rows
from .test_page import DESKTOP, PAPER, PHONE, Shown


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "import.html"
    path.write_text(made_up().to_html(), encoding="utf-8")
    return path


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
def test_it_reads_on_every_screen(browser: Browser, whole: Path, size: dict[str, int]) -> None:
    """No error, no request, nothing cut, and nothing that axe-core finds, contrast of AA included."""
    shown = Shown(browser, whole, size, "light")
    shown.check_access()
    shown.page.close()


def test_it_prints_on_a4(browser: Browser, whole: Path) -> None:
    shown = Shown(browser, whole, PAPER, "dark", paper=True)
    # Paper does not scroll.
    assert (
        shown.page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth)"
            ".map(one => one.getAttribute('aria-label'))"
        )
        == []
    )
    pdf = shown.page.pdf(prefer_css_page_size=True, print_background=True)
    pages = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    assert 2 <= len(pages) <= 4
    assert {(round(float(width)), round(float(height))) for width, height in pages} <= {(595, 842), (596, 842)}
    shown.page.close()


def test_it_is_small_and_each_chart_has_a_table(whole: Path) -> None:
    text = whole.read_text(encoding="utf-8")
    assert len(text.encode()) < 200_000
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "<script" not in text
    assert text.count("<svg ") == text.count("<details>") == 5
    for word in ("52,012", "0:31:00", "after a 429", "<code>leat import resolve</code>", "run 11", "x" + "a" * 90):
        assert word in text


def test_names_and_reasons_are_no_html_and_little_is_enough(browser: Browser, tmp_path: Path) -> None:
    nasty = "<script>alert(1)</script>\"'&"
    run = reports.RunFigures(run=1, file=nasty, began="2026-10-01T08:00:00+00:00", state="broken off")
    failures = [reports.FailureFigures(code=nasty, text=nasty, rows=1, examples=[1])]
    path = tmp_path / "odd.html"
    little = made_up(
        account=nasty, run=run, before=[], steps=[], failures=failures, in_doubt=0, doubtful=[], next=[], left_out=[]
    )
    path.write_text(little.to_html(), encoding="utf-8")
    shown = Shown(browser, path, DESKTOP, "light")
    assert nasty in shown.page.locator("h1").inner_text()
    assert shown.page.locator("svg").count() == 0
    assert "Nothing: every row" in shown.page.locator("main").inner_text()
    shown.page.close()


def test_a_step_that_took_no_time_is_drawn_as_well() -> None:
    steps = made_up().steps
    odd = made_up(steps=[msgspec.structs.replace(steps[0], seconds=0.0), *steps[1:]])
    assert odd.to_html().count("<details>") == made_up().to_html().count("<details>")


def test_a_notebook_shows_it_without_its_frame() -> None:
    bundle = made_up()._repr_mimebundle_()
    assert bundle["text/plain"] == "<ImportReport run 12 of bookings, max_errors>"
    assert bundle["text/html"].startswith("<style>")
    assert made_up()._repr_html_() == bundle["text/html"]


def test_a_notebook_without_the_extra_shows_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed, "is_installed", lambda: False)
    report = made_up()
    assert report._repr_mimebundle_() == {"text/plain": "<ImportReport run 12 of bookings, max_errors>"}
    assert report._repr_html_() is None


@pytest.mark.parametrize(
    ("known_as", "read"),
    [
        ("oauth:uuid:9ffd041d", "account 9ffd041d:"),
        ("register:id:12", "account 12:"),
        ("oauth@http://127.0.0.1:8080", "account http://127.0.0.1:8080:"),
        (None, "an account:"),
    ],
)
def test_an_account_is_named_as_the_api_names_it(known_as: str | None, read: str) -> None:
    assert f"Run 12 of {read}" in made_up(account=known_as).to_html()


def test_the_picture_is_of_the_page_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_page, "_local", dt.datetime.fromisoformat)  # wherever it is made
    check_picture("import_desktop_light.png", made_up().to_html())


@pytest.mark.skipif(not ANEW, reason="it makes a picture for the docs")
def test_a_picture_of_a_real_import(browser: Browser, tmp_path: Path) -> None:
    with Sandbox(seed="demo", rate_limit=(1_000_000, 60.0)) as sandbox:
        sandbox.faults.add("rate_limit", "visits.create", every=401, retry_after=3)
        sandbox.faults.add("delay", "visits.create", seconds=0.2, every=4)
        bad = [{**row, "contact_uuid": "nobody"} for row in rows(sandbox, 40, since=5000)]
        with LeatClient(sandbox.token, base_url=sandbox.url, rate_limit=RateLimit(3000, per=60)) as leat:
            for some in (rows(sandbox, 400), [*rows(sandbox, 1900), *bad]):
                bulk.run(leat.visits, some, ledger=tmp_path / "l", source=SOURCE)
    path = tmp_path / "real.html"
    path.write_text(reports.imported(tmp_path / "l").to_html(), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 1500})
    page.goto(path.as_uri())
    page.screenshot(path=IMAGES / "import_desktop_light.png")
    page.close()
