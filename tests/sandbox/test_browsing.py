"""What the inspector looks up, and the parts of its page."""

from __future__ import annotations

import re

import pytest
import requests

from leat_async.sandbox import Sandbox
from leat_async.sandbox.browsing import MAX_ROWS

from .conftest import Api, control


def test_rows_by_page_and_text(sandbox: Sandbox, api: Api) -> None:
    for number in range(MAX_ROWS + 20):
        sandbox.create_contact(f"guest{number}@example.com")
    first = control(api, "GET", "rows?table=contacts")
    assert (first["total"], len(first["rows"])) == (MAX_ROWS + 23, MAX_ROWS)
    assert first["rows"][0]["email"] == f"guest{MAX_ROWS + 19}@example.com"  # the newest
    assert len(control(api, "GET", "rows?table=contacts&page=2")["rows"]) == 23
    assert control(api, "GET", "rows?table=contacts&page=9")["rows"] == []
    found = control(api, "GET", "rows?table=contacts&search=GUEST7@")
    assert [row["email"] for row in found["rows"]] == ["guest7@example.com"]
    assert set(control(api, "GET", "tables")) == set(sandbox.tables)
    assert api("GET", "/_sandbox/rows?table=contact").status_code == 400
    assert api("GET", "/_sandbox/rows?table=contacts&page=x").status_code == 400


def test_the_timeline_of_a_contact(sandbox: Sandbox, api: Api) -> None:
    contact = sandbox.contacts[0]["uuid"]
    api.visit(external_id="v1")
    sandbox.clock.advance(60)
    api(
        "POST",
        "/credit-receptions",
        json={"contact_uuid": contact, "shop_uuid": sandbox.shops[0]["uuid"], "credits": 5},
    )
    told = control(api, "GET", f"timeline?contact_uuid={contact}")
    assert [one["table"] for one in told] == ["loyalty_transactions", "visits", "contacts"]
    assert told[0]["row"]["credits"] == 5
    assert control(api, "GET", "timeline?contact_uuid=unknown") == []


def test_the_journal_in_short(api: Api) -> None:
    api("GET", "/shops")
    [row] = control(api, "GET", "journal/brief")
    assert (row[0], row[2], row[4], row[5]) == (1, "GET", "shops.list", 200)


@pytest.mark.parametrize("path", ["", "_sandbox", "_sandbox/", "_sandbox/inspector.js", "_sandbox/inspector.css"])
def test_the_page_asks_for_nothing_elsewhere(sandbox: Sandbox, path: str) -> None:
    answer = requests.get(f"{sandbox.url}/{path}", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"https?://", answer.text)
    assert requests.post(f"{sandbox.url}/{path}", timeout=10).status_code in (404, 405)
