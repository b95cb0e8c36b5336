"""Web pages and names: what a browser can be made to send, line by line, with raw bytes over a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leat_async.sandbox import Sandbox

from .conftest import Wire

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "127.1.2.3", "app.localhost:1", ""]
)
@pytest.mark.parametrize("path", ["/shops", "/_sandbox/clock"])
def test_names_of_this_machine_are_answered(wire: Wire, host: str, path: str) -> None:
    assert wire.ask(f"GET {path}", {"Host": host.format(port=wire.port)}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example:{port}", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "[x", "x"]
)
@pytest.mark.parametrize("path", ["/shops", "/_sandbox/state", "/"])
def test_a_name_that_was_rebound_is_not(wire: Wire, sandbox: Sandbox, host: str, path: str) -> None:
    answer = wire.ask(f"GET {path}", {"Host": host.format(port=wire.port)})
    assert answer.status == 421
    assert "--allow-host" in answer.json["message"]
    assert len(sandbox.journal) == 0


def test_names_that_were_allowed_are_answered() -> None:
    with Sandbox(allowed_hosts=["leat.test", "2001:db8::1"]) as sandbox:
        wire = Wire(sandbox)
        for host, status in (("leat.test:80", 200), ("[2001:db8::1]", 200), ("other.test", 421), ("10.0.0.1", 421)):
            assert wire.ask("GET /shops", {"Host": host}).status == status


def test_on_all_addresses_any_address_is_answered_and_no_other_name() -> None:
    with Sandbox(host="0.0.0.0", allow_remote=True) as sandbox:
        wire = Wire(sandbox)
        for host, status in (("10.0.0.1:80", 200), ("[2001:db8::1]", 200), ("leat.test", 421)):
            assert wire.ask("GET /shops", {"Host": host}).status == status


CONTROLS = [
    ("POST reset", b""),
    ("POST reset", b"{}"),
    ("GET journal", b""),
    ("GET state?table=contacts", b""),
    ("POST faults", b'{"kind": "delay"}'),
    ("DELETE faults", b""),
    ("POST contacts", b"{}"),
]
# What a browser adds to requests of a page elsewhere; no page can change these headers.
PAGES = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "an old browser": {"Origin": "https://evil.example"},
    "a file or a sandboxed frame": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "another port": {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"},
    "an image": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "a frame": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    "a rebound name": {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin", "Host": "evil.example"},
}


@pytest.mark.parametrize("headers", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize(("line", "body"), CONTROLS)
def test_no_page_reaches_the_controls(
    wire: Wire, sandbox: Sandbox, line: str, body: bytes, headers: dict[str, str]
) -> None:
    kept = sandbox.faults.add("reject", "shops.list")
    before = len(sandbox.contacts)
    sandbox.create_contact("kept@example.com")
    method, _, path = line.partition(" ")
    answer = wire.ask(f"{method} /_sandbox/{path}", {**JSON, **headers}, body)
    assert answer.status in (403, 421)
    assert "access-control-allow-origin" not in answer.headers
    assert [rule.id for rule in sandbox.faults.rules] == [kept]
    assert len(sandbox.contacts) == before + 1


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize("body", [b'{"kind": "delay"}', b""])
def test_controls_take_json_only(wire: Wire, sandbox: Sandbox, kind: str, body: bytes) -> None:
    answer = wire.ask("POST /_sandbox/faults", {"Content-Type": kind} if kind else {}, body)
    # What has no body, and no content type either, is no form of a page.
    assert answer.status == (415 if body or kind else 400)
    assert sandbox.faults.rules == []


def test_the_sandbox_s_own_page_and_the_address_bar_may(wire: Wire) -> None:
    own = {"Origin": f"http://localhost:{wire.port}", "Host": f"localhost:{wire.port}", "Sec-Fetch-Site": "same-origin"}
    typed = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert wire.ask("POST /_sandbox/reset", {**own, **JSON}, b"{}").status == 200
    assert wire.ask("GET /_sandbox/clock", typed).status == 200
    assert wire.ask("GET /_sandbox/clock", {**typed, "Sec-Fetch-Site": "cross-site"}).status == 200  # a link to it
    assert wire.ask("POST /_sandbox/reset", {**typed, **JSON, "Sec-Fetch-Site": "cross-site"}, b"{}").status == 403


# -- the API itself --------------------------------------------------------------------------------

LOCAL = ["http://localhost:5173", "http://127.0.0.1", "https://[::1]:8443", "http://app.localhost:3000"]
FOREIGN = ["https://evil.example", "null", "http://localhost.evil.example", "file://", "http://[x", "http://10.0.0.1"]


@pytest.mark.parametrize("origin", LOCAL)
def test_web_apps_under_development_can_use_the_api(wire: Wire, origin: str) -> None:
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type"}
    preflight = wire.ask("OPTIONS /contacts/x", {"Origin": origin, "Authorization": "", **asked})
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert preflight.headers["access-control-allow-headers"] == "authorization,content-type"
    answer = wire.ask("GET /shops", {"Origin": origin})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


@pytest.mark.parametrize("origin", FOREIGN)
def test_pages_of_others_cannot(wire: Wire, sandbox: Sandbox, origin: str) -> None:
    body = b'{"email": "page@example.com"}'
    answers = [
        wire.ask("POST /contacts", {"Origin": origin, **JSON}, body),
        wire.ask("GET /shops", {"Origin": origin}),
        wire.ask("OPTIONS /contacts", {"Origin": origin, "Access-Control-Request-Method": "POST"}),
    ]
    assert [answer.status for answer in answers] == [403, 403, 403]
    assert not any("access-control-allow-origin" in answer.headers for answer in answers)
    assert len(sandbox.contacts) == 3


@pytest.fixture(scope="module")
def plain() -> Iterator[Wire]:
    with Sandbox(seed=1) as sandbox:
        yield Wire(sandbox)


def test_options_without_a_page_are_answered_as_before(plain: Wire) -> None:
    answer = plain.ask("OPTIONS /contacts")
    assert (answer.status, answer.headers["allow"]) == (200, "GET, POST")
