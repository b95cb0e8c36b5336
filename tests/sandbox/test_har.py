"""What is recorded, and read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leat_async.sandbox import Sandbox
from leat_async.sandbox.har import Recorder, read

from .conftest import ROOT, Api


def traffic(api: Api) -> None:
    sandbox = api.sandbox
    made = api("POST", "/contacts", json={"email": "ada@example.com"}).json()["data"]["uuid"]
    visit = api.visit(external_id="v1", starts_at="2026-05-01T20:00:00+02:00").json()["data"]["uuid"]
    api("PUT", f"/visits/{visit}", data={"source": "Kiosk"})
    sandbox.clock.advance(600)
    fields = {"contact_uuid": made, "shop_uuid": sandbox.shops[1]["uuid"], "credits": 7}
    given = api("POST", "/credit-receptions", json=fields).json()["data"]["uuid"]
    api("POST", f"/credit-receptions/{given}/reverse")
    api("GET", "/contacts", params={"limit": 2})
    api("GET", f"/contacts/{made}")
    api("GET", "/contacts/unknown")
    api("POST", "/visits", data={"contact_uuid": made})
    api("POST", "/oauth/token", json={"grant_type": "client_credentials", "client_id": "1", "client_secret": "s3cret"})


@pytest.fixture
def recorded(tmp_path: Path, sandbox: Sandbox, api: Api) -> Path:
    recorder = Recorder(tmp_path / "r.har", sandbox.url)
    sandbox.journal.listeners.append(recorder.write)
    traffic(api)
    recorder.close()
    return tmp_path / "r.har"


def test_a_recording_is_a_har_without_secrets(recorded: Path, sandbox: Sandbox) -> None:
    text = recorded.read_text()
    assert recorded.stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in text
    assert sandbox.token not in text
    entries = json.loads(text)["log"]["entries"]
    assert len(entries) == 10
    assert entries[1]["request"]["url"] == f"{sandbox.url}{ROOT}/visits"
    assert entries[1]["_operation"] == "visits.create"
    assert entries[5]["request"]["queryString"] == [{"name": "limit", "value": "2"}]
    assert {"startedDateTime", "time", "cache", "timings", "request", "response"} < entries[0].keys()


def test_a_recording_is_whole_after_each_request(tmp_path: Path, sandbox: Sandbox, api: Api) -> None:
    recorder = Recorder(tmp_path / "r.har", sandbox.url)
    sandbox.journal.listeners.append(recorder.write)
    for count in (1, 2, 3):
        api("GET", "/shops")
        assert len(json.loads((tmp_path / "r.har").read_text())["log"]["entries"]) == count
    recorder.close()
    first = next(read(tmp_path / "r.har"))
    assert (first.method, first.target, first.status) == ("GET", f"{ROOT}/shops", 200)
