"""The controls over HTTP, the journal, the command line and the pytest plugin."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from leat_async.sandbox import Sandbox

from .conftest import ROOT, Api, Wire

SAMPLE = Path(__file__).parents[2] / "examples" / "pytest_plugin_sample"


def control(api: Api, method: str, path: str, **json: Any) -> Any:
    answer = api(method, f"/_sandbox/{path}", json=json or None, headers={"Authorization": ""})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_faults_over_http(api: Api) -> None:
    rule = control(api, "POST", "faults", kind="reject", operation="shops.list", status=418, first=1)["id"]
    assert [api("GET", "/shops").status_code for _ in range(2)] == [418, 200]
    (shown,) = control(api, "GET", "faults")
    assert (shown["id"], shown["calls"], shown["fired"]) == (rule, 2, 1)
    control(api, "DELETE", f"faults?id={rule}")
    assert control(api, "GET", "faults") == []
    control(api, "POST", "faults", rule="server_error shops.list")
    control(api, "POST", "faults", operation="units.list", script=["server_error", None])
    assert api("GET", "/shops").status_code == api("GET", "/units").status_code == 500
    control(api, "DELETE", "faults")
    assert api("GET", "/shops").status_code == 200


def test_clock_state_and_reset_over_http(sandbox: Sandbox, api: Api) -> None:
    now = control(api, "GET", "clock")["now"]
    assert control(api, "POST", "clock/advance", seconds=3600)["now"] >= now + 3600
    api.visit(external_id="e1")
    control(api, "POST", "snapshot", name="s")
    api.visit(external_id="e2")
    assert len(control(api, "GET", "state?table=visits")) == 2
    control(api, "POST", "restore", name="s")
    assert [row["external_id"] for row in control(api, "GET", "state")["visits"]] == ["e1"]
    made = control(api, "POST", "contacts", email="ada@example.com")
    assert api("GET", f"/contacts/{made['uuid']}").status_code == 200
    control(api, "POST", "reset")
    assert control(api, "GET", "state?table=visits") == []
    assert {"operation", "certainty", "parameters"} < control(api, "GET", "routes")[0].keys()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "faults", b'{"kind": "nonsense"}'),
        ("POST", "faults", b"{"),
        ("POST", "faults", b"[1]"),
        ("POST", "faults", b"{}"),
        ("POST", "faults", b'{"kind": "delay", "nth": "x"}'),
        ("POST", "faults", b'{"script": 5}'),
        ("POST", "clock/advance", b'{"seconds": -1}'),
        ("POST", "clock/advance", b'{"seconds": "NaN"}'),
        ("POST", "clock/advance", b""),
        ("GET", "journal?colour=red", b""),
        ("GET", "journal?last=x", b""),
        ("GET", "state?table=x", b""),
        ("POST", "restore", b'{"name": "x"}'),
        ("POST", "contacts", b'{"email": 5}'),
        ("DELETE", "faults?id=x", b""),
    ],
)
def test_wrong_controls_are_refused(wire: Wire, method: str, path: str, body: bytes) -> None:
    answer = wire.ask(f"{method} /_sandbox/{path}", {"Content-Type": "application/json"}, body)
    assert answer.status == 400
    assert answer.json["message"]


def test_an_unknown_control_lists_the_known_ones(wire: Wire) -> None:
    answer = wire.ask("GET /_sandbox/nothing")
    assert answer.status == 404
    assert "POST clock/advance" in answer.json["message"]


# -- the journal -----------------------------------------------------------------------------------


def test_the_journal_has_what_was_asked_and_answered(sandbox: Sandbox, api: Api) -> None:
    api.visit(external_id="e1")
    sandbox.faults.add("apply_then_drop", "visits.create", first=1)
    with pytest.raises(OSError, match="aborted"):
        api.visit(external_id="e2")
    api("GET", "/contacts/unknown")
    first, second = sandbox.journal.entries("visits.create")
    assert (first.method, first.path, first.status, first.applied) == ("POST", ROOT + "/visits", 200, "yes")
    assert '"e1"' in first.body
    assert '"e1"' in first.answer
    assert (second.fault, second.applied, second.status) == ("apply_then_drop", "yes", None)
    assert [entry.operation for entry in sandbox.journal.entries(status=400)] == ["contacts.get"]
    assert [entry.number for entry in sandbox.journal.entries(last=2)] == [2, 3]
    assert sandbox.journal.counts() == {"visits.create": 2, "contacts.get": 1}
    over_http = control(api, "GET", "journal?operation=visits.create&last=1")
    assert over_http[0]["fault"] == "apply_then_drop"
    assert control(api, "GET", "journal/counts")["visits.create"] == 2


def test_secrets_are_masked(sandbox: Sandbox, api: Api) -> None:
    secret = "very-s3cret"
    fields = {"grant_type": "client_credentials", "client_id": "1", "client_secret": secret}
    tokens = [api("POST", "/oauth/token", json=fields).json()["access_token"]]
    tokens.append(api("POST", "/oauth/token", data=fields).json()["access_token"])
    tokens.append(api("POST", "/oauth/token", files={k: (None, v) for k, v in fields.items()}).json()["access_token"])
    contact = api("GET", f"/contacts/{sandbox.contacts[0]['uuid']}?access_token={secret}").json()["data"]
    link = contact["current_values"]["custom_app_login_url"]
    told = repr([(entry, entry.describe()) for entry in sandbox.journal])
    for hidden in (secret, sandbox.token, link.partition("=")[2], *tokens):
        assert hidden not in told
    assert "client_credentials" in told


def test_near_misses_are_explained(sandbox: Sandbox, api: Api) -> None:
    api.visit(contactuuid="x", start_at="2026-05-01T20:00:00Z")
    api.visit(starts_at="tomorrow")
    api("GET", "/visit")
    ignored, wrong, lost = sandbox.journal.entries()
    assert any("'start_at'" in note and "starts_at" in note for note in ignored.notes)
    assert any("'contactuuid'" in note and "contact_uuid" in note for note in ignored.notes)
    assert "you sent starts_at='tomorrow'" in wrong.notes[0]
    assert "ISO 8601" in wrong.notes[0]
    assert "Did you mean" in lost.notes[0]


# -- the command line ------------------------------------------------------------------------------


def start(*arguments: str) -> tuple[subprocess.Popen[str], list[str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "leat_async.sandbox", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, [process.stdout.readline().strip() for _ in range(2)]


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_the_command_prints_two_exports_and_stops_cleanly(number: str) -> None:
    process, lines = start("--port", "0", "--seed", "demo", "--fault", "reject shops.list status=418")
    try:
        names = [line.partition("=")[0] for line in lines]
        assert names == ["export LEAT_BASE_URL", "export LEAT_ACCESS_TOKEN"]
        url, token = (line.partition("=")[2] for line in lines)
        command = ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}"]
        for path, status in (("/shops", "418"), ("/contacts", "200")):
            done = subprocess.run([*command, url + ROOT + path], capture_output=True, text=True, check=True)
            assert done.stdout == status
    finally:
        process.send_signal(getattr(signal, number))
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--host", "0.0.0.0"),
        ("--fault", "nonsense"),
        ("--seed", "x"),
        ("--state", "/nowhere/s.db"),
        ("--rate-limit", "0"),
    ],
)
def test_wrong_arguments_are_explained(arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "leat_async.sandbox", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "error:" in done.stderr
    assert "Traceback" not in done.stderr


# -- the pytest plugin -----------------------------------------------------------------------------

MODULE = "leat_async.sandbox.pytest_plugin"
# Where the installed package's entry point has registered the plugin, pytest refuses a second time.
REGISTERED = any(point.value == MODULE for point in entry_points(group="pytest11"))
PLUGIN = [*(() if REGISTERED else ("-p", MODULE)), "-p", "no:cacheprovider", "-W", "error", "-q"]


def pytest_run(where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, *arguments], cwd=where, capture_output=True, text=True, timeout=100
    )


def test_the_sample_project_passes() -> None:
    done = pytest_run(SAMPLE)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_each_test_has_a_fresh_sandbox_and_its_own_faults(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        """
