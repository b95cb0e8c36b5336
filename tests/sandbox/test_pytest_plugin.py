"""The pytest plugin, and what importing the sandbox brings along."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[2] / "examples" / "pytest_plugin_sample"
MODULE = "leat_async.sandbox.pytest_plugin"
# Where the installed package's entry point has registered the plugin, pytest refuses a second time.
REGISTERED = any(point.value == MODULE for point in entry_points(group="pytest11"))
PLUGIN = [*(() if REGISTERED else ("-p", MODULE)), "-p", "no:cacheprovider", "-W", "error", "-q"]
# What is slow to import and has nothing to do with ours.
SLOW = ("schemathesis", "hypothesispytest", "randomly", "valkey", "xdist", "xdist.looponfail")
WITHOUT = [word for name in SLOW for word in ("-p", f"no:{name}")]


def pytest_run(where: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGIN, *WITHOUT, *arguments],
        cwd=where,
        capture_output=True,
        text=True,
        timeout=100,
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


def test_a_mark_that_is_wrong_is_told_in_a_sentence(tmp_path: Path) -> None:
    wrong = {'"apply_then_dorp"': "apply_then_dorp", '"reject", nht=3': "nht", "": "kind"}
    tests = [
        f"@pytest.mark.leat_faults({arguments})\ndef test_{number}(leat_sandbox): ...\n"
        for number, arguments in enumerate(wrong)
    ]
    (tmp_path / "test_it.py").write_text("import pytest\n" + "".join(tests))
    done = pytest_run(tmp_path, "-o", "asyncio_default_fixture_loop_scope=function")
    lines = [line for line in done.stdout.splitlines() if line.startswith("leat_faults: ")]
    assert [told in line for told, line in zip(wrong.values(), lines, strict=True)] == [True] * 3, done.stdout
    assert "pytest_plugin.py" not in done.stdout  # of which a traceback would show the code
