"""What was recorded, sent through a fresh sandbox."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from leat_async.sandbox import Sandbox
from leat_async.sandbox.har import read
from leat_async.sandbox.replay import replay

from ..forking import Forks, by_itself, environment
from .conftest import ROOT, Api
from .test_har import recorded, traffic

__all__ = ["recorded"]  # a fixture

COMMAND = [sys.executable, "-m", "leat_async.sandbox"]


def test_what_another_sandbox_recorded_is_answered_alike(recorded: Path) -> None:
    found = replay(read(recorded), seed=99)
    assert (found.compared, found.skipped) == (10, 0)
    assert found.differences == []


def test_a_journal_is_read_as_well(sandbox: Sandbox, api: Api, tmp_path: Path) -> None:
    traffic(api)
    shown = requests.get(f"{sandbox.url}/_sandbox/journal", timeout=10).json()
    for name, content in (("whole", shown), ("list", shown["data"])):
        (tmp_path / name).write_text(json.dumps(content))
        found = replay(read(tmp_path / name))
        assert (found.compared, found.differences) == (10, [])


def entry(path: str, answer: Any, status: int = 200, **more: Any) -> dict[str, Any]:
    return {"at": 1.7e9, "method": "GET", "path": path, "status": status, "answer": json.dumps(answer), **more}


@pytest.mark.parametrize(
    ("answer", "status", "text"),
    [
        ({"data": [], "meta": []}, 201, "status 201 recorded, 200 here"),
        ({"data": [{"uuid": 5}], "meta": []}, 200, "$.data[].uuid: number recorded, text here"),
        ({"data": [{"colour": "red"}], "meta": []}, 200, "$.data[].colour: missing here"),
        ({"data": [], "meta": {"page": 1}}, 200, None),
        ({"data": []}, 200, "$.meta: only here"),
        ({"data": "x", "meta": []}, 200, "$.data: text recorded, list here"),
        ({"data": None, "meta": []}, 200, None),
    ],
)
def test_differences_are_told(tmp_path: Path, answer: Any, status: int, text: str | None) -> None:
    (tmp_path / "j.json").write_text(json.dumps([entry(f"{ROOT}/shops", answer, status)]))
    told = [one.text for one in replay(read(tmp_path / "j.json")).differences]
    assert text in told if text else not told
    assert all(one.operation == "shops.list" for one in replay(read(tmp_path / "j.json")).differences)


def test_what_is_not_of_the_api_is_skipped(tmp_path: Path) -> None:
    entries = [entry("/index.html", {}), entry("/_sandbox/reset", {}), {**entry(f"{ROOT}/shops", {}), "status": None}]
    (tmp_path / "j.json").write_text(json.dumps(entries))
    found = replay(read(tmp_path / "j.json"))
    assert (found.compared, found.skipped) == (0, 3)


def test_from_the_command_line(forks: Forks | None, tmp_path: Path) -> None:
    file = tmp_path / "r.har"
    code = (
        "import os, urllib.request as u\n"
        f"r = u.Request(os.environ['LEAT_BASE_URL'] + '{ROOT}/shops')\n"
        "r.add_header('Authorization', 'Bearer ' + os.environ['LEAT_ACCESS_TOKEN'])\nu.urlopen(r).read()"
    )

    def sandbox(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        program = ["-m", "leat_async.sandbox", *arguments]
        return (forks.run if forks else by_itself)(program, environment(), tmp_path)

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        return sandbox("replay", path)

    assert sandbox("--record", file, "--exec", sys.executable, "-c", code).returncode == 0
    same = run(file)
    assert (same.returncode, same.stdout, same.stderr) == (0, "", "1 request compared, 0 differences\n")
    told = json.loads(file.read_text())
    told["log"]["entries"][0]["response"]["status"] = 404
    file.write_text(json.dumps(told))
    other = run(file)
    assert (other.returncode, other.stdout) == (1, "1 shops.list status 404 recorded, 200 here\n")
    assert other.stderr == "1 request compared, 1 difference\n"
    for content in ("{", "[1]", '{"log": {"entries": [{}]}}', "5"):
        file.write_text(content)
        wrong = run(file)
        assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (2, "", 1), content
    assert run(tmp_path / "missing").returncode == 2
