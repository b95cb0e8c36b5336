"""What breaks users' code is told; what only this package uses may change."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import griffe
import pytest

from tools import check_api

from .test_generate import ROOT


def loaded() -> griffe.Module:
    module = griffe.load("leat_async", search_paths=[ROOT], resolve_aliases=True)
    assert isinstance(module, griffe.Module)
    return module


def test_only_what_users_can_meet_counts() -> None:
    new = loaded()
    del new["errors"].members["OutcomeUnknownError"].members["reconcile"]
    del new["resources.visits.Visits"].members["get"]
    del new["_core.pipeline.Pipeline"].members["run"]
    del new["bulk.kinds"].members["Kind"]
    found = {one.obj.path for one in check_api.breakages(loaded(), new)}
    assert found == {"leat_async.errors.OutcomeUnknownError.reconcile", "leat_async.resources.visits.Visits.get"}


def test_with_a_tag_nothing_is_told_until_something_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At a tag there is no version, which a build writes."""
    unwanted = shutil.ignore_patterns("__pycache__", "_built_version.py")
    shutil.copytree(ROOT / "leat_async", tmp_path / "leat_async", ignore=unwanted)
    monkeypatch.chdir(tmp_path)
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b.example commit -q -m a", "tag v0.1.0"):
        subprocess.run(["git", *command.split()], check=True)
    assert check_api.main() == 0
    client = tmp_path / "leat_async" / "client.py"
    client.write_text(client.read_text("utf-8").replace("async def aclose", "async def end"), "utf-8")
    assert check_api.main() == 1
    assert "leat_async.client.LeatClient.aclose: Public object was removed" in capsys.readouterr().out
