"""The wire, line by line, with raw bytes over a socket."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from urllib.parse import quote

import pytest

from leat_async.sandbox import Sandbox, http

from .conftest import Answer, Wire, parse

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


def visit_fields(sandbox: Sandbox) -> dict[str, str]:
    return {"contact_uuid": sandbox.contacts[0]["uuid"], "shop_uuid": sandbox.shops[0]["uuid"]}


def form(fields: dict[str, str]) -> bytes:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in fields.items()).encode()


def multipart(fields: dict[str, str], boundary: str = "----x1") -> tuple[dict[str, str], bytes]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    headers = {"Content-Type": f'multipart/form-data; boundary="{boundary}"'}
    return headers, ("".join(parts) + f"--{boundary}--\r\n").encode()


@pytest.mark.parametrize("encoding", ["json", "form", "multipart"])
def test_a_write_in_each_encoding(wire: Wire, sandbox: Sandbox, encoding: str) -> None:
    fields = {**visit_fields(sandbox), "source": "Café ☕ a+b", "starts_at": "2026-05-01T20:00:00+02:00"}
    if encoding == "json":
        headers, body = JSON, json.dumps(fields).encode()
    elif encoding == "form":
        headers, body = FORM, form(fields)
    else:
        headers, body = multipart(fields)
    answer = wire.ask("POST /visits", headers, body)
    assert answer.status == 200
    assert answer.json["data"]["source"] == "Café ☕ a+b"
    assert answer.json["data"]["starts_at"] == "2026-05-01T18:00:00+00:00"
    assert answer.json["meta"] == []


@pytest.mark.parametrize("encoding", ["json", "form", "multipart"])
def test_an_update_in_each_encoding(wire: Wire, sandbox: Sandbox, encoding: str) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    if encoding == "json":
        headers, body = JSON, b'{"attributes": {"firstname": "Jan", "tags": ["a", "b"]}}'
    elif encoding == "form":
        # Brackets percent-encoded, as PHP's http_build_query writes them.
        body = b"attributes%5Bfirstname%5D=Jan&attributes%5Btags%5D%5B0%5D=a&attributes%5Btags%5D%5B1%5D=b"
        headers = FORM
    else:
        headers, body = multipart(
            {"attributes[firstname]": "Jan", "attributes[tags][]": "a", "attributes[tags][1]": "b"}
        )
    answer = wire.ask(f"PUT /contacts/{uuid}", headers, body)
    values = answer.json["data"]["current_values"]
    assert (values["firstname"], values["tags"]) == ("Jan", ["a", "b"])


def test_php_lists_of_maps_in_a_form(wire: Wire, sandbox: Sandbox) -> None:
    contact, shop = sandbox.contacts[0]["email"], sandbox.shops[0]["uuid"]
    body = "&".join(
        f"visits[{n}][contact_email]={contact}&visits[{n}][business_profile_uuid]={shop}&visits[{n}][external_id]=e{n}"
        for n in range(3)
    )
    answer = wire.ask("POST /visits/batch", FORM, body.encode())
    assert [row["external_id"] for row in answer.json["data"]] == ["e0", "e1", "e2"]


def test_a_form_stops_after_1001_variables_as_php_does(wire: Wire, sandbox: Sandbox) -> None:
    contact, shop = sandbox.contacts[0]["email"], sandbox.shops[0]["uuid"]
    body = "&".join(
        f"visits[{n}][contact_email]={contact}&visits[{n}][business_profile_uuid]={shop}" for n in range(600)
    )
    # The half of a visit is the last that PHP keeps; the 99 after it are gone without a word.
    errors = wire.ask("POST /visits/batch", FORM, body.encode()).json["errors"]
    assert errors.keys() == {"visits.500.business_profile_uuid"}
    # Of a list of texts it keeps 1001 as well.
    body = "&".join(f"attributes[tags][]={n}" for n in range(1500))
    contact = sandbox.contacts[0]["uuid"]
    assert wire.ask(f"PUT /contacts/{contact}", FORM, body.encode()).status == 200
    assert len(sandbox.rows("contacts")[0]["attributes"]["tags"]) == 1001


def test_a_json_body_on_get_joins_the_query(wire: Wire) -> None:
    answer = wire.ask("GET /contacts/find-or-create?x=1", JSON, b'{"email": "New@Example.com"}')
    assert answer.json["data"]["email"] == "new@example.com"


def test_query_and_body_are_one_and_the_body_wins(wire: Wire, sandbox: Sandbox) -> None:
    body = json.dumps({**visit_fields(sandbox), "source": "body"}).encode()
    data = wire.ask("POST /visits?source=query&external_id=e1", JSON, body).json["data"]
    assert (data["source"], data["external_id"]) == ("body", "e1")


def test_empty_text_is_null(wire: Wire, sandbox: Sandbox) -> None:
    body = form({**visit_fields(sandbox), "source": "", "ends_at": ""})
    data = wire.ask("POST /visits", FORM, body).json["data"]
    assert (data["source"], data["ends_at"]) == (None, None)
    assert wire.ask("GET /contacts/find-one-by?email=").json["errors"].keys() == {"email"}


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e400", "0x10", "1_0", "٣", "9" * 19, "9" * 40])
def test_numbers_that_are_none(wire: Wire, sandbox: Sandbox, number: str) -> None:
    fields = {**visit_fields(sandbox), "unit_value": number if number != "9" * 19 else "1e19"}
    assert wire.ask("POST /credit-receptions", FORM, form(fields)).json["code"] == 1003
    fields = {**visit_fields(sandbox), "number_of_people": number}
    assert wire.ask("POST /bookings", FORM, form(fields)).json["errors"].keys() == {"number_of_people"}


@pytest.mark.parametrize("depth", [70, 300, 900])
def test_what_could_be_read_but_not_written_back_is_refused(wire: Wire, sandbox: Sandbox, depth: int) -> None:
    body = b'{"attributes": {"x": ' + b"[" * depth + b"]" * depth + b"}}"
    assert wire.ask(f"PUT /contacts/{sandbox.contacts[0]['uuid']}", JSON, body).json["code"] == 1003
    # Many brackets are not deep, nor are those in a text.
    flat = b'{"attributes": {"x": [' + b"[]," * depth + b'"' + b"[" * depth + b'\\""]}}'
    assert wire.ask(f"PUT /contacts/{sandbox.contacts[0]['uuid']}", JSON, flat).status == 200


QUOTES = b'\\"' * 1_000_000
LONG = {
    "an unfinished text": (JSON, b'{"a": [' + b"[" * 70 + b'"' + QUOTES),
    "an unfinished text, and a backslash": (JSON, b'{"a": [' + b"[" * 70 + b'"' + QUOTES + b"\\"),
    "texts and no brackets": (JSON, b'{"a": ' + b"[" * 70 + b'""' * 1_000_000),
    "open brackets": (JSON, b"[" * 1_000_000),
    "wide and not deep": (JSON, b'{"a": [' + b"[[[]]]," * 100_000 + b"1]}"),
    "a form of brackets": (FORM, b"a" + b"[" * 1_000_000 + b"=1"),
    "a form of levels": (FORM, b"a" + b"[b]" * 1_000_000 + b"=1"),
    "a form of ampersands": (FORM, b"&" * 1_000_000),
    "a form of escapes": (FORM, b"a=" + b"%" * 1_000_000),
    "parts without end": ({"Content-Type": "multipart/form-data; boundary=x"}, b'--x\r\n;name="' * 400_000),
    "names without end": ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n" + b';name="' * 500_000),
    "an unknown name": (JSON, b'{"' + b"x" * 1_000_000 + b'": 1}'),
}


@pytest.mark.parametrize("name", LONG)
def test_no_body_takes_longer_than_its_length(wire: Wire, sandbox: Sandbox, name: str) -> None:
    headers, body = LONG[name]
    began = time.process_time()
    assert wire.ask("POST /contacts", headers, body).status == 400
    assert time.process_time() - began < 3  # a fraction of it, unless each byte looks at all the others
    (entry,) = sandbox.journal.entries()
    assert len(str(entry.describe())) < 20_000


def test_a_list_of_nonsense_is_answered_with_a_thousand_errors(wire: Wire) -> None:
    began = time.process_time()
    answer = wire.ask("POST /visits/batch", JSON, b'{"visits": [' + b"1," * 2_000_000 + b"1]}")
    assert time.process_time() - began < 2
    assert (answer.status, len(answer.json["errors"])) == (400, 1001)  # and that there is no visit at all


def test_a_map_of_very_many_names_is_refused(wire: Wire, sandbox: Sandbox) -> None:
    names = ",".join(f'"n{number}": 1' for number in range(10_001))
    contact = f"PUT /contacts/{sandbox.contacts[0]['uuid']}"
    inside = wire.ask(contact, JSON, f'{{"attributes": {{{names}}}}}'.encode())
    assert inside.json["errors"] == {"attributes": ["The attributes must be a map of at most 10000 names."]}
    outside = wire.ask("POST /contacts", JSON, f"{{{names}}}".encode())
    assert outside.json["errors"] == {"body": ["The JSON object has more than 10000 names."]}


def test_bracketed_query(wire: Wire, sandbox: Sandbox) -> None:
    fields = {**visit_fields(sandbox), "credits": "5"}
    for _ in range(3):
        wire.ask("POST /credit-receptions", FORM, form(fields))
        sandbox.clock.advance(3600)
    made = [row["created_at"] for row in sandbox.rows("loyalty_transactions")]
    middle = "2026-01-05T10:00:00+00:00"
    for bound, expected in (("gt", 1), ("gte", 2), ("lt", 1), ("lte", 2)):
        answer = wire.ask(f"GET /loyalty-transactions?created_at%5B{bound}%5D={quote(middle)}")
        assert answer.json["meta"]["total"] == expected, (bound, made)
    assert wire.ask(f"GET /loyalty-transactions?created_at[gte]={quote(middle)}").json["meta"]["total"] == 2
    assert wire.ask("GET /loyalty-transactions?created_at=2026-01-05").json["code"] == 1003


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("1", True), ("0", False), ("true", True), ("false", False), (1, True), (0, False), (True, True)],
)
def test_booleans_in_every_spelling(wire: Wire, sent: Any, expected: bool) -> None:
    body = json.dumps({"name": "cups", "label": "Cups", "is_default": sent}).encode()
    assert wire.ask("POST /units", JSON, body).json["data"]["is_default"] is expected
    if isinstance(sent, str):
        fields = {"name": "plates", "label": "Plates", "is_default": sent}
        assert wire.ask("POST /units", FORM, form(fields)).json["data"]["is_default"] is expected


@pytest.mark.parametrize("sent", [10.4, "10.40"])
def test_numbers_as_text(wire: Wire, sandbox: Sandbox, sent: Any) -> None:
    body = json.dumps({**visit_fields(sandbox), "unit_value": sent}).encode()
    data = wire.ask("POST /credit-receptions", JSON, body).json["data"]
    assert (data["unit_value"], data["credits"]) == (10.4, 10)


def test_a_slash_at_the_end(wire: Wire) -> None:
    assert wire.ask("GET /shops/").json == wire.ask("GET /shops").json
    assert wire.ask("GET /").status == wire.ask("GET ").status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_empty_body_with_a_form_content_type(wire: Wire, sandbox: Sandbox, method: str) -> None:
    uuid = sandbox.contacts[0]["uuid"]
    path = {
        "GET": f"/contacts/{uuid}",
        "POST": "/contacts/anonymous",
        "PUT": f"/contacts/{uuid}",
        "DELETE": "/contact-identifiers",
    }
    for length in ({}, {"Content-Length": "0"}):
        answer = wire.ask(f"{method} {path[method]}", {**FORM, **length})
        assert answer.status == (200 if method in ("GET", "POST") else 400)
        assert answer.status == 200 or answer.json["code"] == 1003


def test_expect_100_continue(wire: Wire, sandbox: Sandbox) -> None:
    body = json.dumps({**visit_fields(sandbox), "source": "x" * 1_100_000}).encode()
    head = (
        f"POST /api/v3/oauth/clients/visits HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {sandbox.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        "Expect: 100-Continue\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    answer = parse(received)
    assert answer.status == 200
    assert len(answer.json["data"]["source"]) == 1_100_000


@pytest.mark.parametrize("encoding", ["json", "form"])
def test_client_credentials(wire: Wire, sandbox: Sandbox, encoding: str) -> None:
    fields = {"grant_type": "client_credentials", "client_id": "12", "client_secret": "s3cret"}
    if encoding == "form":
        answer = wire.ask("POST /oauth/token", {**FORM, "Authorization": ""}, form(fields))
    else:
        body = json.dumps({**fields, "client_id": 12}).encode()
        answer = wire.ask("POST /oauth/token", {**JSON, "Authorization": ""}, body)
    assert set(answer.json) == {"token_type", "expires_in", "access_token"}
    token = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert wire.ask("GET /shops", token).status == 200
    sandbox.clock.advance(answer.json["expires_in"] + 1)
    assert wire.ask("GET /shops", token).status == 401
    assert wire.ask("GET /shops").status == 200


def test_account_ping(wire: Wire) -> None:
    for path in ("/api/v3/oauth/clients", "/api/v3/oauth/clients/", "/api/v2/oauth/clients"):
        assert set(wire.ask(f"GET {path}").json["data"]) == {"company", "id", "uuid"}


def test_the_register_root_has_its_own_operations_and_its_own_shop(wire: Wire, sandbox: Sandbox) -> None:
    register = "/api/v3/register"
    token = {"Authorization": f"Bearer {sandbox.register_token}"}
    shop = sandbox.shops[0]
    assert wire.ask(f"GET {register}", token).json["data"]["shop"]["uuid"] == shop["uuid"]
    body = json.dumps({"contact_uuid": sandbox.contacts[0]["uuid"]}).encode()
    assert wire.ask(f"POST {register}/visits", {**token, **JSON}, body).status == 200
    assert sandbox.rows("visits")[0]["shop_uuid"] == shop["uuid"]
    assert wire.ask("POST /visits", JSON, body).json["errors"].keys() == {"shop_uuid"}
    assert wire.ask(f"GET {register}/shops", token).status == 404
    assert wire.ask("GET /shops", token).status == 401  # a register's token is good at the register only
    assert wire.ask(f"GET {register}/contacts").status == 200


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("GET /api/v3/oauth/contacts", "GET /api/v3/oauth/clients/contacts"),
        ("GET /api//contacts", "GET /api/v3/oauth/clients/contacts"),
        ("POST /api//bookings", "POST /api/v3/oauth/clients/bookings"),
        ("GET /api/v3/oauth/clients/contact", "GET /api/v3/oauth/clients/contacts"),
        ("POST /api/v3/oauth/clients/visit", "POST /api/v3/oauth/clients/visits"),
        ("GET /v3/oauth/clients/contacts/find-one-by", "GET /api/v3/oauth/clients/contacts/find-one-by"),
    ],
)
def test_a_404_names_the_nearest_route(wire: Wire, asked: str, nearest: str) -> None:
    answer = wire.ask(asked) if asked.partition(" ")[2].startswith("/api") else wire.ask(f"GET http://x{asked[4:]}")
    assert answer.status == 404
    assert f"Did you mean {nearest}?" in answer.json["message"]


def test_a_wrong_method_names_the_right_ones(wire: Wire) -> None:
    answer = wire.ask("DELETE /visits")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(("path", "style"), [("/visits", "per_page"), ("/contacts", "limit")])
def test_page_size_is_echoed_as_text_when_sent(wire: Wire, path: str, style: str) -> None:
    assert wire.ask(f"GET {path}").json["meta"][style] == 30
    assert wire.ask(f"GET {path}?limit=10").json["meta"][style] == "10"
    assert wire.ask(f"GET {path}?limit=0").json["data"] == []


@pytest.mark.parametrize(("path", "limit"), [("/visits", 501), ("/contacts", 101), ("/loyalty-transactions", 101)])
def test_page_size_has_a_bound(wire: Wire, path: str, limit: int) -> None:
    assert wire.ask(f"GET {path}?limit={limit - 1}").status == 200
    for bad in (f"limit={limit}", "limit=-1", "limit=ten", "page=0"):
        assert wire.ask(f"GET {path}?{bad}").json["code"] == 1003


def test_every_answer_carries_the_rate_headers(wire: Wire) -> None:
    for line, status in (("GET /shops", 200), ("GET /nothing", 404), ("POST /visits", 400), ("PATCH /shops", 405)):
        answer = wire.ask(line)
        assert answer.status == status
        assert answer.headers["x-ratelimit-limit"] == "5000"
        assert int(answer.headers["x-ratelimit-remaining"]) <= 5000


def test_429_is_text_with_the_headers_of_laravel() -> None:
    with Sandbox(seed=1, rate_limit=(2, 60)) as sandbox:
        wire = Wire(sandbox)
        assert [wire.ask("GET /shops").headers["x-ratelimit-remaining"] for _ in range(2)] == ["1", "0"]
        answer = wire.ask("GET /shops")
        assert (answer.status, answer.body) == (429, b"Too Many Attempts.")
        assert 55 <= int(answer.headers["retry-after"]) <= 60
        resets = int(answer.headers["x-ratelimit-reset"])
        assert 0 < resets - sandbox.clock.now() <= 61
        sandbox.clock.advance(int(answer.headers["retry-after"]))
        assert wire.ask("GET /shops").status == 200


@pytest.mark.parametrize(("shape", "keys"), [("plain", {"message"}), ("coded", {"message", "code", "status_code"})])
def test_both_shapes_of_401(shape: Any, keys: set[str]) -> None:
    with Sandbox(seed=1, unauthenticated=shape) as sandbox:
        wire = Wire(sandbox)
        for authorization in ("", "Bearer ", "Bearer wrong", "Basic abc", sandbox.token):
            answer = wire.ask("GET /shops", {"Authorization": authorization})
            assert (answer.status, set(answer.json)) == (401, keys)
        assert shape == "coded" or answer.json == {"message": "Unauthenticated."}


def test_any_token_when_told_so() -> None:
    with Sandbox(tokens="any") as sandbox:
        assert Wire(sandbox).ask("GET /shops", {"Authorization": "bearer whatever"}).status == 200
    with Sandbox(tokens=["mine"]) as sandbox:
        assert Wire(sandbox).ask("GET /shops", {"Authorization": "Bearer mine"}).status == 200


def test_the_default_token_has_53_characters(sandbox: Sandbox) -> None:
    assert len(sandbox.token) == 53


def test_503_in_maintenance(wire: Wire, sandbox: Sandbox) -> None:
    sandbox.faults.add("maintenance", lasts=60)
    assert wire.ask("GET /shops").status == 503
    sandbox.clock.advance(61)
    assert wire.ask("GET /shops").status == 200


def test_documented_errors_have_code_status_and_fields(wire: Wire) -> None:
    answer = wire.ask("POST /visits", JSON, b'{"starts_at": "yesterday"}')
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    body = answer.json
    assert (body["message"], body["code"], body["status_code"]) == ("Invalid input.", 1003, 400)
    assert body["errors"].keys() == {"contact_uuid", "shop_uuid", "starts_at"}
    assert all(isinstance(texts, list) for texts in body["errors"].values())


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe", b'"text"', b"[" * 100_000, b"{}x"])
def test_a_body_that_is_not_what_it_says(wire: Wire, body: bytes) -> None:
    answer = wire.ask("POST /visits", JSON, body)
    assert (answer.status, answer.json["code"]) == (400, 1003)


def test_a_body_beyond_the_bound_is_refused(wire: Wire) -> None:
    answer = wire.ask("POST /visits", {**JSON, "Content-Length": str(9 * 2**20)}, b"x" * (9 * 2**20))
    assert answer.status == 413


def test_a_chunked_body_and_a_broken_one(wire: Wire, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps(visit_fields(sandbox)).encode()
    chunked = {**JSON, "Transfer-Encoding": "chunked", "Content-Length": ""}
    head = (
        f"POST /api/v3/oauth/clients/visits HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {sandbox.token}\r\n"
        f"Content-Type: {chunked['Content-Type']}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ).encode()
    assert parse(wire.send(head, b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n")).status == 200
    assert parse(wire.send(head + b"zz\r\nnonsense\r\n")).status == 400
    # aiohttp does not tell a reader that the rest is broken; the wait for it is bounded.
    monkeypatch.setattr(http, "READ_TIMEOUT", 0.3)
    with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection:
        # It comes when the server waits for it, or it would be refused with the head.
        connection.sendall(head.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"))
        assert parse(connection.recv(65536)).status == 100
        connection.sendall(b"zz\r\nnonsense\r\n")
        assert parse(connection.recv(65536)).status == 408


def test_head_has_no_body(wire: Wire) -> None:
    answer = wire.ask("HEAD /shops")
    assert (answer.status, answer.body) == (200, b"")


def test_connections_are_kept_or_closed_as_asked(wire: Wire, sandbox: Sandbox) -> None:
    def ask(version: str, connection: str, patience: float) -> tuple[dict[str, str], bool]:
        request = f"GET /api/v3/oauth/clients/shops HTTP/{version}\r\nHost: [::1]\r\nConnection: {connection}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as there:
            there.sendall(request.encode())
            headers = parse(there.recv(65536)).headers
            there.settimeout(patience)
            try:
                return headers, there.recv(10) == b""
            except TimeoutError:
                return headers, False

    for version, connection, header, closed in (
        ("1.1", "close", "close", True),
        ("1.1", "keep-alive", None, False),
        ("1.0", "close", "close", True),
        ("1.0", "keep-alive", "keep-alive", False),
    ):
        headers, was_closed = ask(version, connection, 10 if closed else 0.2)
        assert (headers.get("connection"), was_closed) == (header, closed), (version, connection)
        assert {"date", "server", "content-length"} <= headers.keys()


def test_answers_are_quick_on_a_kept_connection(wire: Wire, sandbox: Sandbox) -> None:
    request = (
        f"GET /api/v3/oauth/clients/shops HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {sandbox.token}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as connection:
        started = time.monotonic()
        for _ in range(20):
            connection.sendall(request.encode())
            answer: Answer = parse(connection.recv(65536))
            assert answer.status == 200
        assert time.monotonic() - started < 5
