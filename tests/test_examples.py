"""The programs of examples/ that show a framework, run by the real framework against the sandbox."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from aiohttp.test_utils import TestClient as AiohttpClient
from aiohttp.test_utils import TestServer
from fastapi.testclient import TestClient
from nbclient import NotebookClient

from leat_async import webhooks
from leat_async.sandbox import Sandbox
from leat_async.sync import LeatClient

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
BIN = Path(sys.executable).parent
SECRET = "of-the-subscription"


@pytest.fixture(scope="module")
def demo() -> Iterator[Sandbox]:
    with Sandbox(seed="demo") as running:
        yield running


@pytest.fixture
def sandbox(demo: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The demo account as it begins, where the environment says."""
    demo.reset()
    monkeypatch.setenv("LEAT_BASE_URL", demo.url)
    monkeypatch.setenv("LEAT_ACCESS_TOKEN", demo.token)
    monkeypatch.setenv("LEAT_WEBHOOK_SECRET", SECRET)
    return demo


def load(name: str) -> Any:
    """The example as a module of its own, made anew: some read the environment when they are imported."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def running(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=EXAMPLES,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=30)
    assert "Traceback" not in said, said


def new_visit(sandbox: Sandbox, receipt: str) -> dict[str, str]:
    return {
        "contact_uuid": sandbox.contacts[0]["uuid"],
        "shop_uuid": sandbox.shops[0]["uuid"],
        "receipt": receipt,
    }


def visits_of(sandbox: Sandbox, receipt: str) -> list[Any]:
    return [visit for visit in sandbox.rows("visits") if visit["external_id"] == receipt]


def test_fastapi(sandbox: Sandbox) -> None:
    example = load("web_fastapi")
    contact = sandbox.contacts[0]["uuid"]
    with TestClient(example.app) as http:
        shown = http.get(f"/contacts/{contact}")
        assert (shown.status_code, shown.json()["uuid"]) == (200, contact)
        assert http.get(f"/contacts/{uuid.uuid4()}").status_code == 404
        sandbox.faults.add("apply_then_drop", operation="visits.create", times=1)
        made = http.post("/visits", json=new_visit(sandbox, "till-1"))
        assert (made.status_code, made.json()["external_id"]) == (201, "till-1")
        assert len(visits_of(sandbox, "till-1")) == 1
        sandbox.faults.add("rate_limit", retry_after=60)
        busy = http.get(f"/contacts/{contact}")
        assert busy.status_code == 429
        assert 1 <= int(busy.headers["Retry-After"]) <= 60
        body = json.dumps({"type": "voucher_redeemed", "data": {}}).encode()
        assert http.post("/leat/events", content=body, headers={"Signature": "forged"}).status_code == 401
        assert "Contact" in http.get("/openapi.json").json()["components"]["schemas"]


async def test_aiohttp(sandbox: Sandbox) -> None:
    example = load("web_aiohttp")
    contact = sandbox.contacts[0]["uuid"]
    async with AiohttpClient(TestServer(example.make_app())) as http:
        assert (await (await http.get(f"/contacts/{contact}")).json())["uuid"] == contact
        assert (await http.get(f"/contacts/{uuid.uuid4()}")).status == 404
        assert len(await (await http.get("/shops")).json()) == len(sandbox.shops)


def test_flask(sandbox: Sandbox) -> None:
    example = load("web_flask")
    contact = sandbox.contacts[0]["uuid"]
    with closing(example.leat):
        http = example.app.test_client()
        assert http.get(f"/contacts/{contact}").json["uuid"] == contact
        assert http.get(f"/contacts/{uuid.uuid4()}").status_code == 404
        assert len(http.get("/shops").json) == len(sandbox.shops)
        sandbox.faults.add("apply_then_drop", operation="visits.create", times=1)
        made = http.post("/visits", json=new_visit(sandbox, "till-2"))
        assert (made.status_code, made.json["external_id"]) == (201, "till-2")
    assert len(visits_of(sandbox, "till-2")) == 1


def test_django_under_gunicorn_that_forks_late(sandbox: Sandbox) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    contact = sandbox.contacts[0]["uuid"]
    command = [str(BIN / "gunicorn"), "--preload", "--workers", "2", "--bind", address, "web_django:application"]
    with running(*command), requests.Session() as http:
        processes: set[int] = set()
        until = time.monotonic() + 30
        while len(processes) < 2 and time.monotonic() < until:
            try:
                # A connection each: a kept one stays with its process.
                shown = requests.get(f"http://{address}/contacts/{contact}", timeout=10)
            except requests.ConnectionError:
                time.sleep(0.1)
                continue
            assert shown.json()["uuid"] == contact
            processes.add(shown.json()["process"])
        assert len(processes) == 2
        assert http.get(f"http://{address}/contacts/{uuid.uuid4()}", timeout=10).status_code == 404
        made = http.post(f"http://{address}/visits", json=new_visit(sandbox, "till-3"), timeout=10)
        assert (made.status_code, made.json()["external_id"]) == (201, "till-3")


def test_celery_with_prefork(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {name: tmp_path / name for name in ("in", "control", "results")}
    for folder in folders.values():
        folder.mkdir()
    monkeypatch.setenv("CELERY_BROKER_URL", "filesystem://")
    monkeypatch.setenv("CELERY_RESULT_BACKEND", f"file://{folders['results']}")
    settings = tmp_path / "celeryconfig.py"
    settings.write_text(
        "broker_transport_options = "
        + repr(
            {
                "data_folder_in": str(folders["in"]),
                "data_folder_out": str(folders["in"]),
                "control_folder": str(folders["control"]),
            }
        )
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    example = load("worker_celery")
    example.app.config_from_object("celeryconfig")
    example.app.conf.update(broker_url="filesystem://", result_backend=f"file://{folders['results']}")
    sandbox.faults.add("apply_then_drop", operation="visits.create", times=1)
    visit = new_visit(sandbox, "till-4")
    # Twice, as a broker may deliver it.
    waiting = [example.record_visit.apply_async(kwargs=visit, task_id=str(uuid.uuid4())) for _ in range(2)]
    command = [
        *(str(BIN / "celery"), "--app", "worker_celery", "--config", "celeryconfig"),
        *("worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "warning"),
    ]
    with running(*command), closing(example.leat):
        results = [task.get(timeout=60, interval=0.05) for task in waiting]
    assert {result["external_id"] for result in results} == {"till-4"}
    assert len(visits_of(sandbox, "till-4")) == 1


def test_the_notebook(sandbox: Sandbox) -> None:
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    NotebookClient(notebook, timeout=60).execute()
    shown = [
        output["data"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "execute_result"
    ]
    assert "LeatClient" in shown[0]["text/plain"]
    assert "<table>" in shown[1]["text/html"]
    assert "Page 1" in shown[1]["text/html"]
    assert "uuid" in shown[2]["text/html"]
    assert "Contact" in shown[-1]["text/html"]


def test_the_script_says_what_uv_has_to_fetch(sandbox: Sandbox, tmp_path: Path) -> None:
    text = (EXAMPLES / "script.py").read_text()
    # As published, but of this folder.
    here = text.replace('# ///\n"""', f'#\n# [tool.uv.sources]\n# leat-async = {{ path = "{ROOT}" }}\n# ///\n"""')
    assert here != text
    (tmp_path / "script.py").write_text(here)
    command = [str(BIN / "uv"), "run", "--quiet", "--python", sys.executable, "script.py", "3"]
    ran = subprocess.run(command, cwd=tmp_path, env=os.environ, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) == 3
    block = re.search(r"^# /// script\n(.*?)^# ///$", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    said = tomllib.loads(re.sub("^# ?", "", block[1], flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert said == {"requires-python": project["requires-python"], "dependencies": [project["name"]]}


def test_a_genuine_webhook_is_taken(sandbox: Sandbox) -> None:
    import hashlib
    import hmac

    body = json.dumps({"type": "voucher_redeemed", "data": {}}).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert webhooks.verify(body, signature, SECRET)
    with TestClient(load("web_fastapi").app) as http:
        assert http.post("/leat/events", content=body, headers={"Signature": signature}).status_code == 204


def test_webhooks_on_fastapi(sandbox: Sandbox, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    places = {name: str(tmp_path / name) for name in ("WEBHOOKS_STORE", "REDEMPTIONS_DATABASE")}
    command = [str(BIN / "uvicorn"), "webhooks_fastapi:app", "--port", str(port), "--log-level", "warning"]
    with (
        LeatClient(sandbox.token, base_url=sandbox.url) as leat,
        running(*command, **places),
        requests.Session() as http,
    ):
        for event in ("voucher_redeemed", "voucher_created"):
            leat.webhook_subscriptions.ensure(name="t", event_type=event, url=f"{url}/leat/events", secret=SECRET)
        sandbox.faults.add("webhook_double", "voucher_redeemed")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                assert http.get(f"{url}/redemptions", timeout=10).json() == []
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        now = sandbox.clock.now()
        vouchers = [
            row
            for row in sandbox.rows("vouchers")
            if not row["times_redeemed"] and (row["expires_at"] or now + 1) > now and not row["deactivated"]
        ][:2]
        for voucher in vouchers:
            leat.vouchers.redeem(code=voucher["code"], shop_uuid=sandbox.shops[0]["uuid"])
        sandbox.deliveries.settle()
        assert {one.state for one in sandbox.deliveries.entries()} == {"delivered"}
        assert len(sandbox.deliveries.entries("voucher_redeemed")) == 4
        while len(http.get(f"{url}/redemptions", timeout=10).json()) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        written = http.get(f"{url}/redemptions", timeout=10).json()
        assert sorted(row["code"] for row in written) == sorted(voucher["code"] for voucher in vouchers)
        assert {row["status"] for row in written} == {"REDEEMED"}
        assert (
            http.post(f"{url}/leat/events", data=b"{}", headers={"Signature": "forged"}, timeout=10).status_code == 401
        )
