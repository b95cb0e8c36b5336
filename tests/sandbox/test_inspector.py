"""The inspector in a real browser, headless. `LEAT_SCREENSHOTS=1` writes the pictures of the docs anew."""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

import leat_async.sandbox
from leat_async.sandbox import Sandbox
from leat_async.written import spelled_out

from ..pictures import ANEW, IMAGES, check_picture
from .conftest import ROOT, Api

# Five seconds, as it is otherwise, may be too few for a browser on a machine that has other work.
expect.set_options(timeout=30_000)
_FILES = sorted((Path(leat_async.sandbox.__file__).parent / "inspector").iterdir())
SHOWN_BY = "".join(f"<script>{path.read_text('utf-8')}</script>" for path in _FILES)
# The one without windows takes half as much work: the others also run what they would draw around the page.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), None)


@pytest.fixture(scope="module")
def launch() -> Iterator[Callable[..., Browser]]:
    with sync_playwright() as playwright:
        if CHROMIUM is None and not Path(playwright.chromium.executable_path).exists():
            missing = "there is no Chromium; `playwright install chromium` brings one"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)

        def make(*arguments: str) -> Browser:
            return playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])

        yield make


@pytest.fixture(scope="module")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    browser = launch()
    yield browser
    browser.close()


class Watched:
    """A page, what it asked for and what it complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.requests: list[Request] = []
        self.problems: list[str] = []
        page.on("request", lambda request: self.requests.append(request))
        page.on("console", lambda message: self.problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.goto(url)
        expect(page.locator("#state")).to_contain_text("request")

    def check(self, origin: str) -> None:
        assert self.problems == []
        assert {request.url.startswith((origin, "data:")) for request in self.requests} == {True}


@pytest.fixture
def look(browser: Browser, sandbox: Sandbox) -> Iterator[Callable[..., Watched]]:
    contexts: list[Any] = []
    pages: list[Watched] = []

    def at(path: str = "/", **options: Any) -> Watched:
        contexts.append(browser.new_context(**options))
        pages.append(Watched(contexts[-1].new_page(), sandbox.url + path))
        return pages[-1]

    yield at
    for page in pages:
        page.check(sandbox.url)
    for context in contexts:
        context.close()


def test_traffic_appears_with_all_there_is_to_know(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    api.visit(external_id="before")
    page = look().page
    rows = page.locator("#traffic-list .row")
    expect(rows).to_have_count(1)
    sandbox.faults.add("server_error", "shops.list", applied=True)
    api.visit(external_id="it's <b>live</b>", start_at="x")
    api("GET", "/shops")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("500")
    rows.nth(1).click()
    detail = page.locator("#traffic-detail")
    expect(detail).to_contain_text("visits.create")
    expect(detail).to_contain_text("<b>live</b>")  # as text
    expect(detail).to_contain_text("'start_at', which visits.create ignores")
    expect(detail).to_contain_text("documented")
    expect(detail.locator("pre").last).to_contain_text(f"curl -X POST '{sandbox.url}{ROOT}/visits'")
    expect(detail.locator("pre").last).to_contain_text(r"it'\''s")
    rows.nth(2).click()
    expect(detail).to_contain_text("Fault: server_error")
    page.locator("#traffic-search").fill("shops")
    expect(rows).to_have_count(1)


def test_a_fault_is_switched_on_and_acts(look: Callable[..., Watched], api: Api) -> None:
    watched = look("/#faults")
    page = watched.page
    page.locator("#faults-kind").select_option("reject")
    page.locator("#faults-operation").fill("shops.lst")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#faults-problem")).to_contain_text("the nearest is 'shops.list'")
    assert ["400" in problem for problem in watched.problems] == [True]  # what the browser says of that answer
    watched.problems.clear()
    page.locator("#faults-operation").fill("shops.list")
    page.locator("#faults-options").fill("status=418 first=1")
    page.get_by_role("button", name="Switch on").click()
    expect(page.locator("#faults-rules tbody tr")).to_have_count(1)
    assert [api("GET", "/shops").status_code for _ in range(2)] == [418, 200]
    expect(page.locator("#faults-rules tbody tr")).to_contain_text("1 of 2")
    page.get_by_role("button", name="Switch off", exact=True).click()
    expect(page.locator("#faults-rules tbody tr")).to_have_count(0)


def test_the_account_with_balances_search_and_timelines(
    look: Callable[..., Watched], sandbox: Sandbox, api: Api
) -> None:
    contact, shop = sandbox.contacts[1], sandbox.shops[0]["uuid"]
    api("POST", "/credit-receptions", json={"contact_uuid": contact["uuid"], "shop_uuid": shop, "credits": 42})
    page = look("/#account").page
    expect(page.locator("#account-rows tbody tr")).to_have_count(3)
    page.locator("#account-search").fill("BRAM@")
    row = page.locator("#account-rows tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("42")
    page.get_by_role("button", name="Timeline").click()
    expect(page.locator("#account-detail")).to_contain_text("42 credits")
    expect(page.locator("#account-detail tbody")).to_contain_text("loyalty_transactions")
    page.locator("#account-search").fill("")
    page.locator("#account-table").select_option("shops")
    expect(page.locator("#account-rows tbody tr")).to_have_count(3)


def test_a_delivery_is_seen_and_resent(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    url = "http://127.0.0.1:9/nobody"
    api("POST", "/webhook-subscriptions", json={"name": "n", "event_type": "contact_created", "url": url})
    page = look("/#webhooks").page
    page.locator("#webhooks-event").select_option("contact_created")
    page.get_by_role("button", name="Trigger").click()
    rows = page.locator("#webhooks-rows tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("waiting")
    page.get_by_text("assumed").click()
    expect(rows).to_contain_text('"type": "contact_created"')
    page.get_by_role("button", name="Resend").click()
    expect(rows).to_have_count(2)
    sandbox.deliveries.settle()
    assert len(sandbox.deliveries) == 2


def test_no_text_turns_the_line_it_stands_in(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    name, spelled = "\u202emoc.elpmaxe@ada\u2066", "\\u202emoc.elpmaxe@ada\\u2066"
    api.visit(source=name)
    sandbox.change("shops", sandbox.shops[0]["uuid"], name=name)
    page = look().page
    page.locator("#traffic-list .row").click()
    expect(page.locator("#traffic-detail pre").first).to_contain_text(spelled)
    page.get_by_role("tab", name="Account").click()
    page.locator("#account-table").select_option("shops")
    expect(page.locator("#account-rows td[title]", has_text=spelled)).to_have_text(spelled)
    assert not set("\u202e\u2066") & set(page.content())
    characters = "".join(map(chr, range(0xD800)))
    assert page.evaluate("spelledOut", characters) == spelled_out(characters)


def test_one_of_a_thing_is_told_as_one(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    page = look().page
    state = page.locator("#state")
    expect(state).to_contain_text("0 requests · 0 faults ·")
    contact, shop = sandbox.contacts[0]["uuid"], sandbox.shops[0]["uuid"]
    api("POST", "/credit-receptions", json={"contact_uuid": contact, "shop_uuid": shop, "credits": 1})
    sandbox.faults.add("maintenance", "units.list")
    expect(state).to_contain_text("1 request · 1 fault ·")
    expect(page.locator("#traffic-count")).to_have_text("1 of 1 request")
    page.get_by_role("tab", name="Account").click()
    page.locator("#account-search").fill(contact)
    expect(page.locator("#account-count")).to_have_text("1 row, page 1 of 1")
    page.get_by_role("button", name="Timeline").click()
    expect(page.locator("#account-detail")).to_contain_text("1 credit ·")
    page.locator("#account-search").fill("nobody has this")
    expect(page.locator("#account-count")).to_have_text("0 rows, page 1 of 1")
    api("GET", "/shops")
    sandbox.faults.add("maintenance", "units.list")
    expect(state).to_contain_text("2 requests · 2 faults ·")


def test_a_page_that_was_refused_tries_again(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    watched = look()
    page = watched.page
    refused = threading.Event()
    served = sandbox._side._watchers.serve  # type: ignore[union-attr]

    async def serve(request: Any) -> Any:
        if refused.is_set():
            return await served(request)
        refused.set()
        return web.Response(status=503)

    sandbox._side._watchers.serve = serve  # type: ignore[union-attr,method-assign]
    page.reload()
    expect(page.locator("#state")).to_contain_text("0 requests")
    assert refused.is_set()
    assert ["503" in problem for problem in watched.problems] == [True]  # what the browser says of that answer
    watched.problems.clear()


def test_the_clock_advances_and_the_sandbox_is_reset(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    api.visit(external_id="v")
    page = look("/#clock").page
    before = sandbox.clock.now()
    page.get_by_role("button", name="+ 1 day").click()
    expect(page.locator("#clock-now")).to_contain_text("2026-01-06")
    assert sandbox.clock.now() >= before + 86_400
    page.locator("#clock-seconds").fill("7200")
    page.get_by_role("button", name="Advance by seconds").click()
    expect(page.locator("#clock-now")).to_contain_text("2026-01-06 11:")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator("#clock-now")).to_contain_text("2026-01-05")
    page.get_by_role("tab", name="Traffic").click()
    expect(page.locator("#traffic-list .row")).to_have_count(0)
    assert sandbox.rows("visits") == []


def test_routes_with_their_certainty(look: Callable[..., Watched]) -> None:
    page = look("/#routes").page
    page.locator("#routes-search").fill("orders.get")
    expect(page.locator("#routes-rows tbody tr")).to_have_count(1)
    expect(page.locator("#routes-rows tbody tr")).to_contain_text("observed in a client")


def test_the_keyboard_suffices(look: Callable[..., Watched], sandbox: Sandbox, api: Api) -> None:
    api("GET", "/shops")
    api("GET", "/units")
    page = look().page
    expect(page.locator("#traffic-list .row")).to_have_count(2)
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("document.activeElement.id") == "tab-traffic"
    for _ in range(4):
        press("Tab")
    assert page.evaluate("document.activeElement.id") == "traffic-list"
    press("ArrowDown")
    press("ArrowUp")
    expect(page.locator("#traffic-detail")).to_contain_text("shops.list")
    press("Enter")
    assert page.evaluate("document.activeElement.id") == "traffic-detail"
    page.locator("#tab-traffic").focus()
    for _ in range(2):
        press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-faults"
    expect(page.locator("#faults-kind")).to_be_visible()
    expect(page.locator("#faults-kind option").first).to_be_attached()
    press("Tab")
    page.keyboard.type("maint")
    press("Tab")
    press("Tab")
    press("Tab")
    press("Enter")
    expect(page.locator("#faults-rules tbody tr")).to_contain_text("maintenance")
    assert api("GET", "/shops").status_code == 503


def test_a_delivery_is_resent_and_the_clock_advances_by_keyboard(
    look: Callable[..., Watched], sandbox: Sandbox, api: Api
) -> None:
    url = "http://127.0.0.1:9/nobody"
    api("POST", "/webhook-subscriptions", json={"name": "n", "event_type": "contact_created", "url": url})
    sandbox.trigger("contact_created")
    page = look("/#webhooks").page
    rows = page.locator("#webhooks-rows tbody tr")
    expect(rows).to_have_count(1)

    def go_to(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == name:
                return
        raise AssertionError(f"no Tab leads to {name}")

    go_to("Resend")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    page.locator("#tab-webhooks").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "tab-clock"
    go_to("+ 1 day")
    page.keyboard.press("Space")
    expect(page.locator("#clock-now")).to_contain_text("2026-01-06")


def test_ten_thousand_entries_do_not_stutter(look: Callable[..., Watched], sandbox: Sandbox) -> None:
    engine = sandbox._engine
    for _ in range(10_000):
        engine.serve(engine.receive("GET", f"{ROOT}/units", f"Bearer {sandbox.token}", "", b""))
    page = look().page
    expect(page.locator("#traffic-count")).to_contain_text("10000 of 10000")
    assert page.locator("#traffic-list .row").count() < 100
    taken = page.evaluate(
        """async () => {
            const list = document.getElementById("traffic-list");
            const taken = [];
            for (let step = 0; step < 60; step++) {
                list.scrollTop = (step * 4657) % list.scrollHeight;
                const began = performance.now();
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                taken.push(performance.now() - began);
            }
            return taken;
        }"""
    )
    # Milliseconds for two frames: half of the steps are quick also where the machine has other work.
    assert sorted(taken)[30] < 1000


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("device", "width", "height"), [("desktop", 1280, 760), ("phone", 390, 760)])
def test_pictures(browser: Browser, scheme: Any, device: str, width: int, height: int) -> None:
    with Sandbox(seed=1) as sandbox:
        api = Api(sandbox)
        sandbox.faults.add("apply_then_drop", "visits.create", nth=3)
        api("GET", "/shops")
        for number in range(4):
            try:
                api.visit(external_id=f"table-{number}", starts_at="2026-01-05T19:00:00+01:00")
            except OSError:
                api("GET", "/visits", params={"contact_uuid": sandbox.contacts[0]["uuid"]})
        api("POST", "/credit-receptions", json={"contact_uuid": sandbox.contacts[0]["uuid"], "unit_value": 42})
        api("PUT", f"/contacts/{sandbox.contacts[0]['uuid']}", data={"attributes[firstname]": "Anna"})
        api("GET", "/contact")
        api.session.close()
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = Watched(context.new_page(), sandbox.url).page
        page.locator("#traffic-list .row").nth(2).click()
        expect(page.locator("#traffic-detail")).to_contain_text("visits.create")
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (back == "rgb(255, 255, 255)") == (scheme == "light")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        name = f"inspector_{device}_{scheme}.png"
        if ANEW:
            page.screenshot(path=IMAGES / name)
        check_picture(name, SHOWN_BY)
        context.close()


# -- pages of others -------------------------------------------------------------------------------

EVIL = b"""<!doctype html><title>evil</title><script>
async function attack(url, port) {
    const tries = {
        reset: () => fetch(url + "/_sandbox/reset", {method: "POST"}),
        opaque: () => fetch(url + "/_sandbox/reset", {method: "POST", mode: "no-cors", body: "{}"}),
        json: () => fetch(url + "/_sandbox/faults", {method: "POST", headers: {"Content-Type": "application/json"},
                                                   body: '{"kind": "maintenance"}'}),
        journal: () => fetch(url + "/_sandbox/journal"),
        beacon: async () => navigator.sendBeacon(url + "/_sandbox/reset", "{}"),
        contact: () => fetch(url + "/api/v3/register/contacts", {method: "POST", mode: "no-cors", body: "email=a@b"}),
        frame: async () => document.body.append(Object.assign(document.createElement("iframe"), {src: url + "/"})),
        rebound: () => fetch("http://rebound.example:" + port + "/_sandbox/journal"),
    };
    const told = {};
    for (const [name, work] of Object.entries(tries)) {
        try {
            const answer = await work();
            told[name] = answer && answer.text ? [answer.status, await answer.text()] : "sent";
        } catch (error) { told[name] = String(error); }
    }
    return told;
}
</script><body>evil</body>"""


@pytest.fixture
def evil() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(EVIL)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://evil.example:{server.server_port}/"
        server.shutdown()


def test_a_page_of_another_site_gets_nowhere(
    launch: Callable[..., Browser], sandbox: Sandbox, api: Api, evil: str
) -> None:
    api.visit(external_id="kept")
    port = sandbox.url.rpartition(":")[2]
    browser = launch("--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example 127.0.0.1")
    page = browser.new_page()
    page.goto(evil)
    told = page.evaluate("([url, port]) => attack(url, port)", [sandbox.url, port])
    page.wait_for_timeout(300)
    frame = page.frames[-1].content() if len(page.frames) > 1 else ""
    # A page at a name that was rebound to the sandbox sees a refusal, and nothing else.
    page.goto(f"http://rebound.example:{port}/")
    assert "does not answer to the name" in page.content()
    rebound = page.evaluate("fetch('/_sandbox/journal').then((answer) => answer.status)")
    browser.close()
    for name in ("reset", "json", "journal", "rebound"):
        assert "Failed to fetch" in told[name], told
    assert told["opaque"] == told["contact"] == [0, ""]
    assert "Leat sandbox" not in frame
    assert rebound == 421
    assert len(sandbox.rows("visits")) == 1
    assert sandbox.faults.rules == []
    assert len(sandbox.contacts) == 3
    assert [entry.operation for entry in sandbox.journal.entries()] == ["visits.create"]