import urllib.request, urllib.error
import pytest

def status(sandbox):
    request = urllib.request.Request(sandbox.url + "/api/v3/oauth/clients/shops")
    request.add_header("Authorization", f"Bearer {sandbox.token}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code

@pytest.mark.parametrize("turn", [1, 2])
def test_fresh(leat_sandbox, turn):
    assert len(leat_sandbox.journal) == 0
    assert status(leat_sandbox) == 200

@pytest.mark.leat_faults("reject", "shops.list", status=418, first=1)
@pytest.mark.leat_faults("reject", "shops.list", status=409, nth=2)
def test_faults(leat_sandbox):
    assert [status(leat_sandbox) for _ in range(3)] == [418, 409, 200]
"""
    )
    done = pytest_run(tmp_path, "--strict-markers", "-o", "asyncio_default_fixture_loop_scope=function")
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_both_clients_in_both_modes_of_pytest_asyncio(tmp_path: Path, mode: str) -> None:
    (tmp_path / "test_it.py").write_text(
        """
import pytest

@pytest.mark.asyncio
async def test_async(leat_client, leat_sandbox):
    assert len((await leat_client.shops.list()).items) == len(leat_sandbox.shops)

def test_sync(leat_sync_client, leat_sandbox):
    assert len(leat_sync_client.shops.list().page().items) == len(leat_sandbox.shops)
"""
    )
    done = pytest_run(tmp_path, "-o", f"asyncio_mode={mode}", "-o", "asyncio_default_fixture_loop_scope=function")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_suite_that_does_not_use_it_pays_nothing() -> None:
    code = (
        "import sys, leat_async.sandbox.pytest_plugin\n"
        "heavy = {'aiohttp', 'msgspec', 'attrs', 'sqlite3', 'leat_async.sandbox.sandbox', 'leat_async.client'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()"
    )
    # Without pytest-asyncio, which may well bring modules of its own.
    code = "import sys; sys.modules['pytest_asyncio'] = None\n" + code
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_the_sandbox_shares_no_code_with_the_client() -> None:
    code = (
        "import sys\nfrom leat_async.sandbox import Sandbox\nSandbox()\n"
        "shared = ('models', 'resources', '_core', 'client', 'errors', 'pagination', 'bulk', 'sync')\n"
        "bad = [name for name in sys.modules if name.startswith(tuple(f'leat_async.{part}' for part in shared))]\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
